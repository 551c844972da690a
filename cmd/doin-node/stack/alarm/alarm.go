// Package alarm remembers what is wrong with a node, and says it once: states go in, transitions come out. A fault is told when
// it begins, with what to do about it, and when it ends; in between it stands on the [Board], which /status and /readyz show.
//
// Whether something is a fault is not decided here.
package alarm

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// maxStanding bounds the board: names may hold what a configuration lists.
const maxStanding = 256

// Alarm is a fault that stands.
type Alarm struct {
	// Name says which fault it is, as in docs/operations.md; after a colon it may name what is at fault.
	Name string
	// What says what is wrong, Remedy what to do about it.
	What, Remedy string
	// Since is when it began.
	Since time.Time
}

// Board holds the alarms of a node. It is safe for concurrent use.
type Board struct {
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	standing map[string]Alarm
	raised   uint64
}

// New returns an empty board. Transitions go to log, which may be nil.
func New(log *slog.Logger, now func() time.Time) *Board {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Board{log: log, now: now, standing: map[string]Alarm{}}
}

// Set says that a fault stands, or with an empty what that it does not. Only a change is logged: a fault that goes on keeps its
// beginning, and takes the newer words. It reports whether something changed.
func (b *Board) Set(name, what, remedy string) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, stands := b.standing[name]
	switch {
	case what == "" && !stands, !stands && len(b.standing) >= maxStanding:
		return false
	case what == "":
		delete(b.standing, name)
		b.log.Warn("trouble is over", "alarm", name, "it_was", old.What, "after", b.now().Sub(old.Since).Round(time.Second))
		return true
	case stands:
		old.What, old.Remedy = what, remedy
		b.standing[name] = old
		return false
	}
	b.raised++
	b.standing[name] = Alarm{Name: name, What: what, Remedy: remedy, Since: b.now()}
	b.log.Warn(what, "alarm", name, "remedy", remedy)
	return true
}

// Standing returns the alarms that stand, the oldest first.
func (b *Board) Standing() []Alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Alarm, 0, len(b.standing))
	for _, a := range b.standing {
		out = append(out, a)
	}
	slices.SortFunc(out, func(x, y Alarm) int { return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Name, y.Name)) })
	return out
}

// Raised returns how many alarms have begun since New.
func (b *Board) Raised() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.raised
}
