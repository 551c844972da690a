package engine

import (
	"fmt"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
)

// TestGuestsTurn: of verifications for authors whom the chain does not know one runs at a time, and while others wait only every
// ninth is theirs; of those that wait the newest few are kept.
func TestGuestsTurn(t *testing.T) {
	e := &Engine{cfg: Config{MaxStrangers: 4}}
	for i := range 3 * 4 {
		e.strange.push("", &job{id: int64(i), guest: true})
	}
	for i := range 40 {
		e.others.push("known", &job{id: int64(100 + i)})
	}
	var guests []int
	for n := range 40 {
		j := e.nextVerification()
		if j.guest {
			guests = append(guests, n)
		}
	}
	if got, want := fmt.Sprint(guests), "[8 17 26 35]"; got != want {
		t.Errorf("guests had the turns %s, want %s", got, want)
	}
	e.guests = 1
	for range 20 {
		if j := e.nextVerification(); j != nil && j.guest {
			t.Fatal("a second verification for guests was started beside the first")
		}
	}
	e.guests = 0
	if j := e.nextVerification(); j == nil || !j.guest {
		t.Errorf("with nobody else waiting the next is %v, want a guest's", j)
	}
}

// TestGuestsWait: the queue of guests is short, and its oldest goes.
func TestGuestsWait(t *testing.T) {
	e := &Engine{cfg: Config{MaxStrangers: 4, MaxClaims: 1000}, tip: &consensus.State{}}
	for range 50 {
		e.enqueue(&job{st: &consensus.Statement{OptimizerID: "nobody"}})
	}
	if e.strange.size != 8 || e.others.size+e.votes.size != 0 {
		t.Fatalf("%d of guests wait and %d of others, want 8 and none", e.strange.size, e.others.size+e.votes.size)
	}
	if j := e.strange.pop(); j.id != 43 {
		t.Errorf("the first that waits is number %d of 50, want 43", j.id)
	}
}

// TestGuestsLots: of n claims in a minute each has the odds MaxStrangers/n here, twice MaxStrangers are the most whatever the lots
// say, those that this node has no vote on are left to others, and what was not drawn is kept within a bound.
func TestGuestsLots(t *testing.T) {
	key, err := identity.FromSeed("drawn by lots")
	if err != nil {
		t.Fatal(err)
	}
	enter := func(e *Engine, name string, member bool) bool {
		return e.enters(&chain.Message{}, &revealed{st: &consensus.Statement{OptimaeID: name}}, member)
	}
	drawn, last := 0, 0
	for salt := range 200 {
		e := &Engine{cfg: Config{MaxStrangers: 4}, key: key, now: 1000 * Second}
		e.cfg.Salt[0] = byte(salt)
		for i := range 8 {
			if enter(e, fmt.Sprint("claim ", i), true) {
				if drawn++; i == 7 {
					last++
				}
			}
		}
		for i := range 40 {
			enter(e, fmt.Sprint("more ", i), true)
		}
		if n := len(e.crowd.opened); n > 8 {
			t.Errorf("%d claims were opened in a minute, want 8 at most", n)
		}
		for i := range 100 {
			enter(e, fmt.Sprint("late ", i), true)
		}
		if n := len(e.crowd.waiting); n != maxDrawn {
			t.Errorf("%d claims wait, want %d", n, maxDrawn)
		}
		if e.now += 61 * Second; !enter(e, "a minute later", false) {
			t.Error("in a quiet minute a claim was not opened")
		}
		for i := range 10 {
			if enter(e, fmt.Sprint("of others ", i), false) && i >= 3 {
				t.Errorf("claim %d, on which this node has no vote, was opened in a crowd", i)
			}
		}
	}
	// 4 + 4/5 + 4/6 + 4/7 + 4/8 are drawn of eight on the mean, and the last of them has the odds 4/8.
	if drawn < 200*6 || drawn > 200*7 {
		t.Errorf("%d claims were drawn in 200 minutes of 8, want about 1308", drawn)
	}
	if last < 70 || last > 130 {
		t.Errorf("the last of eight was drawn %d times in 200, want about 100", last)
	}
}
