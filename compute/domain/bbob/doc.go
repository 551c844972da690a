// Package bbob is the 24 noiseless functions of the Black-Box Optimization Benchmark: Hansen, Finck, Ros and Auger,
// "Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions Definitions", INRIA RR-6829.
//
// A [Function] is one of them in a dimension and an instance, numbered as the COCO platform numbers them: an instance has its
// own optimum, rotations and best value. A [Domain] has it as a problem of the network: maximise best − f(x) over D reals in
// [−5, 5], so that 0 is the best there is.
//
// Values are DOIN-F64: + − × ÷ √, each product rounded, sums one chain, elementary functions of package f64, in one order. They
// are the same bits on every machine, and agree with the platform's, which uses a C library, within 10⁻⁹ of max(1, |f|).
//
// A search over genomes has coordinates of binary32, apart by up to 4.8·10⁻⁷: on the functions of high conditioning it ends
// above the 10⁻⁸ that benchmarks ask for. Recipes have binary64.
package bbob
