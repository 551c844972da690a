package tabular

import (
	"fmt"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
)

// Limits of what a table becomes.
const (
	MaxInputs   = 4096    // of a network
	MaxElements = 1 << 26 // rows × inputs, 256 MiB
)

// dataset is a table, split and encoded. It is immutable.
type dataset struct {
	encoders []encoder
	inputs   int
	// classes are the names of the classes, ascending; none for a regression.
	classes []string
	target  string
	// scale is that of a regression's target, the identity for a classification; median is the scaled median of the
	// training targets.
	scale  supervised.Scale
	median float32
	parts  [3]*samples
}

// newDataset splits and encodes a table. Its errors wrap domain.ErrConfig (the split) or supervised.ErrData (the values).
func newDataset(t *Table, c *Config) (*dataset, error) {
	d := &dataset{target: t.target.name, classes: t.target.labels, scale: supervised.Scale{Offset: 0, Unit: 1}}
	if n := len(d.classes); c.Task == Classification && n < 2 {
		return nil, fmt.Errorf("%w: target %.80q has one class only", supervised.ErrData, d.target)
	}
	parts, err := t.split(c)
	if err != nil {
		return nil, err
	}
	if n, limit := len(parts[train]), nn.MaxSamples/outputs(len(d.classes)); n > limit {
		return nil, fmt.Errorf("%w: %d training rows of %d classes: at most %d are allowed", supervised.ErrData, n, len(d.classes), limit)
	}
	for _, column := range t.inputs {
		e := newEncoder(column, parts[train])
		e.at = d.inputs
		d.inputs += e.width()
		d.encoders = append(d.encoders, e)
	}
	switch {
	case d.inputs == 0:
		return nil, fmt.Errorf("%w: no input changes over the training rows", supervised.ErrData)
	case d.inputs > MaxInputs:
		return nil, fmt.Errorf("%w: %d inputs: at most %d are allowed (a category is one each)", supervised.ErrData, d.inputs, MaxInputs)
	case d.inputs > MaxElements/t.Rows():
		return nil, fmt.Errorf("%w: %d rows of %d inputs: at most %d numbers are allowed", supervised.ErrData, t.Rows(), d.inputs, MaxElements)
	}
	if c.Task == Regression {
		if err := d.fitTarget(t, parts[train]); err != nil {
			return nil, err
		}
	}
	for p, rows := range parts {
		if d.parts[p], err = d.encode(t, rows); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// fitTarget fits the scale of a regression's target.
func (d *dataset) fitTarget(t *Table, rows []int) error {
	y := make([]float64, len(rows))
	for i, row := range rows {
		y[i] = t.target.numbers[row]
	}
	var ok bool
	if d.scale, ok = fitScale(y); !ok {
		return fmt.Errorf("%w: target %.80q does not change over the training rows", supervised.ErrData, d.target)
	}
	d.median, _ = d.scale.To(median(y)) // within the data
	return nil
}

// encode turns rows of a table into samples.
func (d *dataset) encode(t *Table, rows []int) (*samples, error) {
	s := &samples{classes: len(d.classes), width: d.inputs, inputs: make([]float32, len(rows)*d.inputs)}
	for i, row := range rows {
		x := s.row(i)
		for k := range d.encoders {
			if c := t.inputs[k]; !d.encoders[k].cell(x, c, row) {
				return nil, supervised.AtLine(t.line(row), "column %.80q: %v is too far from the training rows", c.name, c.numbers[row])
			}
		}
		if s.classes > 0 {
			s.labels = append(s.labels, t.target.codes[row])
			continue
		}
		y, ok := d.scale.To(t.target.numbers[row])
		if !ok {
			return nil, supervised.AtLine(t.line(row), "column %.80q: %v is too far from the training rows", d.target, t.target.numbers[row])
		}
		s.targets = append(s.targets, y)
	}
	return s, nil
}

// hash returns the data hash, in hex: the SHA-256 of the line "doin/tabular/data/1"; the number of classes (0 for
// regression), of inputs and of rows of each part, then max_steps, eval_every and patience; the encoders, column by
// column; the target's name, scale and scaled median and the classes' names; and of each part the inputs, row by row, and
// the targets or the indices of the classes (see supervised.Hasher).
func (d *dataset) hash(c *Config) string {
	h := supervised.NewHasher("doin/tabular/data/1\n")
	h.Words(len(d.classes), d.inputs)
	for _, p := range d.parts {
		h.Words(p.Len())
	}
	h.Words(c.MaxSteps, c.EvalEvery, c.Patience, len(d.encoders))
	for i := range d.encoders {
		d.encoders[i].hash(h)
	}
	h.Names(d.target)
	h.Doubles(d.scale.Offset, d.scale.Unit)
	h.Floats([]float32{d.median})
	h.Names(d.classes...)
	for _, p := range d.parts {
		h.Floats(p.inputs)
		h.Floats(p.targets)
		h.Codes(p.labels)
	}
	return h.Hex()
}

// counts returns how many samples of s each class has.
func (s *samples) counts() []int {
	n := make([]int, s.classes)
	for _, class := range s.labels {
		n[class]++
	}
	return n
}
