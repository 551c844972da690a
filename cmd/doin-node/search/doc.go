// Package search is the node's side of L2: one [Search] a domain, which breeds in the worker and claims what promises
// enough. It never waits for the chain. Everything it needs of the node is an interface of a few methods, so it runs
// without one; what the chain machine says comes by methods that do not block.
//
//	        worker                     Search                          chain machine
//	┌──────────────────────┐  record  ┌───────────────────────────┐ Propose ┌──────────┐
//	│ L2: ga, hill climber │ ───────► │ nominate (ga/island)      │ ──────► │          │
//	│                      │ ◄─────── │ row, statistics           │ ◄────── │          │
//	└──────────────────────┘ credit   │ gate: who comes in        │ Claim   └──────────┘
//	                         migrants │ state on disk             │ Migrant, Decided, Champion
//	                                  └───────────────────────────┘
//
// For each record of the worker: the claims' steps that have arrived are noted, at most one genome is nominated and
// proposed, the migrants before the gate are let in with the answer, and a row is written. With a pause or a seed configured
// the row comes first, and the answer waits for the pause, and for nothing else but what a seed makes it wait for.
//
// # With a seed
//
// A run is a function of its seed. The result of a confirming run that was asked for in generation g is looked at when
// generation g + 4 is about to be bred, and the answer that lets it be bred waits for the result; nonces are a function of
// seed, node, domain, generation and place, so that a confirming run which was killed is repeated with the same bits.
//
// # On disk
//
// A file holds the last record and what the search knows beside it. It is replaced every few seconds and at the end; a
// start goes on from it, after a kill too. A file of other settings or other data, and one that is damaged, is moved aside.
//
// Deliberately absent: what a claim needs to be accepted (chain), who trains (compute/worker), how genomes are bred (ga).
package search
