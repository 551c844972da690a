// Package draft makes a node's configuration for a data file.
//
// [Write] asks the worker what the file is ("doin-worker inspect FILE --json"), puts the configuration that the worker suggests
// into one of a node, with comments, and says the next command. A file is read by the worker alone: a node knows none.
package draft
