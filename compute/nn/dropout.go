package nn

import "math"

// dropout multiplies the elements that it keeps by 1/(1−rate) in training and writes +0 for the others; outside of
// training it changes nothing. Element e of sample r of a batch of b samples is dropped where the uniform number of
// purpose Dropout, the step of the training, and index
//
//	b·before + r·size + e
//
// is less than rate; before is the number of elements per sample of the dropout layers before this one. The gradient
// is treated alike.
type dropout struct {
	x, y      int
	threshold uint32 // the smallest draw of 24 bits that is kept
	scale     float32
	before    int
}

// dropout appends the operation, none for rate 0.
func (p *plan) dropout(x int, rate float32) int {
	if rate == 0 {
		return x
	}
	t := p.tensors[x]
	y := p.tensor(t.shape, p.value(t.size()), t.grad)
	p.ops = append(p.ops, &dropout{
		x: x, y: y, threshold: uint32(math.Ceil(float64(rate) * (1 << 24))), scale: 1 / (1 - rate), before: p.dropped,
	})
	p.dropped += t.size()
	return y
}

// words returns the draws for n elements of rows samples.
func (o *dropout) words(p *pass, rows, n int) []uint32 { return p.words[rows*o.before:][:n] }

func (o *dropout) forward(p *pass, rows int) {
	x, y := p.value(o.x, rows), p.value(o.y, rows)
	if !p.training {
		copy(y, x)
		return
	}
	words := o.words(p, rows, len(y))
	p.kernels.Words(words, p.draws.Key, uint32(p.draws.Purpose), p.draws.Step, uint32(rows*o.before))
	p.kernels.Dropout(y, x, words, o.threshold, o.scale)
}

func (o *dropout) backward(p *pass, rows int) {
	if d := p.grad(o.x, rows); d != nil && p.training {
		p.kernels.Dropout(d, d, o.words(p, rows, len(d)), o.threshold, o.scale)
	}
}
