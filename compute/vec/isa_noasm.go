//go:build !amd64 || purego

package vec

// detect returns the assembly implementations: there are none in this build.
func detect() []ISA { return nil }

// assembled returns the table of an assembly implementation.
func assembled(ISA) *Kernels { return nil }

// peakFMA makes n rounds of the peak loop of an assembly implementation and returns their floating-point operations.
func peakFMA(ISA, int) int { return 0 }

// sumBlocks adds blocks of 32 elements by assembly.
func sumBlocks(ISA, bool, *[lanes]float32, []float32) { panic("vec: no assembly in this build") }

// philoxGroups writes as many of the words as make whole groups of blocks by assembly and returns their number.
func philoxGroups(ISA, []uint32, [2]uint32, uint32, uint32, uint32) int { return 0 }

func gatherRows(ISA, []float32, []float32, []uint32, int) {}

func images(ISA, []uint32, *[8]uint32, uint32, uint32, uint32) {}
