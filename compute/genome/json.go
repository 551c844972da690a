package genome

import (
	"errors"
	"fmt"

	"doin.network/node/internal/canon"
)

// List returns the space as JSON, one object per gene:
// {"name", "kind", "low", "high", "log"?, "choices"?, "when"?}. low and
// high are integers for Int, reals for Real, absent for Category. when is
// {"gene", "at_least"} on an Int gene and {"gene", "in": [choice, …]} on a category.
func (s Space) List() []any {
	genes := make([]any, 0, len(s))
	for i := range s {
		g := &s[i]
		o := canon.NewObject("name", g.Name, "kind", g.Kind.String())
		switch g.Kind {
		case Int:
			o.Set("low", int64(g.Low)).Set("high", int64(g.High))
		case Real:
			o.Set("low", g.Low).Set("high", g.High)
		case Category:
			o.Set("choices", list(g.Choices))
		}
		if g.Log {
			o.Set("log", true)
		}
		if g.When != nil {
			when := canon.NewObject("gene", g.When.Gene)
			if len(g.When.In) > 0 {
				when.Set("in", list(g.When.In))
			} else {
				when.Set("at_least", g.When.AtLeast)
			}
			o.Set("when", when)
		}
		genes = append(genes, o)
	}
	return genes
}

func list(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// ParseSpace reads the form of List and validates the space. Bounds of reals are rounded to float32, inwards.
func ParseSpace(list []any) (Space, error) {
	if len(list) > MaxGenes {
		return nil, fmt.Errorf("genome: %d genes: must be 1 to %d", len(list), MaxGenes)
	}
	s := make(Space, 0, len(list))
	for i, v := range list {
		o, ok := v.(*canon.Object)
		if !ok {
			return nil, fmt.Errorf("genome: gene %d: not an object", i)
		}
		g, err := parseGene(o)
		if err != nil {
			return nil, fmt.Errorf("genome: gene %d: %w", i, err)
		}
		g.round32()
		s = append(s, g)
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return s, nil
}

func parseGene(o *canon.Object) (g Gene, err error) {
	if g.Name, err = o.String("name"); err != nil {
		return g, err
	}
	kind, err := o.String("kind")
	if err != nil {
		return g, err
	}
	switch kind {
	case "int":
		g.Kind = Int
	case "real":
		g.Kind = Real
	case "category":
		g.Kind = Category
		if g.Choices, err = parseNames(o, "choices"); err != nil {
			return g, err
		}
	default:
		return g, fmt.Errorf("kind %.*q: not a kind of gene", MaxName, kind)
	}
	if g.Kind != Category {
		if g.Low, err = o.Float("low"); err != nil {
			return g, err
		}
		if g.High, err = o.Float("high"); err != nil {
			return g, err
		}
	}
	if g.Log, err = o.BoolOr("log", false); err != nil {
		return g, err
	}
	when, err := o.ObjectOr("when", nil)
	if err != nil || when.Len() == 0 {
		return g, err
	}
	g.When, err = parseCondition(when)
	return g, err
}

// parseCondition reads one of the two forms of a condition.
func parseCondition(o *canon.Object) (c *Condition, err error) {
	c = &Condition{}
	if c.Gene, err = o.String("gene"); err != nil {
		return nil, err
	}
	if !o.Has("in") {
		c.AtLeast, err = o.Int("at_least")
		return c, err
	}
	if o.Has("at_least") {
		return nil, errors.New("when: both in and at_least")
	}
	c.In, err = parseNames(o, "in")
	return c, err
}

// parseNames reads a member that lists names. Their number is the validation's to check.
func parseNames(o *canon.Object, key string) ([]string, error) {
	values, err := o.List(key)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(values))
	for i, v := range values {
		var ok bool
		if names[i], ok = v.(string); !ok {
			return nil, fmt.Errorf("%s: %T where a string is needed", key, v)
		}
	}
	return names, nil
}
