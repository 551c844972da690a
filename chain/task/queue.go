package task

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Errors of a Queue.
var (
	ErrDuplicate = errors.New("task: id already queued") // Add
	ErrFull      = errors.New("task: queue is full")     // Add
	ErrUnknown   = errors.New("task: unknown task")      // Claim, Complete, CompleteRemote, Fail
	ErrState     = errors.New("task: wrong state")       // matched by *StateError: the same and Add
)

// StateError says that a task is not in the state that an operation needs.
type StateError struct {
	ID   string
	Have Status
}

func (e *StateError) Error() string { return fmt.Sprintf("task: %.16s is %s", e.ID, e.Have) }

// Unwrap returns ErrState.
func (e *StateError) Unwrap() error { return ErrState }

// Config bounds a Queue.
type Config struct {
	// MaxTasks is the number of tasks kept, finished ones included. Default 10,000, min 1.
	MaxTasks int
	// MaxBytes is the memory of their parameters, evidence and results together, as
	// canon.Memory has it. Default 64 MiB, min 1.
	MaxBytes int64
	// Lease is how long a claim holds. Default 10 minutes, min 1 ms.
	Lease time.Duration
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{MaxTasks: 10_000, MaxBytes: 64 << 20, Lease: 10 * time.Minute}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c Config) Validate() error {
	var errs []error
	if c.MaxTasks < 1 {
		errs = append(errs, fmt.Errorf("max tasks %d: must be at least 1", c.MaxTasks))
	}
	if c.MaxBytes < 1 {
		errs = append(errs, fmt.Errorf("max bytes %d: must be at least 1", c.MaxBytes))
	}
	if c.Lease < time.Millisecond {
		errs = append(errs, fmt.Errorf("lease %v: must be at least 1 ms", c.Lease))
	}
	return errors.Join(errs...)
}

// DefaultLimit is the number of tasks that Queue.Pending returns when it is not told.
const DefaultLimit = 10

// Counts is the number of tasks in each state.
type Counts struct{ Pending, Claimed, Completed, Failed int }

type entry struct {
	Task
	seq  uint64 // order of insertion
	size int64
}

// compare orders pending tasks.
func (e *entry) compare(o *entry) int {
	return cmp.Or(
		cmp.Compare(e.Priority, o.Priority),
		cmp.Compare(e.CreatedAt.Micro(), o.CreatedAt.Micro()),
		cmp.Compare(e.seq, o.seq))
}

// Queue is the work queue of one node. See the package comment for ownership.
type Queue struct {
	cfg      Config
	byID     map[string]*entry
	pending  []*entry          // in order of compare
	claimed  map[string]*entry // by id
	finished []*entry          // completed and failed, the oldest first
	counts   Counts
	bytes    int64
	seq      uint64
}

// New returns an empty queue, or what is wrong with cfg.
func New(cfg Config) (*Queue, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("task: %w", err)
	}
	return &Queue{cfg: cfg, byID: map[string]*entry{}, claimed: map[string]*entry{}}, nil
}

// Add queues a pending task. It fails with ErrDuplicate, with ErrFull when not enough tasks are
// finished to make room, with a *StateError if t is not pending, and as t.ValidateBasic. The
// queue keeps a copy of t that shares its objects.
func (q *Queue) Add(t *Task) error {
	if err := t.ValidateBasic(); err != nil {
		return err
	}
	if t.Status != Pending {
		return &StateError{t.ID, t.Status}
	}
	if _, known := q.byID[t.ID]; known {
		return ErrDuplicate
	}
	size := memoryOf(t.Parameters) + memoryOf(t.MetricEvidence)
	if !q.makeRoom(size) {
		return ErrFull
	}
	q.seq++
	e := &entry{Task: *t, seq: q.seq, size: size}
	q.byID[t.ID] = e
	q.bytes += size
	q.enqueue(e)
	return nil
}

