package e2e

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// newLANNetwork makes a network of n nodes that are joined by a LAN and starts it.
func newLANNetwork(t *testing.T, n int, s *canon.Object) (*lan, []*host) {
	t.Helper()
	l := newLAN(t, n)
	s = s.Clone().Set("host", "0.0.0.0")
	hosts := make([]*host, n)
	for i := range hosts {
		hosts[i] = newHost(t, fmt.Sprintf("node-%d", i), s)
		hosts[i].lan = &l.ports[i].port
	}
	join(t, hosts, s)
	for _, h := range hosts {
		h.run()
	}
	return l, hosts
}

// finals collects, from several nodes, every block that one of them ever showed as final.
type finals struct {
	mu   sync.Mutex
	hash map[int64]string
	bad  []string
}

// watchFinals asks the nodes until the function it returns is called, which demands that no final block has ever been
// another one, at any node, and that all have them now. It returns how many there were.
func watchFinals(t *testing.T, hosts []*host) (stop func() int) {
	f := &finals{hash: map[int64]string{}}
	done := make(chan struct{})
	var asking sync.WaitGroup
	for _, h := range hosts {
		asking.Go(func() {
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for next := int64(0); ; {
				select {
				case <-done:
					return
				case <-tick.C:
				}
				next = f.look(h, next)
			}
		})
	}
	end := sync.OnceFunc(func() { close(done); asking.Wait() })
	t.Cleanup(end)
	return func() int {
		end()
		for _, text := range f.bad {
			t.Error(text)
		}
		for _, h := range hosts {
			eventually(t, h.name+" has what is final elsewhere", higher(h, int64(len(f.hash))-2))
			for height, want := range f.hash {
				if got, err := hashAt(h, height); err != nil || got != want {
					t.Errorf("block %d was final as %.12s, %s has %.12s (%v)", height, want, h.name, got, err)
				}
			}
		}
		return len(f.hash)
	}
}

// look notes the final blocks of h from next on and returns the next not final yet. A node that does not answer, or
// changes its chain between two questions, is asked again another time.
func (f *finals) look(h *host, next int64) int64 {
	o, err := h.get("/chain/status")
	if err != nil {
		return next
	}
	final, err := o.Int("finalized_height")
	if err != nil {
		return next
	}
	for ; next <= final; next++ {
		hash, err := hashAt(h, next)
		if err != nil {
			return next
		}
		f.mu.Lock()
		if known, ok := f.hash[next]; ok && known != hash {
			f.bad = append(f.bad, fmt.Sprintf("block %d is final as %.12s and, at %s, as %.12s", next, known, h.name, hash))
		}
		f.hash[next] = hash
		f.mu.Unlock()
	}
	return next
}

// hurried are settings of protocol 1 with blocks that come and become final soon, so that a short test sees many.
func hurried() *canon.Object {
	return settings(quadratic()).Set("target_block_time", 0.5).Set("finality_confirmation_depth", 2)
}

