package quadratic

import (
	"math"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

// libm is the relative error allowed where the reference went through the C math library.
const libm = 1e-12

func TestVectors(t *testing.T) {
	golden.Run(t, "numpy_sum", func(t *testing.T, c golden.Case) {
		v, _ := c.Inputs.Get("values")
		values, err := domain.Reals(v, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Expected.Float("sum")
		if got := Sum(values); err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("Sum = %v, want %v (%v)", got, want, err)
		}
	})
	golden.Run(t, "quadratic_plugins", func(t *testing.T, c golden.Case) {
		switch c.Kind {
		case "optimizer":
			optimizerCase(t, c)
		case "inferencer":
			inferencerCase(t, c)
		case "synthetic":
			syntheticCase(t, c)
		case "synthetic_hash":
			data, err := c.Inputs.Object("data")
			if err != nil {
				t.Fatal(err)
			}
			got, err := HashSynthetic(data)
			if want, _ := c.Expected.String("hash"); got != want || err != nil {
				t.Errorf("hash = %s, want %s (%v)", got, want, err)
			}
		default:
			t.Fatalf("unknown kind %q", c.Kind)
		}
	})
}

func optimizerCase(t *testing.T, c golden.Case) {
	config, err := c.Inputs.Object("config")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "target", d.target, mustReals(t, c.Expected, "target"), 0)
	rounds, _ := c.Expected.List("x_performance_improved")
	if n, _ := c.Inputs.Int("rounds"); int(n) != len(rounds) || n == 0 {
		t.Fatalf("%d rounds expected, inputs say %d", len(rounds), n)
	}
	var best *canon.Object
	var bestPerformance float64
	for i, v := range rounds {
		row := v.([]any)
		got, p, err := d.Step(best, bestPerformance, best != nil)
		if err != nil {
			t.Fatal(err)
		}
		wantX, _ := domain.Reals(row[0], MaxParams)
		wantP, _ := canon.AsFloat(row[1])
		equal(t, "x", mustReals(t, got, "x"), wantX, libm)
		equal(t, "performance", []float64{p}, []float64{wantP}, libm)
		improved := best == nil || p > bestPerformance
		if improved != row[2].(bool) {
			t.Errorf("round %d: improved = %v, want %v", i, improved, row[2])
		}
		if improved {
			best, bestPerformance = got, p
		}
	}
}

func inferencerCase(t *testing.T, c golden.Case) {
	target, _ := c.Inputs.Get("target")
	d, err := New(canon.NewObject("target", target))
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := c.Inputs.Object("parameters")
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Claim(t.Context(), parameters, []uint64{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := c.Inputs.Get("data")
	out, err := m.Infer(t.Context(), canon.NewObject("data", data))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := out.Float("performance")
	want, _ := c.Expected.Float("performance")
	equal(t, "performance", []float64{got}, []float64{want}, 0)
	if math.Signbit(got) != math.Signbit(want) {
		t.Errorf("performance = %v, want %v", got, want)
	}
}

func syntheticCase(t *testing.T, c golden.Case) {
	o, err := c.Inputs.Object("config")
	if err != nil {
		t.Fatal(err)
	}
	config, err := ParseConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := c.Inputs.Int("seed")
	if err != nil {
		t.Fatal(err)
	}
	s := Synthesize(config.Target, config.Params, config.NoiseStd, uint32(seed))
	want, _ := c.Expected.Object("data")
	if !canon.Equal(s.Object(), want) {
		t.Errorf("data = %s\nwant %s", canon.Canonical(s.Object()), canon.Canonical(want))
	}
	if want, _ := c.Expected.String("hash"); s.Hash != want {
		t.Errorf("hash = %s, want %s", s.Hash, want)
	}
}

func mustReals(t *testing.T, o *canon.Object, key string) []float64 {
	t.Helper()
	v, _ := o.Get(key)
	x, err := domain.Reals(v, MaxParams)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return x
}

// equal compares with a relative error; 0 means equal values.
func equal(t *testing.T, what string, got, want []float64, relative float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= relative*math.Abs(want[i])) {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], want[i])
		}
	}
}
