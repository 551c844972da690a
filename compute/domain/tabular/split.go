package tabular

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/rng"
)

// MinClassRows is the least number of rows of a class.
const MinClassRows = 5

// The parts of a split, as supervised.Parts.
const (
	train = iota
	validation
	test
)

// split returns the rows of training, validation and test, each ascending; see the package's doc.
func (t *Table) split(c *Config) (parts [3][]int, err error) {
	key := t.key()
	for step, group := range t.groups() {
		n := len(group)
		share := func(fraction float64) int { return max(1, int(float64(float64(n)*fraction))) }
		testing, validating := share(c.TestFraction), share(c.ValidationFraction)
		if t.target.kind == categorical && n < MinClassRows {
			return parts, supervised.AtLine(t.line(group[0]), "class %.80q has %d rows in the file: a class needs %d",
				t.target.labels[step], n, MinClassRows)
		}
		if n-testing-validating < 1 {
			return parts, fmt.Errorf("%w: split: %d rows%s leave none to train on", domain.ErrConfig, n, t.of(step))
		}
		order := rng.Permutation(key, rng.TableSplit, uint32(step), uint32(n))
		for i := range n {
			p := train
			if i < testing {
				p = test
			} else if i < testing+validating {
				p = validation
			}
			parts[p] = append(parts[p], group[order.At(uint32(i))])
		}
	}
	for _, rows := range parts {
		slices.Sort(rows)
	}
	return parts, nil
}

// groups returns the rows of each class, ascending, or all rows of a regression as one group.
func (t *Table) groups() [][]int {
	groups := make([][]int, max(1, len(t.target.labels)))
	for row := range t.Rows() {
		g := 0
		if t.target.kind == categorical {
			g = int(t.target.codes[row])
		}
		groups[g] = append(groups[g], row)
	}
	return groups
}

// of names the class of a group, for errors.
func (t *Table) of(group int) string {
	if t.target.kind != categorical {
		return ""
	}
	return fmt.Sprintf(" of class %.80q", t.target.labels[group])
}

// line returns the line of the file at which a row begins.
func (t *Table) line(row int) int { return int(t.lines[row]) }

// key returns the random key of the split: the first 8 bytes of the SHA-256 of the line "doin/tabular/split/1", the
// number of rows and of columns, and of each column, inputs in the order of the file and then the target, its name, its
// kind and either its numbers or the number of its labels, the labels and the codes (see supervised.Hasher).
func (t *Table) key() rng.Key {
	h := supervised.NewHasher("doin/tabular/split/1\n")
	h.Words(t.Rows(), len(t.inputs)+1)
	for _, c := range append(slices.Clone(t.inputs), t.target) {
		h.Names(c.name)
		h.Words(int(c.kind))
		if c.kind == numeric {
			h.Doubles(c.numbers...)
			continue
		}
		h.Words(len(c.labels))
		h.Names(c.labels...)
		h.Codes(c.codes)
	}
	return rng.KeyFromBytes(h.Sum())
}
