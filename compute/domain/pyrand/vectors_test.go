package pyrand

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

// libm is the relative error allowed where the reference went through the C math library.
const libm = 1e-12

func TestVectors(t *testing.T) {
	golden.Run(t, "python_random", func(t *testing.T, c golden.Case) {
		seed := seedOf(t, c)
		r := NewRandom(seed)
		forEach(t, c, "random", func(i int, want float64) { exact(t, "random", i, r.Float64(), want) })
		r = NewRandom(seed)
		forEach(t, c, "gauss_0_0p5", func(i int, want float64) { near(t, "gauss", i, r.Gauss(0, 0.5), want) })
		r = NewRandom(seed)
		forEach(t, c, "getrandbits32", func(i int, want float64) {
			exact(t, "getrandbits", i, float64(r.Uint32()), want)
		})
	})
	golden.Run(t, "numpy_mt19937_legacy", func(t *testing.T, c golden.Case) {
		l := NewLegacy(uint32(seedOf(t, c).Uint64()))
		forEach(t, c, "uniform_m5_5_x6_then", func(i int, want float64) {
			exact(t, "uniform(-5, 5)", i, l.Uniform(-5, 5), want)
		})
		forEach(t, c, "uniform_m10_10_x6", func(i int, want float64) {
			exact(t, "uniform(-10, 10)", i, l.Uniform(-10, 10), want)
		})
	})
	golden.Run(t, "numpy_pcg64", func(t *testing.T, c golden.Case) {
		if c.Expected.Has("largest_abs") {
			tailCase(t, c)
			return
		}
		generatorCase(t, c)
	})
	t.Run("numpy_ziggurat_tables", func(t *testing.T) {
		t.Run("tables", func(t *testing.T) { tablesCase(t, golden.Load(t, "numpy_ziggurat_tables")) })
	})
}

func generatorCase(t *testing.T, c golden.Case) {
	seed := seedOf(t, c)
	pool := NewSeedSequence(seed).Pool()
	forEach(t, c, "seedsequence_pool", func(i int, want float64) {
		exact(t, "pool", i, float64(pool[i]), want)
	})
	words := NewSeedSequence(seed).Uint64s(4)
	for i, v := range list(t, c.Expected, "seedsequence_state_u64x4") {
		if got := fmt.Sprint(words[i]); got != text(v) {
			t.Errorf("state word %d = %s, want %s", i, got, text(v))
		}
	}
	g := NewGenerator(seed)
	for key, got := range map[string]uint128{"pcg64_state_hex": g.state, "pcg64_inc_hex": g.increment} {
		if want, _ := c.Expected.String(key); fmt.Sprintf("%016x%016x", got.high, got.low) != want {
			t.Errorf("%s = %016x%016x, want %s", key, got.high, got.low, want)
		}
	}
	hexes := list(t, c.Expected, "raw_u64_hex")
	for i, v := range list(t, c.Expected, "raw_u64") {
		if got := g.Uint64(); fmt.Sprint(got) != text(v) || fmt.Sprintf("%016x", got) != text(hexes[i]) {
			t.Errorf("output %d = %d, want %s", i, got, text(v))
		}
	}
	g = NewGenerator(seed)
	forEach(t, c, "uniform_m5_5", func(i int, want float64) { exact(t, "uniform", i, g.Uniform(-5, 5), want) })
	g = NewGenerator(seed)
	forEach(t, c, "normal_0_0p1", func(i int, want float64) { exact(t, "normal", i, g.Normal(0, 0.1), want) })
	g = NewGenerator(seed)
	forEach(t, c, "uniform10_then_normal10", func(i int, want float64) {
		if i < 10 {
			exact(t, "uniform before normal", i, g.Uniform(-5, 5), want)
		} else {
			exact(t, "normal after uniform", i, g.Normal(0, 0.1), want)
		}
	})
}

// tailCase draws so many normals that the tail of the ziggurat is reached. The hash covers draws that pass through
// log1p, so it is exact only where Go's and C's agree: then the draws in the tail decide, within the tolerance.
func tailCase(t *testing.T, c golden.Case) {
	count, err := c.Inputs.Int("count")
	if err != nil {
		t.Fatal(err)
	}
	loc, _ := c.Inputs.FloatOr("loc", 0)
	scale, _ := c.Inputs.FloatOr("scale", 1)
	g := NewGenerator(seedOf(t, c))
	h := sha256.New()
	draws := make([]float64, count)
	for i := range draws {
		draws[i] = g.Normal(loc, scale)
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(draws[i])))
	}
	for _, v := range list(t, c.Expected, "largest_abs") {
		pair := v.([]any)
		i, _ := canon.AsInt(pair[0])
		want, _ := canon.AsFloat(pair[1])
		near(t, "normal", int(i), draws[i], want)
	}
	want, _ := c.Expected.String("sha256_of_little_endian_doubles")
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Logf("hash of %d draws = %s, want %s: the math libraries differ", count, got, want)
	}
}

func tablesCase(t *testing.T, file *canon.Object) {
	want, err := file.Object("expected")
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range list(t, want, "ki") {
		if got := fmt.Sprintf("%016x", ziggK[i]); got != text(v) {
			t.Errorf("ki[%d] = %s, want %s", i, got, text(v))
		}
	}
	for key, table := range map[string]*[256]float64{"wi": &ziggW, "fi": &ziggF} {
		for i, v := range list(t, want, key) {
			f, err := strconv.ParseFloat(text(v), 64)
			if err != nil || math.Float64bits(f) != math.Float64bits(table[i]) {
				t.Errorf("%s[%d] = %x, want %s (%v)", key, i, table[i], text(v), err)
			}
		}
	}
	in, err := file.Object("inputs")
	if err != nil {
		t.Fatal(err)
	}
	for key, got := range map[string]float64{"r": ziggR, "inv_r": ziggInvR} {
		want, err := in.Float(key)
		if err != nil || want != got {
			t.Errorf("%s = %v, want %v (%v)", key, got, want, err)
		}
	}
}

func seedOf(t *testing.T, c golden.Case) *big.Int {
	t.Helper()
	v, _ := c.Inputs.Get("seed")
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	t.Fatalf("seed is %v", v)
	return nil
}

func list(t *testing.T, o *canon.Object, key string) []any {
	t.Helper()
	l, err := o.List(key)
	if err != nil || len(l) == 0 {
		t.Fatalf("%s: %d values, %v", key, len(l), err)
	}
	return l
}

func forEach(t *testing.T, c golden.Case, key string, f func(i int, want float64)) {
	t.Helper()
	for i, v := range list(t, c.Expected, key) {
		want, err := canon.AsFloat(v)
		if err != nil {
			t.Fatalf("%s[%d]: %v", key, i, err)
		}
		f(i, want)
	}
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func exact(t *testing.T, what string, i int, got, want float64) {
	t.Helper()
	if math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("%s %d = %v, want %v", what, i, got, want)
	}
}

func near(t *testing.T, what string, i int, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= libm*math.Abs(want)) {
		t.Errorf("%s %d = %v, want %v", what, i, got, want)
	}
}
