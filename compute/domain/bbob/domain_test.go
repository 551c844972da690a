package bbob

import (
	"errors"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

func parse(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestConfigRefusals(t *testing.T) {
	f := func(config, want string) {
		t.Helper()
		if _, err := NewDomain(parse(t, config)); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("NewDomain(%s) = %v, want ErrConfig with %q", config, err, want)
		}
	}
	f(`{"functon": 3}`, `did you mean "function"?`)
	f(`{"function": 25}`, "function")
	f(`{"dimension": 1}`, "dimension")
	f(`{"instance": 0}`, "instance")
	f(`{"dimension": 2.5}`, "integer")
}

// The best recipe performs 0, a genome is nearest to its recipe, and a synthetic shift costs.
func TestDomain(t *testing.T) {
	d, err := NewDomain(parse(t, `{"function": 8, "dimension": 3, "instance": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Claim(t.Context(), canon.NewObject("x", d.function.Optimum()), []uint64{1}, nil)
	if err != nil || m.Performance() < -1e-20 || len(m.Digest()) != 64 {
		t.Fatalf("performance of the optimum = %v, %v", m, err)
	}
	s, err := d.Generate(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if score, err := m.Score(t.Context(), s); err != nil || !(score > 1e-6) {
		t.Errorf("score beside the optimum = %v, %v", score, err)
	}
	g, err := d.Genome(canon.NewObject("x", []float64{0.1, 99, -99}))
	if want := (genome.Genome{float64(float32(0.1)), 5, -5}); err != nil || g[0] != want[0] || g[1] != want[1] || g[2] != want[2] {
		t.Errorf("Genome = %v, %v, want %v", g, err, want)
	}
	if err := d.space.Check(g); err != nil {
		t.Error(err)
	}
	if x := d.Naive().Performance(); x != -d.function.Excess([]float64{0, 0, 0}) {
		t.Errorf("naive performance = %v", x)
	}
}

func TestCheckRefusals(t *testing.T) {
	d, err := NewDomain(parse(t, `{"dimension": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`{}`, `{"x": 1}`, `{"x": [1]}`, `{"x": [1, 2, 3]}`, `{"x": [1, "2"]}`, `{"x": [1, 1e9]}`, `{"x": [1, 2], "y": 1}`} {
		if _, err := d.Claim(t.Context(), parse(t, bad), []uint64{1}, nil); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Claim(%s) = %v, want ErrRecipe", bad, err)
		}
	}
}
