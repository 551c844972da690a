package block

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"doin.network/node/compute/device/null"
	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// architecture returns a task of an architecture of its own.
func architecture(n int) nn.Task {
	task := small(1, 1)
	task.Config.EvalEvery, task.Config.Segment = 0, 0
	task.Config.Hidden = []int{1 + n%64, 1 + n/64%64, 1 + n/4096}
	return task
}

// TestArchitectures trains very many architectures: what is kept is bounded, and a late one costs what an early one did.
func TestArchitectures(t *testing.T) {
	count := 30000
	if testing.Short() {
		count = 6000
	}
	d := null.New(null.Config{})
	e := engine(t, d, Options{})
	var early, late int64
	tasks := make([]nn.Task, 100)
	for n := 0; n < count; n += len(tasks) {
		for k := range tasks {
			tasks[k] = architecture(n + k)
		}
		before := d.Usage().UpBytes
		if _, err := e.TrainAll(t.Context(), tasks, nil); err != nil {
			t.Fatal(err)
		}
		switch bytes := d.Usage().UpBytes - before; {
		case n == 2000:
			early = 0
		case n > 2000 && n < 4000:
			early += bytes
		case n >= count-2000:
			late += bytes
		}
	}
	m := e.models
	if len(m.all) > maxIdleModels || len(m.programs) > maxIdleModels+len(tasks) || len(m.ops) > 4*m.liveOps+8192 {
		t.Errorf("%d models, %d programs, %d instructions of which %d live", len(m.all), len(m.programs), len(m.ops), m.liveOps)
	}
	if late > 2*early {
		t.Errorf("%d bytes are uploaded for 2000 late architectures, %d for as many early ones", late, early)
	}
	t.Logf("%d bytes uploaded for 2000 early architectures, %d for late ones; %d bytes held", early, late, d.Held())
}

// BenchmarkArchitecture trains one architecture after another that the engine has not seen.
func BenchmarkArchitecture(b *testing.B) {
	for _, before := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("after=%d", before), func(b *testing.B) {
			d := null.New(null.Config{})
			e := engine(b, d, Options{})
			n := 0
			train := func(count int) {
				tasks := make([]nn.Task, count)
				for k := range tasks {
					tasks[k] = architecture(n)
					n++
				}
				if _, err := e.TrainAll(b.Context(), tasks, nil); err != nil {
					b.Fatal(err)
				}
			}
			for n < before {
				train(100)
			}
			bytes := d.Usage().UpBytes
			for b.Loop() {
				train(1)
			}
			b.ReportMetric(float64(d.Usage().UpBytes-bytes)/float64(b.N), "upload-B/op")
		})
	}
}

// TestPacking compares the tables with the models while others come and go.
func TestPacking(t *testing.T) {
	d := null.New(null.Config{})
	q, err := d.Queue()
	if err != nil {
		t.Fatal(err)
	}
	m := newModels(&single{Device: d}, newPool(d, 1<<30), Auto)
	m.keep = 10
	var held []*model
	for n := range 3000 {
		task := architecture(n)
		p, err := m.train(&task)
		if err != nil {
			t.Fatal(err)
		}
		if n%97 == 0 {
			held = append(held, p)
		} else {
			m.release(p)
		}
		tables, err := m.sync(q)
		if err != nil {
			t.Fatal(err)
		}
		if n%250 != 0 {
			m.done(tables)
			continue
		}
		program, ops := make([]kernels.Program, 1), []kernels.Op(nil)
		for _, h := range held {
			err := d.Download(bytesOf(program), tables.at[0]+kernels.Memory(int(h.index)*sizes[0]))
			if err == nil {
				ops = make([]kernels.Op, len(h.ops))
				err = d.Download(bytesOf(ops), tables.at[1]+kernels.Memory(int(program[0].Ops)*sizes[1]))
			}
			if err != nil || program[0].Size != h.program.Size || !slices.Equal(ops, h.ops) {
				t.Fatalf("after %d models, the program of one that is held is another on the device (%v)", n, err)
			}
		}
		m.done(tables)
	}
	if len(m.all) != len(held)+m.keep {
		t.Errorf("%d models are kept, want %d and %d", len(m.all), len(held), m.keep)
	}
}

// TestCancelledRows wants nothing left of trainings that were cancelled before the device had their samples.
func TestCancelledRows(t *testing.T) {
	gate := make(chan struct{})
	d := &gated{null.New(null.Config{}), gate}
	e := engine(t, d, Options{Lanes: 1})
	first := small(1, 10)
	first.Config.EvalEvery, first.Config.Segment = 0, 0
	var all sync.WaitGroup
	train := func(ctx context.Context, task nn.Task) {
		all.Go(func() { _, _ = e.Train(ctx, &task) })
	}
	train(t.Context(), first)
	gate <- struct{}{} // it is in its first launch
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 20 {
		task := first
		task.Key[0] = uint32(i + 2)
		task.Train = samples{task.Key, 4000, 0, nn.MSE, -1}
		train(ctx, task)
	}
	cancel()
	close(gate)
	all.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.reading) != 0 || len(e.pending) != 0 || e.taken != 0 {
		t.Errorf("%d sources are kept, %d trainings pending, %d taken", len(e.reading), len(e.pending), e.taken)
	}
	if len(e.shared) != len(e.tables.all) {
		t.Errorf("%d sources are taken for there, %d are", len(e.shared), len(e.tables.all))
	}
}

// gated is a device whose launches wait.
type gated struct {
	*null.Device
	gate chan struct{}
}

func (d *gated) Queue() (kernels.Queue, error) {
	q, err := d.Device.Queue()
	return &gatedQueue{q, d.gate}, err
}

type gatedQueue struct {
	kernels.Queue
	gate chan struct{}
}

func (q *gatedQueue) Launch(kernel string, grid, threads, shared int, args []byte) error {
	<-q.gate
	return q.Queue.Launch(kernel, grid, threads, shared, args)
}
