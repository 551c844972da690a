package chain

import (
	"fmt"
	"math/big"

	"doin.network/node/internal/canon"
)

// Bounds of what a claim's comparison with its base adds up to.
const (
	// MaxCases is the most validation cases that a claim is compared on.
	MaxCases = 1 << 20
	// maxDifferenceBits bounds the difference on one case: |dᵢ| ≤ 2⁴⁰, a million in units of the performance.
	maxDifferenceBits = 40
	// maxSquareDigits holds MaxCases × 2⁸⁰.
	maxSquareDigits = 31
)

// Sums are what the comparison of a claim with its base adds up to over the N validation cases of a domain: S1 = Σdᵢ and
// S2 = Σdᵢ², where dᵢ is the base's error on case i minus the claim's, in 2⁻²⁰ of the performance. S2 is decimal digits, so that
// equal sums are equal values. The zero value is that of a domain without cases.
type Sums struct {
	S1 int64  `json:"s1"`
	S2 string `json:"s2"`
	N  int64  `json:"n"`
}

// NewSums returns the sums over n cases; with n = 0 the zero value. Errors match ErrInvalid.
func NewSums(s1 int64, s2 *big.Int, n int64) (Sums, error) {
	if n == 0 && s1 == 0 && (s2 == nil || s2.Sign() == 0) {
		return Sums{}, nil
	}
	if s2 == nil {
		s2 = new(big.Int)
	}
	s := Sums{s1, s2.String(), n}
	return s, s.validate("sums")
}

// Square returns S2, fresh; 0 for what are no digits.
func (s Sums) Square() *big.Int {
	if len(s.S2) > maxSquareDigits {
		return new(big.Int)
	}
	b, ok := new(big.Int).SetString(s.S2, 10)
	if !ok {
		return new(big.Int)
	}
	return b
}

// Variance returns n·S2 − S1², n² times the variance of the differences; exact, fresh.
func (s Sums) Variance() *big.Int {
	v := new(big.Int).Mul(big.NewInt(s.N), s.Square())
	return v.Sub(v, new(big.Int).Mul(big.NewInt(s.S1), big.NewInt(s.S1)))
}

// Z returns by how many of its standard errors the mean difference is above 0, for people; false where that is nothing: fewer
// than two cases, or all differences equal.
func (s Sums) Z() (float64, bool) {
	v := s.Variance()
	if s.N < 2 || v.Sign() <= 0 {
		return 0, false
	}
	ratio := new(big.Float).SetRat(new(big.Rat).SetFrac(big.NewInt(s.N-1), v))
	z := ratio.Sqrt(ratio).Mul(ratio, new(big.Float).SetInt64(s.S1))
	f, _ := z.Float64()
	return f, true
}

// AppendTo adds the members s1, s2 and n to an object and returns it.
func (s Sums) AppendTo(o *canon.Object) *canon.Object {
	return o.Set("s1", s.S1).Set("s2", s.digits()).Set("n", s.N)
}

func (s Sums) digits() string {
	if s.S2 == "" {
		return "0"
	}
	return s.S2
}

// SumsFromObject reads what AppendTo adds; all three members are required and must be sums of some differences within the
// bounds. Errors match ErrInvalid.
func SumsFromObject(o *canon.Object) (Sums, error) {
	r := &reader{object: "sums", o: o}
	s := Sums{S1: r.integer("s1"), S2: r.str("s2"), N: r.integer("n")}
	if r.err != nil {
		return Sums{}, r.err
	}
	if s == (Sums{S2: "0"}) {
		return Sums{}, nil
	}
	return s, s.validate("sums")
}

// validate reports whether N differences within the bounds can have these sums.
func (s Sums) validate(object string) error {
	if s == (Sums{}) {
		return nil
	}
	c := &checks{object: object}
	c.demand(s.N >= 1 && s.N <= MaxCases, "n", fmt.Sprintf("%d: want 0 without sums, or 1 to %d", s.N, MaxCases))
	square := s.Square()
	c.demand(len(s.S2) <= maxSquareDigits && square.Sign() >= 0 && square.String() == s.S2, "s2", "want decimal digits of a number that is not negative")
	if c.err != nil {
		return c.err
	}
	c.demand(s.S1 <= s.N<<maxDifferenceBits && s.S1 >= -s.N<<maxDifferenceBits, "s1", "beyond what so many cases can add up to")
	most := new(big.Int).Lsh(big.NewInt(s.N), 2*maxDifferenceBits)
	c.demand(square.Cmp(most) <= 0, "s2", "beyond what so many cases can add up to")
	c.demand(s.Variance().Sign() >= 0, "s2", "no differences have these sums")
	return c.err
}
