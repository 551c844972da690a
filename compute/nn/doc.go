// Package nn trains one small network, exactly: level 1 of the search, defined bit for bit by the numeric contract
// DOIN-F32 v1 (CONTRACT.md in the parent folder).
//
// Train runs a whole training — initial weights, minibatches, forward and backward pass, AdamW, early stopping — and
// returns the best weights together with the digest of the run: a Merkle root over its states, which another node
// reproduces from the same recipe and seed on any machine. SelfTest checks the machine itself.
//
// The model is a multilayer perceptron with one activation in all hidden layers and a linear output. The code is the
// reference: single-threaded, pure Go, written for reading; a faster engine is compared with it.
//
// Deliberately absent: other layers and optimizers, dropout, resuming a run, threads.
package nn
