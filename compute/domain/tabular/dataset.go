package tabular

import (
	"fmt"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
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
	// asks is how the rows of a request are read.
	asks  asks
	notes []string
	// scale is that of a regression's target, the identity for a classification.
	scale supervised.Scale
	power int // of ten, the unit of a regression's target
	// learn are the rows that train and validate, test the others.
	learn, test *samples
	folds       []fold
	// key is that of the split; members without a seed draw from it too.
	key rng.Key
}

// fold is a fold's rows of the learning ones: views of them, ascending.
type fold struct{ training, validation *subset }

// newDataset splits and encodes a table. Its errors wrap domain.ErrConfig (the split) or data.ErrData (the values).
func newDataset(t *Table, c *Config) (*dataset, error) {
	d := &dataset{key: t.key(), power: t.target.power, target: t.target.name, classes: t.target.labels, scale: supervised.Scale{Offset: 0, Unit: 1},
		asks: t.asks(), notes: t.Notes()}
	if n := len(d.classes); c.Task == Classification && n < 2 {
		return nil, data.Errorf(0, d.target, "target_column", "the target has one class only")
	}
	parts, err := t.split(c)
	if err != nil {
		return nil, err
	}
	if n, limit := len(parts.learn), nn.MaxSamples/outputs(len(d.classes)); n > limit {
		return nil, fmt.Errorf("%w: %d training rows of %d classes: at most %d are allowed", data.ErrData, n, len(d.classes), limit)
	}
	for i, column := range t.inputs {
		e := newEncoder(column, parts.learn, t.schema.maxCategories(), i > 0 && t.inputs[i-1].name == column.name)
		e.at = d.inputs
		d.inputs += e.width()
		if e.pooled {
			d.notes = append(d.notes, fmt.Sprintf("column %.80q: the %d most frequent categories have an input each, the %d others (%d rows that learn) share one "+
				"(max_categories)", e.name, len(e.labels), e.many, e.rest))
		}
		d.encoders = append(d.encoders, e)
	}
	switch {
	case d.inputs == 0:
		return nil, data.Errorf(0, "", "ignored_columns", "no input changes over the training rows")
	case d.inputs > MaxInputs:
		return nil, data.Errorf(0, "", "max_categories", "%d inputs: at most %d are allowed (a category is one each)", d.inputs, MaxInputs)
	case d.inputs > MaxElements/t.Rows():
		return nil, data.Errorf(0, "", "max_categories", "%d rows of %d inputs: at most %d numbers are allowed", t.Rows(), d.inputs, MaxElements)
	}
	if c.Task == Regression {
		if err := d.fitTarget(t, parts.learn); err != nil {
			return nil, err
		}
	}
	if d.learn, err = d.encode(t, parts.learn); err != nil {
		return nil, err
	}
	if d.test, err = d.encode(t, parts.test); err != nil {
		return nil, err
	}
	for _, validating := range parts.folds {
		v := &subset{d.learn, validating}
		d.folds = append(d.folds, fold{v.rest(), v})
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
		return data.Errorf(0, d.target, "target_column", "the target does not change over the training rows")
	}
	return nil
}

// encode turns rows of a table into samples.
func (d *dataset) encode(t *Table, rows []int) (*samples, error) {
	s := &samples{classes: len(d.classes), width: d.inputs, inputs: make([]float32, len(rows)*d.inputs)}
	for i, row := range rows {
		x := s.row(i)
		for k := range d.encoders {
			if c := t.inputs[k]; !d.encoders[k].cell(x, c, row) {
				return nil, t.errorAt(row, c.name, "ignored_columns", "%v is too far from the training rows", c.number(row))
			}
		}
		if s.classes > 0 {
			s.labels = append(s.labels, t.target.codes[row])
			continue
		}
		y, ok := d.scale.To(t.target.numbers[row])
		if !ok {
			return nil, t.errorAt(row, d.target, "", "%v is too far from the training rows", t.target.number(row))
		}
		s.targets = append(s.targets, y)
	}
	return s, nil
}

// hash returns the data hash, in hex: the SHA-256 of the line "doin/tabular/data/3"; the number of classes (0 for
// regression), of inputs and of rows that learn and test, then max_steps, eval_every and patience; the encoders,
// column by column (name, kind, part of a date, first input, flags: 1 a number, 2 an input for missing values, 4 one
// for other categories; mean, scale and filling; categories); the target's name and scale and the classes' names; of
// learning and test rows the inputs, row by row, and the targets or the indices of the classes; and of each fold the
// number and the indices of the learning rows that validate (see supervised.Hasher).
func (d *dataset) hash(c *Config) string {
	h := supervised.NewHasher("doin/tabular/data/3\n")
	h.Words(len(d.classes), d.inputs, d.learn.Len(), d.test.Len())
	h.Words(c.MaxSteps, c.EvalEvery, c.Patience, len(d.encoders))
	for i := range d.encoders {
		d.encoders[i].hash(h)
	}
	h.Names(d.target)
	h.Doubles(d.scale.Offset, d.scale.Unit)
	h.Names(d.classes...)
	for _, p := range [...]*samples{d.learn, d.test} {
		h.Floats(p.inputs)
		h.Floats(p.targets)
		h.Codes(p.labels)
	}
	h.Words(len(d.folds))
	for _, f := range d.folds {
		h.Words(len(f.validation.rows))
		h.Codes(f.validation.rows)
	}
	return h.Hex()
}
