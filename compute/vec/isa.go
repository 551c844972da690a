package vec

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// ISA names an implementation of the kernels. All of them give the same bits.
type ISA string

// The implementations. Naive calls the functions that define the contract; Generic is portable Go; the others are
// assembly for amd64 (Haswell and Zen on; AVX-512 with F, BW, DQ and VL) and are absent under the build tag purego.
// There is none for arm64, where Generic is used: Go's assembler has no vector forms of most of its float32 instructions.
const (
	Naive   ISA = "naive"
	Generic ISA = "generic"
	AVX2    ISA = "avx2"
	AVX512  ISA = "avx512"
)

// ISAVariable is the environment variable that Select obeys.
const ISAVariable = "DOIN_ISA"

// ErrISA is returned for an implementation that does not exist or that this machine or build does not have.
var ErrISA = errors.New("vec: instruction set not available")

// supported lists what this machine and build have, slowest first. It is never written to.
var supported = append([]ISA{Naive, Generic}, detect()...)

// Supported returns the implementations that this machine and build have, slowest first.
func Supported() []ISA { return slices.Clone(supported) }

// Best returns the fastest of Supported.
func Best() ISA { return supported[len(supported)-1] }

// Select returns the implementation that the environment variable DOIN_ISA names, or Best where it is empty; ErrISA if
// it is not one of Supported.
func Select() (ISA, error) {
	isa := ISA(os.Getenv(ISAVariable))
	if isa == "" {
		return Best(), nil
	}
	if err := isa.check(); err != nil {
		return "", fmt.Errorf("%s: %w", ISAVariable, err)
	}
	return isa, nil
}

func (isa ISA) check() error {
	if slices.Contains(supported, isa) {
		return nil
	}
	names := make([]string, len(supported))
	for i, s := range supported {
		names[i] = string(s)
	}
	return fmt.Errorf("%w: %q; this machine has %s", ErrISA, string(isa), strings.Join(names, ", "))
}
