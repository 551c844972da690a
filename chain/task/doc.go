// Package task is a node's work queue: optimae to verify and inferences to serve, which
// evaluators claim, work on and complete. The shapes are the Python reference's (HTTP API and
// task messages); three things are ours. A claim is a lease: when it lapses, Expire makes the task
// pending again, so that an evaluator which dies holds nothing up. The queue is bounded, and
// forgets the tasks finished longest ago first. And an id can be added only once.
//
//	pending ──Claim──▶ claimed ──Complete──▶ completed
//	   ▲                │  └─────Fail──────▶ failed
//	   └────Expire──────┘
//
// A Queue reads no clock: times are Unix microseconds that the caller passes. It belongs to one
// event loop and is not safe for concurrent use. Tasks that it returns are copies whose objects
// (parameters, evidence, result) are shared and must not be changed.
package task
