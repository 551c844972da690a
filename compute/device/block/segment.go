package block

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// fetchBytes is how much of the states is fetched at once, where they lie side by side.
const fetchBytes = 2 << 20

// fetch is a part of the device's memory with the states of individuals that lie side by side.
type fetch struct {
	from    kernels.Memory
	bytes   int64
	members []*individual // by address
}

// segments hashes the states of individuals at the end of a segment, and shows them to OnSegment of those whose training
// goes on. Fetching and hashing overlap.
func (l *lane) segments(list []*individual) error {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *individual) int { return cmp.Compare(a.state, b.state) })
	var fetches []fetch
	largest := int64(0)
	for _, i := range list {
		bytes := i.segmentBytes()
		if n := len(fetches) - 1; n >= 0 {
			f := &fetches[n]
			last := f.members[len(f.members)-1]
			end := int64(i.state-f.from) + bytes
			if i.state == last.state+kernels.Memory(sizeClass(last.stateBytes())) && end <= fetchBytes {
				f.bytes, f.members = end, append(f.members, i)
				largest = max(largest, f.bytes)
				continue
			}
		}
		fetches = append(fetches, fetch{i.state, bytes, []*individual{i}})
		largest = max(largest, bytes)
	}
	type fetched struct {
		fetch
		data []float32
	}
	workers := min(runtime.GOMAXPROCS(0), len(fetches))
	spare, full := make(chan []float32, workers+1), make(chan fetched)
	for range workers + 1 {
		spare <- nil
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			var h hasher
			for f := range full {
				for _, i := range f.members {
					h.segment(i, f.data[(i.state-f.from)/4:])
				}
				spare <- f.data
			}
		})
	}
	var err error
	for _, f := range fetches {
		data := <-spare
		if data == nil {
			data = make([]float32, largest/4)
		}
		if err = l.queue.Download(bytesOf(data[:f.bytes/4]), f.from); err != nil {
			break
		}
		full <- fetched{f, data}
	}
	close(full)
	all.Wait()
	return err
}

// hasher makes leaves; it belongs to one goroutine.
type hasher struct{ buffer []float32 }

// segment appends the leaf of a state, and calls OnSegment unless the training has ended.
func (h *hasher) segment(i *individual, state []float32) {
	r := &i.record
	i.leaves = append(i.leaves, nn.StateLeaf(int(r.Step), i.finite, func(add func([]float32)) { i.addState(state, add) }))
	if !i.watched() {
		return
	}
	p := i.plan
	size, n := int(p.program.Size), int(p.program.Parameters)
	if cap(h.buffer) < 4*n {
		h.buffer = make([]float32, 4*n)
	}
	part := func(k int) []float32 { return p.unpackTo(h.buffer[k*n:][:n:n], state[k*size:]) }
	c := &nn.Checkpoint{Step: int(r.Step), BestLoss: r.Best, BestStep: int(r.BestStep), Stale: int(r.Stale), W: part(0), V: part(2)}
	if i.task.Config.Optimizer != nn.SGD {
		c.M = part(1)
	}
	c.Leaves, c.Best = i.leaves, part(3)
	i.failed = i.task.OnSegment(c)
}

// addState adds the parts of the state that a leaf is made of, in the contract's order, in as long pieces as they have.
func (i *individual) addState(state []float32, add func([]float32)) {
	p := i.plan
	for k := range 3 {
		if k == 1 && i.task.Config.Optimizer == nn.SGD {
			continue
		}
		part := state[k*int(p.program.Size):]
		for _, run := range p.runs {
			add(part[run.at:][:run.count])
		}
	}
}

// watched reports whether somebody is shown the state at the end of the segment.
func (i *individual) watched() bool {
	return i.task.OnSegment != nil && i.record.Status == kernels.StatusRunning
}

// stateBytes is the size of the state, segmentBytes that of the part of it that the end of a segment needs.
func (i *individual) stateBytes() int64 { return 16 * int64(i.plan.program.Size) }

func (i *individual) segmentBytes() int64 {
	if i.watched() {
		return i.stateBytes()
	}
	return 12 * int64(i.plan.program.Size)
}

// each calls f for 0 … n−1 from as many goroutines as there are processors, and waits.
func each(n int, f func(n int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}
