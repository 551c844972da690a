package domain

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// boundsKeys are the two names of the bounds of genes in a configuration, ours and the reference's.
var boundsKeys = [...]string{"param_bounds", "hyperparameter_bounds"}

// bounds returns s with the bounds that the member key of a configuration gives, gene by gene: [low, high] for a number,
// a list of choices for a category. s is not changed. Errors wrap ErrConfig and name the gene; whether the bounds make
// sense is for the domain to say.
func bounds(config *canon.Object, key string, s genome.Space) (genome.Space, error) {
	given, err := config.ObjectOr(key, nil)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s = slices.Clone(s)
	names := make([]string, len(s))
	for i := range s {
		names[i] = s[i].Name
	}
	var errs []error
	for name, v := range given.All() {
		if comment(name) {
			continue
		}
		i := slices.Index(names, name)
		if i < 0 {
			errs = append(errs, unknown("gene of "+key, name, names))
			continue
		}
		if err := setBounds(&s[i], v); err != nil {
			errs = append(errs, fmt.Errorf("%w: %s: %s: %w", ErrConfig, key, name, err))
		}
	}
	return s, errors.Join(errs...)
}

// setBounds reads [low, high] or a list of choices into a gene.
func setBounds(g *genome.Gene, v any) error {
	list, err := canon.AsList(v)
	if err != nil {
		return err
	}
	if g.Kind == genome.Category {
		g.Choices = nil
		for i, e := range list {
			s, ok := e.(string)
			if !ok || i >= genome.MaxChoices {
				return errors.New("want a list of names")
			}
			g.Choices = append(g.Choices, s)
		}
		return nil
	}
	pair, err := Reals(v, 2)
	if err != nil {
		return err
	}
	if len(pair) != 2 || pair[0] > pair[1] {
		return errors.New("want [low, high] with low ≤ high")
	}
	if g.Kind == genome.Real {
		pair[0], pair[1] = float64(float32(pair[0])), float64(float32(pair[1]))
	} else if pair[0] != math.Trunc(pair[0]) || pair[1] != math.Trunc(pair[1]) {
		return errors.New("want integers")
	}
	g.Low, g.High = pair[0], pair[1]
	return nil
}
