package domain

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Decimal parses a decimal number of a data file whose magnitude is at most limit: not a hexadecimal one, an infinity,
// NaN, or one with spaces or underscores. The error is the reason alone.
func Decimal(s string, limit float64) (float64, error) {
	if s == "" {
		return 0, errors.New("missing")
	}
	if len(s) > 64 || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, errors.New("not a decimal number")
	}
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, errors.New("not a decimal number")
	}
	if err != nil || math.Abs(v) > limit {
		return 0, fmt.Errorf("magnitude above %g", limit)
	}
	return v, nil
}
