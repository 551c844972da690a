package tabular

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
)

// Inputs of a table whose training rows are given, worked out by hand.
func TestEncoder(t *testing.T) {
	table := parse(t, `a,b,c,d,e,y
1,red,5,,x,0
,blue,5,,x,1
3,red,5,2,x,2
8,,5,NA,x,3
4,green,9,4,z,4
,?,5,2,,5
`, Schema{Task: Regression, Categorical: []string{"b"}})
	rows := []int{0, 1, 2, 3}
	var got []encoder
	at := 0
	for _, c := range table.inputs {
		e := newEncoder(c, rows, MaxCategories, false)
		e.at = at
		at += e.width()
		got = append(got, e)
	}
	// a: 1, 3, 8 are known, mean 4, median 3, variance (9+1+16)/3; one is missing.
	std := math.Sqrt(26.0 / 3)
	n := got[0]
	if !n.value || !n.gone || n.scale.Offset != 4 || n.scale.Unit != std || n.fill != 3 {
		t.Errorf("a: %+v", n)
	}
	if c := got[1]; !slices.Equal(c.labels, []string{"blue", "red"}) || !c.gone || c.at != 2 || c.width() != 3 {
		t.Errorf("b: %+v", c)
	}
	// c and e do not change in training, d has one value but also missing ones.
	if k, g := got[2], got[4]; k.width() != 0 || g.width() != 0 {
		t.Errorf("constant columns: %+v, %+v", k, g)
	}
	if m := got[3]; m.value || !m.gone || m.width() != 1 || m.at != 5 {
		t.Errorf("d: %+v", m)
	}
	z := func(v float64) float32 { return float32((v - 4) / std) }
	for row, want := range [][]float32{
		{z(1), 0, 0, 1, 0, 1},
		{z(3), 1, 1, 0, 0, 1},
		{z(3), 0, 0, 1, 0, 0},
		{z(8), 0, 0, 0, 1, 1},
		{z(4), 0, 0, 0, 0, 0}, // green is unknown, 9 has no input
		{z(3), 1, 0, 0, 1, 0},
	} {
		x := make([]float32, at)
		for i := range got {
			if !got[i].cell(x, table.inputs[i], row) {
				t.Errorf("row %d: refused", row)
			}
		}
		if !slices.Equal(x, want) {
			t.Errorf("row %d: inputs %v, want %v", row, x, want)
		}
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median = %v, want 2.5", m)
	}
}

// Learning inputs have mean 0 and deviation 1; test rows have no influence on how training is encoded.
func TestFittedOnTraining(t *testing.T) {
	table := houses(200)
	d := mustDomain(t, table, Regression, nil).data
	p := d.learn
	var sum, squares float64
	for i := range p.Len() {
		v := float64(p.row(i)[0])
		sum += v
		squares += v * v
	}
	if n := float64(p.Len()); math.Abs(sum/n) > 1e-6 || math.Abs(squares/n-1) > 1e-6 {
		t.Errorf("area: mean %v, mean square %v", sum/n, squares/n)
	}
	var y float64
	for _, v := range p.targets {
		y += float64(v) * float64(v)
	}
	if math.Abs(y/float64(p.Len())-1) > 1e-6 {
		t.Errorf("target: mean square %v", y/float64(p.Len()))
	}
	if p.Len() != 160 || len(d.folds) != 4 || d.test.Len() != 40 {
		t.Errorf("%d rows learn, %d test, in %d folds", p.Len(), d.test.Len(), len(d.folds))
	}
	for i, f := range d.folds {
		if f.training.Len() != 120 || f.validation.Len() != 40 {
			t.Errorf("fold %d: %d rows train, %d validate", i, f.training.Len(), f.validation.Len())
		}
	}
}

func TestSplit(t *testing.T) {
	for name, tc := range map[string]struct {
		table *Table
		task  Task
	}{"regression": {houses(101), Regression}, "classification": {blobs(13, 4), Classification}} {
		c := configured(tc.task, nil)
		parts, err := tc.table.split(&c)
		if err != nil {
			t.Fatal(err)
		}
		if len(parts.folds) != 4 || !slices.IsSorted(parts.test) || !slices.IsSorted(parts.learn) {
			t.Errorf("%s: %d folds, test %v, learn %v", name, len(parts.folds), parts.test, parts.learn)
		}
		// Every row is in the test or validates in one fold at most.
		seen := make([]int, tc.table.Rows())
		for _, row := range parts.test {
			seen[row]++
		}
		for _, rows := range parts.folds {
			if !slices.IsSorted(rows) {
				t.Errorf("%s: a fold is not in the order of the file", name)
			}
			for _, row := range rows {
				seen[parts.learn[row]]++
			}
		}
		if slices.Max(seen) != 1 || len(parts.learn)+len(parts.test) != len(seen) {
			t.Errorf("%s: rows are in %v parts", name, seen)
		}
		// A split that follows the file would have the last rows, or the first ones, in one part.
		if first := parts.test; first[len(first)-1]-first[0] < tc.table.Rows()/2 {
			t.Errorf("%s: test rows %v are not spread", name, first)
		}
		if again, _ := tc.table.split(&c); !reflect.DeepEqual(parts, again) {
			t.Errorf("%s: the second split is another", name)
		}
		if tc.task == Regression {
			continue
		}
		for k, group := range tc.table.groups() {
			share := len(group) / 5
			n := 0
			for _, row := range parts.test {
				if slices.Contains(group, row) {
					n++
				}
			}
			for i, rows := range parts.folds {
				m := 0
				for _, row := range rows {
					if slices.Contains(group, parts.learn[row]) {
						m++
					}
				}
				if m != share || n != share {
					t.Errorf("class %d of %d rows: %d in fold %d, %d test, want %d", k, len(group), m, i, n, share)
				}
			}
		}
	}
	// A fold needs rows of its own.
	c := configured(Classification, func(c *Config) { c.ValidationFraction = 0.3 })
	if parts, err := blobs(20, 3).split(&c); err != nil || len(parts.folds) != 2 {
		t.Errorf("%d folds (%v), want 2", len(parts.folds), err)
	}
	c.Folds = 3
	if _, err := blobs(20, 3).split(&c); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), "enough for 2") {
		t.Errorf("3 folds: error %v, want ErrConfig", err)
	}
}

