package forecast

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// parseBeside reads the members covariates and known_covariates.
func (l look) parseBeside(input *canon.Object, g *given) error {
	f := &l.series.table.form
	for _, m := range []struct {
		key     string
		columns []string
	}{{"covariates", slices.Concat(f.Covariates, f.Known)}, {"known_covariates", f.Known}} {
		o, err := input.ObjectOr(m.key, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
		for name, v := range o.All() {
			if !slices.Contains(m.columns, name) {
				return fmt.Errorf("%s: no such column %.80q: there are %s", m.key, name, listed(m.columns))
			}
			values, err := domain.Reals(v, MaxInferSeries)
			if err != nil {
				return fmt.Errorf("%s: column %.80q: %w", m.key, name, err)
			}
			if m.key == "covariates" && len(values) != len(g.values) {
				return fmt.Errorf("covariates: column %.80q: %d values beside a series of %d", name, len(values), len(g.values))
			}
			if m.key == "known_covariates" && g.beside[name] == nil {
				if err := l.pad(g, name); err != nil {
					return err
				}
			}
			g.beside[name] = append(g.beside[name], values...)
		}
	}
	return nil
}

// pad gives a known covariate what the data say beside the series, so that what follows is in its place.
func (l look) pad(g *given, name string) error {
	first, end := g.last+1-len(g.values), g.last+1
	for _, c := range l.series.table.covariates {
		if c.name != name || first == end {
			continue
		}
		if first < 0 || end > len(c.values) {
			return l.untold(c, max(first, min(end-1, len(c.values))), end)
		}
		g.beside[name] = slices.Clone(c.values[first:end])
	}
	return nil
}

// tracks fills in the covariates of a request: those of the data, over which lie those that it gives. Those that are known ahead must
// reach row end.
func (l look) tracks(q *query, g *given, end int) error {
	s := l.series
	for i, c := range s.table.covariates {
		t := s.tracks[i]
		told := g.beside[c.name]
		first := g.last + 1 - len(g.values)
		need := g.last + 1
		if c.known {
			need = end
		}
		if first >= 0 && first <= len(t.values) {
			t.values = slices.Clone(t.values[:min(len(t.values), max(first, need))])
		} else {
			t.from, t.values = first, nil
		}
		for k, v := range told {
			x, ok := s.trackScales[i].To(v)
			if !ok {
				return fmt.Errorf("column %.80q: value %d, %v: too far from the training data", c.name, k, v)
			}
			if at := first + k - t.from; at < len(t.values) {
				t.values[at] = x
			} else if at == len(t.values) {
				t.values = append(t.values, x)
			} else {
				return l.untold(c, t.from+len(t.values), first+k)
			}
		}
		if have := t.from + len(t.values); have < need {
			return l.untold(c, have, need)
		}
		t.values = t.values[:need-t.from]
		q.tracks = append(q.tracks, t)
	}
	return nil
}

// untold is the error of a covariate that is not known in rows [from, to).
func (l look) untold(c covariate, from, to int) error {
	key := "covariates"
	if c.known {
		key = "covariates, known_covariates"
	}
	a := &l.series.table.axis
	if to-from == 1 {
		return fmt.Errorf("%s: column %.80q: needed at %q", key, c.name, a.label(from))
	}
	return fmt.Errorf("%s: column %.80q: needed from %q to %q, %d values", key, c.name, a.label(from), a.label(to-1), to-from)
}
