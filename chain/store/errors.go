package store

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	// ErrCorrupt is what every *CorruptError unwraps to.
	ErrCorrupt = errors.New("store: corrupt")
	// ErrNotFound is returned by every reader for what was never stored.
	ErrNotFound = errors.New("store: not found")
	// ErrPruned is returned by State for a height below PruneStates'.
	ErrPruned = errors.New("store: state is pruned")
	// ErrLocked is returned by Open when another process has the store open.
	ErrLocked = errors.New("store: in use by another process")
	// ErrUnclean is returned by OpenReadOnly for a store that has to be repaired before it can be read.
	ErrUnclean = errors.New("store: was not closed")
	// ErrDiskFull is returned by every writer while the disk has less free space
	// than Options.ReserveBytes. Nothing has been written.
	ErrDiskFull = errors.New("store: disk is full")
	// ErrLink is what every *LinkError unwraps to.
	ErrLink = errors.New("store: block does not extend the chain")
	// ErrInvalid is returned by writers for an entry that cannot be stored: no
	// block, a wrong hash, a value above MaxValueBytes, too long a branch.
	ErrInvalid = errors.New("store: invalid entry")
)

// CorruptError is stored data that is not what was written.
type CorruptError struct {
	// Height is the block the data belongs to, −1 if it belongs to none.
	Height int64
	// What names the data and what is wrong with it.
	What string
}

// Error implements error.
func (e *CorruptError) Error() string {
	if e.Height < 0 {
		return "store: corrupt: " + e.What
	}
	return fmt.Sprintf("store: corrupt at height %d: %s", e.Height, e.What)
}

// Unwrap returns ErrCorrupt.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }

// LinkError is a block that does not follow the one it was to be put upon.
type LinkError struct {
	Height       int64  // the block's
	Previous     string // the hash the block names
	WantHeight   int64
	WantPrevious string // the hash of the block at WantHeight − 1
}

// Error implements error.
func (e *LinkError) Error() string {
	return fmt.Sprintf("store: block %d after %.12s does not follow: want height %d after %.12s",
		e.Height, e.Previous, e.WantHeight, e.WantPrevious)
}

// Unwrap returns ErrLink.
func (e *LinkError) Unwrap() error { return ErrLink }
