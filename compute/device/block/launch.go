package block

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"doin.network/node/kernels"
)

// group is the part of a launch that one kernel makes, with one amount of shared memory.
type group struct {
	entry
	perMultiprocessor int
	sharedBytes       int
	work              int
	slots             int // blocks that the device runs at once
	grid              int
	members           []*individual
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
	for _, i := range population {
		k := key{i.plan.name, i.plan.perMultiprocessor}
		g := all[k]
		if g == nil {
			g = &group{entry: i.plan.entry, perMultiprocessor: i.plan.perMultiprocessor}
			all[k] = g
			groups = append(groups, g)
		}
		g.sharedBytes = max(g.sharedBytes, i.plan.sharedBytes)
		g.work = max(g.work, i.plan.work)
		g.members = append(g.members, i)
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(len(b.members), len(a.members)) })
	return groups
}

// launcher makes launches of one population after another. Its buffers on the device grow as they must.
type launcher struct {
	engine  *Engine
	queue   kernels.Queue
	shuffle *rand.Rand

	population, order, work, gathered scratch
	ordered                           int  // numbers 0, 1, … in order
	using                             bool // guarded by Engine.floor: the buffers are those of a launch
	bytes                             []byte
	fetched                           []float32
}

// scratch is memory that is only used within a launch.
type scratch struct {
	at    kernels.Memory
	bytes int64
}

// hold makes s hold so many bytes. The caller holds Engine.floor.
func (l *launcher) hold(s *scratch, bytes int64) error {
	if bytes <= s.bytes {
		return nil
	}
	l.engine.memory.free(s.at)
	*s = scratch{}
	m, err := l.engine.memory.alloc(bytes)
	if err != nil {
		return err
	}
	*s = scratch{m, bytes}
	return nil
}

// release gives all buffers back, and reports whether there were any. The caller holds Engine.floor.
func (l *launcher) release() (any bool) {
	for _, s := range []*scratch{&l.population, &l.order, &l.work, &l.gathered} {
		any = any || s.at != 0
		l.engine.memory.free(s.at)
		*s = scratch{}
	}
	l.ordered = 0
	return any
}

// head is the room for the counters of groups in front of the records.
const head = 256

// upload puts records, behind zeros for the groups' counters, and the order of the queue on the device, all of which hold
// has made room for.
func (l *launcher) upload(records []kernels.Individual, groups int) error {
	l.bytes = append(append(l.bytes[:0], make([]byte, headOf(groups))...), bytesOf(records)...)
	if err := l.queue.Upload(l.population.at, l.bytes); err != nil {
		return err
	}
	if l.ordered >= len(records) {
		return nil
	}
	order := make([]uint32, l.order.bytes/4)
	for n := range order {
		order[n] = uint32(n)
	}
	if err := l.queue.Upload(l.order.at, bytesOf(order)); err != nil {
		return err
	}
	l.ordered = len(order)
	return nil
}

func headOf(groups int) int { return (4*groups + head - 1) / head * head }

// reserve makes room for a launch of so many records.
func (l *launcher) reserve(records, groups int) error {
	if err := l.hold(&l.population, int64(headOf(groups)+records*len(bytesOf(make([]kernels.Individual, 1))))); err != nil {
		return err
	}
	if int64(4*records) <= l.order.bytes {
		return nil
	}
	l.ordered = 0
	return l.hold(&l.order, int64(4*records+4*records/2+1024))
}

// launch is what run has made: the members of a population that took part, in the order of the records, and how long the
// kernels took together.
type launch struct {
	members []*individual
	records []kernels.Individual
	left    []*individual // whose kernels found no memory
	took    time.Duration
	// What the models' paces have of it, in seconds: the time of the kernels where the device does nothing else, and behind
	// the launches of other lanes.
	alone, expected float64
}

// run launches the kernels for a population, or for as many of it as there is time for in a launch, and waits for them.
//
// A launch that is refused for want of memory has not begun. Where it is that of the first group, the error wraps
// kernels.ErrMemory and nothing has changed; where groups before it run already, these are waited for, and the members of
// the others are left. Every other failure behind a launch leaves states of which nobody knows how far they are: it wraps
// kernels.ErrLost.
func (l *launcher) run(population []*individual, limit time.Duration) (*launch, error) {
	e := l.engine
	groups := split(population)
	e.floor.Lock()
	l.using = true
	tables, err := e.models.sync(l.queue)
	if err == nil {
		err = l.grids(groups)
	}
	if err == nil {
		for _, g := range groups {
			g.choose(e.options.StepsPerLaunch, limit, e.busy())
		}
		err = l.reserve(len(population), len(groups))
	}
	e.floor.Unlock()
	defer l.over(tables)
	if err != nil {
		return nil, err
	}
	w := &launch{}
	for _, g := range groups {
		if l.shuffle != nil {
			l.shuffle.Shuffle(len(g.members), func(i, j int) { g.members[i], g.members[j] = g.members[j], g.members[i] })
		}
		w.members = append(w.members, g.members...)
	}
	w.records = make([]kernels.Individual, len(w.members))
	for n, i := range w.members {
		w.records[n] = i.record
	}
	return w, l.make(w, groups, tables)
}

