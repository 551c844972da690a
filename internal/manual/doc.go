// Package manual holds no code: its test checks that what the documents name exists. A test or a fuzz target that a document
// cites is in the package that stands before it, a make target is in the Makefile, a path is in the repository.
//
// The tables of README.md are compared with the code by the packages that own what they list: net/api the endpoints,
// cmd/doin-node/config the keys and flags.
package manual
