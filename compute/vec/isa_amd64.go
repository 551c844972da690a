//go:build amd64 && !purego

package vec

// Bits of cpuid and XCR0.
const (
	leaf1FMA     = 1 << 12
	leaf1OSXSAVE = 1 << 27
	leaf1AVX     = 1 << 28
	leaf7AVX2    = 1 << 5
	leaf7BMI2    = 1 << 8
	leaf7AVX512  = 1<<16 | 1<<17 | 1<<30 | 1<<31 // F, DQ, BW, VL
	xcr0YMM      = 1<<1 | 1<<2
	xcr0ZMM      = xcr0YMM | 1<<5 | 1<<6 | 1<<7
)

// detect returns the assembly implementations that both the processor and the operating system support.
func detect() []ISA {
	highest, _, _, _ := cpuid(0, 0)
	if highest < 7 {
		return nil
	}
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	const need1, need7 = leaf1FMA | leaf1OSXSAVE | leaf1AVX, leaf7AVX2 | leaf7BMI2
	if c&need1 != need1 || b&need7 != need7 {
		return nil
	}
	saved := xgetbv()
	if saved&xcr0YMM != xcr0YMM {
		return nil
	}
	if b&leaf7AVX512 != leaf7AVX512 || saved&xcr0ZMM != xcr0ZMM {
		return []ISA{AVX2}
	}
	return []ISA{AVX2, AVX512}
}
