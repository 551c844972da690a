// Package ga is L2: a genetic search over genomes, as an ask/tell strategy.
//
// A [GA] holds one population. Ask gives the individuals that need training, each
// with the seed it is trained with; Tell takes the results; Immigrants joins
// genomes from other islands between generations; Advance breeds the next
// generation. State is the whole search as plain data, and Resume continues from
// it exactly as if it had never stopped.
//
//	search, err := ga.New(space, ga.DefaultConfig(), seed)
//	for range generations {
//		candidates := search.Ask()
//		err = search.Tell(train(candidates)) // in any order, on any number of machines
//		search.Immigrants(arrived)
//		search.Advance()
//	}
//
// A search is a function of its space, configuration, seed, results and
// immigrants: every draw comes from rng, keyed by seed and individual, with the
// operation as purpose and the generation as step. It reads no clock, starts no
// goroutine and does no I/O.
//
// The scheme is the generational one of Goldberg, "Genetic Algorithms in Search,
// Optimization and Machine Learning" (1989), with elites that keep the fitness they
// have (they are not trained again), no genome twice in a generation where it can
// be avoided, and, after patience generations without a better individual, a
// restart of everybody but the elites. The shape of the interface follows evosax.
//
// Deliberately absent: islands, topologies and migration policies (package island), several
// objectives, and any knowledge of what a genome means.
package ga
