package block

import (
	"encoding/binary"
	"fmt"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// model is a plan with the kernel that runs it and its place in the device's tables.
type model struct {
	*plan
	entry
	index uint32
	// perMultiprocessor is how many of its blocks a multiprocessor runs at once.
	perMultiprocessor int
}

// models compiles what comes, and keeps the programs of all on the device.
type models struct {
	device  Device
	memory  *pool
	variant Variant
	all     map[string]*model

	programs []kernels.Program
	ops      []kernels.Op
	segments []kernels.Segment
	// On the device; dirty says that the slices have grown since.
	programsAt, opsAt, segmentsAt kernels.Memory
	dirty                         bool
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

// of returns the compiled model of a shape.
func (m *models) of(s shape) (*model, error) {
	key := keyOfModel(s)
	if p := m.all[key]; p != nil {
		return p, nil
	}
	p, err := m.choose(s)
	if err != nil {
		return nil, err
	}
	p.index = uint32(len(m.programs))
	p.program.Ops, p.program.Segments = int32(len(m.ops)), int32(len(m.segments))
	m.programs = append(m.programs, p.program)
	m.ops = append(m.ops, p.ops...)
	m.segments = append(m.segments, p.segments...)
	m.dirty = true
	m.all[key] = p
	return p, nil
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

// sync brings the device's tables up to date.
func (m *models) sync() error {
	if !m.dirty {
		return nil
	}
	for _, t := range []struct {
		at    *kernels.Memory
		bytes []byte
	}{{&m.programsAt, bytesOf(m.programs)}, {&m.opsAt, bytesOf(m.ops)}, {&m.segmentsAt, bytesOf(m.segments)}} {
		m.memory.free(*t.at)
		var err error
		if *t.at, err = m.memory.upload(t.bytes); err != nil {
			return err
		}
	}
	m.dirty = false
	return nil
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
