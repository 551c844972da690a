package tabular

import (
	"math"

	"doin.network/node/compute/boost"
)

// What categories become.
const (
	// leastMeans is the number of categories from which a column has a feature of their means.
	leastMeans = 3
	// meanParts is the number of parts of the training rows whose means are those of the others, and meanPrior how many rows
	// with the mean of all each category has besides its own.
	meanParts, meanPrior = 4, 8
	// meanBits is the binary places of targets and means; targets are bounded by ±meanMost.
	meanBits, meanMost = 16, 1 << 10
)

// boostFeatures turns the inputs of a network into features of trees: of each numeric column the scaled number, missing as NaN; of each
// categorical one its inputs, and in a regression or for two classes the mean target of the category, NaN for one that training has
// not. The mean of n rows with the sum s is ⌊(s + meanPrior·m) ÷ (n + meanPrior)⌋ with m, rounded down, that of all rows, in integers of 2^−meanBits;
// the target is the scaled number, rounded to even, or 1 for the second class. A training row of position i has the means of those
// whose position differs from it modulo meanParts, so that it does not see its own target.
type boostFeatures struct {
	data  *dataset
	coded []int // encoders whose categories have means
	means means // of all training rows
	apart []means
}

// means are those of the categories of each coded encoder, as numbers.
type means [][]float32

// features returns the features of a dataset, not fitted.
func features(d *dataset) *boostFeatures {
	f := &boostFeatures{data: d}
	for k := range d.encoders {
		if len(d.classes) <= 2 && d.encoders[k].categories() >= leastMeans {
			f.coded = append(f.coded, k)
		}
	}
	return f
}

// width is the number of features.
func (f *boostFeatures) width() int {
	n := f.data.inputs + len(f.coded)
	for k := range f.data.encoders {
		if e := &f.data.encoders[k]; e.value && e.gone {
			n-- // missing as NaN
		}
	}
	return n
}

// tally is targets added up: of a part of the rows and a category.
type tally struct{ sum, rows int64 }

func (t *tally) add(o tally) { t.sum, t.rows = t.sum+o.sum, t.rows+o.rows }

// fit fits the means on training rows.
func (f *boostFeatures) fit(rows []int32) {
	f.apart = make([]means, meanParts)
	for _, k := range f.coded {
		e := &f.data.encoders[k]
		var parts [meanParts][]tally // by category, all of them last
		for p := range parts {
			parts[p] = make([]tally, e.categories()+1)
		}
		for i, row := range rows {
			own := tally{f.data.learn.whole(int(row)), 1}
			part := parts[i%meanParts]
			part[e.categories()].add(own)
			for c := range e.categories() {
				if f.data.learn.row(int(row))[e.at+c] == 1 {
					part[c].add(own)
				}
			}
		}
		f.means = append(f.means, meansOf(parts[:], -1))
		for p := range parts {
			f.apart[p] = append(f.apart[p], meansOf(parts[:], p))
		}
	}
}

// whole is the target of a row in integers of 2^−meanBits.
func (s *samples) whole(row int) int64 {
	if s.classes > 0 {
		return int64(s.labels[row]) << meanBits
	}
	y := min(max(float64(s.targets[row]), -meanMost), meanMost)
	return int64(math.RoundToEven(float64(y * (1 << meanBits))))
}

// meansOf returns the means of the categories in all parts but one.
func meansOf(parts [][]tally, but int) []float32 {
	n := len(parts[0]) - 1
	all := make([]tally, n+1)
	for p, part := range parts {
		for c := range part {
			if p != but {
				all[c].add(part[c])
			}
		}
	}
	m := down(all[n].sum, max(all[n].rows, 1))
	out := make([]float32, n)
	for c := range out {
		v := down(all[c].sum+meanPrior*m, all[c].rows+meanPrior)
		out[c] = float32(float64(v) / (1 << meanBits))
	}
	return out
}

// down is a ÷ b, rounded down; b > 0.
func down(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// table returns learning rows as features; each with the means of its part, where there are some.
func (f *boostFeatures) table(rows []int32, apart []means) *boost.Table {
	n := f.width()
	t := &boost.Table{Features: n, Values: make([]float32, len(rows)*n)}
	s := f.data.learn
	for i, row := range rows {
		m := f.means
		if apart != nil {
			m = apart[i%len(apart)]
		}
		f.row(s.row(int(row)), t.Values[i*n:][:n], m)
		if s.classes > 0 {
			t.Labels = append(t.Labels, s.labels[row])
		} else {
			t.Targets = append(t.Targets, s.targets[row])
		}
	}
	return t
}

// row writes the features of a row of inputs.
func (f *boostFeatures) row(x, out []float32, m means) {
	at := 0
	put := func(v float32) {
		out[at] = v
		at++
	}
	nan, coded := float32(math.NaN()), 0
	for k := range f.data.encoders {
		e := &f.data.encoders[k]
		in := x[e.at:][:e.width()]
		switch {
		case e.value && e.gone && in[1] == 1:
			put(nan)
		case e.value:
			put(in[0])
		default:
			for _, v := range in {
				put(v)
			}
		}
		if coded < len(f.coded) && f.coded[coded] == k {
			mean := nan
			for c := range e.categories() {
				if in[c] == 1 {
					mean = m[coded][c]
				}
			}
			put(mean)
			coded++
		}
	}
}