// heightsOf returns the heights of hosts.
func heightsOf(t *testing.T, hosts []*host) []int64 {
	t.Helper()
	out := make([]int64, len(hosts))
	for i, h := range hosts {
		var err error
		if out[i], _, err = h.tip(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// grown is satisfied when every host is n blocks above its height before.
func grown(hosts []*host, before []int64, n int64) func() error {
	return func() error {
		for i, h := range hosts {
			if now, _, err := h.tip(); err != nil || now < before[i]+n {
				return fmt.Errorf("%s is at %d, was at %d (%v)", h.name, now, before[i], err)
			}
		}
		return nil
	}
}

// TestSplitNetwork cuts a network of four into halves, which both go on, and joins them again: one tip, and no final
// block was ever left. Then it cuts off one node, whose three peers go on making blocks final.
func TestSplitNetwork(t *testing.T) {
	t.Parallel()
	l, hosts := newLANNetwork(t, 4, hurried())
	eventually(t, "a block everywhere", grown(hosts, make([]int64, 4), 1))
	finals := watchFinals(t, hosts)

	l.split(0, 0, 1, 1)
	before := heightsOf(t, hosts)
	eventually(t, "both halves go on", grown(hosts, before, 2))
	eventually(t, "the halves have different chains", func() error {
		if agree([]*host{hosts[0], hosts[2]})() == nil {
			return errors.New("the same tip")
		}
		return nil
	})
	if s := l.counts(); s.cut == 0 {
		t.Error("nothing was cut")
	}
	l.heal()
	eventually(t, "one tip after the halves met", agree(hosts))

	l.split(1, 0, 0, 0)
	before = heightsOf(t, hosts)
	eventually(t, "three of four go on", grown(hosts[1:], before[1:], 3))
	l.heal()
	eventually(t, "one tip after the fourth came back", agree(hosts))
	eventually(t, "blocks after all that", grown(hosts, heightsOf(t, hosts), 1))
	eventually(t, "one tip at the end", agree(hosts))
	settled(t, l, hosts, finals)
}

// TestSplitCertifiedNetwork cuts a network of protocol 2 into halves: neither makes a block final, and both do once they are joined.
// Without one node the three others go on, and the one takes over what they have.
func TestSplitCertifiedNetwork(t *testing.T) {
	t.Parallel()
	l, hosts := newLANNetwork(t, 4, certified())
	eventually(t, "a block everywhere", grown(hosts, make([]int64, 4), 1))
	finals := watchFinals(t, hosts)

	l.split(0, 0, 1, 1)
	slots(t, hosts[0], 12) // what three had signed before the cut may become final behind it
	before := heightsOf(t, hosts)
	slots(t, hosts[0], 24)
	if after := heightsOf(t, hosts); !slices.Equal(before, after) {
		t.Errorf("halves went on: %v, then %v", before, after)
	}
	l.heal()
	eventually(t, "blocks after the halves met", grown(hosts, before, 3))

	l.split(1, 0, 0, 0)
	before = heightsOf(t, hosts)
	eventually(t, "three of four go on", grown(hosts[1:], before[1:], 3))
	l.heal()
	eventually(t, "the fourth has what they have", higher(hosts[0], heightsOf(t, hosts)[1]))
	settled(t, l, hosts, finals)
}

// settled demands that some blocks have become final and ends the watch.
func settled(t *testing.T, l *lan, hosts []*host, finals func() int) {
	t.Helper()
	n := finals()
	if n < 2 {
		t.Errorf("%d blocks became final: too few for this test to mean something", n)
	}
	t.Logf("%d final blocks, heights %v, frames %+v", n, heightsOf(t, hosts), l.counts())
}

// TestSlowLossyNetwork delays every packet by 200 ms and loses one in twenty: blocks are made, and everybody has the
// same ones. In protocol 1 a block is final when so many stand on it, with the votes of two thirds, who may have voted on its rival before:
// with a depth of two, nodes that heard of each other late were seen to make different blocks of height 1 final and never to meet again, so
// it is the six of the default here.
func TestSlowLossyNetwork(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*canon.Object{
		"protocol 1": hurried().Set("finality_confirmation_depth", 6),
		"protocol 2": certified().Set("slot_time", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, hosts := newLANNetwork(t, 4, s)
			l.impair(200*time.Millisecond, 0.05)
			finals := watchFinals(t, hosts)
			eventually(t, "blocks over a bad network", grown(hosts, heightsOf(t, hosts), 4))
			eventually(t, "more blocks over a bad network", grown(hosts, heightsOf(t, hosts), 4))
			eventually(t, "one tip over a bad network", agree(hosts))
			if s := l.counts(); s.lost == 0 || s.passed == 0 {
				t.Errorf("frames %+v: nothing was lost or nothing passed", s)
			}
			settled(t, l, hosts, finals)
		})
	}
}
