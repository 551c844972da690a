package forecast

import (
	"context"
	"errors"
	"slices"

	"doin.network/node/compute/closed"
	"doin.network/node/compute/domain/supervised"
)

// found returns the periods of y: those seasons of the calendar that hold or, without a calendar, what repeats.
func (a *axis) found(y []float64) []int {
	if seasons, ok := a.seasons(a.perYear()); ok {
		return closed.PeriodsOf(y, seasons)
	}
	return closed.Periods(y, closed.Unknown)
}

// perYear is the number of sessions a year; 0 for less than one.
func (a *axis) perYear() int {
	if len(a.times) < 2 {
		return 0
	}
	days := civil(a.times[len(a.times)-1]) - civil(a.times[0])
	if days < 366 {
		return 0
	}
	return int((int64(len(a.times)-1)*365 + days/2) / days)
}

// Members implements supervised.Problem: the closed forms (package closed) that the shortest training part allows, those of
// logarithms only if everything before the test part is positive; of several series, those that all of them allow.
func (p *problem) Members() []supervised.Member {
	if len(p.singles) == 0 {
		return p.members()
	}
	list := p.singles[0].members()
	for i, m := range list {
		list[i] = closedForm{p, m.(closedForm).spec}
	}
	for _, one := range p.singles[1:] {
		allowed := map[string]bool{}
		for _, m := range one.members() {
			allowed[m.Name()] = true
		}
		list = slices.DeleteFunc(list, func(m supervised.Member) bool { return !allowed[m.Name()] })
	}
	return list
}

// members is Members of one series.
func (p *problem) members() (list []supervised.Member) {
	s := p.series
	positive := slices.Min(s.levels[:s.test]) > 0
	for _, spec := range closed.Specs(s.levels[:s.starts[0]], s.periods, p.config.Horizon) {
		if positive || !spec.Log && spec.Kind != closed.HoltWintersMultiplicative {
			list = append(list, closedForm{p, spec})
		}
	}
	return list
}

// Shown implements supervised.Problem: drift and the linear autoregression, where the rows allow them.
func (p *problem) Shown() (list []supervised.Member) {
	for _, m := range p.Members() {
		if c := m.(closedForm); c.spec.Kind == closed.Drift || c.spec.Kind == closed.AR && !c.spec.Log {
			list = append(list, c)
		}
	}
	return list
}

// closedForm is a member of the textbook.
type closedForm struct {
	problem *problem
	spec    closed.Spec
}

func (c closedForm) Name() string { return c.spec.String() }

// Fit implements supervised.Member. One that the rows do not allow is the last value.
func (c closedForm) Fit(ctx context.Context, fold int) (supervised.Fitted, error) {
	if len(c.problem.singles) > 0 {
		return c.fitEach(ctx, fold)
	}
	s := c.problem.series
	rows := s.ends(fold)
	for s.isMasked(rows - 1) { // what stands there is known only later
		rows--
	}
	m, err := closed.Fit(ctx, c.spec, s.levels[:rows], s.periods, c.problem.config.Horizon)
	if errors.Is(err, closed.ErrSeries) {
		return lastValue{}, nil
	}
	return fittedForm{m, rows}, err
}

// fittedForm is one fitted to the first rows of the data.
type fittedForm struct {
	model *closed.Model
	rows  int
}

// Covers implements supervised.Partial: the series begins as the data do, and no origin is before the end of the rows that
// the model was fitted on.
func (f fittedForm) Covers(c supervised.Cases) bool {
	w := c.(*windows)
	return w.row == 0 && w.first+1 >= f.rows
}

// Predict implements supervised.Fitted.
func (f fittedForm) Predict(c supervised.Cases, out []float32) {
	w := c.(*windows)
	y, h := w.levels(), w.Width()
	walk := make([]float64, (len(y)-w.first)*h)
	f.model.Walk(y, w.first+1, walk)
	unit := w.problem.series.scale.Unit
	for i := range w.count {
		origin := w.origin(i)
		for k, v := range walk[(origin-w.first)*h:][:h] {
			out[i*h+k] = float32((v - y[origin]) / unit)
		}
	}
}

// Coefficients implements supervised.Fitted.
func (f fittedForm) Coefficients() []float64 { return f.model.Coefficients() }

// levels returns the series up to the last origin, unscaled.
func (w *windows) levels() []float64 {
	n, s := w.origin(w.count-1)+1, w.problem.series
	if &w.scaled[0] == &s.scaled[0] {
		return s.levels[:n]
	}
	return s.unscaled(w.scaled[:n])
}

// unscaled returns a scaled series in the unit of the values.
func (s *series) unscaled(scaled []float32) []float64 {
	y := make([]float64, len(scaled))
	for i, v := range scaled {
		y[i] = s.scale.From(float64(v))
	}
	return y
}
