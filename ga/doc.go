// Package ga is L2: a genetic search over genomes, as an asynchronous ask/tell strategy.
//
// A [GA] breeds trials. Ask gives the next one, with the seed it is trained with; Tell takes the results one at a time, in the
// order of Ask, while later trials are still under way. Trial i is bred from exactly the results of the trials up to
// i − window, so that a search is a function of its space, configuration, window, seed, results and immigrants, whatever the
// number of machines and however unequal their speed: every draw comes from rng, keyed by seed and place, with the operation
// as purpose and the generation as step. It reads no clock, starts no goroutine and does no I/O.
//
// A generation is as many told trials as the population has individuals. After its last one, State is the whole search as
// plain data, trials under way included, and Resume continues from it exactly as if it had never stopped; then Immigrants
// joins genomes from other islands, and Advance goes on.
//
//	search, err := ga.New(space, ga.DefaultConfig(), window, seed)
//	for range generations {
//		for !search.Complete() {
//			for c, ok := search.Ask(); ok; c, ok = search.Ask() {
//				start(c) // at most window are under way
//			}
//			err = search.Tell(next()) // of the oldest trial under way
//		}
//		search.Immigrants(arrived)
//		search.Advance()
//	}
//
// The scheme is the ageing evolution of Real, Aggarwal, Huang and Le, "Regularized Evolution for Image Classifier Architecture
// Search" (AAAI 2019): the population is the last trials told, a new one takes the place of the oldest. Here the best few,
// the elites, do not age (Goldberg, "Genetic Algorithms in Search, Optimization and Machine Learning", 1989); children have one
// or two parents; no genome is under way or in the population twice where that can be avoided; and, after patience
// generations without a better individual, all but the elites are drawn anew. The shape of the interface follows evosax.
//
// Where the seed has an influence ([WithNoise]), a search that selects by scores selects luck. It then races: a new genome is
// trained with one seed. The population's quartiles and the trainings of those trained again tell how much of a score is luck,
// and by that each mean is shrunk towards the middle (Efron and Morris 1975): what is expected. Elites, and who would be one if
// it were better than expected by half its error, are trained again, one seed at a time, at every second place of a generation
// at most, until the variance of the error is 1/16 of that between individuals, or RacingSeeds are spent. Selection, elites and
// Best go by what is expected. Patience counts generations in which that does not rise by more than its error; when it runs out, the
// search is on a plateau and says so. Measured by TestRacing.
//
// Deliberately absent: islands, topologies and migration policies (packages island and archipelago), several
// objectives, and any knowledge of what a genome means.
package ga
