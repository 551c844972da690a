package api

import (
	"fmt"
	"testing"
)

func TestPageCache(t *testing.T) {
	c := pageCache{max: 100}
	k := func(tip string, from int64) pageKey { return pageKey{tip, from, from + 1} }
	c.put(k("a", 0), make([]byte, 60))
	c.put(k("a", 1), make([]byte, 60)) // no room
	if _, ok := c.get(k("a", 0)); !ok {
		t.Error("the first page was not kept")
	}
	if _, ok := c.get(k("a", 1)); ok {
		t.Error("more than max bytes are kept")
	}
	c.put(k("b", 0), make([]byte, 90))
	if p, ok := c.get(k("b", 0)); !ok || len(p) != 90 {
		t.Error("a page of the new tip was not kept")
	}
	if _, ok := c.get(k("a", 0)); ok {
		t.Error("a page of another tip is still there")
	}
	for i := range int64(5000) {
		c.put(k("c", i), nil)
	}
	if len(c.pages) > maxPages {
		t.Errorf("%d pages, most is %d", len(c.pages), maxPages)
	}
}

func TestTipCache(t *testing.T) {
	var c tipCache
	made := 0
	get := func(s ChainStatus) string {
		return string(c.get(s, func() []byte { made++; return fmt.Append(nil, s.TipHash, s.FinalizedHeight) }))
	}
	for _, want := range []struct {
		s    ChainStatus
		made int
	}{
		{ChainStatus{TipHash: "a", FinalizedHeight: 1}, 1}, {ChainStatus{TipHash: "a", FinalizedHeight: 1}, 1},
		{ChainStatus{TipHash: "a", FinalizedHeight: 2}, 2}, {ChainStatus{TipHash: "b", FinalizedHeight: 2}, 3},
	} {
		if got := get(want.s); got != fmt.Sprint(want.s.TipHash, want.s.FinalizedHeight) || made != want.made {
			t.Errorf("get(%+v) = %s, made %d times, want %d", want.s, got, made, want.made)
		}
	}
}
