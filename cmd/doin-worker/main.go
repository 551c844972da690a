// Command doin-worker is the compute process of a node: it trains, verifies and
// searches for the doin-node that started it.
//
//	doin-worker [--workers N] [--device D] [--verification-share F] [--program-time D] [--program-memory-mb N]   serve the worker protocol on standard input and output
//	doin-worker [--device D] describe          print what this worker is, as JSON
//	doin-worker inspect FILE [--json]          say what a data file is, and which configuration suits it
//	doin-worker table FILE [--text COLUMN]…    print a data file as plain CSV: UTF-8, commas, decimal points
//	doin-worker model --config FILE [--svg]    print the graph of a network as dot or SVG
//	doin-worker keys [--json]                  print what optimization_config may have, by plugin, and the settings of the search
//	doin-worker digest --task FILE             train a task and print its digest on the last line
//	doin-worker referee --task FILE --a LEAVES --b LEAVES   say which of two digests of a task is right
//	doin-worker conformance [FLAGS] -- CMD…    test a program that speaks the protocol
//	doin-worker --version                      print the version
//
// It refuses to work if the numeric self-test fails. Interrupts are left to the
// parent, which closes standard input; SIGTERM ends it cleanly. A device that is
// lost ends it with an error and without an answer to what was under way.
//
// Built with the tag gpu it is doin-worker-gpu, which trains on a CUDA device. That
// program ends before main where there is no driver or no device.
package main

import "doin.network/node/cmd/doin-worker/command"

// version is set by the linker.
var version = "devel"

func main() { command.Program{Version: version}.Main() }
