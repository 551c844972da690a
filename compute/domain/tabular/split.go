package tabular

import (
	"fmt"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/rng"
)

// MinClassRows is the least number of rows of a class.
const MinClassRows = 5

// split is which rows learn and which test. Learning rows are in the order of the file; the others count them.
type split struct {
	learn, test []int
	// folds holds, of each fold, the learning rows that validate, ascending; the others train.
	folds [][]int32
}

// The numbers of folds where the configuration says nothing, by the rows of the table: small ones have little else to
// go by, large ones cost.
const (
	smallRows, mediumRows               = 2000, 10000 // below that
	smallFolds, mediumFolds, largeFolds = 4, 3, 2
)

// split returns the split; see the package's doc.
func (t *Table) split(c *Config) (s split, err error) {
	folds := c.Folds
	if folds == 0 {
		switch n := t.Rows(); {
		case n < smallRows:
			folds = smallFolds
		case n < mediumRows:
			folds = mediumFolds
		default:
			folds = largeFolds
		}
	}
	groups := t.groups()
	testing, validating := make([]int, len(groups)), make([]int, len(groups))
	for i, group := range groups {
		n := len(group)
		share := func(fraction float64) int { return max(1, int(float64(float64(n)*fraction))) }
		testing[i], validating[i] = share(c.TestFraction), share(c.ValidationFraction)
		if t.tests != nil { // they are known
			testing[i] = 0
			if t.target.kind == categorical && n < MinClassRows-1 {
				return s, data.Errorf(0, t.target.name, "rare_classes", "class %.80q has %d rows that are not for the test: a class needs %d",
					t.target.labels[i], n, MinClassRows-1)
			}
		} else if t.target.kind == categorical && n < MinClassRows {
			return s, t.errorAt(group[0], t.target.name, "rare_classes", "class %.80q has %d rows in the file: a class needs %d", t.target.labels[i], n, MinClassRows)
		}
		if n-testing[i]-validating[i] < 1 {
			return s, fmt.Errorf("%w: split: %d rows%s leave none to train on", domain.ErrConfig, n, t.of(i))
		}
		if most := (n - testing[i]) / validating[i]; folds > most {
			if c.Folds > 0 {
				return s, fmt.Errorf("%w: folds %d: %d rows%s are enough for %d", domain.ErrConfig, folds, n, t.of(i), most)
			}
			folds = most
		}
	}
	s.folds = make([][]int32, folds)
	fold := make([]int, t.Rows()) // of each row: one more than its fold, 0 for those that only train, -1 for the test
	key := t.key()
	for step, group := range groups {
		order := rng.Permutation(key, rng.TableSplit, uint32(step), uint32(len(group)))
		for i := range group {
			f := 0
			if i < testing[step] {
				f = -1
			} else if k := (i - testing[step]) / validating[step]; k < folds {
				f = k + 1
			}
			fold[group[order.At(uint32(i))]] = f
		}
	}
	if t.tests != nil {
		if !slices.Contains(t.tests, true) {
			return s, fmt.Errorf("%w: split: no row is for the test", domain.ErrConfig)
		}
		for row, tests := range t.tests {
			if tests {
				fold[row] = -1
			}
		}
	}
	for row, f := range fold {
		if f < 0 {
			s.test = append(s.test, row)
			continue
		}
		if f > 0 {
			s.folds[f-1] = append(s.folds[f-1], int32(len(s.learn)))
		}
		s.learn = append(s.learn, row)
	}
	return s, nil
}

// groups returns the rows of each class, ascending, or all rows of a regression as one group, without those that are
// known to test.
func (t *Table) groups() [][]int {
	groups := make([][]int, max(1, len(t.target.labels)))
	for row := range t.Rows() {
		if t.tests != nil && t.tests[row] {
			continue
		}
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

// key returns the random key of the split: the first 8 bytes of the SHA-256 of the line "doin/tabular/split/2", the
// number of rows and of columns, and of each column, inputs ascending by name and then the target, its name, its
// kind, its part of a date and either its numbers or the number of its labels, the labels and the codes (see
// supervised.Hasher).
func (t *Table) key() rng.Key {
	h := supervised.NewHasher("doin/tabular/split/2\n")
	h.Words(t.Rows(), len(t.inputs)+1)
	for _, c := range append(slices.Clone(t.inputs), t.target) {
		h.Names(c.name)
		h.Words(int(c.kind), int(c.part))
		if c.counted() {
			h.Doubles(c.numbers...)
			continue
		}
		h.Words(len(c.labels))
		h.Names(c.labels...)
		h.Codes(c.codes)
	}
	return rng.KeyFromBytes(h.Sum())
}
