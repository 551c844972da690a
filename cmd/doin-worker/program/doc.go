// Package program makes a domain of a program that only evaluates: it declares a space and answers the verb evaluate of the
// worker protocol (capability evaluate_only), and doin-worker's own search does the rest.
//
// [Programs] starts each program named by a plugin "exec:PROGRAM ARGS…" once, under a worker.Supervisor, and configures a
// domain in it for each that is asked for. A recipe is the program's: an object of the genes of its space.
//
// Deliberately absent: synthetic data, which such a program has none of, and a program that searches by itself, which a
// node runs without doin-worker between.
package program
