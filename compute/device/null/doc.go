// Package null is a device that trains nothing: every launch makes its steps in a set time. What is left is the host's own
// work, which tests and benchmarks measure without a card.
//
// A Device has queues. Its blocks run side by side, each individual of a launch on the first that is free, and a download
// returns when the launches before it in its queue would have ended. It counts for how long the device had nothing to do.
// Memory is none: what is uploaded is kept only where a kernel reads it, and downloads of all else leave the host's bytes as
// they are.
//
// Deliberately absent: results that mean anything, faults, timing of copies.
package null
