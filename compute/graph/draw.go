package graph

import (
	"fmt"
	"html"
	"strings"

	"gorgonia.org/gorgonia"
)

// drawn is a node of a drawing. It lies level rows from the top, right above the highest of what is computed of it, so that a layer's
// learnables stand beside the layer.
type drawn struct {
	label         string
	learnable     bool
	level, column int
	from          []int
}

// drawing returns the nodes that the loss of m depends on, each behind its arguments; sizes are left out.
func (m *Network) drawing() []drawn {
	l := &lowering{graph: m.Graph}
	learnables := map[*gorgonia.Node]bool{}
	for _, p := range m.Parameters {
		learnables[p] = true
	}
	var nodes []drawn
	index := map[*gorgonia.Node]int{}
	var visit func(n *gorgonia.Node) int
	visit = func(n *gorgonia.Node) int {
		if i, ok := index[n]; ok {
			return i
		}
		d := drawn{label: fmt.Sprintf("%.40s %v", n.Name(), n.Shape()), learnable: learnables[n]}
		if n.Op() != nil {
			d.label = strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.40s", fmt.Sprint(n.Op())), " false"), " true")
			if len(n.Shape()) > 0 {
				d.label += fmt.Sprint(" ", n.Shape())
			}
		}
		for _, a := range l.arguments(n) {
			if a.Op() != nil && strings.HasPrefix(fmt.Sprint(a.Op()), "SizeOf") {
				continue
			}
			i := visit(a)
			d.from = append(d.from, i)
			d.level = max(d.level, nodes[i].level+1)
		}
		nodes = append(nodes, d)
		index[n] = len(nodes) - 1
		return index[n]
	}
	end := m.Loss
	if end == nil {
		end = m.Output
	}
	visit(end)
	place(nodes)
	return nodes
}

// place moves every node as far down as what is computed of it lets it, and gives those of a level their columns.
func place(nodes []drawn) {
	for i := range nodes[:len(nodes)-1] {
		nodes[i].level = nodes[len(nodes)-1].level
	}
	columns := map[int]int{}
	for i := len(nodes) - 1; i >= 0; i-- { // what is computed of a node stands behind it
		n := &nodes[i]
		for _, from := range n.from {
			nodes[from].level = min(nodes[from].level, n.level-1)
		}
		n.column = columns[n.level]
		columns[n.level]++
	}
}

// Size is the number of nodes that Dot and SVG show.
func (m *Network) Size() int { return len(m.drawing()) }

// Dot returns the graph in the language of Graphviz: operations and inputs with their shapes, learnables as boxes.
func (m *Network) Dot() string {
	var b strings.Builder
	b.WriteString("digraph model {\n")
	for i, n := range m.drawing() {
		shape := "ellipse"
		if n.learnable {
			shape = "box"
		}
		fmt.Fprintf(&b, "\tn%d [label=%q shape=%s];\n", i, n.label, shape)
		for _, from := range n.from {
			fmt.Fprintf(&b, "\tn%d -> n%d;\n", from, i)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// The measures of an SVG, in pixels.
const (
	boxWidth, boxHeight = 190, 26
	stepX, stepY        = 210, 56
	margin              = 20
)

// SVG returns the graph as a picture, with a caption: the inputs on top, every node below its arguments, learnables shaded.
func (m *Network) SVG(caption string) string {
	nodes := m.drawing()
	level, column := 0, 0
	for _, n := range nodes {
		level, column = max(level, n.level), max(column, n.column)
	}
	width, height := 2*margin+column*stepX+boxWidth, 3*margin+level*stepY+boxHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", margin, margin, html.EscapeString(caption))
	at := func(n drawn) (x, y int) { return margin + n.column*stepX, 2*margin + n.level*stepY }
	for _, n := range nodes {
		x, y := at(n)
		for _, from := range n.from {
			u, v := at(nodes[from])
			u, v, end := u+boxWidth/2, v+boxHeight, x+boxWidth/2
			if n.level-nodes[from].level == 1 {
				fmt.Fprintf(&b, `<path d="M%d %dL%d %d" fill="none" stroke="#888"/>`+"\n", u, v, end, y)
			} else { // around the boxes between them
				fmt.Fprintf(&b, `<path d="M%d %dC%d %d %d %d %d %d" fill="none" stroke="#888"/>`+"\n", u, v, u+boxWidth, v+stepY, end+boxWidth, y-stepY, end, y)
			}
		}
	}
	for _, n := range nodes {
		x, y := at(n)
		fill := "#fff"
		if n.learnable {
			fill = "#cde"
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="%s" stroke="#333"/>`+"\n", x, y, boxWidth, boxHeight, fill)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x+boxWidth/2, y+17, html.EscapeString(n.label))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
