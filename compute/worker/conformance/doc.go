// Package conformance tests whether a program speaks the worker protocol: any
// program, through its standard input and output alone.
//
// [Run] works through the rules of PROTOCOL.md one by one on fresh processes and
// reports each that is broken. doin-worker offers it as
//
//	doin-worker conformance --config FILE -- PROGRAM ARGS…
package conformance
