package gpu

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"

	"doin.network/node/bench/report"
	"doin.network/node/bench/workload"
)

// The plot's size and margins, in pixels. It is drawn by hand: the library that the other benchmarks draw with brings 8 MB of
// fonts, which the bundle has no room for.
const (
	plotWidth, plotHeight                    = 760.0, 470.0
	plotLeft, plotRight, plotTop, plotBottom = 70.0, 200.0, 40.0, 50.0
	plotInnerWidth, plotInnerHeight          = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
	plotText, plotGrid                       = "#2d3748", "#e2e8f0"
)

// lineColors are the engine's and the peers', in the order in which they come.
var lineColors = []string{"#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#718096", "#975a16", "#00838f"}

// curve is somebody's figures of one workload.
type curve struct {
	name   string
	dashed bool
	points [][2]float64 // population, models per second
}

// curves are S2 of fixed steps, and dashed the population of a genetic search, by everybody who trained them.
func (r *Report) curves() []curve {
	var list []curve
	for _, x := range slices.Concat(r.Workloads, r.Peers) {
		if x.Variant != workload.GA && (x.Variant != workload.Fixed || x.Name != workload.S2) || !(x.ModelsPerSecond > 0) {
			continue
		}
		name, dashed := or(x.Peer, "DOIN"), x.Variant == workload.GA
		n := slices.IndexFunc(list, func(c curve) bool { return c.name == name && c.dashed == dashed })
		if n < 0 {
			n = len(list)
			list = append(list, curve{name: name, dashed: dashed})
		}
		list[n].points = append(list[n].points, [2]float64{float64(x.Population), x.ModelsPerSecond})
	}
	for _, c := range list {
		slices.SortFunc(c.points, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	}
	return list
}

// scale is a logarithmic axis from one power of its base to another.
type scale struct{ base, low, high float64 }

func newScale(base float64, values []float64) scale {
	if len(values) == 0 {
		return scale{base, 0, 1}
	}
	power := func(v float64) float64 { return math.Log(v) / math.Log(base) }
	s := scale{base, math.Floor(power(slices.Min(values))), math.Ceil(power(slices.Max(values)))}
	if s.low == s.high {
		s.high++
	}
	return s
}

// at is where a value lies, from 0 to 1.
func (s scale) at(v float64) float64 {
	return (math.Log(v)/math.Log(s.base) - s.low) / (s.high - s.low)
}

// WriteSVG draws models per second over the population, both axes logarithmic: see curves.
func (r *Report) WriteSVG(w io.Writer) error {
	p := &report.Printer{W: w}
	curves := r.curves()
	var xs, ys []float64
	for _, c := range curves {
		for _, v := range c.points {
			xs, ys = append(xs, v[0]), append(ys, v[1])
		}
	}
	x, y := newScale(4, xs), newScale(10, ys)
	px := func(v float64) float64 { return plotLeft + plotInnerWidth*x.at(v) }
	py := func(v float64) float64 { return plotTop + plotInnerHeight*(1-y.at(v)) }
	p.Printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" fill=\"%s\">\n", plotWidth, plotHeight, plotText)
	p.Printf("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n")
	p.Printf("<text x=\"%g\" y=\"22\" font-size=\"15\">Models per second on %s (S2: solid; ga: dashed)</text>\n", plotLeft, html.EscapeString(r.Device))
	for e := x.low; e <= x.high; e++ {
		v := math.Pow(x.base, e)
		p.Printf("<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>\n",
			px(v), plotTop, plotTop+plotInnerHeight, plotGrid, px(v), plotTop+plotInnerHeight+18, v)
	}
	for e := y.low; e <= y.high; e++ {
		v := math.Pow(y.base, e)
		p.Printf("<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			plotLeft, py(v), plotLeft+plotInnerWidth, plotGrid, plotLeft-8, py(v)+4, v)
	}
	p.Printf("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">population</text>\n", plotLeft+plotInnerWidth/2, plotHeight-10)
	p.Printf("<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\">models/s</text>\n", plotTop+plotInnerHeight/2)
	var names []string
	for _, c := range curves {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
		color := lineColors[slices.Index(names, c.name)%len(lineColors)]
		var line, dots strings.Builder
		for _, v := range c.points {
			fmt.Fprintf(&line, "%.1f,%.1f ", px(v[0]), py(v[1]))
			fmt.Fprintf(&dots, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>", px(v[0]), py(v[1]), color)
		}
		dashes := ""
		if c.dashed {
			dashes = " stroke-dasharray=\"6 4\""
		}
		p.Printf("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>%s\n", strings.TrimSpace(line.String()), color, dashes, dots.String())
	}
	for i, name := range names {
		at := plotTop + 14 + 18*float64(i)
		p.Printf("<path d=\"M%.1f %.1fh18\" stroke=\"%s\" stroke-width=\"3\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>\n",
			plotWidth-plotRight+14, at-4, lineColors[i%len(lineColors)], plotWidth-plotRight+38, at, html.EscapeString(name))
	}
	p.Printf("</svg>\n")
	return p.Err
}
