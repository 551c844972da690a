package genome

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

// kinds is a space of two kinds of network with a gene in common.
func kinds() Space {
	return Space{
		{Name: "model", Kind: Category, Choices: []string{"mlp", "tcn", "rnn"}},
		{Name: "layers", Kind: Int, Low: 1, High: 2, When: &Condition{Gene: "model", In: []string{"mlp"}}},
		{Name: "width_2", Kind: Int, Low: 4, High: 8, When: &Condition{Gene: "layers", AtLeast: 2}},
		{Name: "dropout", Kind: Real, Low: 0, High: 0.5, When: &Condition{Gene: "model", In: []string{"tcn", "rnn"}}},
		{Name: "rate", Kind: Real, Low: 0, High: 1},
	}
}

func TestActiveIn(t *testing.T) {
	s := kinds()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	f := func(g Genome, keys ...string) {
		t.Helper()
		o := s.Object(g)
		if got := o.Keys(); !slices.Equal(got, keys) {
			t.Errorf("Object(%v) has %q, want %q in the order of the space", g, got, keys)
		}
		for i := range s {
			if s.Active(g, i) != slices.Contains(keys, s[i].Name) {
				t.Errorf("Active(%v, %s) = %v", g, s[i].Name, s.Active(g, i))
			}
		}
		back, err := s.Parse(o)
		if err != nil || s.Hash(back) != s.Hash(g) {
			t.Errorf("Parse(Object(%v)) = %v, %v", g, back, err)
		}
	}
	f(Genome{0, 1, 8, 0, 0}, "model", "layers", "rate")
	f(Genome{0, 2, 8, 0, 0}, "model", "layers", "width_2", "rate")
	// A gene whose condition holds stays inactive under one that is not.
	f(Genome{1, 2, 8, 0, 0}, "model", "dropout", "rate")
	f(Genome{2, 1, 8, 0, 0}, "model", "dropout", "rate")

	a, b := Genome{1, 1, 4, 0.25, 1}, Genome{1, 2, 8, 0.25, 1}
	if s.Hash(a) != s.Hash(b) {
		t.Error("inactive genes change the hash")
	}
	// Narrowed choices leave a gene that is never active.
	s[0].Choices = []string{"tcn"}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	f(Genome{0, 2, 8, 0, 0}, "model", "dropout", "rate")
}

func TestParseInRefuses(t *testing.T) {
	s := kinds()
	f := func(text, gene string) {
		t.Helper()
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Parse(o); gene == "" && err != nil || gene != "" && (err == nil || !strings.Contains(err.Error(), `"`+gene+`"`)) {
			t.Errorf("Parse(%s) = %v, want an error naming %q", text, err, gene)
		}
	}
	f(`{"model": "tcn", "dropout": 0.5, "rate": 1.0}`, "")
	f(`{"dropout": 0.5, "rate": 1.0}`, "model")
	f(`{"layers": 1, "rate": 1.0}`, "model")
	f(`{"model": "cnn", "dropout": 0.5, "rate": 1.0}`, "model")
	f(`{"model": 1, "dropout": 0.5, "rate": 1.0}`, "model")
	f(`{"model": "tcn", "rate": 1.0}`, "dropout")
	f(`{"model": "tcn", "dropout": 0.5, "layers": 1, "rate": 1.0}`, "layers")
	f(`{"model": "tcn", "dropout": 0.5, "width_2": 4, "rate": 1.0}`, "width_2")
	f(`{"model": "mlp", "dropout": 0.5, "layers": 1, "rate": 1.0}`, "dropout")
	f(`{"model": "mlp", "layers": 2, "rate": 1.0}`, "width_2")
}

func TestConditionRefuses(t *testing.T) {
	f := func(want string, c *Condition) {
		t.Helper()
		s := kinds()
		s[3].When = c
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", *c, err, want)
		}
	}
	f("must be 1 to", &Condition{Gene: "model"})
	f("given twice", &Condition{Gene: "model", In: []string{"tcn", "tcn"}})
	f("bytes", &Condition{Gene: "model", In: []string{""}})
	f("no order", &Condition{Gene: "model", AtLeast: 1, In: []string{"tcn"}})
	f("no choices", &Condition{Gene: "layers", In: []string{"tcn"}})
	f("earlier gene", &Condition{Gene: "rate", In: []string{"tcn"}})
}

func TestConditionJSON(t *testing.T) {
	s := kinds()
	text := canon.Default(s.List())
	for _, want := range []string{`"when": {"gene": "model", "in": ["tcn", "rnn"]}`, `"when": {"gene": "layers", "at_least": 2}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	parse := func(text string) (Space, error) {
		v, err := canon.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return ParseSpace(v.([]any))
	}
	back, err := parse(string(text))
	if err != nil || string(canon.Default(back.List())) != string(text) {
		t.Errorf("ParseSpace(List()) = %s, %v, want %s", canon.Default(back.List()), err, text)
	}
	const dropout = `{"gene": "model", "in": ["tcn", "rnn"]}`
	for _, bad := range []string{`{"gene": "model"}`, `{"gene": "model", "in": []}`, `{"gene": "model", "in": "tcn"}`,
		`{"gene": "model", "in": [1]}`, `{"gene": "model", "in": ["tcn"], "at_least": 0}`, `{"in": ["tcn"]}`} {
		if _, err := parse(strings.Replace(string(text), dropout, bad, 1)); err == nil {
			t.Errorf("a condition %s was accepted", bad)
		}
	}
}
