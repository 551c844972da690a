package task

import (
	"fmt"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// FromCreated reads the payload of a task_created message that arrived at the given time, which
// becomes the creation time; the id is kept, an absent or empty one is computed. Unknown members are dropped, and the inner
// objects are shared with payload. The result is valid as ValidateBasic means it; errors match ErrInvalid.
func FromCreated(payload *canon.Object, at timestamp.Time) (*Task, error) {
	r := reader{o: payload}
	t := r.task()
	t.Status, t.CreatedAt = Pending, at
	return r.finish(t)
}

// reader reads members and keeps the first error.
type reader struct {
	o   *canon.Object
	err error
}

// task reads the members of the announcement.
func (r *reader) task() *Task {
	return &Task{
		ID:                  r.str("task_id", "", true),
		Type:                r.str("task_type", "", false),
		DomainID:            r.str("domain_id", "", false),
		RequesterID:         r.str("requester_id", "", false),
		Parameters:          r.object("parameters", canon.NewObject(), false),
		OptimaeID:           r.str("optimae_id", "", true),
		ReportedPerformance: r.number("reported_performance"),
		MetricEvidence:      r.object("metric_evidence", canon.NewObject(), true),
		Priority:            r.priority(),
	}
}

func (r *reader) finish(t *Task) (*Task, error) {
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, r.err)
	}
	if t.ID == "" && !t.CreatedAt.IsZero() {
		t.ID = t.ComputeID()
	}
	if err := t.ValidateBasic(); err != nil {
		return nil, err
	}
	return t, nil
}

func (r *reader) note(err error) {
	if r.err == nil {
		r.err = err
	}
}

// str reads a text; an optional one may be absent or null.
func (r *reader) str(key, def string, optional bool) string {
	read := func() (string, error) { return r.o.String(key) }
	if optional {
		read = func() (string, error) { return r.o.StringOr(key, def) }
	}
	s, err := read()
	r.note(err)
	return s
}

// object reads an object that may be absent, and null only if nullable.
func (r *reader) object(key string, def *canon.Object, nullable bool) *canon.Object {
	if v, ok := r.o.Get(key); !ok || v == nil && nullable {
		return def
	}
	o, err := r.o.Object(key)
	r.note(err)
	return o
}

// number reads a float that may be absent or null.
func (r *reader) number(key string) *float64 {
	if v, ok := r.o.Get(key); !ok || v == nil {
		return nil
	}
	x, err := r.o.Float(key)
	r.note(err)
	return &x
}

func (r *reader) priority() int64 {
	p, err := r.o.IntOr("priority", PriorityInference)
	r.note(err)
	return p
}
