// Package report holds what the benchmarks' reports have in common: a printer that keeps its first error, and the median that
// stands for samples. What a report says is its benchmark's business.
package report

import (
	"fmt"
	"io"
	"slices"
)

// Printer writes text and keeps the first error, after which it writes nothing.
type Printer struct {
	W   io.Writer
	Err error
}

// Printf writes as fmt.Fprintf does.
func (p *Printer) Printf(format string, args ...any) {
	if p.Err == nil {
		_, p.Err = fmt.Fprintf(p.W, format, args...)
	}
}

// Median returns the middle of samples, the mean of the middle two of an even number, 0 of none. It does not change s.
func Median(s []float64) float64 {
	if len(s) == 0 {
		return 0
	}
	s = slices.Sorted(slices.Values(s))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
