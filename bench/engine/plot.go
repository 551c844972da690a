package engine

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // the format of WriteSVG
)

// WriteSVG draws the shares of peak: products by size, then workloads on one core.
func (r *Report) WriteSVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Share of one core's FMA peak (%.0f GFLOP/s, %s)", r.FMAPeak, r.ISA)
	p.Y.Label.Text = "% of peak"
	p.Y.Min, p.Y.Max = 0, 100
	var values plotter.Values
	var names []string
	for _, x := range r.Products {
		values, names = append(values, 100*x.ShareOfPeak), append(names, fmt.Sprintf("%d³", x.Size))
	}
	for _, x := range r.Workloads {
		if x.Workers == 1 {
			values, names = append(values, 100*x.ShareOfPeak), append(names, x.Name)
		}
	}
	bars, err := plotter.NewBarChart(values, vg.Points(22))
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	bars.Color = color.RGBA{R: 0x2b, G: 0x6c, B: 0xb0, A: 0xff}
	bars.LineStyle.Width = 0
	half := plotter.NewFunction(func(float64) float64 { return 50 })
	half.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
	p.Add(plotter.NewGrid(), bars, half)
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.7, float64(len(names))-0.3 // room for the last label
	c, err := p.WriterTo(18*vg.Centimeter, 9*vg.Centimeter, "svg")
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	_, err = c.WriteTo(w)
	return err
}
