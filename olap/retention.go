package olap

import (
	"context"
	"time"
)

// Retention bounds what a sink keeps.
type Retention struct {
	// MaxBytes bounds its files together; 0: nothing does.
	MaxBytes int64
	// Before is the time before which rounds go; zero: none does for its age.
	Before time.Time
}

// Trimmed is what a sink has given up.
type Trimmed struct {
	Rows  int64 // deleted, where rows are counted
	Files int   // deleted whole
}

// Trimmer is a sink that can be held to a Retention. It may be called while rows are written. What stays is whole: the
// experiments, their summaries, the claims, and the rounds that improved something for as long as there is room.
type Trimmer interface {
	Trim(ctx context.Context, r Retention) (Trimmed, error)
}
