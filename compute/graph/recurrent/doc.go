// Package recurrent has the models that the engine has no layers for, as graphs: GRU, LSTM and Attention over the steps of a sequence.
// They are trained by package tape, in float64, and agree from machine to machine to within a share.
//
// A sample is a sequence: [steps][channels], oldest first; what is none is a sequence of one step.
//
// Deliberately absent: bidirectional layers, which a forecast has no use for, and attention of every step to every other, whose cost
// grows with the square of their number.
package recurrent

import "doin.network/node/compute/graph"

// Models returns all of them.
func Models() []graph.Model { return []graph.Model{GRU{}, LSTM{}, Attention{}} }
