package block

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/kernels"
)

// plan is a model compiled for blocks of so many threads.
type plan struct {
	program  kernels.Program // Ops and Segments count from 0
	ops      []kernels.Op
	segments []kernels.Segment
	// streamed says that the block's memory lies in the workspace.
	streamed bool
	// work is the workspace of a block in elements, sharedBytes its shared memory.
	work        int
	sharedBytes int
	runs        []run // of parameters
}

// run is a piece of the padded parameters without padding in it; the runs follow each other as the contract orders them.
type run struct{ at, count int32 }

// runsOf returns the runs of segments, which lie in the order of the parameters.
func runsOf(segments []kernels.Segment) (runs []run) {
	for _, s := range segments {
		for r := range s.Rows {
			at := s.At + r*s.Stride
			if n := len(runs); n > 0 && runs[n-1].at+runs[n-1].count == at {
				runs[n-1].count += s.Cols
				continue
			}
			runs = append(runs, run{at, s.Cols})
		}
	}
	return runs
}

// shape is what a plan depends on.
type shape struct {
	model     *nn.Model
	batch     int
	loss      nn.Loss
	optimizer nn.Optimizer
	clip      bool
	training  bool
}

// slack is what a tile may read beyond the end of a row, in elements.
const slack = 8

// opElements are the elements of an instruction.
const opElements = int(unsafe.Sizeof(kernels.Op{})) / 4

// controlBytes is the shared memory that a kernel keeps for itself.
const controlBytes = 256

// gradients says where the gradients of parameters go that do not find room in a buffer that is free by then.
type gradients int

const (
	inMemory gradients = iota
	inWorkspace
)

// compile makes the plan of a model. It keeps the block's memory within limit bytes of shared memory if it can, by moving
// gradients to the workspace, and else makes a streamed one.
func compile(s shape, threads, limit int) (*plan, error) {
	for _, g := range []gradients{inMemory, inWorkspace} {
		p := newCompiler(s, threads, g).plan()
		if p.sharedBytes <= limit {
			return p, nil
		}
	}
	return stream(newCompiler(s, threads, inMemory).plan())
}

// stream moves the block's memory to the workspace.
func stream(p *plan) (*plan, error) {
	p.streamed = true
	p.work += int(p.program.Memory)
	p.sharedBytes = controlBytes
	if p.work > math.MaxInt32 {
		return nil, fmt.Errorf("%w: a block would need %d elements", ErrSize, p.work)
	}
	return p, nil
}

// instruction is an Op whose buffers have no offsets yet. Its members named like the buffers are filled in at the end.
type instruction struct {
	op          kernels.Op
	x, y, z     *buffer
	a0, a2      *buffer
	stridesInA1 bool // a1 is the stride of a0
	gradientAt  int  // of a persistent gradient; −1
}

// compiler turns a model into instructions.
type compiler struct {
	shape
	threads   int
	gradients gradients

	matrices, gains []place
	segments        []kernels.Segment
	size            int

	values, grads map[slot]*buffer
	normals       map[int][2]*buffer // by operation: normalized values, factors
	buffers       []*buffer
	forward, back []instruction
	now           int
	scratch       int
}

// place is where parameters lie in a block's memory: a matrix, or a gain, and its bias.
type place struct{ at, stride, bias int }

// slot names a buffer of the model in one shape: the copies before and after a flatten are two.
type slot struct{ id, steps, channels int }

func newCompiler(s shape, threads int, g gradients) *compiler {
	c := &compiler{
		shape: s, threads: threads, gradients: g,
		values: map[slot]*buffer{}, grads: map[slot]*buffer{}, normals: map[int][2]*buffer{},
	}
	c.placeParameters()
	return c
}

// placeParameters lays the parameters out at the beginning of the memory, rows padded.
func (c *compiler) placeParameters() {
	m := c.model
	c.matrices, c.gains = make([]place, len(m.Matrices)), make([]place, len(m.Gains))
	at := 0
	add := func(rows, cols, stride, first, fan, matrix int) int {
		offset := at
		c.segments = append(c.segments, kernels.Segment{
			At: int32(offset), Rows: int32(rows), Cols: int32(cols), Stride: int32(stride),
			First: int32(first), Fan: int32(fan), Matrix: int32(matrix),
		})
		at += padded(rows * stride)
		return offset
	}
	i, j := 0, 0
	for i < len(m.Matrices) || j < len(m.Gains) { // in the order of the parameters
		if j == len(m.Gains) || i < len(m.Matrices) && m.Matrices[i].Offset < m.Gains[j].Offset {
			x := m.Matrices[i]
			stride := strideOf(x.Out)
			w := add(x.In, x.Out, stride, x.Offset, x.Fan, i)
			c.matrices[i] = place{w, stride, add(1, x.Out, padded(x.Out), x.Offset+x.In*x.Out, 0, 0)}
			i++
			continue
		}
		g := m.Gains[j]
		w := add(1, g.Channels, padded(g.Channels), g.Offset, -1, 0)
		c.gains[j] = place{w, padded(g.Channels), add(1, g.Channels, padded(g.Channels), g.Offset+g.Channels, 0, 0)}
		j++
	}
	c.size = at
}

