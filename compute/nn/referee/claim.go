package referee

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// ErrClaim is returned, wrapped, for a claim that cannot be read or does not belong to the task.
var ErrClaim = errors.New("referee: invalid claim")

// Claim is what one party states about a task.
type Claim struct {
	// Segment is the number of steps between two leaves, 0 where the result leaf is the only one.
	Segment int
	// Leaves are the leaves of the digest, the result leaf last. There is at least one.
	Leaves [][32]byte
	// Steps are the state leaves after steps StepsFrom+1, StepsFrom+2, …, where the party has repeated a part step by
	// step; empty if not. They let the referee name the first wrong step.
	StepsFrom int
	Steps     [][32]byte
	// Digest is that of the model, in lower-case hex, where the task's domain makes it of the root and more; empty where
	// the root is the digest.
	Digest string
}

// Digester returns the digest of the model that a domain makes of a result, in lower-case hex. A nil Digester is that of
// the tasks whose root is the digest.
type Digester func(*nn.Result) (string, error)

// Make trains a task from its beginning, by the kernels that vec.Select chooses, and returns what this machine claims
// about it. stepsFrom ≥ 0 also records the Segment steps after that one; a negative number records none. Errors are those
// of nn.NewRun and of digest, and ctx.Err().
func Make(ctx context.Context, task nn.Task, stepsFrom int, digest Digester) (*Claim, error) {
	task.From = nil
	run, err := nn.NewRun(&task, "")
	if err != nil {
		return nil, err
	}
	c := &Claim{Segment: task.Config.Segment}
	if stepsFrom >= 0 {
		c.StepsFrom = stepsFrom
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		done = run.Step()
		if n := run.Done() - c.StepsFrom; stepsFrom >= 0 && 0 < n && n <= max(1, c.Segment) {
			c.Steps = append(c.Steps, run.Leaf())
		}
	}
	r := run.Result()
	c.Leaves = leaves(r)
	if digest != nil {
		if c.Digest, err = digest(r); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// leaves returns the leaves of a result, of which there is always one: without segments, the result leaf.
func leaves(r *nn.Result) [][32]byte {
	if len(r.Leaves) == 0 {
		return [][32]byte{r.Digest()}
	}
	return r.Leaves
}

// Root returns the root of the training's digest.
func (c *Claim) Root() [32]byte { return nn.MerkleRoot(c.Leaves) }

// Object returns the claim as JSON: {"segment", "leaves": [hex, …], "steps_from", "steps": [hex, …], "digest"}, the
// last three only where they are stated.
func (c *Claim) Object() *canon.Object {
	o := canon.NewObject("segment", c.Segment, "leaves", hexes(c.Leaves))
	if len(c.Steps) > 0 {
		o.Set("steps_from", c.StepsFrom).Set("steps", hexes(c.Steps))
	}
	if c.Digest != "" {
		o.Set("digest", c.Digest)
	}
	return o
}

func hexes(hashes [][32]byte) []any {
	list := make([]any, len(hashes))
	for i, h := range hashes {
		list[i] = hex.EncodeToString(h[:])
	}
	return list
}

// ParseClaim reads what Object returns. Errors wrap ErrClaim.
func ParseClaim(o *canon.Object) (*Claim, error) {
	c := &Claim{}
	for _, key := range o.Keys() {
		var err error
		switch key {
		case "segment":
			c.Segment, err = count(o, key)
		case "steps_from":
			c.StepsFrom, err = count(o, key)
		case "leaves":
			c.Leaves, err = hashes(o, key)
		case "steps":
			c.Steps, err = hashes(o, key)
		case "digest":
			c.Digest, err = digest(o, key)
		default:
			err = fmt.Errorf("unknown member %.80q", key)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrClaim, err)
		}
	}
	if len(c.Leaves) == 0 {
		return nil, fmt.Errorf("%w: no leaves", ErrClaim)
	}
	return c, nil
}

func count(o *canon.Object, key string) (int, error) {
	v, err := o.Int(key)
	if err == nil && (v < 0 || v > nn.MaxSteps) {
		err = fmt.Errorf("%s %d: must be in [0, %d]", key, v, nn.MaxSteps)
	}
	return int(v), err
}

// digest returns a member in lower case.
func digest(o *canon.Object, key string) (string, error) {
	s, err := o.String(key)
	if err != nil {
		return "", err
	}
	h, err := hash(s)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return hex.EncodeToString(h[:]), nil
}

// hash reads a hash in hex.
func hash(s string) (h [32]byte, err error) {
	if len(s) == 64 {
		_, err = hex.Decode(h[:], []byte(s))
	}
	if len(s) != 64 || err != nil {
		return h, fmt.Errorf("%.80q is not a hash", s)
	}
	return h, nil
}

func hashes(o *canon.Object, key string) ([][32]byte, error) {
	list, err := o.List(key)
	if err != nil {
		return nil, err
	}
	if len(list) > nn.MaxSteps+1 {
		return nil, fmt.Errorf("%s: %d hashes: at most %d", key, len(list), nn.MaxSteps+1)
	}
	found := make([][32]byte, len(list))
	for i, v := range list {
		s, err := canon.AsString(v)
		if err == nil {
			found[i], err = hash(s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", key, i, err)
		}
	}
	return found, nil
}
