package nn

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// ErrSelfTest is returned, wrapped with the part that differs, by SelfTest.
var ErrSelfTest = errors.New("nn: this machine does not compute " + ContractVersion)

// SelfTest compares this process with known answers: each operation and elementary function on inputs from all over
// the float32 range, subnormals, infinities and NaN included, and one short training for each activation and one of each
// kind of layer, by the kernels that vec.Select chooses. A worker runs it once at start and refuses to work if it fails: a
// library loaded into the process may have changed the rounding or flush mode of the processor, or a compiler may have
// fused what must not be. It takes a few milliseconds.
func SelfTest() error {
	k, err := kernels("")
	if err != nil {
		return err
	}
	if err := k.SelfCheck(); err != nil {
		return fmt.Errorf("%w: %w", ErrSelfTest, err)
	}
	for _, k := range knownAnswers {
		got, err := k.compute()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrSelfTest, k.name, err)
		}
		if got := hex.EncodeToString(got[:]); got != k.want {
			return fmt.Errorf("%w: %s gives %s, want %s", ErrSelfTest, k.name, got, k.want)
		}
	}
	return nil
}

// knownAnswer is one hash that SelfTest recomputes.
type knownAnswer struct {
	name    string
	compute func() ([32]byte, error)
	want    string
}

var knownAnswers = []knownAnswer{
	{"add", probe(func(a, b, _ float32) float32 { return a + b }), "630a71827f709d5eec200727a5a555c354c3091a6f621c6c6c6c814abf444c86"},
	{"sub", probe(func(a, b, _ float32) float32 { return a - b }), "b38289670e8508eb6dd087712ee4b413d6f190dafccc5b7504b4d11ed0b86575"},
	{"mul", probe(func(a, b, _ float32) float32 { return a * b }), "4d11530e576828592207d5d23412118b8b805d5af6dca9478ddea58c992320bc"},
	{"div", probe(func(a, b, _ float32) float32 { return a / b }), "a680c0f7dc1fcfd73ba8f73e9e3eee17f1ba22fe302f08efc9ed61359ade1e27"},
	{"sqrt", probe1(vec.Sqrt), "ea4a4089379b44d6acf543afe90998f78f4205d9f6194fa07e1b51c9bc2c7e7c"},
	{"fma", probe(vec.FMA32), "948317651243fff5f3607df5ddc8859c26300ee702d03740c9d666feabfaafa6"},
	{"exp", probe1(vec.Exp), "49ee4dcad6d15f8515bb3d002dc4333821a6f5df272a37b2e6da1782a0c5a032"},
	{"log", probe1(vec.Log), "aaa8662fc9cb50358ea1235a28e044b66348ef631ee0e52544cd399bb91a98a4"},
	{"tanh", probe1(vec.Tanh), "ca20519ab9e8dc29e7fc2fd65311f1144816a998ae871de875deeab995d9945f"},
	{"sigmoid", probe1(vec.Sigmoid), "445a83006ad3e676f6cca3abfdf2c5b36f22734b939e53fa1d5c4515f1914b1e"},
	{"silu", probe1(vec.SiLU), "3a45791034cec70b8a4c5d89a9c5cbf298d9ddd04e556828e7d67360c9c579ed"},
	{"silu gradient", probe1(vec.SiLUGrad), "f1d13946f70e4c05914e539d233156c6354fc3b1253b5ee4611bac93c57e2e32"},
	{"gelu", probe1(vec.GELU), "9c745ba6789920b4d26a2dfd011d570f53b9da9ba692a3f9c04c4446dc5396d0"},
	{"gelu gradient", probe1(vec.GELUGrad), "d649172fc2f155012cf84c5854fee54e1eae483c9aeb69da33b56604cd1fee19"},
	{"quantile", probe1(func(x float32) float32 { return rng.Quantile(vec.Sigmoid(x)) }), "fa7efadb02bc97a80b5f5a147036cdfd9039de00ae39e7534b181244a96309bf"},
	{"update", probe(probeUpdate), "436e8551da982b025e53bd662b286981a60a7efe6c0ca5b7ba06866989d4adb8"},
	{"training with relu", probeTraining(ReLU, MSE, Cosine), "03a7f232c9b75d9e2d74ee9fafbd3edcfdf4ff47e4dff7bb15def3ea9547563d"},
	{"training with tanh", probeTraining(Tanh, MAE, Constant), "cdae14bc800415f3d2240e5c38f5d0cc45ee9de5fa7565b46b98413cbd77ebe2"},
	{"training with sigmoid", probeTraining(Sigmoid, Huber, Cosine), "c841885b31ef6a6d05db09b36da020f5e6085d934a0af304bdfd4bfef79b9883"},
	{"training with gelu", probeTraining(GELU, MSE, Constant), "0e14c4c4e58f034f8db3136bdbd22c88ed35dabb1560365c4d1da6873388a878"},
	{"training with silu", probeTraining(SiLU, Huber, Cosine), "629bc6e6b97f301074bf5a34537dd659db3553046a789cd2c2978946462d16e9"},
	{"training with every layer", probeLayers, "8ea03057ca9fad895973bd58fbf72f544fc6c8ea1d4f2db0957cc7227873b9d7"},
}

