package referee

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// task reads one of the committed tasks.
func task(t *testing.T, name string) *nn.Task {
	t.Helper()
	data, err := os.ReadFile("../testdata/tasks/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	task, err := nn.ParseTask(o)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// claim trains a task, with a weight that is wrong in its last bit from a step on; 0 is honest. It also states the steps
// of the segment of that step.
func claim(t *testing.T, task *nn.Task, wrongFrom int) *Claim {
	t.Helper()
	run, err := nn.NewRun(task, vec.Generic)
	if err != nil {
		t.Fatal(err)
	}
	c := &Claim{Segment: task.Config.Segment}
	if c.Segment > 0 && wrongFrom > 0 {
		c.StepsFrom = (wrongFrom - 1) / c.Segment * c.Segment
	}
	for done := false; !done; {
		if s := run.Done() + 1; s == wrongFrom {
			run.Checkpoint().W[0] *= 0x1.000002p0
		}
		done = run.Step()
		if n := run.Done(); n > c.StepsFrom && n <= c.StepsFrom+c.Segment {
			c.Steps = append(c.Steps, run.Leaf())
		}
	}
	r := run.Result()
	if c.Leaves = r.Leaves; len(c.Leaves) == 0 {
		c.Leaves = [][32]byte{r.Digest()}
	}
	return c
}

func TestSettle(t *testing.T) {
	for _, name := range []string{"mlp-relu-mse", "tcn-tanh", "segment-1-sgd", "patience-1-0.015625", "dropout-1", "diverged-tanh-1", "segment-0", "segment-50"} {
		task := task(t, name)
		honest := claim(t, task, 0)
		v, err := Settle(t.Context(), *task, honest, honest, nil)
		if err != nil || v.String() != "agreed" {
			t.Errorf("%s: %v, %v for equal claims", name, v, err)
		}
		for _, from := range []int{1, 4, 11, 18} {
			cheat := claim(t, task, from)
			if slices.Equal(cheat.Leaves, honest.Leaves) {
				continue // the run ends before
			}
			for _, swapped := range []bool{false, true} {
				a, b, want := honest, cheat, "a"
				if swapped {
					a, b, want = cheat, honest, "b"
				}
				v, err := Settle(t.Context(), *task, a, b, nil)
				if err != nil {
					t.Fatal(err)
				}
				s := max(1, task.Config.Segment)
				if v.String() != want || v.From >= v.To || task.Config.Segment > 0 && v.From != v.Leaf*s {
					t.Errorf("%s, wrong from step %d: %s is right at leaf %d, steps %d to %d: %+v", name, from, v, v.Leaf, v.From, v.To, v)
				}
				wrong := v.B
				if swapped {
					wrong = v.A
				}
				if task.Config.Segment > 0 && v.Leaf == (from-1)/s && wrong.Step != from {
					t.Errorf("%s: wrong from step %d, found from %d", name, from, wrong.Step)
				}
			}
			other := claim(t, task, from)
			other.Leaves = slices.Clone(other.Leaves)
			for i := range other.Leaves {
				other.Leaves[i][0] ^= 1
			}
			if v, err := Settle(t.Context(), *task, other, cheat, nil); err != nil || v.A.Right || v.B.Right && cheat.Leaves[0] != honest.Leaves[0] {
				t.Errorf("%s: two wrong claims: %v, %v", name, v, err)
			}
			// Both wrong from the first leaf on, and different only later.
			if n := len(cheat.Leaves); from == 1 && n > 1 {
				later := &Claim{Segment: cheat.Segment, Leaves: slices.Clone(cheat.Leaves)}
				later.Leaves[n-1][5] ^= 1
				if v, err := Settle(t.Context(), *task, cheat, later, nil); err != nil || v.String() != "neither" || v.Leaf != 0 {
					t.Errorf("%s: wrong together: %s at leaf %d, %v", name, v, v.Leaf, err)
				}
			}
		}
		if n := len(honest.Leaves); n > 1 {
			short := &Claim{Segment: honest.Segment, Leaves: honest.Leaves[:n-1]}
			if v, err := Settle(t.Context(), *task, short, honest, nil); err != nil || v.String() != "b" {
				t.Errorf("%s: a claim without result: %v, %v", name, v, err)
			}
		}
		long := &Claim{Segment: honest.Segment, Leaves: append(slices.Clone(honest.Leaves), [32]byte{1})}
		if v, err := Settle(t.Context(), *task, honest, long, nil); err != nil || v.String() != "a" || !v.Ended {
			t.Errorf("%s: a claim that is too long: %v, %v", name, v, err)
		}
	}
	task := task(t, "tcn-relu")
	if _, err := Settle(t.Context(), *task, &Claim{Segment: 3}, &Claim{Segment: 3}, nil); !errors.Is(err, ErrClaim) {
		t.Errorf("claims of another task: %v", err)
	}
}

// Digests that differ over equal trees are settled by what the domain makes of the result, which is repeated.
func TestSettleMeasures(t *testing.T) {
	digest := func(r *nn.Result) (string, error) {
		return fmt.Sprintf("%s at %d: %x", r.Status, r.BestStep, r.Digest()), nil
	}
	for _, name := range []string{"mlp-relu-mse", "tcn-tanh", "segment-1-sgd", "patience-1-0.015625", "diverged-tanh-1", "segment-0", "segment-50"} {
		task := task(t, name)
		honest, err := Make(t.Context(), *task, -1, digest)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := Settle(t.Context(), *task, honest, honest, digest); err != nil || !v.Agreed {
			t.Errorf("%s: %v, %v for equal claims", name, v, err)
		}
		lie := *honest
		lie.Digest = "lie"
		v, err := Settle(t.Context(), *task, &lie, honest, digest)
		if err != nil || v.String() != "b" || !v.Measures || v.Digest != honest.Digest {
			t.Errorf("%s: %+v, %v, want b", name, v, err)
		}
		// Where the trees are wrong, the right digest is still that of the task.
		forged := [2]Claim{*claim(t, task, 1), *claim(t, task, 1)}
		forged[0].Digest, forged[1].Digest = "lie", "another"
		v, err = Settle(t.Context(), *task, &forged[0], &forged[1], digest)
		if err != nil || v.String() != "neither" || v.Digest != honest.Digest {
			t.Errorf("%s: two wrong trees: %+v, %v", name, v, err)
		}
		lie.Digest = ""
		if _, err := Settle(t.Context(), *task, &lie, honest, digest); !errors.Is(err, ErrClaim) {
			t.Errorf("%s: a claim without digest: %v", name, err)
		}
		if _, err := Settle(t.Context(), *task, honest, &lie, nil); !errors.Is(err, ErrClaim) {
			t.Errorf("%s: a claim with a digest of its own: %v", name, err)
		}
	}
}

func TestFirstDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := make([][32]byte, 1+r.IntN(40))
		for i := range a {
			a[i][0] = byte(i)
		}
		b := slices.Clone(a[:1+r.IntN(len(a))])
		if r.IntN(2) == 0 {
			b = slices.Clone(a)
		}
		for range r.IntN(3) {
			b[r.IntN(len(b))][1]++
		}
		want := 0
		for want < min(len(a), len(b)) && a[want] == b[want] {
			want++
		}
		if got, err := FirstDifference(NewTree(a), NewTree(b)); err != nil || got != want {
			t.Fatalf("first difference of %d and %d leaves = %d, %v, want %d", len(a), len(b), got, err, want)
		}
	}
}

