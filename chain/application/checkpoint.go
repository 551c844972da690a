package application

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Checkpoint is a block that somebody trusted has named: a first sync takes no history without it. Old keys, whose stakes have long been
// paid back, can sign another history from block 0 on that is as valid as the real one; only the word of somebody who was there tells.
type Checkpoint struct {
	Height int64
	ID     ID
}

// ErrCheckpoint is matched by the error for a block that is not the trusted one of its height.
var ErrCheckpoint = errors.New("application: another block than the trusted checkpoint")

// ParseCheckpoint reads "height:id", the id in hex.
func ParseCheckpoint(text string) (*Checkpoint, error) {
	height, id, ok := strings.Cut(text, ":")
	h, err := strconv.ParseInt(height, 10, 64)
	hash, err2 := hex.DecodeString(id)
	if !ok || err != nil || err2 != nil || h < 1 || len(hash) != len(ID{}) {
		return nil, fmt.Errorf("application: checkpoint %.100q: want HEIGHT:ID, the id of 64 hex digits", text)
	}
	return &Checkpoint{h, ID(hash)}, nil
}

// check refuses a block of the checkpoint's height that is another.
func (c *Checkpoint) check(height int64, id ID) error {
	if c != nil && c.Height == height && c.ID != id {
		return fmt.Errorf("%w: %d:%x", ErrCheckpoint, height, id)
	}
	return nil
}
