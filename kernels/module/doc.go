// Package module reads what the CUDA compiler makes, PTX and cubins, without a toolkit: the kernels in it with the size
// of their parameters, and whether its instructions keep the numeric contract (compute/CONTRACT.md): every float
// operation rounds once, to nearest even, in binary32.
//
// The formats are those of NVIDIA's "Parallel Thread Execution ISA" and, for cubins, ELF with NVIDIA's sections
// .text.NAME (code of a kernel) and .nv.info.NAME (its attributes).
//
// Only as much of PTX is understood as the lint needs: it reads text that the compiler wrote, and what it does not know
// it lets pass only where that is no arithmetic on floats. It does not look into a cubin's instructions.
package module

import "errors"

// ErrFormat is returned by ReadPTX and ReadCubin for what is neither.
var ErrFormat = errors.New("module: not a module")

// Entry is a kernel in a module.
type Entry struct {
	Name string
	// ParameterBytes is the size of the parameters, each at its alignment.
	ParameterBytes int
	// MaxThreads is the largest block the kernel was compiled for, 0 where it says nothing.
	MaxThreads int
}
