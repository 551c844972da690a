package domain

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

func twoGenes() genome.Space {
	return genome.Space{
		{Name: "width", Kind: genome.Int, Low: 1, High: 9},
		{Name: "rate", Kind: genome.Real, Low: 0, High: 1},
		{Name: "loss", Kind: genome.Category, Choices: []string{"a", "b"}},
	}
}

func TestBounds(t *testing.T) {
	o, err := canon.ParseObject([]byte(`{"b": {"width": [2, 3], "$note": 1, "rate": [0.1, 1], "loss": ["b"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	before := twoGenes()
	s, err := bounds(o, "b", before)
	if err != nil {
		t.Fatal(err)
	}
	if s[0].High != 3 || s[1].Low != float64(float32(0.1)) || !slices.Equal(s[2].Choices, []string{"b"}) {
		t.Errorf("space %+v", s)
	}
	if before[0].High != 9 || len(before[2].Choices) != 2 {
		t.Error("the argument was changed")
	}
	if same, err := bounds(o, "absent", before); err != nil || same[0].High != 9 {
		t.Errorf("without bounds: %v, %v", same, err)
	}
	for text, want := range map[string]string{
		`{"b": 1}`:                   "b",
		`{"b": {"widht": [1, 2]}}`:   `did you mean "width"?`,
		`{"b": {"width": [1]}}`:      "low, high",
		`{"b": {"width": [2, 1]}}`:   "low ≤ high",
		`{"b": {"width": [1.5, 2]}}`: "integers",
		`{"b": {"width": "x"}}`:      "width",
		`{"b": {"loss": [1]}}`:       "names",
	} {
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bounds(o, "b", before); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("bounds(%s): error %v, want ErrConfig with %q", text, err, want)
		}
	}
}

func TestRecipe(t *testing.T) {
	s := twoGenes()
	p := Recipe("c1", "plug", s, genome.Genome{2, 0.5, 1}, "h")
	g, hash, err := ParseRecipe(p, "c1", "plug", s)
	if err != nil || hash != "h" || !slices.Equal(g, genome.Genome{2, 0.5, 1}) {
		t.Errorf("ParseRecipe(%s) = %v, %q, %v", canon.Canonical(p), g, hash, err)
	}
	f := func(name string, change func(o *canon.Object)) {
		t.Helper()
		o := p.Clone()
		change(o)
		if _, _, err := ParseRecipe(o, "c1", "plug", s); !errors.Is(err, ErrRecipe) {
			t.Errorf("%s: error %v, want ErrRecipe", name, err)
		}
	}
	f("member", func(o *canon.Object) { o.Set("x", 1) })
	f("contract", func(o *canon.Object) { o.Set("contract", "c2") })
	f("contract missing", func(o *canon.Object) { o.Delete("contract") })
	f("plugin", func(o *canon.Object) { o.Set("domain", "plog") })
	f("genome", func(o *canon.Object) { o.Set("genome", 1) })
	f("gene", func(o *canon.Object) { o.Set("genome", canon.NewObject("width", 10)) })
	f("hash", func(o *canon.Object) { o.Set("data_hash", 1) })
	if _, _, err := ParseRecipe(nil, "c1", "plug", s); !errors.Is(err, ErrRecipe) {
		t.Errorf("nil: error %v", err)
	}
	if err := CheckDataHash("a", "b"); !errors.Is(err, ErrDataHash) {
		t.Errorf("CheckDataHash = %v", err)
	}
	if err := CheckDataHash("a", "a"); err != nil {
		t.Error(err)
	}
}