// The split is a function of what the table says, not of how it is written.
func TestSplitKey(t *testing.T) {
	s := Schema{Task: Regression}
	base := "a,b,y\n1,x,1\n2,z,2\n"
	key := parse(t, base, s).key()
	for _, same := range []string{"a,b,y\r\n1.0,\"x\",1e0\r\n+2,z,2\r\n", "\ufeffa,b,y\n\n1,x,01\n2,z,2.\n"} {
		if parse(t, same, s).key() != key {
			t.Errorf("%q has another key", same)
		}
	}
	seen := map[string]string{fmt.Sprint(key): base}
	for _, other := range []string{
		"a,b,y\n2,z,2\n1,x,1\n", "a,c,y\n1,x,1\n2,z,2\n", "a,b,y\n1,x,1\n2,z,3\n", "a,b,y\n1,x,1\n2,,2\n", "a,b,y\n?,x,1\n2,z,2\n",
		"a,y\n1,1\n2,2\n",
	} {
		k := fmt.Sprint(parse(t, other, s).key())
		if before, ok := seen[k]; ok {
			t.Errorf("%q has the key of %q", other, before)
		}
		seen[k] = other
	}
}

func TestDataRefusals(t *testing.T) {
	repeat := func(header, rows string, n int) string { return header + strings.Repeat(rows, n) }
	for name, tc := range map[string]struct {
		file, want string
		task       Task
		err        error
		change     func(*Config)
	}{
		"constant target": {repeat("a,y\n", "1,5\n2,5\n", 10), "does not change", Regression, data.ErrData, nil},
		"one class":       {repeat("a,y\n", "1,p\n2,p\n", 10), "one class only", Classification, data.ErrData, nil},
		"small class":     {repeat("a,y\n", "1,p\n2,p\n", 10) + strings.Repeat("1,q\n", 4), `line 22: column "y": class "q" has 4 rows`, Classification, data.ErrData, nil},
		"two rows":        {"a,y\n1,1\n2,2\n", "none to train on", Regression, domain.ErrConfig, nil},
		"no training": {repeat("a,y\n", "1,p\n2,q\n", 5), "none to train on", Classification, domain.ErrConfig,
			func(c *Config) { c.ValidationFraction, c.TestFraction = 0.89, 0.1 }},
	} {
		_, err := FromTable(configured(tc.task, tc.change), parse(t, tc.file, Schema{Task: tc.task}))
		if !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %v with %q", name, err, tc.err, tc.want)
		}
	}
	// A row that is not for training and too far away is refused with its line.
	c := configured(Regression, nil)
	table := houses(100)
	parts, _ := table.split(&c)
	far := parts.test[3]
	area := *table.inputs[0]
	area.numbers = slices.Clone(area.numbers)
	area.numbers[far] = 1e12
	rows := []int{far}
	d := mustDomain(t, table, Regression, nil).data
	other := &Table{inputs: append([]*column{&area}, table.inputs[1:]...), target: table.target, lines: table.lines}
	if _, err := d.encode(other, rows); !errors.Is(err, data.ErrData) || !strings.Contains(err.Error(), fmt.Sprintf("line %d: column \"area\"", far+2)) {
		t.Errorf("far value: error %v", err)
	}
}

// Whatever results depend on changes the data hash; how large a network may be does not.
func TestDataHash(t *testing.T) {
	base := mustDomain(t, houses(100), Regression, nil).Describe().DataHash
	for name, change := range map[string]func(*Config){
		"steps":      func(c *Config) { c.MaxSteps++ },
		"cadence":    func(c *Config) { c.EvalEvery++ },
		"patience":   func(c *Config) { c.Patience++ },
		"validation": func(c *Config) { c.ValidationFraction = 0.3 },
		"test":       func(c *Config) { c.TestFraction = 0.3 },
		"folds":      func(c *Config) { c.Folds = 3 },
	} {
		if mustDomain(t, houses(100), Regression, change).Describe().DataHash == base {
			t.Errorf("%s: the data hash is the same", name)
		}
	}
	if mustDomain(t, houses(101), Regression, nil).Describe().DataHash == base {
		t.Error("another row: the data hash is the same")
	}
	table := houses(100)
	for _, c := range append(table.inputs, table.target) { // another unit, but the same numbers
		c.power += 4
	}
	if mustDomain(t, table, Regression, nil).Describe().DataHash != base {
		t.Error("the unit of the file changes the data hash")
	}
	if mustDomain(t, houses(100), Regression, func(c *Config) { c.MaxParameters, c.Data = 500, "b" }).Describe().DataHash != base {
		t.Error("max_parameters changes the data hash")
	}
}
