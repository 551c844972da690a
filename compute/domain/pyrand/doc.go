// Package pyrand reproduces the random number generators of CPython and numpy bit for bit.
//
// The quadratic domain of the Python reference draws from three of them, so a trajectory or a set of synthetic data is
// the reference's only if these are:
//
//   - [Random], CPython's random.Random: MT19937 seeded by an array of words, 53-bit doubles, Box–Muller normals;
//   - [Legacy], numpy's global generator after np.random.seed: MT19937 seeded by one word;
//   - [Generator], numpy.random.default_rng: SeedSequence, PCG64 (XSL-RR 128/64) and the 256-layer ziggurat.
//
// Sources: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998); M. E. O'Neill, "PCG: A Family of
// Simple Fast Space-Efficient Statistically Good Algorithms for Random Number Generation", HMC-CS-2014-0905 (2014);
// G. Marsaglia and W. W. Tsang, "The Ziggurat Method for Generating Random Variables", J. Stat. Softw. 5 (2000).
//
// Integers and uniform doubles are exact on every machine. Normals that pass through sine, cosine, logarithm or
// exponential depend on the math library: there Go and C may differ in the last bits (relative error below 1e-12).
// Nothing that peers compare bit for bit uses those normals except synthetic data, whose ziggurat leaves them in 1.5 %
// of the draws only. Every product that feeds a sum is converted explicitly, so that no compiler fuses the two.
//
// Nothing here is for cryptography. No type is safe for concurrent use.
package pyrand
