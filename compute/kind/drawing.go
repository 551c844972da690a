package kind

import "doin.network/node/compute/nn"

// Drawing is a network for people to look at.
type Drawing struct {
	// Dot and SVG are its graph, in the language of Graphviz and as a picture.
	Dot, SVG string
	// Nodes is the number of nodes of the graph. MultiplyAdds are those of a sample; 0 for a kind, whose operations are Gorgonia's.
	Nodes, Parameters int
	MultiplyAdds      int64
}

// Draw draws the network of package nn that c says or, with a kind, that of the kind's genome, for which c has the sizes. An error says
// why the network has no graph.
type Draw func(c nn.Config, k Kind, v Values) (Drawing, error)
