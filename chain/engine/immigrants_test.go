package engine_test

import (
	"testing"
	"time"
)

// TestTakeImmigrants: what is verified between two rounds can be had before the next one ends, and nothing comes twice.
func TestTakeImmigrants(t *testing.T) {
	c := newCluster(t, 3, 41)
	taken := 0
	seen := map[string]bool{}
	once := func(optimae string) {
		if seen[optimae] {
			t.Errorf("%.8s arrived twice", optimae)
		}
		seen[optimae] = true
	}
	n := c.nodes[0]
	for range 600 {
		c.net.Advance(100 * time.Millisecond)
		for _, im := range n.eng.TakeImmigrants(domain) {
			once(im.OptimaeID)
			taken++
		}
	}
	for _, d := range n.done {
		for _, im := range d.Immigrants {
			once(im.OptimaeID)
		}
	}
	if taken == 0 {
		t.Error("no immigrant was there before its round ended")
	}
	if list := n.eng.TakeImmigrants("no such domain"); list != nil {
		t.Errorf("immigrants of an unknown domain: %v", list)
	}
}
