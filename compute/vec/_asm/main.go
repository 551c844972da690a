// Command _asm writes the amd64 assembly of package vec and its Go declarations: go generate in the folder above runs
// it. Every kernel is written once over a small vector layer (simd.go) and emitted for AVX2 and for AVX-512.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, v := range []simd{{8}, {16}} {
		gemm(v)
		strips(v)
		laneProducts(v)
		gather(v)
		optimizers(v)
		activations(v)
		reductions(v)
		arithmetic(v)
		philox(v)
		peak(v)
	}
	cpuid()
	Generate()
}
