// Package meta measures L3 on tables of finished trials: each task in turn is searched with what the others teach, beside random
// search, the genetic search as it was before L3, TPE and CMA-ES of goptuna, and Bayesian searches with a Gaussian process or a forest.
//
// A table is a CSV file of task, score (lower is better) and genes in [0, 1], empty where inactive. What a method asks for is looked up
// at the nearest line that the search has not seen. Regret is 0 at a task's best score and 1 at its median.
//
// Two runs give the same figures, whatever the number of processors, but for TPE, which goptuna does not repeat with its seed.
package meta
