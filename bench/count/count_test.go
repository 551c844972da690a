package count

import (
	"errors"
	"math"
	"testing"

	"doin.network/node/kernels/host"
)

// rise is how much more a kernel may issue than what is committed.
const rise = 0.02

// TestCommitted counts the committed kernels again: a rise above 2 % is an error, and so is any difference, of another kind.
func TestCommitted(t *testing.T) {
	want, err := Read("../results")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Run(t.Context(), nil)
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip("LEFT OUT: no C++ compiler, the instructions are not counted")
	}
	if err != nil {
		t.Fatal(err)
	}
	before := map[[2]string]Row{}
	for _, r := range want.Rows {
		before[[2]string{r.Workload, r.Entry}] = r
	}
	for _, r := range got.Rows {
		b, ok := before[[2]string{r.Workload, r.Entry}]
		if complaint := judge(b, r, ok); complaint != "" {
			t.Errorf("%s %s: %s", r.Workload, r.Entry, complaint)
		}
	}
	if len(got.Rows) != len(want.Rows) || got.Toolkit != want.Toolkit {
		t.Errorf("%d rows with the weights of %s, want %d of %s: %s", len(got.Rows), got.Toolkit, len(want.Rows), want.Toolkit, again)
	}
}

const again = `count again with "go run ./cmd/doin-bench kernels --out bench/results"`

// judge says what is wrong with a row, "" where it is as committed.
func judge(before, now Row, known bool) string {
	switch {
	case !known:
		return "not in bench/results/kernels.json: " + again
	case !(now.Weighted <= before.Weighted*(1+rise)):
		return "more instructions than committed, by over 2 %: make the kernel cheaper, or say in the commit why it is dearer, and " + again
	case math.Abs(now.Weighted-before.Weighted) > 1e-6*before.Weighted || now.Unweighted != before.Unweighted || now.Chosen != before.Chosen:
		return "not what is committed: " + again
	}
	for c, n := range now.Classes {
		if math.Abs(n-before.Classes[c]) > 1e-6*now.Weighted {
			return "class " + string(c) + " is not what is committed: " + again
		}
	}
	return ""
}

// TestJudge: what is equal passes, a difference asks for a new count, and a rise above 2 % is told apart.
func TestJudge(t *testing.T) {
	f := func(want bool, now float64, known bool) {
		t.Helper()
		b := Row{Weighted: 1000, Unweighted: 900}
		if got := judge(b, Row{Weighted: now, Unweighted: 900}, known); (got == "") != want {
			t.Errorf("judge(%v) = %q, want right: %v", now, got, want)
		}
	}
	f(true, 1000, true)
	f(false, 1000, false)
	f(false, 1001, true)
	f(false, 1021, true)
	f(false, 990, true)
	f(false, math.NaN(), true)
	r := Row{Weighted: 1000}
	if judge(r, Row{Weighted: 1021}, true) == judge(r, Row{Weighted: 1019}, true) {
		t.Error("a rise above 2 % must be called one")
	}
}

// TestLoops: the weights of what was committed are near the assembler's own loops, in the products that the time goes to.
func TestLoops(t *testing.T) {
	r, err := Read("../results")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, l := range r.Loops {
		if l.FMA < 64 || l.Machine == 0 {
			continue
		}
		found++
		if ratio := l.Machine / l.Weighted; !(ratio > 0.75 && ratio < 1.15) {
			t.Errorf("%s, line %d: the machine's loop is %.2f of its weight", l.Entry, l.Line, ratio)
		}
	}
	if found < 6 {
		t.Errorf("%d loops of 64 FMA and more are known, want 6 at least", found)
	}
}
