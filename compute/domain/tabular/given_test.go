package tabular

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// given writes a table once as two files and once as one with a column that says what a row is for.
func given(t *testing.T) (data, tests, whole string) {
	t.Helper()
	rows := strings.Split(strings.TrimSpace(line(60)), "\n")
	var a, b, c strings.Builder
	a.WriteString("a,b,y\n")
	b.WriteString("a,b,y\n")
	c.WriteString("part,a,b,y\n")
	for i, row := range rows {
		switch {
		case i < 45:
			a.WriteString(row + "\n")
			c.WriteString([]string{"train,", "validation,"}[i%2] + row + "\n")
		default:
			b.WriteString(row + "\n")
			c.WriteString("test," + row + "\n")
		}
	}
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("data.csv", a.String()), write("test.csv", b.String()), write("whole.csv", c.String())
}

// Who brings a split of his own has it, and the two ways to say it are one.
func TestGivenSplit(t *testing.T) {
	data, tests, whole := given(t)
	open := func(kv ...any) *supervised.Domain {
		t.Helper()
		d, err := New(canon.NewObject(kv...).Set("task", "regression").Set("max_steps", 40))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a := open("data", data, "test_data", tests)
	b := open("data", whole, "split_column", "part")
	if x, y := a.Describe(), b.Describe(); x.DataHash != y.DataHash || x.Cases != 4*9 || x.Defaults.Has("test_fraction") {
		t.Errorf("data hashes %s and %s, %d cases, settings %#v", x.DataHash, y.DataHash, x.Cases, x.Defaults)
	}
	if most := open("data", data, "test_data", tests, "validation_fraction", 0.9).Describe(); most.Folds != 1 || most.Cases != 40 {
		t.Errorf("a validation fraction of 0.9 beside a test of one's own: %d folds, %d cases", most.Folds, most.Cases)
	}
	p := a.Problem().(*problem)
	if p.data.test.Len() != 15 || p.data.learn.Len() != 45 {
		t.Errorf("%d rows test, %d learn", p.data.test.Len(), p.data.learn.Len())
	}
	g := fixed(p.config.Space)
	if x, y := domaintest.Claim(t, a, g, 1), domaintest.Claim(t, b, g, 1); x.Digest() != y.Digest() {
		t.Errorf("digests %s and %s", x.Digest(), y.Digest())
	}
}

func TestGivenSplitRefusals(t *testing.T) {
	data, tests, whole := given(t)
	f := func(want error, text string, kv ...any) {
		t.Helper()
		_, err := New(canon.NewObject(kv...).Set("task", "regression"))
		if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
			t.Errorf("New(%v): error %v, want %v with %q", kv, err, want, text)
		}
	}
	f(domain.ErrConfig, "test_fraction", "data", data, "test_data", tests, "test_fraction", 0.2)
	f(domain.ErrConfig, "beside test_data", "data", whole, "split_column", "part", "test_data", whole)
	f(supervised.ErrData, `test_data: data: column "part": the file lacks`, "data", whole, "test_data", data)
	f(supervised.ErrData, "must be train, validation or test", "data", whole, "split_column", "a")
	f(supervised.ErrData, "no column", "data", data, "split_column", "part")
	f(domain.ErrConfig, "is in split_column too", "data", whole, "split_column", "part", "numeric_columns", []any{"part"})
	f(os.ErrNotExist, "none.csv", "data", data, "test_data", "none.csv")
}

// All digits count in whatever power of ten a column is written.
func TestUnits(t *testing.T) {
	of := func(first, second string) *Table {
		return parse(t, "a,y\n"+first+",1\n"+second+",2\n", Schema{Task: Regression})
	}
	a, b := of("2835203999999.9995", "13000000000000"), of("2835.2039999999995", "13000")
	if a.key() != b.key() || a.inputs[0].numbers[0] != 0.28352039999999995 || a.inputs[0].power != 13 {
		t.Errorf("numbers %v × 10^%d and %v × 10^%d", a.inputs[0].numbers, a.inputs[0].power, b.inputs[0].numbers, b.inputs[0].power)
	}
}
