package domain

import (
	"fmt"
	"math"

	"doin.network/node/internal/canon"
)

// Integer reads a member as an integer in [low, high]. An absent or null member is the default.
func Integer(config *canon.Object, key string, def, low, high int) (int, error) {
	v, ok := config.Get(key)
	if !ok || v == nil {
		return def, nil
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("%w: %s: %s where an integer is needed", ErrConfig, key, canon.KindOf(v))
	}
	if n < int64(low) || n > int64(high) {
		return 0, fmt.Errorf("%w: %s %d: must be in [%d, %d]", ErrConfig, key, n, low, high)
	}
	return int(n), nil
}

// Real returns a JSON number as a finite double; a text or a boolean is an error.
func Real(v any) (float64, error) {
	switch v.(type) {
	case bool, string:
		return 0, fmt.Errorf("%s where a number is needed", canon.KindOf(v))
	}
	f, err := canon.AsFloat(v)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%v is not finite", f)
	}
	return f, nil
}

// Reals returns a JSON list as finite doubles, at most limit of them.
func Reals(v any, limit int) ([]float64, error) {
	l, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	if len(l) > limit {
		return nil, fmt.Errorf("%d values: at most %d are allowed", len(l), limit)
	}
	out := make([]float64, len(l))
	for i, e := range l {
		if out[i], err = Real(e); err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
	}
	return out, nil
}
