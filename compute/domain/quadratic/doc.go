// Package quadratic is the reference's test domain, simple_quadratic: maximise −Σ(xᵢ − tᵢ)² over n parameters.
//
// It exists to check a network end to end with an answer known beforehand, and it is compatible with the Python
// reference bit for bit: its recipes are the reference's parameters {"x": […]}, its sums are numpy's, its hill climber
// ([Domain.Step]) draws from CPython's and numpy's generators (package pyrand), and its synthetic data and their hash
// ([HashSynthetic]) are the reference's. It is binary64 by definition; the digest of a result is the SHA-256 of the
// eight little-endian bytes of the performance.
//
// A network needs one target for all: configure "target". Without one it is drawn as the reference draws it, from
// "seed", or from seed 0 where there is none either (the reference draws an unrelated one in each process, so that its
// nodes optimize and verify different problems). Synthetic data are made around the target in force.
package quadratic
