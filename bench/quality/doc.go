// Package quality measures what a search is worth on data that it has not seen: the test error of the confirmed champion on
// series and tables with known answers, beside our own baselines, the methods of a file of anchors and, where they are
// installed, R and Python themselves.
//
// A directory holds sets.json (what each set is), anchors.csv (set, metric, method, value, seconds) and the files they name.
// A set and a horizon are one comparison; a table has one. What is given to the worker is the set's file and nothing that
// follows from its test part; a table's rows for testing lie in a file of their own.
//
// The way to a champion is the node's: a worker process searches; of each generation an island.Nominator picks what promises
// to beat the best that is known; the pick is trained as a claim, with seeds of its own, and becomes the champion if it beats
// the base by the rule of the chain (consensus.DomainRules.Wins). The first base is the domain's
// baseline. Everything but a budget in seconds makes a run a function of its seed.
//
// Ratios are (ours + 0.05·c) ÷ (theirs + 0.05·c) with c the error of a constant: on a set that everybody solves a plain
// ratio would say nothing and decide everything. Summaries are geometric means of them.
package quality
