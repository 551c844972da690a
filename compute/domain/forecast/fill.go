package forecast

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/supervised"
)

// few is how many rows stand for one that may be filled in without being told to.
const few = 20

// column is a column of numbers by the rows of an axis.
type column struct {
	name   string
	values []float64 // NaN: missing
	// texts are the values as decimal numbers, with all their digits.
	texts []string
	lines []int32 // of the file; 0 for a row that is not in it
}

// gather puts a column's cells in their rows. text returns the decimal number of a point, empty where it is missing; of
// several in a row it is their mean or the last.
func (p *placed) gather(name, duplicates string, text func(p *point) (string, error)) (*column, error) {
	c := &column{name: name, values: make([]float64, p.rows), texts: make([]string, p.rows), lines: make([]int32, p.rows)}
	var all []string
	for i := 0; i < len(p.points); {
		row := p.points[i].at
		all = all[:0]
		for ; i < len(p.points) && p.points[i].at == row; i++ {
			s, err := text(&p.points[i])
			if err != nil {
				return nil, err
			}
			c.lines[row] = p.points[i].line
			if s == "" {
				continue
			}
			if duplicates == Last {
				all = all[:0]
			}
			all = append(all, s)
		}
		c.texts[row] = mean(all)
	}
	for i, s := range c.texts {
		if c.values[i] = math.NaN(); s != "" {
			c.values[i] = supervised.ShiftText(s, 0)
		}
	}
	return c, nil
}

// mean returns the mean of decimal numbers, as line rounds it; "" of none.
func mean(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	sum, digits := new(big.Rat), 0
	for _, s := range all {
		x, d, ok := exact(s)
		if !ok {
			return roughly(func(v []float64) (sum float64) {
				for _, x := range v {
					sum += x / float64(len(v))
				}
				return sum
			}, all...)
		}
		sum.Add(sum, x)
		digits = max(digits, d)
	}
	return sum.Quo(sum, big.NewRat(int64(len(all)), 1)).FloatString(digits + finer)
}

// finer is how many decimals a number between others has beyond theirs.
const finer = 5

// line returns the decimal number at k of n steps from a to b: exact, rounded to five decimals more than the file's, halves away
// from zero.
func line(a, b string, digits, k, n int) string {
	x, _, ok := exact(a)
	y, _, ok2 := exact(b)
	if !ok || !ok2 {
		return roughly(func(v []float64) float64 { return v[0] + float64((v[1]-v[0])*float64(k)/float64(n)) }, a, b)
	}
	y.Sub(y, x).Mul(y, big.NewRat(int64(k), int64(n)))
	return y.Add(y, x).FloatString(digits + finer)
}

// maxDecimals bounds the decimals of exact.
const maxDecimals = 64

// exact returns a decimal number and the number of its decimals; ok is false for one with too many.
func exact(s string) (x *big.Rat, digits int, ok bool) {
	if digits, ok = decimalsOf(s); !ok {
		return nil, 0, false
	}
	x, ok = new(big.Rat).SetString(s)
	return x, digits, ok
}

// decimalsOf is the number of decimals of a decimal number; ok is false for one with too many, or with too many digits.
func decimalsOf(s string) (digits int, ok bool) {
	mantissa, exponent := s, 0
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		var err error
		if exponent, err = strconv.Atoi(s[at+1:]); err != nil || exponent > maxDecimals || exponent < -maxDecimals {
			return 0, false
		}
		mantissa = s[:at]
	}
	if at := strings.IndexByte(mantissa, '.'); at >= 0 {
		digits = len(mantissa) - at - 1
	}
	digits = max(digits-exponent, 0)
	return digits, digits <= maxDecimals && len(mantissa) <= maxDecimals
}

// roughly is what is made of numbers in binary64, as a decimal number.
func roughly(f func(v []float64) float64, texts ...string) string {
	v := make([]float64, len(texts))
	for i, s := range texts {
		v[i] = supervised.ShiftText(s, 0)
	}
	return strconv.FormatFloat(f(v), 'g', -1, 64)
}

// span is the rows of a column from the first that is known to the last.
func (c *column) span() (from, to int) {
	for to = len(c.texts); to > 0 && c.texts[to-1] == ""; to-- {
	}
	for from < to && c.texts[from] == "" {
		from++
	}
	return from, to
}

// missing counts the rows without a value, in rows of the file and of the axis alone, and returns the first.
func (c *column) missing(from, to int) (cells, absent, first int) {
	first = -1
	for i := from; i < to; i++ {
		if c.texts[i] != "" {
			continue
		}
		if first < 0 {
			first = i
		}
		if c.lines[i] > 0 {
			cells++
		} else {
			absent++
		}
	}
	return cells, absent, first
}

// fill gives the missing rows in [from, to), of which the outer two are known, a value, and returns which they were.
func (c *column) fill(from, to int, carry bool) []bool {
	filled, digits := make([]bool, to-from), 0
	for _, s := range c.texts[from:to] {
		if d, ok := decimalsOf(s); ok {
			digits = max(digits, d)
		}
	}
	known := from
	for i := from; i < to; i++ {
		if c.texts[i] == "" {
			continue
		}
		for k := known + 1; k < i; k++ {
			if filled[k-from] = true; carry {
				c.texts[k] = c.texts[known]
			} else {
				c.texts[k] = line(c.texts[known], c.texts[i], digits, k-known, i-known)
			}
			c.values[k] = supervised.ShiftText(c.texts[k], 0)
		}
		known = i
	}
	return filled
}

// refuse is the error of a missing row.
func (c *column) refuse(row int, time string, why string, args ...any) error {
	if c.lines[row] > 0 {
		return data.Errorf(int(c.lines[row]), c.name, "gaps", "no value at %s"+why, append([]any{time}, args...)...)
	}
	at := row
	for at < len(c.lines)-1 && c.lines[at] == 0 {
		at++
	}
	return data.Errorf(int(c.lines[at]), c.name, "gaps", "no row for %s before this one"+why, append([]any{time}, args...)...)
}