// probes is the number of inputs of a probe. Half are random bits, the other half numbers of moderate size.
const probes = 512

// probe hashes the values of f on triples of probe inputs, as a leaf of a digest.
func probe(f func(a, b, c float32) float32) func() ([32]byte, error) {
	return func() ([32]byte, error) {
		draws := rng.New(rng.Key{}, rng.Probe, 0)
		leaf := newLeafHash()
		leaf.begin()
		for i := range uint32(probes) {
			var x [3]float32
			for k := range x {
				u := draws.Uint32(4*i + uint32(k))
				if x[k] = math.Float32frombits(u); i%2 == 1 {
					x[k] = float32(int32(u)>>8) * 0x1p-19 // ±16
				}
			}
			leaf.word(vec.CanonicalBits(f(x[0], x[1], x[2])))
		}
		return leaf.end(), nil
	}
}

// probe1 is probe for a function of one argument.
func probe1(f func(float32) float32) func() ([32]byte, error) {
	return probe(func(a, _, _ float32) float32 { return f(a) })
}

// probeUpdate returns what a step makes of a weight: w, m and g as they come, v a square.
func probeUpdate(w, m, g float32) float32 {
	v := []float32{float32(m * m)}
	x := []float32{w}
	vec.AdamW{Beta1: 0.875, Beta2: 0.9375, Epsilon: 0x1p-27, WeightDecay: 0x1p-7, Rate: 0x1p-5, Correct1: 1.25, Correct2: 1.5}.Step(x, []float32{m}, v, []float32{g})
	return x[0]
}

// probeTraining returns the root of a short training of odd sizes that stops early or not, as it happens.
func probeTraining(a Activation, l Loss, s Schedule) func() ([32]byte, error) {
	return func() ([32]byte, error) {
		c := DefaultConfig()
		c.Inputs, c.Hidden, c.Outputs = 3, []int{9, 6}, 2
		c.Activation, c.Loss, c.Schedule = a, l, s
		c.Batch, c.MaxSteps, c.WarmupSteps, c.EvalEvery, c.Segment = 13, 30, 3, 7, 8
		c.LearningRate, c.WeightDecay = 0x1p-6, 0x1p-8
		return probeRun(c)
	}
}

// probeLayers returns the root of a short training of a sequence model, by SGD with clipping.
func probeLayers() ([32]byte, error) {
	c := DefaultConfig()
	c.Steps, c.Inputs, c.Outputs, c.Activation, c.Loss = 6, 12, 2, "", BinaryCrossEntropy
	c.Layers = []Layer{
		{Kind: LayerNorm}, {Kind: TCN, Width: 5, Kernel: 3, Dilation: 2, Activation: ReLU, Rate: 0.25},
		{Kind: Conv1D, Width: 3, Kernel: 2, Dilation: 1, Activation: Tanh}, {Kind: Flatten}, {Kind: Dropout, Rate: 0.125},
	}
	c.Batch, c.MaxSteps, c.EvalEvery, c.Segment = 13, 12, 6, 4
	c.Optimizer, c.Momentum, c.ClipNorm, c.LearningRate, c.WeightDecay = SGD, 0.875, 0.5, 0x1p-4, 0x1p-8
	return probeRun(c)
}

func probeRun(c Config) ([32]byte, error) {
	key := rng.Key{0x444f494e, 0x46333220}
	r, err := Train(context.Background(), c, key,
		surface{n: 61, key: key}, surface{n: 17, key: key, from: 61})
	if err != nil {
		return [32]byte{}, err
	}
	return r.Root, nil
}

// surface is a source of n samples whose outputs are smooth functions of inputs drawn uniformly from [−1, 1). Sample i is
// that of number from+i.
type surface struct {
	n    int
	key  rng.Key
	from int
}

func (s surface) Len() int { return s.n }

func (s surface) Sample(i int, x, y []float32) {
	draws := rng.New(s.key, rng.Probe, uint32(s.from+i))
	for k := range x {
		x[k] = vec.FMA32(2, draws.Uniform(uint32(k)), -1)
	}
	surfaceTargets(x, y)
}
