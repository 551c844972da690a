// Package cma is L2 for real spaces: active CMA-ES with restarts, as an asynchronous ask/tell strategy.
//
// A [Search] minimises a function over the unit cube. A [Strategy] joins it to genomes: it maximises the fitness that package ga's
// interface tells of, over the unit scales of a space's genes. Both follow ga's rule: trial i is drawn from exactly the results of
// the trials up to i − window, told in the order of Ask, every draw keyed by seed and trial. State is the whole search as plain
// data, and Resume goes on as if it had never stopped. The arithmetic is binary64 with products rounded and elementary functions of
// package f64, so that a search is a function of seed and results on every machine.
//
// Sources: the strategy and its constants are those of Hansen, "The CMA Evolution Strategy: A Tutorial" (arXiv:1604.00772), with
// the negative weights of Jastrebski and Arnold, "Improving evolution strategies through active covariance matrix adaptation"
// (CEC 2006); restarts as in Hansen, "Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed" (GECCO 2009), and the
// box by its adaptive penalty; what comes from elsewhere, or was drawn before the last update, enters with a clipped step (Hansen,
// "Injecting external solutions into CMA-ES", arXiv:1110.4181). First each coordinate is searched alone by STEP (Swarzberg, Seront
// and Bersini, "S.T.E.P.: the easiest way to optimize a function", ICEC 1994), for as long as the function looks separable.
//
// Deliberately absent: surrogates, noise handling, and several objectives.
package cma
