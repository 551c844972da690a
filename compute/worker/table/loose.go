package table

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"doin.network/node/internal/canon"
)

// JSON does not name a column's type: it is that of the values seen so far. Integers are int64, uint64 once one of them is
// beyond, and real once one of them is written as a real; null says nothing. While a column has only nulls, Values is nil.

var errMixed = errors.New("text and numbers")

// put appends a value to a column of which every row is in Valid.
func (c *Column) put(v any) error {
	switch v := v.(type) {
	case nil:
		c.putNull()
		return nil
	case string:
		text, ok := values[string](c)
		if !ok {
			return errMixed
		}
		c.Values = append(text, v)
	case int64:
		if !c.putInt(v) {
			return errMixed
		}
	case *big.Int:
		if !v.IsUint64() {
			return fmt.Errorf("integer %.40s beyond 64 bits", v)
		}
		if !c.putUint(v.Uint64()) {
			return errMixed
		}
	case float64:
		real, ok := c.reals()
		if !ok {
			return errMixed
		}
		c.Values = append(real, v)
	default:
		return fmt.Errorf("a %s", canon.KindOf(v))
	}
	c.Valid = append(c.Valid, true)
	return nil
}

func (c *Column) putNull() {
	switch v := c.Values.(type) {
	case []int64:
		c.Values = append(v, 0)
	case []uint64:
		c.Values = append(v, 0)
	case []float64:
		c.Values = append(v, 0)
	case []string:
		c.Values = append(v, "")
	}
	c.Valid = append(c.Valid, false)
}

func (c *Column) putInt(n int64) bool {
	if v, ok := values[int64](c); ok {
		c.Values = append(v, n)
		return true
	}
	if v, ok := c.Values.([]uint64); ok && n >= 0 {
		c.Values = append(v, uint64(n))
		return true
	}
	real, ok := c.reals()
	c.Values = append(real, float64(n))
	return ok
}

// putUint is for integers beyond int64.
func (c *Column) putUint(n uint64) bool {
	if v, ok := c.uints(); ok {
		c.Values = append(v, n)
		return true
	}
	real, ok := c.reals()
	c.Values = append(real, float64(n))
	return ok
}

// values returns the column's values, made if there are only nulls; false if they are of another type.
func values[T any](c *Column) ([]T, bool) {
	if c.Values == nil {
		return make([]T, len(c.Valid)), true
	}
	v, ok := c.Values.([]T)
	return v, ok
}

// uints is values for a column whose integers are not negative.
func (c *Column) uints() ([]uint64, bool) {
	if v, ok := c.Values.([]int64); ok && (len(v) == 0 || slices.Min(v) >= 0) {
		return convert[uint64](v), true
	}
	return values[uint64](c)
}

// reals is values for a column of numbers.
func (c *Column) reals() ([]float64, bool) {
	switch v := c.Values.(type) {
	case []int64:
		return convert[float64](v), true
	case []uint64:
		return convert[float64](v), true
	}
	return values[float64](c)
}

func convert[To, From int64 | uint64 | float64](v []From) []To {
	out := make([]To, len(v), cap(v))
	for i := range v {
		out[i] = To(v[i])
	}
	return out
}

// loose returns a column of a Loose table as one of element type T; false if its values do not fit.
func loose[T int64 | uint64 | float64 | string](c *Column) ([]T, bool) {
	if v, ok := c.Values.([]T); ok {
		return v, true
	}
	if c.Valid != nil && !slices.Contains(c.Valid, true) {
		return make([]T, len(c.Valid)), true
	}
	var out any
	ok := false
	switch any(*new(T)).(type) {
	case uint64:
		out, ok = c.uints()
	case float64:
		out, ok = c.reals()
	}
	v, fits := out.([]T)
	return v, ok && fits
}

// withNaN returns a copy of the values with NaN for null.
func withNaN(v []float64, valid []bool) []float64 {
	v = slices.Clone(v)
	for i, ok := range valid {
		if !ok {
			v[i] = math.NaN()
		}
	}
	return v
}
