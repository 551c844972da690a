package block

import (
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/kernels"
)

// ErrSelfTest is returned, wrapped with the function at fault, by SelfTest.
var ErrSelfTest = errors.New("block: the device does not compute DOIN-F32")

// probe is one operation or function that probe_f32 computes, with its definition.
type probe struct {
	name string
	code uint32
	f    func(a, b, c float32) float32
}

func unary(f func(float32) float32) func(a, b, c float32) float32 {
	return func(a, _, _ float32) float32 { return f(a) }
}

var probes = []probe{
	{"add", kernels.ProbeAdd, func(a, b, _ float32) float32 { return a + b }},
	{"sub", kernels.ProbeSub, func(a, b, _ float32) float32 { return a - b }},
	{"mul", kernels.ProbeMul, func(a, b, _ float32) float32 { return a * b }},
	{"div", kernels.ProbeDiv, func(a, b, _ float32) float32 { return a / b }},
	{"sqrt", kernels.ProbeSqrt, unary(vec.Sqrt)},
	{"fma", kernels.ProbeFma, vec.FMA32},
	{"exp", kernels.ProbeExp, unary(vec.Exp)},
	{"log", kernels.ProbeLog, unary(vec.Log)},
	{"tanh", kernels.ProbeTanh, unary(vec.Tanh)},
	{"sigmoid", kernels.ProbeSigmoid, unary(vec.Sigmoid)},
	{"silu", kernels.ProbeSilu, unary(vec.SiLU)},
	{"gelu", kernels.ProbeGelu, unary(vec.GELU)},
	{"silu gradient", kernels.ProbeSiluGrad, unary(vec.SiLUGrad)},
	{"gelu gradient", kernels.ProbeGeluGrad, unary(vec.GELUGrad)},
	{"relu", kernels.ProbeRelu, unary(vec.ReLU)},
}

// SelfTest compares a device with the definitions of package vec: every operation and elementary function on numbers from
// all over the float32 range, subnormals, infinities and NaN included, and the random numbers. It takes milliseconds on a
// GPU. Nothing else may use the device meanwhile. Errors: ErrSelfTest, and those of the device.
func SelfTest(d Device) (err error) {
	const n = 1 << 14
	x := probeInputs(n)
	var at [2]kernels.Memory
	for i, bytes := range []int64{4 * 3 * n, 4 * n} {
		if at[i], err = d.Alloc(bytes); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.Free(at[i])) }()
	}
	if err := d.Upload(at[0], bytesOf(x)); err != nil {
		return err
	}
	y := make([]float32, n)
	run := func(code uint32) error {
		args := []kernels.ProbeArgs{{Y: at[1], X: at[0], N: n, Probe: code}}
		if err := d.Launch("probe_f32", 32, 256, 0, bytesOf(args)); err != nil {
			return err
		}
		return d.Download(bytesOf(y), at[1])
	}
	for _, p := range probes {
		if err := run(p.code); err != nil {
			return err
		}
		for i, got := range y {
			a, b, c := x[3*i], x[3*i+1], x[3*i+2]
			if want := p.f(a, b, c); vec.CanonicalBits(got) != vec.CanonicalBits(want) {
				return fmt.Errorf("%w: %s of %x, %x, %x is %x, want %x", ErrSelfTest, p.name, a, b, c, got, want)
			}
		}
	}
	if err := run(kernels.ProbeUniform); err != nil {
		return err
	}
	for i, got := range y {
		key := rng.Key{math.Float32bits(x[3*i]), math.Float32bits(x[3*i+1])}
		word := rng.Block(key, [4]uint32{1, 2, math.Float32bits(x[3*i+2]), 0})[i&3]
		if want := float32(word>>8) * 0x1p-24; got != want {
			return fmt.Errorf("%w: draw %d is %x, want %x", ErrSelfTest, i, got, want)
		}
	}
	return nil
}

// probeInputs returns n triples: half of random bits, half of moderate size, and what is special among them.
func probeInputs(n int) []float32 {
	special := []uint32{
		0, 1 << 31, 1, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
		0x46c2c200, 0x44284000, 0x2b800000, // (24929, 673, 2⁻⁴⁰): a double rounding shows in fma
	}
	draws := rng.New(rng.Key{}, rng.Probe, 0)
	x := make([]float32, 3*n)
	for i := range x {
		u := draws.Uint32(uint32(i))
		switch {
		case i < 3*len(special)*len(special):
			x[i] = math.Float32frombits(special[i/3/len(special)])
			if i%3 == 1 {
				x[i] = math.Float32frombits(special[i/3%len(special)])
			} else if i%3 == 2 {
				x[i] = math.Float32frombits(special[(i/3+i/3/len(special))%len(special)])
			}
		case i/3%2 == 0:
			x[i] = math.Float32frombits(u)
		default:
			x[i] = float32(int32(u)>>8) * 0x1p-19 // ±16
		}
	}
	return x
}
