package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"doin.network/node/internal/timestamp"
)

// model is the queue written down as plainly as possible: a list in order of insertion that is
// searched and sorted for every question.
type model struct {
	max, lease int
	tasks      []*modelTask
	clock      int // order of finishing
}

type modelTask struct {
	id, domain, evaluator string
	status                Status
	priority, created     int
	lease, finished       int
}

func (m *model) find(id string) *modelTask {
	for _, t := range m.tasks {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (m *model) add(t modelTask) bool {
	if m.find(t.id) != nil {
		return false
	}
	if len(m.tasks) == m.max {
		oldest := -1
		for i, o := range m.tasks {
			if o.status.finished() && (oldest < 0 || o.finished < m.tasks[oldest].finished) {
				oldest = i
			}
		}
		if oldest < 0 {
			return false
		}
		m.tasks = slices.Delete(m.tasks, oldest, oldest+1)
	}
	m.tasks = append(m.tasks, &t)
	return true
}

func (m *model) claim(id, evaluator string, now int) bool {
	t := m.find(id)
	if t == nil || t.status != Pending {
		return false
	}
	t.status, t.evaluator, t.lease = Claimed, evaluator, now+m.lease
	return true
}

func (m *model) finish(id string, s Status, from ...Status) bool {
	t := m.find(id)
	if t == nil || !slices.Contains(from, t.status) {
		return false
	}
	m.clock++
	t.status, t.finished = s, m.clock
	return true
}

func (m *model) expire(now int) []string {
	var lapsed []*modelTask
	for _, t := range m.tasks {
		if t.status == Claimed && t.lease <= now {
			lapsed = append(lapsed, t)
		}
	}
	sort.SliceStable(lapsed, func(i, j int) bool { return lapsed[i].lease < lapsed[j].lease })
	out := []string{}
	for _, t := range lapsed {
		t.status, t.evaluator = Pending, ""
		out = append(out, t.id)
	}
	return out
}

func (m *model) pending(domains []string, limit int) []string {
	var all []*modelTask
	for _, t := range m.tasks {
		if t.status == Pending && (len(domains) == 0 || slices.Contains(domains, t.domain)) {
			all = append(all, t)
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].priority != all[j].priority {
			return all[i].priority < all[j].priority
		}
		return all[i].created < all[j].created
	})
	out := []string{}
	for _, t := range all[:min(limit, len(all))] {
		out = append(out, t.id)
	}
	return out
}

func (m *model) counts() (c Counts) {
	for _, t := range m.tasks {
		switch t.status {
		case Pending:
			c.Pending++
		case Claimed:
			c.Claimed++
		case Completed:
			c.Completed++
		case Failed:
			c.Failed++
		}
	}
	return c
}

func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		compareWithModel(t, seed)
	}
}

func compareWithModel(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	const lease = 2000 // µs
	q := newQueue(t, Config{MaxTasks: 12, MaxBytes: 1 << 20, Lease: lease * time.Microsecond})
	m := &model{max: 12, lease: lease}
	now := 0
	for step := range 600 {
		now += rng.IntN(500)
		id := fmt.Sprint(rng.IntN(25))
		var got, want any
		op := rng.IntN(7)
		switch op {
		case 0, 1:
			mt := modelTask{id: id, domain: string(rune('a' + rng.IntN(3))), status: Pending, priority: rng.IntN(3), created: 1 + rng.IntN(4)}
			err := q.Add(&Task{ID: id, Type: Inference, DomainID: mt.domain, Status: Pending,
				Priority: int64(mt.priority), CreatedAt: timestamp.FromMicro(int64(mt.created))})
			got, want = err == nil, m.add(mt)
		case 2, 3:
			_, err := q.Claim(id, "e", int64(now))
			got, want = err == nil, m.claim(id, "e", now)
		case 4:
			_, err := q.Complete(id, nil, nil, int64(now))
			got, want = err == nil, m.finish(id, Completed, Claimed)
		case 5:
			_, err := q.Fail(id, "", int64(now))
			got, want = err == nil, m.finish(id, Failed, Pending, Claimed)
		case 6:
			got, want = fmt.Sprint(ids(q.Expire(int64(now)))), fmt.Sprint(m.expire(now))
		}
		if got != want {
			t.Fatalf("seed %d step %d: operation %d on %s = %v, want %v", seed, step, op, id, got, want)
		}
		domains := [][]string{nil, {"a"}, {"b", "c"}}[rng.IntN(3)]
		limit := 1 + rng.IntN(12)
		if got, want := ids(q.Pending(domains, limit)), m.pending(domains, limit); !slices.Equal(got, want) {
			t.Fatalf("seed %d step %d: pending %v, want %v", seed, step, got, want)
		}
		if got, want := q.Counts(), m.counts(); got != want || q.Len() != len(m.tasks) {
			t.Fatalf("seed %d step %d: counts %+v of %d, want %+v of %d", seed, step, got, q.Len(), want, len(m.tasks))
		}
	}
}

func BenchmarkPending(b *testing.B) {
	q, err := New(DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 10_000 {
		tk := newTask(fmt.Sprint(i))
		tk.Priority = int64(i % 7)
		if err := q.Add(tk); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		q.Pending(nil, 10)
	}
}