// TestMake: what a machine claims is what the kernels of another one give.
func TestMake(t *testing.T) {
	for _, name := range []string{"tcn-relu", "segment-0", "segment-1"} {
		task := task(t, name)
		got, err := Make(t.Context(), *task, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := claim(t, task, 1)
		honest := claim(t, task, 0)
		if !slices.Equal(got.Leaves, honest.Leaves) || got.Root() != honest.Root() || len(got.Steps) != max(1, len(want.Steps)) {
			t.Errorf("%s: claim %v, want %v", name, got, honest)
		}
	}
}

func TestParseClaim(t *testing.T) {
	c := claim(t, task(t, "tcn-relu"), 4)
	c.Digest = strings.Repeat("0f", 32)
	d, err := ParseClaim(c.Object())
	if err != nil || fmt.Sprint(d) != fmt.Sprint(c) {
		t.Errorf("claim read back as %v, %v, want %v", d, err, c)
	}
	for _, bad := range []string{`{}`, `{"leaves": []}`, `{"segment": -1, "leaves": ["00"]}`, `{"segment": 1, "leaves": ["00"]}`, `{"segment": 1, "leaves": 3}`, `{"more": 1}`,
		`{"digest": "0f"}`, `{"digest": 1}`} {
		o, err := canon.ParseObject([]byte(bad))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseClaim(o); !errors.Is(err, ErrClaim) {
			t.Errorf("ParseClaim(%s) = %v, want ErrClaim", bad, err)
		}
	}
}

// FuzzParseClaim: no file makes ParseClaim panic, and what it accepts is read back the same.
func FuzzParseClaim(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{"segment": 3, "leaves": ["%064d"], "steps_from": 3, "steps": ["%064d"]}`, 1, 2)))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		c, err := ParseClaim(o)
		if err != nil {
			return
		}
		if d, err := ParseClaim(c.Object()); err != nil || d.Root() != c.Root() || !slices.Equal(d.Steps, c.Steps) {
			t.Errorf("%v read back as %v, %v", c, d, err)
		}
	})
}
