// Package tape trains graphs by Gorgonia's tape machine: [Kind] makes a kind.Kind of a graph.Model. It computes in float64 and keeps no
// numeric contract: two machines find weights that differ in the last bits, and what is derived from them is agreed within a share.
//
// A training is that of package nn in all that is not arithmetic: the same order of the samples, initial values, schedule, validation
// and end, from the same key. Batches, initial values and dropped units are drawn from package rng; Gorgonia's own initializers and its
// dropout, which draw from the clock, are not used. AdamW is this package's, because Gorgonia's solver knows no schedule.
//
// A training holds two machines, one for a batch and one for validation, and closes both. Its memory is bounded before it begins
// (kind.MaxElements), and ctx is looked at between steps. Several trainings may run at a time; products of large matrices use several
// processors, in an order of sums that does not depend on them.
package tape
