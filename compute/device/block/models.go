package block

import (
	linked "container/list"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"unsafe"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// model is a plan with the kernel that runs it and its place in the device's tables.
type model struct {
	*plan
	entry
	of    *nn.Model
	key   string
	index uint32
	// perMultiprocessor is how many of its blocks a multiprocessor runs at once.
	perMultiprocessor int
	pace              pace // guarded by Engine.floor

	// Guarded by models.mu.
	users int
	idle  *linked.Element // of models.idle, while there are none
}

// models compiles what comes, and keeps the programs of those in use on the device, with some that were: what the next
// model costs does not depend on how many there have been.
type models struct {
	device  Device
	memory  *pool
	variant Variant
	keep    int // models without users

	mu    sync.Mutex
	all   map[string]*model
	idle  *linked.List // of *model, the longest idle first
	spare []uint32     // indices of programs that are free
	// What the device should hold. Programs stay where they are; ops and segments are appended, and packed when more than
	// half of them are of models that are gone.
	programs         []kernels.Program
	ops              []kernels.Op
	segments         []kernels.Segment
	liveOps, liveSeg int

	tables  *programs // on the device, nil before the first
	changed [3]span   // what it lacks: of programs, ops, segments
	repack  bool      // it lacks all
}

// programs are the tables of models on the device. Launches under way read theirs, although there may be newer ones.
type programs struct {
	at    [3]kernels.Memory // programs, ops, segments
	room  [3]int            // elements
	users int
	old   bool
}

// span is a range [from, to) of a table; empty where to is 0.
type span struct{ from, to int }

func (s *span) add(from, to int) {
	if s.to == 0 {
		*s = span{from, to}
		return
	}
	s.from, s.to = min(s.from, from), max(s.to, to)
}

// maxIdleModels is how many models without users are kept.
const maxIdleModels = 1024

func newModels(d Device, memory *pool, v Variant) *models {
	return &models{device: d, memory: memory, variant: v, keep: maxIdleModels, all: map[string]*model{}, idle: linked.New()}
}

// keyOfTask names everything that the plan of a training depends on, without making its model.
func keyOfTask(t *nn.Task) string {
	c := &t.Config
	b := make([]byte, 0, 128)
	word := func(n int) { b = binary.AppendVarint(b, int64(n)) }
	text := func(s string) { b = append(append(b, s...), 0) }
	text("train")
	clip := 0
	if c.ClipNorm > 0 {
		clip = 1
	}
	for _, n := range []int{batchOf(t), clip, c.Inputs, c.Steps, c.Outputs, len(c.Hidden)} {
		word(n)
	}
	for _, n := range c.Hidden {
		word(n)
	}
	for _, s := range []string{string(c.Activation), string(c.Loss), string(c.Optimizer)} {
		text(s)
	}
	for _, l := range c.Layers {
		text(string(l.Kind))
		text(string(l.Activation))
		for _, n := range []int{l.Width, l.Kernel, l.Dilation, int(math.Float32bits(l.Rate))} {
			word(n)
		}
	}
	return string(b)
}

// keyOfModel names everything that a plan depends on.
func keyOfModel(s shape) string {
	b := fmt.Appendf(nil, "%d %s %s %t %t", s.batch, s.loss, s.optimizer, s.clip, s.training)
	m := s.model
	for _, t := range m.Tensors {
		b = binary.AppendVarint(b, int64(t.Steps))
		b = binary.AppendVarint(b, int64(t.Channels))
		b = binary.AppendVarint(b, int64(t.Value))
		b = binary.AppendVarint(b, int64(t.Grad))
	}
	for _, o := range m.Ops {
		b = fmt.Appendf(b, "%s %d %d %d %d %d %d %d %s %t %d %v %d;", o.Kind, o.X, o.Y, o.B, o.Matrix, o.Gain, o.Kernel, o.Dilation,
			o.Activation, o.Adds, o.Threshold, o.Scale, o.Before)
	}
	for _, x := range m.Matrices {
		b = fmt.Appendf(b, "%d %d %d;", x.In, x.Out, x.Fan)
	}
	return string(b)
}

// train returns the compiled model of a task, for one user. Any goroutine may call it.
func (m *models) train(t *nn.Task) (*model, error) {
	return m.get(keyOfTask(t), func() shape { return trainingShape(t) })
}

// predict returns that of predictions.
func (m *models) predict(s shape) (*model, error) {
	return m.get(keyOfModel(s), func() shape { return s })
}

func (m *models) get(key string, of func() shape) (*model, error) {
	if p := m.find(key); p != nil {
		return p, nil
	}
	s := of()
	p, err := m.choose(s)
	if err != nil {
		return nil, err
	}
	p.key, p.of, p.pace = key, s.model, priorPace(s)
	if p.pace.hopeless(m.device.Properties().TimeOut) {
		return nil, fmt.Errorf("%w: %v FLOP a step", ErrSlow, p.pace.flop)
	}
	return m.add(p), nil
}

// find returns a model that is there and counts the user, or nil.
func (m *models) find(key string) *model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.use(m.all[key])
}

func (m *models) use(p *model) *model {
	if p == nil {
		return nil
	}
	if p.idle != nil {
		m.idle.Remove(p.idle)
		p.idle = nil
	}
	p.users++
	return p
}

