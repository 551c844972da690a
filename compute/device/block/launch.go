package block

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"doin.network/node/kernels"
)

// group is the part of a launch that one kernel makes, with one amount of shared memory.
type group struct {
	entry
	perMultiprocessor int
	sharedBytes       int
	work              int
	members           []uint32 // of the population
}

// split puts a population into groups. Individuals of one kernel go together if a multiprocessor runs as many blocks of
// the largest as of each: then the shared memory of the largest costs the others nothing.
func split(population []*individual) []*group {
	type key struct {
		name              string
		perMultiprocessor int
	}
	all := map[key]*group{}
	var groups []*group
	for n, i := range population {
		k := key{i.plan.name, i.plan.perMultiprocessor}
		g := all[k]
		if g == nil {
			g = &group{entry: i.plan.entry, perMultiprocessor: i.plan.perMultiprocessor}
			all[k] = g
			groups = append(groups, g)
		}
		g.sharedBytes = max(g.sharedBytes, i.plan.sharedBytes)
		g.work = max(g.work, i.plan.work)
		g.members = append(g.members, uint32(n))
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(len(b.members), len(a.members)) })
	return groups
}

// launcher makes launches of one population after another. Its buffers on the device grow as they must.
type launcher struct {
	device  Device
	memory  *pool
	models  *models
	blocks  int // at most, 0: as many as run at once
	shuffle *rand.Rand

	population, queue, next, work, gathered scratch
}

// scratch is memory that is only used within a launch.
type scratch struct {
	at    kernels.Memory
	bytes int64
}

// hold makes s hold so many bytes.
func (l *launcher) hold(s *scratch, bytes int64) error {
	if bytes <= s.bytes {
		return nil
	}
	l.memory.free(s.at)
	*s = scratch{}
	m, err := l.memory.alloc(bytes)
	if err != nil {
		return err
	}
	*s = scratch{m, bytes}
	return nil
}

// run launches the kernels for a population and waits for them. records are read and written back.
//
// A launch that is refused for want of memory has not begun. Where it is that of the first group, the error wraps
// kernels.ErrMemory and nothing has changed; where groups before it run already, these are waited for, and left are the
// members of the others, whose records are as they were. Every other failure behind a launch leaves states of which nobody
// knows how far they are: it wraps kernels.ErrLost.
func (l *launcher) run(population []*individual, records []kernels.Individual) (left []uint32, err error) {
	if err := l.models.sync(); err != nil {
		return nil, err
	}
	groups := split(population)
	queue := make([]uint32, 0, len(population))
	for _, g := range groups {
		slices.SortStableFunc(g.members, func(a, b uint32) int {
			return cmp.Compare(population[b].work, population[a].work)
		})
		if l.shuffle != nil {
			l.shuffle.Shuffle(len(g.members), func(i, j int) { g.members[i], g.members[j] = g.members[j], g.members[i] })
		}
		queue = append(queue, g.members...)
	}
	if err := l.hold(&l.population, int64(len(bytesOf(records)))); err != nil {
		return nil, err
	}
	if err := l.hold(&l.queue, int64(4*len(queue))); err != nil {
		return nil, err
	}
	if err := l.hold(&l.next, int64(4*len(groups))); err != nil {
		return nil, err
	}
	for _, u := range []struct {
		to   kernels.Memory
		from []byte
	}{
		{l.population.at, bytesOf(records)}, {l.queue.at, bytesOf(queue)}, {l.next.at, make([]byte, 4*len(groups))},
	} {
		if err := l.device.Upload(u.to, u.from); err != nil {
			return nil, err
		}
	}
	grids, err := l.grids(groups)
	if err != nil {
		return nil, err
	}
	first := 0
	for n, g := range groups {
		args := []kernels.Args{{
			Population: l.population.at, Queue: l.queue.at + kernels.Memory(4*first), Next: l.next.at + kernels.Memory(4*n),
			Programs: l.models.programsAt, Ops: l.models.opsAt, Segments: l.models.segmentsAt,
			Work: l.work.at, WorkStride: uint64(g.work), Count: uint32(len(g.members)),
		}}
		err := l.device.Launch(g.name, grids[n], g.threads, g.sharedBytes, bytesOf(args))
		if err != nil && n > 0 && crowded(err) {
			left = queue[first:]
			break
		}
		if err != nil && n > 0 {
			return nil, lost(err)
		}
		if err != nil {
			return nil, err
		}
		first += len(g.members)
	}
	if err := l.device.Download(bytesOf(records), l.population.at); err != nil {
		return nil, lost(err)
	}
	return left, nil
}

