// Package vec is the float32 arithmetic of the numeric contract DOIN-F32 v2: a fused multiply-add that rounds
// once, the elementary functions, the ordered sums and products, the activations and the optimizer step.
//
// Every function here is a definition. The sequence of operations in its body is what another implementation
// (assembly, a GPU kernel) has to reproduce bit for bit, for every input including NaN, ±Inf, subnormals and −0;
// CONTRACT.md in the parent folder states the same in prose. Only + − × ÷ √, fma, comparison with selection,
// integer operations, exact conversions and bit casts are used, each rounding once to the nearest even float32.
// A product that feeds a sum is written float32(a*b): the conversion forbids the compiler to fuse the two, which
// it otherwise does on arm64 and under GOAMD64=v3. That includes a product that is returned: once the function is
// inlined, nothing else stands between it and the caller's sum.
//
// The functions are not tuned beyond keeping the inner loop of the products free of calls: they are what is read, and what
// others are compared with. [Kernels] are those others: the same operations as tables of implementations (naive: the
// functions here; generic: faster Go; avx2 and avx512: assembly made by _asm), chosen by [For] and [Select]. Which one
// runs never shows in a bit. Tag purego leaves the assembly out.
//
// Two NaNs are the same value to the contract, whatever their bits; digests write 7fc00000.
//
// Sources: IEEE 754-2019; T. J. Dekker, "A floating-point technique for extending the available precision",
// Numer. Math. 18 (1971) and S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved
// algorithms using rounding to odd", IEEE Trans. Computers 57 (2008) for the fused multiply-add; W. J. Cody,
// W. Waite, "Software Manual for the Elementary Functions" (1980) for argument reduction; I. Loshchilov,
// F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 for AdamW.
package vec
