package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
)

func TestVectors(t *testing.T) { golden.Run(t, "task_queue", vectorQueue) }

// pending reads a new task in the JSON form of the HTTP API.
func pending(o *canon.Object) *Task {
	payload := o.Clone().Set("task_id", get(o, "id"))
	return must(FromCreated(payload, must(timestamp.Parse(get(o, "created_at")))))
}

func vectorQueue(t *testing.T, c golden.Case) {
	q := newQueue(t, DefaultConfig())
	for _, v := range must(c.Inputs.List("tasks_in_insertion_order")) {
		o := must(canon.AsObject(v))
		tk := pending(o)
		if got, want := canon.Default(tk.Object()), canon.Default(o); string(got) != string(want) {
			t.Errorf("task re-encodes as %s, want %s", got, want)
		}
		if err := q.Add(tk); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "pending", ids(q.Pending(nil, q.Len())), get(c.Expected, "pending_order"))
	same(t, "pending of a", ids(q.Pending([]string{"a"}, 0)), get(c.Expected, "pending_domain_a"))
	same(t, "three of b and a", ids(q.Pending([]string{"b", "a"}, 3)), get(c.Expected, "pending_b_a_limit3"))
	for _, v := range must(c.Expected.List("ops")) {
		op := must(canon.AsList(v))
		name, id := must(canon.AsString(op[0])), must(canon.AsString(op[1]))
		var err error
		switch {
		case strings.HasPrefix(name, "claim"):
			_, err = q.Claim(id, "e", 1)
		case strings.HasPrefix(name, "complete"):
			_, err = q.Complete(id, nil, nil, 2)
		default:
			t.Fatalf("unknown operation %q", name)
		}
		same(t, name, err == nil, op[2])
	}
	n := q.Counts()
	same(t, "counts", []any{n.Pending, n.Claimed, n.Completed}, get(c.Expected, "counts"))
}

func TestLifeCycle(t *testing.T) {
	q := newQueue(t, DefaultConfig())
	lease := DefaultConfig().Lease.Microseconds()
	add(t, q, "a")
	claimed, err := q.Claim("a", "e", 100)
	if err != nil || claimed.Status != Claimed || claimed.EvaluatorID != "e" || claimed.ClaimedAt.Micro() != 100 || claimed.LeaseUntil != 100+lease || claimed.Attempts != 1 {
		t.Fatalf("Claim = %+v, %v", claimed, err)
	}
	var se *StateError
	if _, err := q.Claim("a", "f", 100); !errors.As(err, &se) || se.Have != Claimed || !errors.Is(err, ErrState) {
		t.Errorf("second Claim = %v, want a StateError", err)
	}
	if got := q.Expire(99 + lease); len(got) != 0 {
		t.Errorf("Expire before the end = %v", got)
	}
	if got := q.Expire(100 + lease); len(got) != 1 || got[0].Status != Pending || got[0].EvaluatorID != "" || !got[0].ClaimedAt.IsZero() {
		t.Errorf("Expire at the end = %+v", got)
	}
	if _, err := q.Complete("a", nil, nil, 5); !errors.Is(err, ErrState) {
		t.Errorf("Complete of a lapsed claim = %v, want ErrState", err)
	}
	if c, _ := q.Claim("a", "f", 300); c.Attempts != 2 {
		t.Errorf("second attempt counts as %d", c.Attempts)
	}
	v := 1.5
	done, err := q.Complete("a", &v, canon.NewObject("performance", 1.5), 400)
	v = 2
	if err != nil || done.Status != Completed || *done.VerifiedPerformance != 1.5 || done.CompletedAt.Micro() != 400 || done.EvaluatorID != "f" {
		t.Errorf("Complete = %+v, %v", done, err)
	}
	if got := q.Expire(1 << 60); len(got) != 0 {
		t.Errorf("a completed task lapsed: %v", got)
	}

	add(t, q, "b")
	if done, err = q.CompleteRemote("b", "r", nil, nil, 500); err != nil || done.EvaluatorID != "r" {
		t.Errorf("CompleteRemote of a pending task = %+v, %v", done, err)
	}
	add(t, q, "c")
	if done, err = q.Fail("c", strings.Repeat("é", 4000), 600); err != nil || done.Status != Failed {
		t.Errorf("Fail = %+v, %v", done, err)
	}
	if reason := must(done.Result.String("error")); len(reason) != maxReasonBytes {
		t.Errorf("reason has %d bytes", len(reason))
	}
	if _, err := q.Fail("zz", "", 0); !errors.Is(err, ErrUnknown) {
		t.Errorf("Fail of an unknown task = %v, want ErrUnknown", err)
	}
	if n := q.Counts(); n != (Counts{Completed: 2, Failed: 1}) {
		t.Errorf("Counts = %+v", n)
	}
}