// add gives a model its place, unless another goroutine has added the same meanwhile.
func (m *models) add(p *model) *model {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other := m.use(m.all[p.key]); other != nil {
		return other
	}
	if n := len(m.spare); n > 0 {
		p.index, m.spare = m.spare[n-1], m.spare[:n-1]
	} else {
		p.index = uint32(len(m.programs))
		m.programs = append(m.programs, kernels.Program{})
	}
	m.all[p.key] = p
	p.users = 1
	m.liveOps, m.liveSeg = m.liveOps+len(p.ops), m.liveSeg+len(p.segments)
	m.lay(p)
	if len(m.ops) > 2*m.liveOps+4096 || len(m.segments) > 2*m.liveSeg+4096 {
		m.pack()
	}
	return p
}

// lay appends the instructions of a model.
func (m *models) lay(p *model) {
	p.program.Ops, p.program.Segments = int32(len(m.ops)), int32(len(m.segments))
	m.programs[p.index] = p.program
	m.ops, m.segments = append(m.ops, p.ops...), append(m.segments, p.segments...)
	m.changed[0].add(int(p.index), int(p.index)+1)
	m.changed[1].add(int(p.program.Ops), len(m.ops))
	m.changed[2].add(int(p.program.Segments), len(m.segments))
}

// pack drops the instructions of models that are gone. The device gets new tables.
func (m *models) pack() {
	m.ops, m.segments = nil, nil
	for _, p := range m.all {
		m.lay(p)
	}
	m.repack = true
}

// release counts a user off; nil is none.
func (m *models) release(p *model) {
	if p == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	p.idle = m.idle.PushBack(p)
	for m.idle.Len() > m.keep {
		old := m.idle.Remove(m.idle.Front()).(*model)
		delete(m.all, old.key)
		m.spare = append(m.spare, old.index)
		m.liveOps, m.liveSeg = m.liveOps-len(old.ops), m.liveSeg-len(old.segments)
	}
}

// choose compiles a shape for the kernel that suits it.
func (m *models) choose(s shape) (*model, error) {
	candidates := []entry{trainNarrow, trainWide}
	if !s.training {
		candidates = []entry{predictShared}
	}
	switch m.variant {
	case Narrow:
		candidates = candidates[:1]
	case Wide:
		candidates = candidates[len(candidates)-1:]
	case Streamed:
		candidates = nil
	}
	limit := m.device.Properties().SharedPerBlock
	for n, e := range candidates {
		p, err := compile(s, e.threads, limit)
		if err != nil {
			return nil, err
		}
		if p.streamed {
			break
		}
		occupancy, err := m.device.Occupancy(e.name, e.threads, p.sharedBytes)
		if err != nil {
			return nil, err
		}
		if occupancy >= 2 || n == len(candidates)-1 {
			return &model{plan: p, entry: e, perMultiprocessor: max(1, occupancy)}, nil
		}
	}
	e := trainStreamed
	if !s.training {
		e = predictStreamed
	}
	p, err := compile(s, e.threads, 0)
	if err != nil {
		return nil, err
	}
	occupancy, err := m.device.Occupancy(e.name, e.threads, p.sharedBytes)
	if err != nil {
		return nil, err
	}
	return &model{plan: p, entry: e, perMultiprocessor: max(1, occupancy)}, nil
}

// sync brings the device's tables up to date, and returns them for one user. The caller holds Engine.floor.
func (m *models) sync(q kernels.Queue) (*programs, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := [3]int{len(m.programs), len(m.ops), len(m.segments)}
	t := m.tables
	fresh := t == nil || m.repack
	for k := range count {
		fresh = fresh || count[k] > t.room[k]
	}
	if fresh {
		t = &programs{}
		for k := range count {
			t.room[k] = max(64, 2*count[k])
			var err error
			if t.at[k], err = m.memory.alloc(int64(t.room[k] * sizes[k])); err != nil {
				m.drop(t)
				return nil, err
			}
			m.changed[k] = span{0, count[k]}
		}
	}
	for k, bytes := range [3][]byte{bytesOf(m.programs), bytesOf(m.ops), bytesOf(m.segments)} {
		c := m.changed[k]
		if c.to == 0 {
			continue
		}
		if err := q.Upload(t.at[k]+kernels.Memory(c.from*sizes[k]), bytes[c.from*sizes[k]:c.to*sizes[k]]); err != nil {
			if fresh {
				m.drop(t)
			}
			return nil, err
		}
		if !fresh {
			m.changed[k] = span{}
		}
	}
	if fresh {
		if old := m.tables; old != nil {
			old.old = true
			m.drop(old)
		}
		m.tables, m.repack, m.changed = t, false, [3]span{}
	}
	t.users++
	return t, nil
}

// sizes are the bytes of an element of the tables.
var sizes = [3]int{int(unsafe.Sizeof(kernels.Program{})), int(unsafe.Sizeof(kernels.Op{})), int(unsafe.Sizeof(kernels.Segment{}))}

// done counts a user of tables off. The caller holds Engine.floor.
func (m *models) done(t *programs) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.users--
	if t.old {
		m.drop(t)
	}
}

// drop frees tables that nobody uses any more.
func (m *models) drop(t *programs) {
	if t.users > 0 {
		return
	}
	for k := range t.at {
		m.memory.free(t.at[k])
		t.at[k] = 0
	}
}

// trainingShape returns the shape of a task's plan.
func trainingShape(t *nn.Task) shape {
	c := &t.Config
	o := c.Optimizer
	if o == "" {
		o = nn.AdamW
	}
	return shape{model: c.Model(), batch: batchOf(t), loss: c.Loss, optimizer: o, clip: c.ClipNorm > 0, training: true}
}
