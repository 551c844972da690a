package python

import (
	"errors"
	"fmt"
	"sort"
)

// ConfirmationDepth is the default number of blocks that make an earlier one final.
const ConfirmationDepth = 6

// ErrFinalized is what a *CheckpointError unwraps to.
var ErrFinalized = errors.New("reference: already finalized")

// CheckpointError says that a checkpoint lies at or below the latest one.
type CheckpointError struct {
	Height, Finalized int64
}

// Error returns the reference's own text.
func (e *CheckpointError) Error() string {
	return fmt.Sprintf("Cannot checkpoint height %d — already finalized up to %d", e.Height, e.Finalized)
}

// Unwrap returns ErrFinalized.
func (e *CheckpointError) Unwrap() error { return ErrFinalized }

// Checkpoint is a block that may not be undone.
type Checkpoint struct {
	Height int64
	Hash   string
	Source string // "implicit" or "explicit"
}

// Finality is the list of checkpoints, in memory only: after a restart it begins anew.
type Finality struct {
	depth       int64
	checkpoints []Checkpoint // strictly ascending heights
}

// NewFinality returns an empty list with the given confirmation depth in blocks.
func NewFinality(depth int64) *Finality { return &Finality{depth: depth} }

// Depth returns the confirmation depth in blocks.
func (f *Finality) Depth() int64 { return f.depth }

// Latest returns the highest checkpoint, if there is one.
func (f *Finality) Latest() (Checkpoint, bool) {
	if len(f.checkpoints) == 0 {
		return Checkpoint{}, false
	}
	return f.checkpoints[len(f.checkpoints)-1], true
}

// Height returns the finalized height, -1 without a checkpoint.
func (f *Finality) Height() int64 {
	if c, ok := f.Latest(); ok {
		return c.Height
	}
	return -1
}

// Add appends an explicit checkpoint; at or below the latest it fails with a *CheckpointError.
func (f *Finality) Add(height int64, hash string) error {
	if c, ok := f.Latest(); ok && height <= c.Height {
		return &CheckpointError{Height: height, Finalized: c.Height}
	}
	f.checkpoints = append(f.checkpoints, Checkpoint{height, hash, "explicit"})
	return nil
}

// OnBlock takes note of a new tip at height. hashAtDepth is the hash of the block Depth below
// it, empty if there is none. It returns the checkpoint that this made, if any.
func (f *Finality) OnBlock(height int64, hashAtDepth string) (Checkpoint, bool) {
	if hashAtDepth == "" || height-f.depth <= f.Height() {
		return Checkpoint{}, false
	}
	c := Checkpoint{height - f.depth, hashAtDepth, "implicit"}
	f.checkpoints = append(f.checkpoints, c)
	return c, true
}

// AllowsReorg reports whether the last depth blocks of a chain with its tip at height may be
// replaced.
func (f *Finality) AllowsReorg(depth, height int64) bool { return height-depth > f.Height() }

// Consistent reports whether a block contradicts no checkpoint.
func (f *Finality) Consistent(height int64, hash string) bool {
	i := sort.Search(len(f.checkpoints), func(i int) bool { return f.checkpoints[i].Height >= height })
	return i == len(f.checkpoints) || f.checkpoints[i].Height != height || f.checkpoints[i].Hash == hash
}
