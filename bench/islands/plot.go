package islands

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // the format of WriteSVG
)

// colours of the strategies, in the order of the configuration.
var colours = []color.RGBA{{R: 0x2b, G: 0x6c, B: 0xb0, A: 0xff}, {R: 0xdd, G: 0x6b, B: 0x20, A: 0xff}}

// intervals are points with an error bar.
type intervals struct {
	plotter.XYs
	plotter.YErrors
}

// WriteSVG draws, for the first goal, how many times fewer rounds than one node every arrangement takes, with 95 %
// intervals.
func (r *Report) WriteSVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("%s, %s: rounds of one node / rounds, goal %g", r.Config.Domain, r.Mode, r.Config.Goals[0])
	p.Y.Label.Text = "speed-up"
	p.Add(plotter.NewGrid())
	names, at := []string{}, map[string]int{}
	for i := range r.Rows {
		x := &r.Rows[i]
		if _, known := at[x.name()]; r.drawn(x) && !known {
			at[x.name()] = len(names)
			names = append(names, x.name())
		}
	}
	if len(names) == 0 { // nothing to compare with
		names = append(names, "")
	}
	for s, strategy := range r.Config.Strategies {
		var d intervals
		for i := range r.Rows {
			x := &r.Rows[i]
			if !r.drawn(x) || x.Strategy != strategy {
				continue
			}
			d.XYs = append(d.XYs, plotter.XY{X: float64(at[x.name()]) + 0.12*float64(s), Y: x.OverOne.Value})
			d.YErrors = append(d.YErrors, struct{ Low, High float64 }{x.OverOne.Value - x.OverOne.Low, x.OverOne.High - x.OverOne.Value})
		}
		if len(d.XYs) == 0 {
			continue
		}
		points, err := plotter.NewScatter(d.XYs)
		if err != nil {
			return fmt.Errorf("plot: %w", err)
		}
		bars, err := plotter.NewYErrorBars(d)
		if err != nil {
			return fmt.Errorf("plot: %w", err)
		}
		points.Color, points.Radius, bars.Color = colours[s%len(colours)], vg.Points(3), colours[s%len(colours)]
		p.Add(points, bars)
		p.Legend.Add(label(strategy), points)
	}
	one := plotter.NewFunction(func(float64) float64 { return 1 })
	one.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
	p.Add(one)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(3)
	p.NominalX(names...)
	p.X.Tick.Label.Rotation = 0.5
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = -1, -1 // the end of the text at the tick, below the axis
	p.X.Min, p.X.Max = -0.6, float64(len(names))-0.4
	p.Y.Min, p.Y.Max = min(p.Y.Min, 0.9), p.Y.Max*1.05
	c, err := p.WriterTo(20*vg.Centimeter, 11*vg.Centimeter, "svg")
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	_, err = c.WriteTo(w)
	return err
}

// drawn reports whether a row is in the plot.
func (r *Report) drawn(x *Row) bool {
	return x.Goal == r.Config.Goals[0] && !x.Compared && x.OverOne != nil
}
