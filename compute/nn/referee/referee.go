package referee

import (
	"context"
	"fmt"
	"slices"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// Verdict is what a referee found.
type Verdict struct {
	// Agreed says that the claims are equal; then nothing was computed and the rest is zero.
	Agreed bool
	// Measures says that the trees are equal and only the digests made of them differ: what is in dispute is what the
	// domain measured of one and the same model. Digest is the right one then, and Leaf to Ended are zero.
	Measures bool
	Digest   string
	// Leaf is the index of the first leaf that is in dispute, and the steps From+1 … To are what it covers.
	Leaf, From, To int
	// Right is the leaf that belongs there; zero, with Ended, if the run has no such leaf.
	Right [32]byte
	Ended bool
	// A and B say how the claims fare. Both may be wrong. That one is right says that its leaves are, up to this one, or
	// with Measures, that its digest is.
	A, B Finding
}

// Finding is the verdict on one claim.
type Finding struct {
	Right bool
	// Step is the first step at which a wrong claim's state differs; 0 if the claim states no steps, or none that
	// differs.
	Step int
}

// String names the claim that is right.
func (v *Verdict) String() string {
	switch {
	case v.Agreed:
		return "agreed"
	case v.A.Right:
		return "a"
	case v.B.Right:
		return "b"
	}
	return "neither"
}

// Settle says which of two claims about a task is right. The fast kernels, those that vec.Select chooses, are used up to
// the leaf in dispute only, and what they give is compared with what the claims agree on. The task begins at its
// beginning: it has no checkpoint. Where the trees agree and the digests that a domain made of them do not, the model is
// made again and digest says which is right. Errors: ErrClaim for claims that are not about this task, those of nn.NewRun
// and of digest, ctx.Err().
func Settle(ctx context.Context, task nn.Task, a, b *Claim, digest Digester) (*Verdict, error) {
	for i, c := range [...]*Claim{a, b} {
		if c.Segment != task.Config.Segment {
			return nil, fmt.Errorf("%w: claim %c has segments of %d steps, the task of %d", ErrClaim, 'a'+i, c.Segment, task.Config.Segment)
		}
		if len(c.Leaves) == 0 {
			return nil, fmt.Errorf("%w: claim %c has no leaves", ErrClaim, 'a'+i)
		}
		if (digest == nil) != (c.Digest == "") {
			return nil, fmt.Errorf("%w: claim %c has the digest %q: only tasks of domains have one beside the root, and all of these",
				ErrClaim, 'a'+i, c.Digest)
		}
	}
	leaf, err := FirstDifference(NewTree(a.Leaves), NewTree(b.Leaves))
	if err != nil {
		return nil, err
	}
	task.From, task.OnSegment = nil, nil
	if leaf == len(a.Leaves) && leaf == len(b.Leaves) {
		if a.Digest == b.Digest {
			return &Verdict{Agreed: true}, nil
		}
		return measures(ctx, &task, a, b, digest)
	}
	from, err := agreed(ctx, &task, a.Leaves[:leaf])
	if err != nil {
		return nil, err
	}
	return judge(ctx, &task, from, leaf, a, b)
}

// agreed returns the state after the leaves that both claims state, from the fast kernels if they give these leaves, else
// nil: the naive kernels have to begin at the beginning.
func agreed(ctx context.Context, task *nn.Task, leaves [][32]byte) (*nn.Checkpoint, error) {
	run, err := nn.NewRun(task, "")
	if err != nil {
		return nil, err
	}
	for range len(leaves) * task.Config.Segment {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if run.Step() {
			return nil, nil
		}
	}
	state := run.Checkpoint()
	for i, l := range state.Leaves {
		if l != leaves[i] {
			return nil, nil
		}
	}
	return state, nil
}

// judge repeats the steps up to the disputed leaf, from a state, and compares. Where that state is not known, the claims
// may turn out to be wrong together before that leaf.
func judge(ctx context.Context, task *nn.Task, from *nn.Checkpoint, leaf int, a, b *Claim) (*Verdict, error) {
	task.From = from
	run, err := nn.NewRun(task, vec.Naive)
	if err != nil {
		return nil, err
	}
	v := &Verdict{From: run.Done()}
	wrong := [2]int{}
	done := false
	var right [][32]byte
	for !done && len(right) <= leaf {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		done = run.Step()
		for i, c := range [...]*Claim{a, b} {
			if n := run.Done() - c.StepsFrom - 1; wrong[i] == 0 && n >= 0 && n < len(c.Steps) && c.Steps[n] != run.Leaf() {
				wrong[i] = run.Done()
			}
		}
		right = run.Checkpoint().Leaves
		if n := len(right); n > 0 && n <= leaf && right[n-1] != a.Leaves[n-1] {
			leaf = n - 1 // both are wrong here
		}
		if n := len(right); n <= leaf && n > 0 && run.Done()%task.Config.Segment == 0 {
			v.From = run.Done()
		}
	}
	v.Leaf, v.To = leaf, run.Done()
	if done {
		right = leaves(run.Result())
	}
	// The run may have ended with leaves that the claims agree to continue otherwise.
	for i := range min(leaf, len(right)) {
		if right[i] != a.Leaves[i] {
			leaf, v.Leaf = i, i
			break
		}
	}
	if v.Ended = leaf >= len(right); !v.Ended {
		v.Right = right[leaf]
	}
	for i, c := range [...]*Claim{a, b} {
		f := [...]*Finding{&v.A, &v.B}[i]
		if leaf < len(c.Leaves) {
			f.Right = !v.Ended && c.Leaves[leaf] == v.Right
		} else {
			f.Right = v.Ended && len(c.Leaves) == len(right)
		}
		if !f.Right {
			f.Step = wrong[i]
		}
	}
	return v, nil
}

// measures settles digests of equal trees.
func measures(ctx context.Context, task *nn.Task, a, b *Claim, digest Digester) (*Verdict, error) {
	r, err := replay(ctx, task, a.Leaves)
	if err != nil {
		return nil, err
	}
	d, err := digest(r)
	if err != nil {
		return nil, err
	}
	return &Verdict{Measures: true, Digest: d, A: Finding{Right: a.Digest == d}, B: Finding{Right: b.Digest == d}}, nil
}

// replay returns the result of a task, by the naive kernels, and so does the network of the result compute. Where the
// fast ones give the leaves that are expected, they are used up to the last segment.
func replay(ctx context.Context, task *nn.Task, expected [][32]byte) (*nn.Result, error) {
	from, err := agreed(ctx, task, expected[:max(0, len(expected)-2)])
	if err != nil {
		return nil, err
	}
	for {
		task.From = from
		r, err := finish(ctx, task)
		if err != nil || from == nil || slices.Equal(leaves(r), expected) {
			return r, err
		}
		from = nil // the best weights so far are in no leaf but the last: perhaps the fast kernels got them wrong
	}
}

// finish makes the remaining steps of a task by the naive kernels.
func finish(ctx context.Context, task *nn.Task) (*nn.Result, error) {
	run, err := nn.NewRun(task, vec.Naive)
	if err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if run.Step() {
			return run.Result(), nil
		}
	}
}
