package genome

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/vec"
)

// Limits of a gene, so that every value and every intermediate of the unit
// scale is a finite float32 and every integer is exact in one.
const (
	// MaxInt bounds the magnitude of an integer gene's bounds (exclusive).
	MaxInt = 1 << 24
	// MaxReal bounds the magnitude of a real gene's bounds.
	MaxReal = 1e30
	// MaxChoices bounds the number of choices of a category.
	MaxChoices = 1024
	// MaxName bounds the bytes of a gene's or a choice's name.
	MaxName = 128
)

// Kind is what values a gene takes.
type Kind uint8

// The kinds of gene. The zero Kind is none of them.
const (
	Int      Kind = iota + 1 // an integer in [Low, High]
	Real                     // a float32 in [Low, High]
	Category                 // one of Choices
)

// String returns the kind's name in JSON: "int", "real" or "category".
func (k Kind) String() string {
	switch k {
	case Int:
		return "int"
	case Real:
		return "real"
	case Category:
		return "category"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Gene is one searched dimension.
type Gene struct {
	// Name is the gene's key in JSON: 1 to MaxName bytes, unique in its space.
	Name string
	Kind Kind
	// Low and High bound Int and Real genes, both inclusive. For Int they are
	// integers below MaxInt in magnitude; for Real float32-exact, at most MaxReal.
	Low, High float64
	// Log measures an Int or Real gene on a logarithmic scale; Low must be
	// positive then (at least 1 for Int).
	Log bool
	// Choices are the names a Category gene chooses from, at least one.
	Choices []string
	// When makes the gene conditional; nil means always active.
	When *Condition
}

// Condition makes a gene active only while another one is active and has one of
// some values: from AtLeast on for an Int gene, those of In for a category.
type Condition struct {
	// Gene names an Int or Category gene that stands earlier in the space.
	Gene string
	// AtLeast is the smallest value of an Int Gene for which the condition holds;
	// 0 for a category.
	AtLeast int64
	// In are the choices of a Category Gene for which it holds, 1 to MaxChoices
	// different names; empty for an Int. A name that is not among the choices
	// of Gene is never chosen, so a space stays valid when they are narrowed.
	In []string
}

// holds reports whether the condition holds for value v of on, the gene it names.
func (c *Condition) holds(on *Gene, v float64) bool {
	if on.Kind == Category {
		return slices.Contains(c.In, on.Choices[int(v)])
	}
	return v >= float64(c.AtLeast)
}

// validate returns why the condition cannot stand on gene on, or nil.
func (c *Condition) validate(on *Gene) error {
	switch on.Kind {
	case Int:
		if len(c.In) != 0 {
			return fmt.Errorf("when %q: in: an int gene has no choices", c.Gene)
		}
		return nil
	case Category:
		if c.AtLeast != 0 {
			return fmt.Errorf("when %q: at_least: a category has no order", c.Gene)
		}
		if err := names(c.In); err != nil {
			return fmt.Errorf("when %q: in: %w", c.Gene, err)
		}
		return nil
	}
	return fmt.Errorf("when %q: must name an int gene or a category", c.Gene)
}

// names checks a list of choices.
func names(list []string) error {
	var errs []error
	if len(list) == 0 || len(list) > MaxChoices {
		errs = append(errs, fmt.Errorf("must be 1 to %d", MaxChoices))
	}
	seen := make(map[string]bool, len(list))
	for _, c := range list {
		if c == "" || len(c) > MaxName {
			errs = append(errs, fmt.Errorf("%q: must have 1 to %d bytes", c, MaxName))
		}
		if seen[c] {
			errs = append(errs, fmt.Errorf("%q: given twice", c))
		}
		seen[c] = true
	}
	return errors.Join(errs...)
}

// Count returns the number of distinct values of an Int or Category gene, and
// 0 for a Real one.
func (g *Gene) Count() int {
	switch g.Kind {
	case Int:
		return int(g.High) - int(g.Low) + 1
	case Category:
		return len(g.Choices)
	}
	return 0
}

// round32 brings the bounds of a Real gene to float32 values, inwards, so that every value lies within the bounds that were asked
// for; bounds between which there is no float32 value go to the nearest. What is no number of that size stays for validate.
func (g *Gene) round32() {
	if g.Kind != Real || !(math.Abs(g.Low) <= MaxReal) || !(math.Abs(g.High) <= MaxReal) {
		return
	}
	low, high := float32(g.Low), float32(g.High)
	if float64(low) < g.Low {
		low = math.Nextafter32(low, float32(math.Inf(1)))
	}
	if float64(high) > g.High {
		high = math.Nextafter32(high, float32(math.Inf(-1)))
	}
	if low > high && g.Low <= g.High {
		low = float32(g.Low)
		high = low
	}
	g.Low, g.High = float64(low)+0, float64(high)+0 // -0 becomes 0
}

// At decodes position u of the gene's unit scale, 0 ≤ u ≤ 1 (clamped; NaN reads
// as 0), into a value inside the bounds. Each category and each integer of a
// linear scale owns an equal share of the scale.
func (g *Gene) At(u float32) float64 {
	if !(u > 0) {
		u = 0
	} else if u > 1 {
		u = 1
	}
	switch {
	case g.Kind == Category:
		return float64(share(u, len(g.Choices)))
	case g.Kind == Int && !g.Log:
		return g.Low + float64(share(u, g.Count()))
	case g.Kind == Int:
		// Adding ½ to a positive value and truncating rounds to nearest.
		v := float32(g.fromLog(u) + 0.5)
		return g.clamp(math.Trunc(float64(v)))
	case g.Log:
		return g.clamp(float64(g.fromLog(u)))
	}
	low, width := float32(g.Low), float32(g.High)-float32(g.Low)
	return g.clamp(float64(float32(u*width) + low))
}

// Position is the inverse of At up to rounding: where value v lies on the unit
// scale, in [0, 1]. An integer or a category lies in the middle of its share.
func (g *Gene) Position(v float64) float32 {
	x, low, high := float32(v), float32(g.Low), float32(g.High)
	var u float32
	switch {
	case g.Kind == Category:
		u = (x + 0.5) / float32(len(g.Choices))
	case g.Kind == Int && !g.Log:
		u = (x - low + 0.5) / float32(g.Count())
	case low == high:
		return 0
	case g.Log:
		l := vec.Log(low)
		u = (vec.Log(x) - l) / (vec.Log(high) - l)
	default:
		u = (x - low) / (high - low)
	}
	if !(u > 0) {
		return 0
	}
	if u > 1 {
		return 1
	}
	return u
}

func (g *Gene) fromLog(u float32) float32 {
	low := vec.Log(float32(g.Low))
	width := vec.Log(float32(g.High)) - low
	return vec.Exp(float32(u*width) + low)
}

func (g *Gene) clamp(v float64) float64 {
	if !(v > g.Low) {
		return g.Low
	}
	if v > g.High {
		return g.High
	}
	return v
}

// share maps u in [0, 1] to one of n equal shares.
func share(u float32, n int) int {
	i := int(float32(u * float32(n)))
	if i >= n {
		i = n - 1
	}
	return i
}

// check returns why v is not a value of the gene, or nil.
func (g *Gene) check(v float64) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("%v is not finite", v)
	case v == 0 && math.Signbit(v):
		return errors.New("-0.0 is not written, 0.0 is")
	case g.Kind == Category:
		if v != math.Trunc(v) || v < 0 || v >= float64(len(g.Choices)) {
			return fmt.Errorf("index %v is not in [0, %d)", v, len(g.Choices))
		}
		return nil
	case g.Kind == Int && v != math.Trunc(v):
		return fmt.Errorf("%v is not an integer", v)
	case g.Kind == Real && float64(float32(v)) != v:
		return fmt.Errorf("%v is not a float32 value", v)
	case v < g.Low || v > g.High:
		return fmt.Errorf("%v is not in [%v, %v]", v, g.Low, g.High)
	}
	return nil
}

