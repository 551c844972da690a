package genome

import (
	"errors"
	"fmt"

	"doin.network/node/internal/canon"
)

// MaxGenes bounds the number of genes of a space.
const MaxGenes = 1024

// Space is an ordered list of genes: what a search may vary. Order matters for
// what a sequence of draws decodes to, not for the meaning of a genome.
type Space []Gene

// Genome is one point of a space, one number per gene: an integer, a
// float32-exact real, or the index of a category's choice. Inactive genes keep
// a value, so that a later change of their condition finds one, but it is
// never written.
type Genome []float64

// Clone returns a copy of g that shares nothing with it.
func (g Genome) Clone() Genome { return append(Genome(nil), g...) }

// Validate reports every problem of the space at once, joined: an empty or too
// long space, a bad gene, a name used twice, a condition on anything but an
// earlier Int or Category gene, or one of the wrong form for it. nil means s is usable; every other method expects that.
func (s Space) Validate() error {
	if len(s) == 0 || len(s) > MaxGenes {
		return fmt.Errorf("genome: %d genes: must be 1 to %d", len(s), MaxGenes)
	}
	var errs []error
	for i := range s {
		g := &s[i]
		err := g.validate()
		if j := s.index(g.Name); j != i {
			err = errors.Join(err, errors.New("name: used twice"))
		}
		if g.When != nil {
			if j := s.index(g.When.Gene); j < 0 || j >= i {
				err = errors.Join(err, fmt.Errorf("when %q: must name an earlier gene", g.When.Gene))
			} else {
				err = errors.Join(err, g.When.validate(&s[j]))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("genome: gene %d %q: %w", i, g.Name, err))
		}
	}
	return errors.Join(errs...)
}

// index returns the position of the first gene called name, or −1.
func (s Space) index(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// Active reports whether gene i counts in g: its condition, if it has one, holds
// and the gene it is conditional on is itself active.
func (s Space) Active(g Genome, i int) bool {
	for s[i].When != nil {
		j := s.index(s[i].When.Gene)
		if !s[i].When.holds(&s[j], g[j]) {
			return false
		}
		i = j
	}
	return true
}

// Object returns g's JSON form: the active genes in the space's order, Int as
// int64, Real as float64, Category as the choice's name.
func (s Space) Object(g Genome) *canon.Object {
	o := canon.NewObject()
	for i := range s {
		if !s.Active(g, i) {
			continue
		}
		switch s[i].Kind {
		case Int:
			o.Set(s[i].Name, int64(g[i]))
		case Real:
			o.Set(s[i].Name, g[i])
		case Category:
			o.Set(s[i].Name, s[i].Choices[int(g[i])])
		}
	}
	return o
}

// Hash returns the SHA-256 in hex of g's canonical JSON. Two genomes that
// differ in inactive genes only have the same hash.
func (s Space) Hash(g Genome) string { return canon.Hash(s.Object(g)) }

// Check returns an error naming the gene if g has the wrong length or a value,
// active or not, that its gene cannot take.
func (s Space) Check(g Genome) error {
	if len(g) != len(s) {
		return fmt.Errorf("genome: %d values for %d genes", len(g), len(s))
	}
	for i := range s {
		if err := s[i].check(g[i]); err != nil {
			return fmt.Errorf("genome: gene %q: %w", s[i].Name, err)
		}
	}
	return nil
}

// Parse reads the form of Object. It is strict, because the bytes are hashed:
// a gene that is unknown, missing, inactive but given, of another JSON kind
// (an integer for a real, say), outside its bounds or not a float32 value is an
// error that names it. Inactive genes get the middle of their scale.
func (s Space) Parse(o *canon.Object) (Genome, error) {
	g := make(Genome, len(s))
	known := 0
	for i := range s {
		gene := &s[i]
		v, given := o.Get(gene.Name)
		if given {
			known++
		}
		// Conditions look back only, so g is filled as far as Active reads it.
		if !s.Active(g, i) {
			if given {
				return nil, fmt.Errorf("genome: gene %q: given although inactive", gene.Name)
			}
			g[i] = gene.At(0.5)
			continue
		}
		if !given {
			return nil, fmt.Errorf("genome: gene %q: missing", gene.Name)
		}
		x, err := gene.parse(v)
		if err != nil {
			return nil, fmt.Errorf("genome: gene %q: %w", gene.Name, err)
		}
		g[i] = x
	}
	if known != o.Len() {
		for _, k := range o.Keys() {
			if s.index(k) < 0 {
				return nil, fmt.Errorf("genome: gene %.*q: unknown", MaxName, k)
			}
		}
	}
	return g, nil
}

// parse reads one JSON value of the gene.
func (g *Gene) parse(v any) (float64, error) {
	var x float64
	switch g.Kind {
	case Category:
		name, ok := v.(string)
		if !ok {
			return 0, fmt.Errorf("%T where a string is needed", v)
		}
		for i, c := range g.Choices {
			if c == name {
				return float64(i), nil
			}
		}
		return 0, fmt.Errorf("%.*q is not one of %q", MaxName, name, g.Choices)
	case Int:
		n, ok := v.(int64)
		if !ok {
			return 0, fmt.Errorf("%T where an integer is needed", v)
		}
		if n <= -MaxInt || n >= MaxInt {
			return 0, fmt.Errorf("%d is not in [%v, %v]", n, g.Low, g.High)
		}
		x = float64(n)
	default:
		f, ok := v.(float64)
		if !ok {
			return 0, fmt.Errorf("%T where a real number (with a decimal point) is needed", v)
		}
		x = f
	}
	return x, g.check(x)
}

// Random draws a genome: one call of draw per gene in the space's order,
// active or not, each giving a uniform value in [0, 1).
func (s Space) Random(draw func() float32) Genome {
	g := make(Genome, len(s))
	for i := range s {
		g[i] = s[i].At(draw())
	}
	return g
}
