// Package f64 is DOIN-F64: what the host computes in binary64 as data, to the bit. Scalings, transforms and closed-form
// models are made with it, so that every machine makes the same.
//
// It has the sums ([Sum], [Dot]), least squares ([Gram], [Cholesky], [Solve]), the elementary functions ([Exp], [Log],
// [Sin], [Cos], [Pow]) and what is made of them ([BoxCox]). The operations are + − × ÷ √ of IEEE 754 binary64, round to
// nearest even, subnormals kept; a product that a sum takes is written float64(a*b), since Go fuses the two on arm64 and
// under GOAMD64=v3 where the conversion is missing. Functions of package math differ between processors and are not used;
// math.Sqrt, math.Abs and the casts of bits are exact.
//
// The definition is section DOIN-F64 of compute/CONTRACT.md; the code here is its reference and its only implementation.
// Functions are pure, allocate only what they return, and are defined for every input, NaN and infinities included.
//
// Absent: fused operations, parallel or vector sums, correctly rounded functions. One sequence is needed, not the best.
package f64
