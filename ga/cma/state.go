package cma

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// State returns the search as it is. It shares nothing with it.
func (s *Search) State() (out State) {
	data, err := json.Marshal(&s.state)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic(err) // numbers are finite
	}
	return out
}

// Resume continues from a state that State returned under the same configuration: what follows is what would have followed there,
// the trials under way asked for again.
func Resume(config Config, state State) (*Search, error) {
	s, err := restore(config, state)
	if err == nil {
		s.fill()
	}
	return s, err
}

// restore is Resume without the next draws.
func restore(config Config, state State) (*Search, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("cma: configuration: %w", err)
	}
	if err := state.validate(); err != nil {
		return nil, fmt.Errorf("cma: state: %w", err)
	}
	s := &Search{config: config, key: key(state.Seed), state: state}
	if r := s.state.Run; r != nil {
		r.rates = newRates(r.N, r.Lambda)
		if state.Layout != nil {
			r.cells = state.Layout.Cells
		}
	}
	return s, nil
}

// finite reports that a list has n numbers, none of them infinite or NaN.
func finite(list []float64, n int) bool {
	return len(list) == n && !slices.ContainsFunc(list, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// validate reports why s cannot be the state of a search.
func (s *State) validate() error {
	switch {
	case s.N < 1 || s.N > MaxDimension || s.Window < 1 || s.Window > MaxWindow || len(s.Open) > MaxWindow:
		return fmt.Errorf("%d dimensions, window %d, %d under way", s.N, s.Window, len(s.Open))
	case s.Told < 0 || s.Asked != s.Told+int64(len(s.Open)) || s.Runs < 0 || s.LargeLambda < 0 || s.LargeLambda > maxLambda:
		return fmt.Errorf("counts %d, %d, %d, %d out of range", s.Told, s.Asked, s.Runs, s.LargeLambda)
	case s.HasBest && !finite(s.Best.X, s.N):
		return fmt.Errorf("best: not a point of %d dimensions", s.N)
	}
	if s.Layout != nil {
		if err := s.Layout.validate(s.N); err != nil {
			return err
		}
	}
	for i := range s.Open {
		if err := s.Layout.check(s.Open[i].Choices, s.Open[i].Run > 0); err != nil {
			return fmt.Errorf("open trial %d: %w", i, err)
		}
		if !finite(s.Open[i].X, s.N) {
			return fmt.Errorf("open trial %d: not a point of %d dimensions", i, s.N)
		}
	}
	if s.Lines != nil {
		if err := s.Lines.validate(s.N); err != nil {
			return err
		}
	}
	if s.Run == nil {
		return nil
	}
	if err := s.Run.validate(s.N); err != nil {
		return err
	}
	return s.Run.Mixed.validate(s.Layout, s.Run)
}

func (l *Lines) validate(n int) error {
	if !finite(l.Base, n) || len(l.Axes) != n || l.Turn < 0 || l.Turn >= n || l.Most < 1 || l.Most > 1<<20 {
		return fmt.Errorf("lines: not of %d dimensions", n)
	}
	for i := range l.Axes {
		points := l.Axes[i].Points
		if len(points) == 0 && l.Begun || len(points) > l.Most+3 {
			return fmt.Errorf("lines: coordinate %d has %d points", i, len(points))
		}
		for _, p := range points {
			if !finite([]float64{p.X, p.F}, 2) {
				return fmt.Errorf("lines: coordinate %d: a point that is no number", i)
			}
		}
	}
	return nil
}

func (r *Run) validate(n int) error {
	switch {
	case r.N != n || r.Lambda < 2 || r.Lambda > maxLambda || r.Generation < 0 || r.Generation >= 1<<40:
		return fmt.Errorf("run: %d dimensions, population %d, generation %d", r.N, r.Lambda, r.Generation)
	case !finite(r.Mean, n) || !finite(r.PC, n) || !finite(r.PS, n) || !finite(r.C, n*n) || !finite(r.B, n*n) || !finite(r.D, n):
		return fmt.Errorf("run: vectors and matrices are not of %d dimensions", n)
	case !finite([]float64{r.Sigma, r.Sigma0}, 2) || !(r.Sigma > 0) || !(slices.Min(r.D) > 0):
		return fmt.Errorf("run: steps of %v", r.Sigma)
	case len(r.Told) >= r.Lambda || r.Gamma != nil && !finite(r.Gamma, n):
		return fmt.Errorf("run: %d results of a generation of %d", len(r.Told), r.Lambda)
	case !finite(r.Bests, len(r.Bests)) || !finite(r.Medians, len(r.Bests)) || !finite(r.Spreads, len(r.Spreads)):
		return fmt.Errorf("run: its history is no list of numbers")
	}
	for i := range r.Told {
		if !finite(r.Told[i].X, n) || !finite([]float64{r.Told[i].F}, 1) {
			return fmt.Errorf("run: result %d is no point with its value", i)
		}
	}
	return nil
}