// over ends the use of the buffers, and of tables unless they are nil.
func (l *launcher) over(tables *programs) {
	e := l.engine
	e.floor.Lock()
	defer e.floor.Unlock()
	l.using = false
	if tables != nil {
		e.models.done(tables)
	}
}

// make launches the groups of w and waits for them.
func (l *launcher) make(w *launch, groups []*group, tables *programs) error {
	if err := l.upload(w.records, len(groups)); err != nil {
		return err
	}
	begun := l.engine.options.now()
	first, work := 0, 0.0
	records := l.population.at + kernels.Memory(headOf(len(groups)))
	for n, g := range groups {
		args := []kernels.Args{{
			Population: records, Queue: l.order.at + kernels.Memory(4*first), Next: l.population.at + kernels.Memory(4*n),
			Programs: tables.at[0], Ops: tables.at[1], Segments: tables.at[2],
			Work: l.work.at, WorkStride: uint64(g.work), Count: uint32(len(g.members)),
		}}
		err := l.queue.Launch(g.name, g.grid, g.threads, g.sharedBytes, bytesOf(args))
		if err != nil && n > 0 && crowded(err) {
			w.left = w.members[first:]
			break
		}
		if err != nil && n > 0 {
			return lost(err)
		}
		if err != nil {
			return err
		}
		first += len(g.members)
		w.alone += g.alone()
		work += g.sum((*individual).planned) / float64(g.slots)
	}
	w.expected = l.begin(begun, w.alone, work)
	defer func() { l.end(begun, w, work) }()
	if err := l.queue.Download(bytesOf(w.records), records); err != nil {
		return lost(err)
	}
	w.members, w.records = w.members[:first], w.records[:first]
	w.took = l.engine.options.now().Sub(begun)
	return nil
}

// begin tells the engine's backlog of kernels, end that they have ended.
func (l *launcher) begin(at time.Time, alone, work float64) (expected float64) {
	l.engine.floor.Lock()
	defer l.engine.floor.Unlock()
	return l.engine.backlog.add(at, alone, work)
}

func (l *launcher) end(begun time.Time, w *launch, work float64) {
	e := l.engine
	e.floor.Lock()
	defer e.floor.Unlock()
	e.backlog.end(begun.Add(w.took), w.expected-w.took.Seconds(), work, e.busy())
}

// choose picks those members of a group whose turn it is, and gives them their steps, so that the launches of all lanes
// together take limit, or as long as one step. As many as there are blocks are brought to their end before the next begin:
// so trainings end all the time, and the host deals with their results while the device works on others.
// Options.StepsPerLaunch takes all of them.
func (g *group) choose(steps int, limit time.Duration, lanes int) {
	switch {
	case g.members[0].task == nil: // predictions
		slices.SortStableFunc(g.members, func(a, b *individual) int { return cmp.Compare(b.work, a.work) })
		return
	case steps > 0:
		for _, i := range g.members {
			i.take(steps)
		}
	default:
		share := min(1, float64(g.slots)/float64(lanes*g.grid)) // of the time, in which the lane's blocks are at work
		seconds := share * limit.Seconds()
		if len(g.members) > g.grid {
			rest := g.sum((*individual).remaining) / float64(g.grid)
			seconds = min(seconds, max(share*shortTime.Seconds(), rest/4)) // so that the lanes end together
			g.urgentFirst(rest - seconds)
		}
		g.fill(seconds)
	}
	slices.SortStableFunc(g.members, func(a, b *individual) int { return cmp.Compare(b.slice, a.slice) })
}

// urgentFirst puts those in front, the longest first, who would be the last to end if they did not take part in a launch
// behind which there are so many seconds of work for each block: so that all blocks are at work until the end (the zero
// laxity of "On-line multiprocessor scheduling algorithms for real-time tasks", Lee, TENCON '94, with the same deadline for
// all). The others stay in the order in which they came.
func (g *group) urgentFirst(behind float64) {
	urgency := func(i *individual) float64 { return max(0, i.remaining()-behind) }
	slices.SortStableFunc(g.members, func(a, b *individual) int { return cmp.Compare(urgency(b), urgency(a)) })
}

