// Package agreement says when two machines that trained one recipe agree: bit for bit, or within a share of what they found,
// where the libraries that a program of a user's computes with differ between machines.
//
// In JSON an [Agreement] is "exact", or {"within": "1/1000"}.
package agreement

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

// Agreement is how results are compared. The zero value is exact.
type Agreement struct {
	// Within is r: a and b agree if |a − b| ≤ r·max(|a|, |b|). Above 0 and at most 1/10; its zero value stands for exact.
	Within ratio.Ratio
}

// Default is that of a program of a user's, and of domains whose models Approximate finds: a thousandth.
var Default = Agreement{ratio.Ratio{Num: 1, Den: 1000}}

// ErrAgreement is matched by every error of this package.
var ErrAgreement = errors.New(`agreement: want "exact", or {"within": "1/1000"} with a fraction above 0 and at most 1/10`)

// exact is the JSON form of the zero value.
const exact = "exact"

// Parse reads the JSON form.
func Parse(v any) (a Agreement, err error) {
	if s, ok := v.(string); ok && s == exact {
		return a, nil
	}
	o, ok := v.(*canon.Object)
	if !ok || o.Len() != 1 || !o.Has("within") {
		return a, ErrAgreement
	}
	within, _ := o.Get("within")
	if a.Within, err = ratio.Parse(within); err != nil {
		return Agreement{}, fmt.Errorf("%w: within: %w", ErrAgreement, err)
	}
	if a.Within.Num == 0 {
		return Agreement{}, ErrAgreement
	}
	return a, a.Validate()
}

// Validate reports whether the share is within its bounds.
func (a Agreement) Validate() error {
	if a.Exact() {
		return nil
	}
	if err := a.Within.Validate(); err != nil || a.Within.Num < 1 || 10*a.Within.Num > a.Within.Den {
		return fmt.Errorf("%w, not %s", ErrAgreement, a)
	}
	return nil
}

// Exact reports whether results agree bit for bit only.
func (a Agreement) Exact() bool { return a.Within == ratio.Ratio{} }

// Value returns the JSON form.
func (a Agreement) Value() any {
	if a.Exact() {
		return exact
	}
	return canon.NewObject("within", a.Within.Value())
}

// String returns "exact" or "within 1/1000".
func (a Agreement) String() string {
	if a.Exact() {
		return exact
	}
	return fmt.Sprintf("within %d/%d", a.Within.Num, a.Within.Den)
}

// Same reports whether two finite numbers agree within the share, in exact rationals: |x − y|·den ≤ num·max(|x|, |y|). Of an exact
// agreement it reports whether they have the same bits.
func (a Agreement) Same(x, y float64) bool {
	if a.Exact() {
		return x == y && (x != 0 || 1/x == 1/y)
	}
	p, q := new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y)
	if p == nil || q == nil {
		return false // not finite
	}
	distance := new(big.Rat).Sub(p, q)
	distance.Abs(distance)
	most := p.Abs(p)
	if q.Abs(q).Cmp(most) > 0 {
		most = q
	}
	return distance.Cmp(most.Mul(most, new(big.Rat).SetFrac64(a.Within.Num, a.Within.Den))) <= 0
}

// approximate are the models of the built-in domains whose trainings machines agree on within a share only.
var approximate = []string{"gru", "lstm", "attention"}

// Approximate returns the first of the models that a domain's configuration names (the list "models") on whose trainings machines agree
// within a share only; ok is false where there is none, or no configuration, and for "exec:" plugins, whose words are their own. Default
// is what such a domain has.
func Approximate(plugin string, config *canon.Object) (model string, ok bool) {
	if config == nil || strings.HasPrefix(plugin, "exec:") {
		return "", false
	}
	v, _ := config.Get("models")
	list, _ := v.([]any)
	for _, name := range list {
		if text, is := name.(string); is && slices.Contains(approximate, text) {
			return text, true
		}
	}
	return "", false
}