func (c *compiler) plan() *plan {
	input := c.value(c.model.Input)
	input.touch(0)
	index := c.buffer(c.batch, 1)
	index.touch(0)
	outputs := c.model.Tensors[c.model.Output].Channels
	target, values := c.buffer(c.batch*outputs, 1), c.buffer(c.batch*outputs, 1)
	target.touch(0)
	for i := range c.model.Ops {
		c.emitForward(i)
	}
	c.now++ // the loss
	y, dy := c.value(c.model.Output), (*buffer)(nil)
	for _, b := range []*buffer{target, values, y} {
		b.touch(c.now)
	}
	if c.training {
		dy = c.grad(c.model.Output)
		dy.touch(c.now)
		for i := len(c.model.Ops) - 1; i >= 0; i-- {
			i = c.emitBackward(i)
		}
	}
	base, gradient := c.size, -1
	if c.clip && c.training {
		gradient = base
		base += c.size
	}
	code := base
	base += opElements * (len(c.forward) + len(c.back))
	memory := padded(arrange(c.buffers, base) + slack)

	p := &plan{segments: c.segments, work: c.scratch, runs: runsOf(c.segments)}
	if c.gradients == inWorkspace {
		p.work += c.size
	}
	for _, list := range [][]instruction{c.forward, c.back} {
		first := len(p.ops)
		for i := range list {
			p.ops = append(p.ops, c.resolve(&list[i], gradient))
		}
		unite(p.ops[first:], c.batch, c.scratch)
	}
	p.work = padded(p.work)
	in := c.model.Tensors[c.model.Input]
	p.program = kernels.Program{
		Forward: int32(len(c.forward)), Backward: int32(len(c.back)),
		SegmentCount: int32(len(c.segments)), Size: int32(c.size), Parameters: int32(c.model.Parameters),
		Batch: int32(c.batch), Steps: int32(in.Steps), Channels: int32(in.Channels),
		X: int32(input.offset), Xs: int32(input.stride),
		Outputs: int32(outputs), Y: int32(y.offset), Ys: int32(y.stride), Dy: -1,
		Target: int32(target.offset), Values: int32(values.offset), Index: int32(index.offset),
		Gradient: int32(gradient), Code: int32(code), Memory: int32(memory), Scratch: int32(c.scratch),
		Loss: lossCodes[c.loss], Optimizer: kernels.OptAdamw,
	}
	if dy != nil {
		p.program.Dy, p.program.Dys = int32(dy.offset), int32(dy.stride)
	}
	if c.optimizer == nn.SGD {
		p.program.Optimizer = kernels.OptSgd
	}
	if c.clip {
		p.program.Clip = 1
	}
	p.sharedBytes = controlBytes + 4*memory
	return p
}

var lossCodes = map[nn.Loss]int32{
	nn.MSE: kernels.LossMse, nn.MAE: kernels.LossMae, nn.Huber: kernels.LossHuber,
	nn.SoftmaxCrossEntropy: kernels.LossSoftmax, nn.BinaryCrossEntropy: kernels.LossBinary,
}

var activationCodes = map[nn.Activation]int32{
	nn.None: kernels.ActNone, nn.ReLU: kernels.ActRelu, nn.Tanh: kernels.ActTanh, nn.Sigmoid: kernels.ActSigmoid,
	nn.GELU: kernels.ActGelu, nn.SiLU: kernels.ActSilu,
}

// resolve fills the offsets in.
func (c *compiler) resolve(i *instruction, gradient int) kernels.Op {
	o := i.op
	fill := func(b *buffer, offset, stride *int32) {
		*offset = -1
		if b != nil {
			*offset, *stride = int32(b.offset), int32(b.stride)
		}
	}
	fill(i.x, &o.X, &o.Xs)
	fill(i.y, &o.Y, &o.Ys)
	fill(i.z, &o.Z, &o.Zs)
	var ignored int32
	if i.a0 != nil {
		stride := &ignored
		if i.stridesInA1 {
			stride = &o.A1
		}
		fill(i.a0, &o.A0, stride)
	}
	switch {
	case i.a2 != nil:
		o.A2 = int32(i.a2.offset)
	case i.gradientAt >= 0 && gradient >= 0:
		o.A2 = int32(gradient + i.gradientAt)
	case i.gradientAt >= 0:
		o.A2, o.Flags = int32(c.scratch+i.gradientAt), o.Flags|kernels.FlagSpare
	}
	return o
}

func (c *compiler) buffer(size, stride int) *buffer {
	b := &buffer{size: padded(size), stride: stride, last: -1}
	c.buffers = append(c.buffers, b)
	return b
}

// positions returns a buffer of the channels of every position of the batch. It has a row more than positions, so that
// the gradient of a matrix with as many rows as there are positions, and of its bias, can take its place.
func (c *compiler) positions(steps, channels int) *buffer {
	stride := strideOf(channels)
	return c.buffer((c.batch*steps+1)*stride, stride)
}

// value returns the buffer of a tensor's value, grad that of its gradient, nil where none is needed.
func (c *compiler) value(tensor int) *buffer {
	t := c.model.Tensors[tensor]
	return c.slot(c.values, slot{t.Value, t.Steps, t.Channels})
}

func (c *compiler) grad(tensor int) *buffer {
	t := c.model.Tensors[tensor]
	if t.Grad < 0 {
		return nil
	}
	return c.slot(c.grads, slot{t.Grad, t.Steps, t.Channels})
}

func (c *compiler) slot(all map[slot]*buffer, s slot) *buffer {
	b := all[s]
	if b == nil {
		b = c.positions(s.steps, s.channels)
		all[s] = b
	}
	return b
}

// emit appends an instruction and extends the lives of its buffers.
func (c *compiler) emit(list *[]instruction, i instruction) {
	c.now++
	for _, b := range []*buffer{i.x, i.y, i.z, i.a0, i.a2} {
		if b != nil {
			b.touch(c.now)
		}
	}
	*list = append(*list, i)
}

// needScratch reserves what sums of so many elements over so many positions need in order R2.
func (c *compiler) needScratch(size, positions int) {
	c.scratch = max(c.scratch, size*(bits.Len(uint(vec.Chunks(positions)))-1))
}