// validate returns every problem of the gene itself, joined.
func (g *Gene) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if g.Name == "" || len(g.Name) > MaxName {
		bad("name: must have 1 to %d bytes", MaxName)
	}
	switch g.Kind {
	case Int, Real:
		if len(g.Choices) != 0 {
			bad("choices: only a category has them")
		}
		if err := errors.Join(g.bound(g.Low, "low"), g.bound(g.High, "high")); err != nil {
			errs = append(errs, err)
			break
		}
		if g.Low > g.High {
			bad("low %v: above high %v", g.Low, g.High)
		}
		if g.Log && !(g.Low > 0) {
			bad("low %v: a logarithmic scale needs a positive one", g.Low)
		}
	case Category:
		if err := names(g.Choices); err != nil {
			bad("choices: %w", err)
		}
		if g.Low != 0 || g.High != 0 || g.Log {
			bad("low, high, log: a category has none")
		}
	default:
		bad("%v: not a kind of gene", g.Kind)
	}
	return errors.Join(errs...)
}

func (g *Gene) bound(v float64, name string) error {
	switch {
	case !(math.Abs(v) <= MaxReal) || float64(float32(v)) != v:
		return fmt.Errorf("%s %v: must be a float32 value of magnitude at most %g", name, v, MaxReal)
	case v == 0 && math.Signbit(v):
		return fmt.Errorf("%s: must not be negative zero", name)
	case g.Kind == Int && (v != math.Trunc(v) || math.Abs(v) >= MaxInt):
		return fmt.Errorf("%s %v: must be an integer of magnitude below %d", name, v, MaxInt)
	}
	return nil
}
