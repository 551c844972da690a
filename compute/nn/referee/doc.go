// Package referee settles which of two digests of one training is right.
//
// Two nodes that trained the same task and have different roots cannot both have kept the numeric contract DOIN-F32 v2
// (CONTRACT.md). The referee descends their digest trees to the first leaf that differs, goes to the state before it,
// which both agree on, and repeats the segment step by step with the naive kernels, the definition itself. Its own leaf
// then equals one of the two, or neither.
//
// The state that both agree on is computed here with the fast kernels and compared with the agreed leaf: a leaf holds
// hashes, and the state need not be asked for. Where it does not match, the run up to there is repeated with the naive
// kernels too, because both may be wrong together, or this machine.
//
// The digest of a domain's model covers the root and what the domain measured of the model. Where only these digests
// differ, the training is agreed on and its last segment is repeated with the naive kernels, for the domain to measure.
package referee
