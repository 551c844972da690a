package consensus

import (
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
)

// TestNoFloatMath: the rules are integers; math's functions differ between machines.
func TestNoFloatMath(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("source files: %v, %v", files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ast, err := parser.ParseFile(token.NewFileSet(), f, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range ast.Imports {
			if i.Path.Value == `"math"` || strings.HasPrefix(i.Path.Value, `"math/rand`) {
				t.Errorf("%s imports %s", f, i.Path.Value)
			}
		}
	}
}

func TestRawIncrement(t *testing.T) {
	f := func(old, now, scale float64, want int64) {
		t.Helper()
		if got := RawIncrement(old, now, scale); got != want {
			t.Errorf("RawIncrement(%v, %v, %v) = %d, want %d", old, now, scale, got, want)
		}
	}
	f(-1, -0.5, 1, 500_000)
	f(-2, -1, 2, 500_000)
	f(-1e6, -1e6+0.5, 1, 500_000) // the same unit wherever it is gained
	f(2, 3, 4, 250_000)
	f(0, 1, 1, Micro)
	f(0, 0x1p-19, 1, 1)        // 1.9 millionths
	f(0, 5, 1e-6, Micro)       // capped at one
	f(-1e308, 1e308, 1, Micro) // no overflow
	f(-5e-324, 0, 1, 0)
	f(1, 1, 1, 0)
}

func TestWithinTolerance(t *testing.T) {
	f := func(c, i float64, tol int64, want bool) {
		t.Helper()
		if got := Tolerates(c, i, tol); got != want {
			t.Errorf("Tolerates(%v, %v, %d) = %v", c, i, tol, got)
		}
	}
	f(1, 1, 0, true)
	f(1.0000000000000002, 1, 0, false)
	f(0, 0, 50_000, true)
	f(1e308, 1e308, 50_000, true)
	f(5e-324, 0, 50_000, false)
}

func TestNeeded(t *testing.T) {
	for k, want := range []int{0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7} {
		if got := Needed(k); got != want {
			t.Errorf("Needed(%d) = %d, want %d", k, got, want)
		}
		if k > 0 && (3*Needed(k) < 2*k || 3*(Needed(k)-1) >= 2*k) {
			t.Errorf("Needed(%d) is not the least number of at least two thirds", k)
		}
	}
}

func TestSameBits(t *testing.T) {
	tiny := 1e-300
	negZero := -tiny * tiny
	if sameBits(0, negZero) || !sameBits(negZero, negZero) || !sameBits(0, 0) || sameBits(1, 2) {
		t.Error("sameBits does not tell zeros apart")
	}
}

func TestReputationDecay(t *testing.T) {
	r := Reputation{Score: 8 * Micro, Last: 0}
	f := func(at, want int64) {
		t.Helper()
		if got := r.At(at); got != want {
			t.Errorf("At(%d) = %d, want %d", at, got, want)
		}
	}
	f(-5, 8*Micro)
	f(ReputationHalfLife, 4*Micro)
	f(2*ReputationHalfLife, 2*Micro)
	f(ReputationHalfLife/2, 6*Micro)
	f(1000*ReputationHalfLife, 0)
	if got := (Reputation{Score: Micro}).add(-reputationRejected, 0); got.Score != 0 {
		t.Errorf("score below zero: %+v", got)
	}
	last := r.Score
	for at := int64(0); at < 5*ReputationHalfLife; at += ReputationHalfLife / 37 {
		if s := r.At(at); s > last {
			t.Fatalf("score rises with time at %d", at)
		} else {
			last = s
		}
	}
}

func TestDifficultyFollowsBlockTime(t *testing.T) {
	const target = 20 * Micro
	run := func(interval int64) Difficulty {
		d := NewDifficulty(Micro, target, 0)
		for range 250 {
			d = d.Next(d.Last+interval, target)
		}
		return d
	}
	if fast := run(target / 2); fast.Threshold <= 4*Micro {
		t.Errorf("blocks twice too fast: threshold %d", fast.Threshold)
	}
	if slow := run(2 * target); slow.Threshold >= Micro/4 {
		t.Errorf("blocks twice too slow: threshold %d", slow.Threshold)
	}
	if right := run(target); right.Threshold != Micro || right.Adjustments != 2 {
		t.Errorf("blocks on target: %+v", right)
	}
	d := NewDifficulty(Micro, target, 0)
	for n, want := range []int64{Micro, Micro / 2, Micro / 4} {
		if got := d.Required(int64(n)*target+target/2, target); got != want {
			t.Errorf("Required after %d target times = %d, want %d", n, got, want)
		}
	}
	if d.Required(1<<62, target) != 0 || d.Required(-5, target) != Micro {
		t.Error("Required at the ends of time")
	}
}

func TestMembersAndRank(t *testing.T) {
	eligible := []string{"a", "b", "c", "d", "e"}
	m := Members("anchor", "c0", "b", eligible, 3)
	if len(m) != 3 || slices.Contains(m, "b") {
		t.Errorf("Members = %v", m)
	}
	if got := Members("anchor", "c0", "b", []string{"e", "d", "c", "b", "a"}, 3); !slices.Equal(got, m) {
		t.Errorf("Members depends on the order of the list: %v, %v", m, got)
	}
	drawn := map[string]int{}
	for i := range 3000 {
		for _, p := range Members("anchor", strings.Repeat("x", i), "b", eligible, 2) {
			drawn[p]++
		}
	}
	for _, p := range []string{"a", "c", "d", "e"} {
		if n := drawn[p]; n < 1350 || n > 1650 {
			t.Errorf("%s was drawn %d of 3000 times, want about half", p, n)
		}
	}
	if r := Rank("p", eligible); len(r) != 5 {
		t.Errorf("Rank = %v", r)
	}
}

// TestPartitionsFinalizeOnOneSideOnly: whatever two disjoint sets of peers build, at most one of them finalizes
// anything after the split.
func TestPartitionsFinalizeOnOneSideOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 12 {
		n := 3 + r.IntN(5)
		w := newNetwork(t, n)
		w.extend(w.ids[0], EmptyAfter*w.target)
		fork := w.state
		cut := r.IntN(n + 1)
		finalized := 0
		for _, side := range [][]string{w.ids[:cut], w.ids[cut:]} {
			w.state = fork
			if len(side) == 0 {
				continue
			}
			for i := range 20 {
				w.extend(side[i%len(side)], EmptyAfter*w.target)
			}
			if w.state.FinalizedHeight > fork.Height {
				finalized++
				if len(side) < Needed(n) {
					t.Errorf("%d of %d peers finalized a block", len(side), n)
				}
			}
		}
		if finalized > 1 {
			t.Fatalf("both halves %d | %d finalized", cut, n-cut)
		}
	}
}

