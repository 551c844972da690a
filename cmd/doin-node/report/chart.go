package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Style is how a series is drawn.
type Style int

// The styles.
const (
	Line   Style = iota
	Steps        // a value lasts until the next one
	Points       //
	Bars         // from zero
)

// Series is one thing that a chart shows. Points with a coordinate that is not finite are left out.
type Series struct {
	Name  string
	X, Y  []float64
	Style Style
	// Dashed lines stand behind the others.
	Dashed bool
}

// len is the number of points: of coordinates without the other one there are none.
func (s *Series) len() int { return min(len(s.X), len(s.Y)) }

// Chart is a plot. Bounds are those of the data, and zero where there are bars.
type Chart struct {
	Name, Title string
	XLabel      string
	YLabel      string
	Series      []Series
	// Ticks names places of the x axis: labels for numbers 0, 1, …; nil: the numbers themselves.
	Ticks []string
}

// The size of a chart and its margins, in pixels.
const (
	width, height            = 860, 360
	left, right, top, bottom = 74, 16, 52, 46
)

// colours are those of the series, in their order: the palette of Okabe and Ito (2008), which the colour-blind can tell apart.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"}

// SVG draws the chart. It is empty where there is nothing to be drawn.
func (c *Chart) SVG() string {
	x, y, ok := c.bounds()
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" font-family="sans-serif" font-size="12">`,
		width, height, html.EscapeString(c.Title))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`, width, height)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14" font-weight="bold">%s</text>`, left, html.EscapeString(c.Title))
	c.axes(&b, x, y)
	for _, dashed := range []bool{true, false} {
		for i := range c.Series {
			if s := &c.Series[i]; s.Dashed == dashed {
				s.draw(&b, colours[i%len(colours)], x, y)
			}
		}
	}
	c.legend(&b)
	b.WriteString("</svg>")
	return b.String()
}

// scale maps numbers to pixels.
type scale struct {
	low, high float64
	from, to  float64 // pixels
}

func (s scale) at(v float64) float64 { return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from) }

// bounds returns the scales; false without a point.
func (c *Chart) bounds() (x, y scale, ok bool) {
	x = scale{math.Inf(1), math.Inf(-1), left, width - right}
	y = scale{math.Inf(1), math.Inf(-1), height - bottom, top}
	for i := range c.Series {
		s := &c.Series[i]
		for j := range s.len() {
			if !finite(s.X[j]) || !finite(s.Y[j]) {
				continue
			}
			ok = true
			x.low, x.high = min(x.low, s.X[j]), max(x.high, s.X[j])
			y.low, y.high = min(y.low, s.Y[j]), max(y.high, s.Y[j])
			if s.Style == Bars {
				y.low, y.high = min(y.low, 0), max(y.high, 0)
				x.low, x.high = min(x.low, s.X[j]-0.6), max(x.high, s.X[j]+0.6)
			}
		}
	}
	return x.widened(0.01), y.widened(0.05), ok
}

// widened leaves room at both ends, and around a single number.
func (s scale) widened(share float64) scale {
	room := (s.high - s.low) * share
	if !(room > 0) {
		room = max(math.Abs(s.high)*share, 0.5)
	}
	s.low, s.high = s.low-room, s.high+room
	return s
}

func finite(v float64) bool { return v-v == 0 }

// ticks returns round numbers between the ends, at most n of them.
func (s scale) ticks(n int) (out []float64) {
	span := s.high - s.low
	step := math.Pow(10, math.Floor(math.Log10(span/float64(n))))
	for _, f := range []float64{1, 2, 5, 10} {
		if span/(step*f) <= float64(n) {
			step *= f
			break
		}
	}
	const slack = 1e-9 // of a step: where the ends are ticks themselves
	for i := math.Ceil(s.low/step - slack); i*step <= s.high+slack*step; i++ {
		out = append(out, i*step+0) // no −0
	}
	return out
}

func (c *Chart) axes(b *strings.Builder, x, y scale) {
	for _, v := range y.ticks(5) {
		at := y.at(v)
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#e4e4e4"/>`, left, width-right, at, at)
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end" fill="#444444">%s</text>`, left-6, at+4, short(v))
	}
	for _, v := range x.ticks(8) {
		label := short(v)
		if c.Ticks != nil {
			if v != math.Trunc(v) || v < 0 || int(v) >= len(c.Ticks) {
				continue
			}
			label = html.EscapeString(c.Ticks[int(v)])
		}
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#888888"/>`, x.at(v), x.at(v), height-bottom, height-bottom+4)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#444444">%s</text>`, x.at(v), height-bottom+17, label)
	}
	fmt.Fprintf(b, `<path d="M%d %dV%dH%d" fill="none" stroke="#888888"/>`, left, top, height-bottom, width-right)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="#444444">%s</text>`, (left+width-right)/2, height-10, html.EscapeString(c.XLabel))
	fmt.Fprintf(b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle" fill="#444444">%s</text>`, (top+height-bottom)/2,
		html.EscapeString(c.YLabel))
}

// short is a number of a tick.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

func (s *Series) draw(b *strings.Builder, colour string, x, y scale) {
	var path strings.Builder
	pen := false
	for j := range s.len() {
		if !finite(s.X[j]) || !finite(s.Y[j]) {
			pen = false
			continue
		}
		px, py := x.at(s.X[j]), y.at(s.Y[j])
		switch {
		case s.Style == Points:
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2.4" fill="%s" fill-opacity="0.7"/>`, px, py, colour)
		case s.Style == Bars:
			zero, half := y.at(0), (x.at(1)-x.at(0))*0.4
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.8"/>`, px-half, min(py, zero), 2*half,
				math.Abs(py-zero), colour)
		case !pen:
			fmt.Fprintf(&path, "M%.1f %.1f", px, py)
			pen = true
		case s.Style == Steps:
			fmt.Fprintf(&path, "H%.1fV%.1f", px, py)
		default:
			fmt.Fprintf(&path, "L%.1f %.1f", px, py)
		}
	}
	if path.Len() > 0 {
		dash := ""
		if s.Dashed {
			dash = ` stroke-dasharray="5 4"`
		}
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.6"%s/>`, path.String(), colour, dash)
	}
}

// legend names the series, if there are several.
func (c *Chart) legend(b *strings.Builder) {
	if len(c.Series) < 2 {
		return
	}
	const letter = 7 // pixels, about
	at := float64(left)
	for i := range c.Series {
		name := c.Series[i].Name
		fmt.Fprintf(b, `<rect x="%.1f" y="31" width="10" height="10" fill="%s"/>`, at, colours[i%len(colours)])
		fmt.Fprintf(b, `<text x="%.1f" y="40" fill="#222222">%s</text>`, at+14, html.EscapeString(name))
		at += letter*float64(len([]rune(name))) + 32
	}
}