// fill keeps the first members, one for each block, for so many seconds, and of the others those for whom the blocks have
// time behind them.
func (g *group) fill(seconds float64) {
	left, most := seconds*float64(g.grid), seconds
	var chosen []*individual
	for _, i := range g.members {
		p := &i.plan.pace
		beyond := len(chosen) >= g.grid
		if len(chosen) == g.grid {
			most = left / float64(g.grid)
		}
		i.take(int(min(max(1, most/p.seconds*(1+1e-9)), MaxStepsPerLaunch)))
		cost := i.slice
		if !p.measured { // one step tells more
			i.take(1)
			cost = caution * i.slice
		}
		if beyond && (i.slice > most*(1+1e-9) || cost > left) {
			continue
		}
		left -= cost
		chosen = append(chosen, i)
	}
	g.members = chosen
}

// alone is how long the kernel of a group takes where the device does nothing else, in seconds.
func (g *group) alone() float64 {
	longest := 0.0
	for _, i := range g.members {
		longest = max(longest, i.slice)
	}
	return max(longest, g.sum((*individual).planned)/float64(g.grid))
}

// sum adds something up over the members.
func (g *group) sum(of func(*individual) float64) float64 {
	sum := 0.0
	for _, i := range g.members {
		sum += of(i)
	}
	return sum
}

// crowded reports whether an error says that there was too little memory, and nothing worse.
func crowded(err error) bool {
	return errors.Is(err, kernels.ErrMemory) && !errors.Is(err, kernels.ErrLost)
}

// lost makes an error one that ends the device.
func lost(err error) error {
	if errors.Is(err, kernels.ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %w", kernels.ErrLost, err)
}

// laneShare is how often the blocks of all lanes together fill the device: what one lane leaves idle while its goroutine
// deals with results, others have work for.
const laneShare = 2

// grids sets the number of blocks of each group, and reserves the workspace, which one launch after another uses; where there
// is too little memory for as many blocks as the device runs at once, there are fewer.
func (l *launcher) grids(groups []*group) error {
	e := l.engine
	lanes := e.busy()
	for _, g := range groups {
		g.slots = e.device.Properties().Multiprocessors * g.perMultiprocessor
		g.grid = min(len(g.members), g.slots, (laneShare*g.slots+lanes-1)/lanes)
		if e.options.Blocks > 0 {
			g.grid = min(g.grid, e.options.Blocks)
		}
	}
	for {
		most, largest := int64(1), groups[0]
		for _, g := range groups {
			if bytes := 4 * int64(g.grid) * int64(g.work); bytes > most {
				most, largest = bytes, g
			}
		}
		err := l.hold(&l.work, most)
		if err == nil || largest.grid == 1 {
			return err
		}
		largest.grid = (largest.grid + 1) / 2
	}
}

// best returns the padded best weights of individuals, nil for those that diverged: gathered on the device, and fetched
// at once. They are valid until the next call.
func (l *launcher) best(individuals []*individual) ([][]float32, error) {
	best := make([][]float32, len(individuals))
	var records []kernels.Individual
	elements := 0
	for _, i := range individuals {
		if i.record.Status != kernels.StatusDiverged {
			elements += int(i.plan.program.Size)
		}
	}
	if elements == 0 {
		return best, nil
	}
	e := l.engine
	e.floor.Lock()
	l.using = true
	err := l.hold(&l.gathered, int64(4*elements))
	if err == nil {
		err = l.reserve(len(individuals), 1)
	}
	var tables *programs
	if err == nil {
		tables, err = e.models.sync(l.queue)
	}
	e.floor.Unlock()
	defer l.over(tables)
	if err != nil {
		return nil, err
	}
	if cap(l.fetched) < elements {
		l.fetched = make([]float32, elements)
	}
	all := l.fetched[:elements]
	at := 0
	for n, i := range individuals {
		if i.record.Status == kernels.StatusDiverged {
			continue
		}
		r := i.record
		r.Out = l.gathered.at + kernels.Memory(4*at)
		records = append(records, r)
		size := int(i.plan.program.Size)
		best[n] = all[at:][:size:size]
		at += size
	}
	if err := l.upload(records, 1); err != nil {
		return nil, err
	}
	args := []kernels.Args{{
		Population: l.population.at + head, Queue: l.order.at, Next: l.population.at,
		Programs: tables.at[0], Ops: tables.at[1], Segments: tables.at[2], Count: uint32(len(records)),
	}}
	grid := min(len(records), 4*e.device.Properties().Multiprocessors)
	if err := l.queue.Launch(collectBest.name, grid, collectBest.threads, controlBytes, bytesOf(args)); err != nil {
		return nil, err
	}
	return best, l.queue.Download(bytesOf(all), l.gathered.at)
}
