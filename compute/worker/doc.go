// Package worker is the protocol between a node and the process that computes
// for it, both ends, and the supervision of that process.
//
// The node's end is [Supervisor]: it starts the worker, keeps it alive, enforces
// the limits of a job on it and offers Configure, Evaluate, Optimize, Infer,
// Generate and Telemetry. The worker's end is [Serve]: it runs domains (package
// compute/domain) and a search that its caller supplies ([NewSearch]), on a
// fixed number of trainings at a time, evaluations before searches.
//
// Frames on standard input and output carry a JSON header and a table;
// PROTOCOL.md beside this file defines every byte. Any program that speaks the
// protocol is a plugin; package conformance tests one.
//
// A worker has no key, no network and no chain: what it is given is a recipe, and
// what it answers is checked by equality with what other nodes computed. This
// package therefore trusts neither side's bytes: each decoder is bounded and
// returns errors.
package worker