// crowded reports whether an error says that there was too little memory, and nothing worse.
func crowded(err error) bool { return errors.Is(err, kernels.ErrMemory) && !errors.Is(err, kernels.ErrLost) }

// lost makes an error one that ends the device.
func lost(err error) error {
	if errors.Is(err, kernels.ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %w", kernels.ErrLost, err)
}

// grids returns the number of blocks of each group, and reserves the workspace, which one launch after another uses; where
// there is too little memory for as many blocks as the device runs at once, there are fewer.
func (l *launcher) grids(groups []*group) ([]int, error) {
	grids := make([]int, len(groups))
	for n, g := range groups {
		grids[n] = min(len(g.members), l.device.Properties().Multiprocessors*g.perMultiprocessor)
		if l.blocks > 0 {
			grids[n] = min(grids[n], l.blocks)
		}
	}
	for {
		most, largest := int64(1), 0
		for n, g := range groups {
			if bytes := 4 * int64(grids[n]) * int64(g.work); bytes > most {
				most, largest = bytes, n
			}
		}
		err := l.hold(&l.work, most)
		if err == nil || grids[largest] == 1 {
			return grids, err
		}
		grids[largest] = (grids[largest] + 1) / 2
	}
}

// best returns the padded best weights of individuals, nil for those that diverged: gathered on the device, and fetched
// at once.
func (l *launcher) best(individuals []*individual) ([][]float32, error) {
	best := make([][]float32, len(individuals))
	var records []kernels.Individual
	var queue []uint32
	elements := 0
	for _, i := range individuals {
		if i.record.Status != kernels.StatusDiverged {
			elements += int(i.plan.program.Size)
		}
	}
	if elements == 0 {
		return best, nil
	}
	if err := l.hold(&l.gathered, int64(4*elements)); err != nil {
		return nil, err
	}
	all := make([]float32, elements)
	at := 0
	for n, i := range individuals {
		if i.record.Status == kernels.StatusDiverged {
			continue
		}
		r := i.record
		r.Out = l.gathered.at + kernels.Memory(4*at)
		queue = append(queue, uint32(len(records)))
		records = append(records, r)
		size := int(i.plan.program.Size)
		best[n] = all[at:][:size:size]
		at += size
	}
	// The records of the launch before were as many at least, and its groups one.
	for _, u := range []struct {
		to   kernels.Memory
		from []byte
	}{{l.population.at, bytesOf(records)}, {l.queue.at, bytesOf(queue)}, {l.next.at, make([]byte, 4)}} {
		if err := l.device.Upload(u.to, u.from); err != nil {
			return nil, err
		}
	}
	args := []kernels.Args{{
		Population: l.population.at, Queue: l.queue.at, Next: l.next.at,
		Programs: l.models.programsAt, Ops: l.models.opsAt, Segments: l.models.segmentsAt, Count: uint32(len(queue)),
	}}
	grid := min(len(queue), 4*l.device.Properties().Multiprocessors)
	if err := l.device.Launch(collectBest.name, grid, collectBest.threads, controlBytes, bytesOf(args)); err != nil {
		return nil, err
	}
	return best, l.device.Download(bytesOf(all), l.gathered.at)
}