func TestBounds(t *testing.T) {
	q := newQueue(t, Config{MaxTasks: 3, MaxBytes: 1 << 20, Lease: time.Second})
	for _, id := range []string{"a", "b", "c"} {
		add(t, q, id)
	}
	if err := q.Add(newTask("d")); !errors.Is(err, ErrFull) {
		t.Errorf("Add to a full queue = %v, want ErrFull", err)
	}
	if err := q.Add(newTask("c")); !errors.Is(err, ErrDuplicate) {
		t.Errorf("Add of a known id = %v, want ErrDuplicate", err)
	}
	for i, id := range []string{"b", "a"} { // b finishes first and is forgotten first
		if _, err := q.CompleteRemote(id, "", nil, nil, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	add(t, q, "d")
	if _, ok := q.Get("b"); ok || q.Len() != 3 {
		t.Errorf("the oldest finished task is still there, %d tasks", q.Len())
	}
	if _, ok := q.Get("a"); !ok {
		t.Error("the younger finished task was dropped")
	}

	// 216 bytes of results per task, of which the queue keeps 1,000 bytes in all.
	q = newQueue(t, Config{MaxTasks: 100, MaxBytes: 1000, Lease: time.Second})
	result := canon.NewObject("r", strings.Repeat("x", 23))
	for i := range 10 {
		id := fmt.Sprint(i)
		add(t, q, id)
		if _, err := q.CompleteRemote(id, "", nil, result, int64(i)); err != nil {
			t.Fatal(err)
		}
		if q.Bytes() > 1000 {
			t.Fatalf("%d bytes after task %d", q.Bytes(), i)
		}
	}
	if _, ok := q.Get("9"); !ok || q.Len() >= 10 {
		t.Errorf("%d tasks are kept", q.Len())
	}
	big := newTask("big")
	big.Parameters = canon.NewObject("p", strings.Repeat("x", 2000))
	before := q.Len()
	if err := q.Add(big); !errors.Is(err, ErrFull) || q.Len() != before {
		t.Errorf("Add of a task that can never fit = %v, %d tasks, want %d", err, q.Len(), before)
	}

	if _, err := New(Config{}); err == nil {
		t.Error("New with no bounds succeeds")
	}
}

// TestCompleted lists what was completed, the latest first, and nothing that has failed.
func TestCompleted(t *testing.T) {
	q := newQueue(t, DefaultConfig())
	for _, id := range []string{"a", "b", "c", "d"} {
		add(t, q, id)
		must(q.Claim(id, "e", 1))
	}
	same(t, "nothing", ids(q.Completed(5)), []string{})
	must(q.Complete("b", nil, nil, 2))
	must(q.Fail("c", "why", 3))
	must(q.Complete("a", nil, nil, 4))
	same(t, "two", ids(q.Completed(5)), []string{"a", "b"})
	same(t, "the last", ids(q.Completed(1)), []string{"a"})
}

func TestAddRefuses(t *testing.T) {
	q := newQueue(t, DefaultConfig())
	f := func(want error, change func(*Task)) {
		t.Helper()
		tk := newTask("a")
		change(tk)
		if err := q.Add(tk); !errors.Is(err, want) {
			t.Errorf("Add = %v, want %v", err, want)
		}
	}
	nan := must(canon.ParseNonFinite([]byte("NaN"))).(float64)
	f(ErrState, func(t *Task) { t.Status = Claimed })
	f(ErrInvalid, func(t *Task) { t.Status = "lost" })
	f(ErrInvalid, func(t *Task) { t.Type = "mining" })
	f(ErrInvalid, func(t *Task) { t.ID = "" })
	f(ErrInvalid, func(t *Task) { t.DomainID = "" })
	f(ErrInvalid, func(t *Task) { t.CreatedAt = timestamp.Time{} })
	f(ErrInvalid, func(t *Task) { t.RequesterID = strings.Repeat("x", MaxIDBytes+1) })
	f(ErrInvalid, func(t *Task) { t.ReportedPerformance = &nan })
	f(ErrInvalid, func(t *Task) { t.Parameters = canon.NewObject("x", []any{nan}) })
	f(ErrInvalid, func(t *Task) { t.MetricEvidence = canon.NewObject("x", strings.Repeat("x", MaxObjectBytes)) })
	if q.Len() != 0 {
		t.Errorf("%d invalid tasks were queued", q.Len())
	}
	add(t, q, "a")
	if _, err := q.Claim("a", "", 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("Claim by nobody = %v, want ErrInvalid", err)
	}
	if _, err := q.CompleteRemote("a", "", &nan, nil, 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("Complete with NaN = %v, want ErrInvalid", err)
	}
}

func newQueue(t *testing.T, cfg Config) *Queue {
	t.Helper()
	q, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func newTask(id string) *Task {
	return &Task{ID: id, Type: Verification, DomainID: "d", Status: Pending, CreatedAt: timestamp.FromMicro(1)}
}

func add(t *testing.T, q *Queue, id string) {
	t.Helper()
	if err := q.Add(newTask(id)); err != nil {
		t.Fatalf("Add(%s): %v", id, err)
	}
}

func ids(tasks []Task) []string {
	all := []string{}
	for _, t := range tasks {
		all = append(all, t.ID)
	}
	return all
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := canon.Canonical(got), canon.Canonical(want); string(g) != string(w) {
		t.Errorf("%s = %s, want %s", what, g, w)
	}
}

func get(o *canon.Object, key string) any { v, _ := o.Get(key); return v }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
