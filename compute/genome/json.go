package genome

import (
	"fmt"

	"doin.network/node/internal/canon"
)

// List returns the space as JSON, one object per gene:
// {"name", "kind", "low", "high", "log"?, "choices"?, "when"?: {"gene", "at_least"}}.
// low and high are integers for Int, reals for Real, absent for Category.
func (s Space) List() []any {
	list := make([]any, 0, len(s))
	for i := range s {
		g := &s[i]
		o := canon.NewObject("name", g.Name, "kind", g.Kind.String())
		switch g.Kind {
		case Int:
			o.Set("low", int64(g.Low)).Set("high", int64(g.High))
		case Real:
			o.Set("low", g.Low).Set("high", g.High)
		case Category:
			choices := make([]any, len(g.Choices))
			for j, c := range g.Choices {
				choices[j] = c
			}
			o.Set("choices", choices)
		}
		if g.Log {
			o.Set("log", true)
		}
		if g.When != nil {
			o.Set("when", canon.NewObject("gene", g.When.Gene, "at_least", g.When.AtLeast))
		}
		list = append(list, o)
	}
	return list
}

// ParseSpace reads the form of List and validates the space.
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
		choices, err := o.List("choices")
		if err != nil {
			return g, err
		}
		for _, c := range choices {
			name, ok := c.(string)
			if !ok {
				return g, fmt.Errorf("choices: %T where a string is needed", c)
			}
			g.Choices = append(g.Choices, name)
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
	c := &Condition{}
	if c.Gene, err = when.String("gene"); err != nil {
		return g, err
	}
	if c.AtLeast, err = when.Int("at_least"); err != nil {
		return g, err
	}
	g.When = c
	return g, nil
}