// TestBetterIsATotalOrder on branches from one fork.
func TestBetterIsATotalOrder(t *testing.T) {
	w := newNetwork(t, 4)
	fork := w.state
	type branch struct {
		s     *State
		first *chain.Block
	}
	var bs []branch
	for i := range 8 {
		w.state, w.blocks = fork, nil
		if i%2 == 0 {
			w.extend(w.ids[i/2], Micro, w.acceptance(w.statement(w.ids[(i/2+1)%4], -float64(i+1))))
		} else {
			w.extend(w.ids[i/2], EmptyAfter*w.target)
		}
		if i%3 == 0 {
			w.extend(w.ids[3], Micro, w.acceptance(w.statement(w.ids[0], -0.01)))
		}
		bs = append(bs, branch{w.state, w.blocks[0]})
	}
	for _, a := range bs {
		for _, b := range bs {
			ab, ba := Better(a.s, b.s, a.first, b.first), Better(b.s, a.s, b.first, a.first)
			if a.s != b.s && ab == ba || a.s == b.s && ab {
				t.Errorf("Better is not antisymmetric: %v %v", ab, ba)
			}
			for _, c := range bs {
				if ab && Better(b.s, c.s, b.first, c.first) && !Better(a.s, c.s, a.first, c.first) {
					t.Error("Better is not transitive")
				}
			}
		}
	}
}

// TestGrants: what a genesis file grants is minted by block 0 and part of the supply; impossible amounts are refused.
func TestGrants(t *testing.T) {
	w := newNetwork(t, 2)
	g := *w.genesis
	f := func(ok bool, want int64, amounts ...string) {
		t.Helper()
		g.Grants = nil
		for i, a := range amounts {
			g.Grants = append(g.Grants, chain.Grant{PeerID: w.ids[i], Amount: a})
		}
		s, err := NewState(&g)
		if ok != (err == nil) {
			t.Fatalf("NewState(%v) = %v", amounts, err)
		}
		if err == nil && (s.Ledger.Minted() != want || s.Ledger.Supply() != want) {
			t.Errorf("NewState(%v) mints %d, want %d", amounts, s.Ledger.Minted(), want)
		}
		if err == nil {
			if again, err := ParseState(s.AppendCanonical(nil), s.Rules()); err != nil || again.Root() != s.Root() {
				t.Errorf("ParseState after grants %v: %v", amounts, err)
			}
		}
	}
	f(true, 0)
	f(true, 1, "0.00000001")
	f(true, 3*ledger.Unit, "1", "2")
	f(true, ledger.MaxSupply, "20999999", "1")
	f(false, 0, "20999999", "2")
	f(false, 0, "0")
	f(false, 0, "-1")
	f(false, 0, "1e3")

	// With everything granted a block pays fees alone, and goes on.
	g.Grants = []chain.Grant{{PeerID: w.ids[0], Amount: "21000000"}}
	s, err := NewState(&g)
	if err != nil {
		t.Fatal(err)
	}
	w.state = s
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	if w.state.Height != 1 || w.state.Ledger.Supply() != ledger.MaxSupply {
		t.Errorf("height %d, supply %d", w.state.Height, w.state.Ledger.Supply())
	}
}
