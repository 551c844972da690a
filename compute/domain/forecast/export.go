package forecast

import (
	"errors"
	"fmt"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/onnx"
)

var _ supervised.Exported = look{}

// Export implements supervised.Exported. The input "series" is the known values in the unit of the file, of any length, from the first
// row of the data on; the output "forecast" is the horizon behind the last of them. As in Answer, closed forms stand in the mean
// where the series is at least as long as what they were fitted on, and networks answer alone where it is not.
func (l look) Export(g *onnx.Graph, m supervised.Weighted) error {
	s, h := l.series, l.config.Horizon
	if len(l.singles) > 0 {
		return errors.New("a model of several series cannot be written as ONNX")
	}
	if len(s.tracks) > 0 {
		return errors.New("networks that see covariates cannot be written as ONNX")
	}
	doc := fmt.Sprintf("known values in the unit of the file, oldest first; the first is that of %s, at least %d", s.table.Time(0), l.need()+1)
	file := g.Input("series", onnx.Double, []int{-1}, doc)
	own := g.Shift(file, -s.power)
	scaled := g.Cast(g.Do("Div", g.Do("Sub", own, g.DoubleOf(s.scale.Offset)), g.DoubleOf(s.scale.Unit)), onnx.Float)
	last := g.Slice(scaled, -1, onnx.End, 0)
	levels := g.Do("Add", g.DoubleOf(s.scale.Offset), g.Do("Mul", g.Cast(scaled, onnx.Double), g.DoubleOf(s.scale.Unit)))
	x := l.exportInputs(g, scaled, last)

	mean := func(closedToo bool) func(b *onnx.Graph) (onnx.Value, error) {
		return func(b *onnx.Graph) (onnx.Value, error) {
			covers := func(f supervised.Fitted) bool {
				_, partial := f.(supervised.Partial)
				return closedToo || !partial
			}
			return m.Mean(b, covers, func(f supervised.Fitted) (onnx.Value, error) { return l.exportMember(b, f, x, scaled, levels) })
		}
	}
	differences, err := onnx.Value(""), error(nil)
	if rows := m.Most(fittedRows); rows > 0 {
		long := g.Do("GreaterOrEqual", g.Do("Size", scaled), g.IntOf(rows))
		differences, err = g.If(long, mean(true), mean(false))
	} else {
		differences, err = mean(true)(g)
	}
	if err != nil {
		return err
	}
	out := g.Cast(g.Do("Add", last, differences), onnx.Double)
	out = g.Do("Add", g.DoubleOf(s.scale.Offset), g.Do("Mul", out, g.DoubleOf(s.scale.Unit)))
	g.Output("forecast", g.Shift(out, s.power), onnx.Double, []int{h}, "the values behind the last one, in the unit of the file")
	return nil
}

// fittedRows is how long a series has to be for a member.
func fittedRows(f supervised.Fitted) int {
	if c, ok := f.(fittedForm); ok {
		return c.rows
	}
	return 0
}

// exportInputs is view.inputs: [1][inputs].
func (l look) exportInputs(g *onnx.Graph, scaled, last onnx.Value) onnx.Value {
	c := &l.series.calendar
	if l.season > 0 {
		d := g.Do("Sub", g.Slice(scaled, l.season, onnx.End, 0), g.Slice(scaled, 0, -l.season, 0))
		window := g.Do("Sub", g.Slice(d, -1-l.window, -1, 0), g.Slice(d, -1, onnx.End, 0))
		position := g.Do("Mod", g.Do("Add", g.Do("Size", scaled), g.IntOf(c.phase)), g.IntOf(c.period))
		row := g.Reshape(g.Gather(g.Floats(c.table, c.period, 2), position, 0), 2)
		return g.Reshape(g.Concat(0, window, row, l.exportExpected(g, scaled)), 1, l.size(c))
	}
	values := g.Do("Sub", g.Slice(scaled, -1-l.window, -1, 0), last)
	if c.columns() == 0 {
		return g.Reshape(values, 1, l.window)
	}
	table := g.Floats(c.table, c.period, 2)
	phase := func(row onnx.Value) onnx.Value { // of row 0 it is c.phase
		return g.Gather(table, g.Do("Mod", g.Do("Add", row, g.IntOf(c.phase)), g.IntOf(c.period)), 0)
	}
	n := g.Do("Size", scaled)
	if !l.sequence { // the position of the next row
		return g.Concat(1, g.Reshape(values, 1, l.window), g.Reshape(phase(n), 1, 2))
	}
	back := make([]int, l.window)
	for j := range back {
		back[j] = j - l.window - 1
	}
	steps := g.Concat(1, g.Reshape(values, l.window, 1), phase(g.Do("Add", n, g.List(back...))))
	return g.Reshape(steps, 1, 3*l.window)
}

// exportExpected is view.expected of all steps.
func (l look) exportExpected(g *onnx.Graph, scaled onnx.Value) onnx.Value {
	to, from := make([]int, l.steps), make([]int, l.steps) // back from the end of the series
	for k := range to {
		to[k], from[k] = k-l.back(k), -1-l.back(k)
	}
	return g.Do("Sub", g.Gather(scaled, g.List(to...), 0), g.Gather(scaled, g.List(from...), 0))
}

// exportMember is a member's differences from the last value, [horizon].
func (l look) exportMember(g *onnx.Graph, f supervised.Fitted, x, scaled, levels onnx.Value) (onnx.Value, error) {
	h := l.config.Horizon
	if v, ok, err := supervised.Network(g, f, x); ok {
		if err != nil {
			return "", err
		}
		if v = g.Reshape(v, h); l.season > 0 {
			v = g.Do("Add", v, l.exportExpected(g, scaled))
		}
		return v, nil
	}
	switch f := f.(type) {
	case fittedForm:
		y := f.model.Export(g, levels)
		now := g.Slice(levels, -1, onnx.End, 0)
		return g.Cast(g.Do("Div", g.Do("Sub", y, now), g.DoubleOf(l.series.scale.Unit)), onnx.Float), nil
	case lastValue:
		return g.Floats(make([]float32, h), h), nil
	case seasonal:
		back := make([]int, h)
		for k := range back {
			back[k] = k % f.period
		}
		period := g.Slice(scaled, -f.period, onnx.End, 0)
		return g.Do("Sub", g.Gather(period, g.List(back...), 0), g.Slice(scaled, -1, onnx.End, 0)), nil
	}
	return "", fmt.Errorf("a member of the ensemble, %T, cannot be written as ONNX", f)
}
