// Package join brings a machine into a network that somebody else has made, and what it needs for that on its disk: key,
// genesis file, data files, configuration.
//
// [Init] makes a data directory. [Join] is the command: it asks a host what network it is of, shows it, asks whether to go on, and
// returns a configuration to be run. [Adopt] is the same road without a question, for a node whose configuration names bootstrap
// peers and no genesis file. [Found] is the other end: it makes the genesis file, by what the domains' programs find in the data, and
// waits for the evaluators that are to stand in it.
//
// What a stranger's genesis file can make this machine do has bounds: it never names a program to be started, nor a file of this
// machine's to be read. A domain of a program of one's own has a role here only where the configuration gives it one.
package join