// makeRoom drops the oldest finished tasks until one more of the given size fits; if that is not
// possible it drops nothing.
func (q *Queue) makeRoom(size int64) bool {
	drop, count, bytes := 0, len(q.byID), q.bytes
	for count >= q.cfg.MaxTasks || bytes+size > q.cfg.MaxBytes {
		if drop == len(q.finished) {
			return false
		}
		count--
		bytes -= q.finished[drop].size
		drop++
	}
	for range drop {
		q.dropOldest()
	}
	return true
}

func (q *Queue) dropOldest() {
	e := q.finished[0]
	q.finished[0] = nil
	q.finished = q.finished[1:]
	delete(q.byID, e.ID)
	q.bytes -= e.size
	*q.count(e.Status)--
}

func (q *Queue) count(s Status) *int {
	switch s {
	case Claimed:
		return &q.counts.Claimed
	case Completed:
		return &q.counts.Completed
	case Failed:
		return &q.counts.Failed
	default:
		return &q.counts.Pending
	}
}

// enqueue puts a pending entry in its place.
func (q *Queue) enqueue(e *entry) {
	i, _ := slices.BinarySearchFunc(q.pending, e, (*entry).compare)
	q.pending = slices.Insert(q.pending, i, e)
	q.counts.Pending++
}

// dequeue takes an entry out of the pending or claimed ones.
func (q *Queue) dequeue(e *entry) {
	*q.count(e.Status)--
	if e.Status == Claimed {
		delete(q.claimed, e.ID)
		return
	}
	i, _ := slices.BinarySearchFunc(q.pending, e, (*entry).compare)
	q.pending = slices.Delete(q.pending, i, i+1)
}

// Get returns a task.
func (q *Queue) Get(id string) (Task, bool) {
	e, ok := q.byID[id]
	if !ok {
		return Task{}, false
	}
	return e.Task, true
}

// Len returns the number of tasks, finished ones included.
func (q *Queue) Len() int { return len(q.byID) }

// Counts returns the number of tasks in each state.
func (q *Queue) Counts() Counts { return q.counts }

// Bytes returns the size that Config.MaxBytes bounds.
func (q *Queue) Bytes() int64 { return q.bytes }

// Pending returns the first limit pending tasks of the given domains, all if there is none, in
// the order in which they are to be worked on: by priority, creation time and insertion. A
// limit of 0 or less means DefaultLimit.
func (q *Queue) Pending(domains []string, limit int) []Task {
	if limit <= 0 {
		limit = DefaultLimit
	}
	tasks := []Task{}
	for _, e := range q.pending {
		if len(tasks) == limit {
			break
		}
		if len(domains) == 0 || slices.Contains(domains, e.DomainID) {
			tasks = append(tasks, e.Task)
		}
	}
	return tasks
}

// Completed returns the tasks that were completed last, the latest first, at most limit.
func (q *Queue) Completed(limit int) []Task {
	tasks := []Task{}
	for i := len(q.finished) - 1; i >= 0 && len(tasks) < limit; i-- {
		if e := q.finished[i]; e.Status == Completed {
			tasks = append(tasks, e.Task)
		}
	}
	return tasks
}

// need returns the entry of id if it is in one of the states.
func (q *Queue) need(id string, states ...Status) (*entry, error) {
	e, ok := q.byID[id]
	if !ok {
		return nil, ErrUnknown
	}
	if !slices.Contains(states, e.Status) {
		return nil, &StateError{id, e.Status}
	}
	return e, nil
}

// finish moves an open entry to a final state with its result.
func (q *Queue) finish(e *entry, s Status, result *canon.Object, now int64) Task {
	q.dequeue(e)
	e.Status, e.Result, e.CompletedAt, e.LeaseUntil = s, result, timestamp.FromMicro(now), 0
	size := memoryOf(result)
	e.size += size
	q.bytes += size
	*q.count(s)++
	q.finished = append(q.finished, e)
	for q.bytes > q.cfg.MaxBytes && len(q.finished) > 0 {
		q.dropOldest()
	}
	return e.Task
}
