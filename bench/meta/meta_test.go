package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/rng"
)

// TestReadTable: a table that cannot be used is refused with the line and what is wrong.
func TestReadTable(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := readTable("x", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("readTable(%q) = %v, want an error with %q", text, err, want)
		}
	}
	f("", "0 tasks")
	f("task,score,g\na,1,0.5\na,2,0.5\n", "1 tasks")
	f("task,score,g\na,1\n", "wrong number of fields")
	f("a,1\na,2\n", "line 1: 2 fields")
	f("task,score,g\na,1,far\nb,1,0\n", `gene 0: "far" is no number`)
	f("task,score,g\na,1,0.5\nb,nan,0.5\n", `task "b": no finite score`)
	table, err := readTable("x", strings.NewReader("task,score,g,h\na,1,0.5,\na,inf,0.2,NaN\nb,2,0,1\nb,3,1,0\n"))
	if err != nil || len(table.tasks) != 2 || table.genes != 2 || table.tasks[0].points[0].Active[1] || !table.tasks[1].points[0].Active[1] {
		t.Errorf("readTable with inactive genes = %+v, %v", table, err)
	}
}

// shared writes a table of alike tasks: the score is the distance from nearly the same point.
func shared(t *testing.T, dir string, tasks, lines int) {
	t.Helper()
	q := rng.NewSeq(rng.Key{7}, rng.GAInitialize, 0)
	var b strings.Builder
	b.WriteString("task,score,a,b,c\n")
	for k := range tasks {
		for range lines {
			x := [3]float64{float64(q.Uniform()), float64(q.Uniform()), float64(q.Uniform())}
			d := 0.0
			for i, c := range [3]float64{0.2, 0.7, 0.4} {
				d += (x[i] - c - float64(k)/200) * (x[i] - c - float64(k)/200)
			}
			fmt.Fprintf(&b, "t%d,%g,%g,%g,%g\n", k, d, x[0], x[1], x[2])
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "alike.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAlikeTasks: where tasks share an order L3 is there sooner than the GA and than random search, its gate is open, and two runs are
// one, whatever the number of processors, but for goptuna's TPE.
func TestAlikeTasks(t *testing.T) {
	dir := t.TempDir()
	shared(t, dir, 9, 70)
	run := func() (*Report, []byte) {
		t.Helper()
		r, err := Run(context.Background(), Config{Tables: dir, Seeds: 2, Rows: 40})
		if err != nil {
			t.Fatal(err)
		}
		one := r.Tables[0]
		one.Methods = maps.Clone(one.Methods)
		delete(one.Methods, "tpe") // goptuna's does not repeat itself
		data, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		return r, data
	}
	r, first := run()
	table := r.Tables[0]
	learned, random := table.Methods["l3"], table.Methods["random"]
	if learned == nil || random == nil || table.Negated == nil {
		t.Fatalf("methods %v", table.Methods)
	}
	if l, g := learned.EvalsToGA["50"], table.Methods["ga"].EvalsToGA["50"]; l > 25 || l > random.EvalsToGA["50"] || g > 50 {
		t.Errorf("trials to the GA's regret at 50: L3 %d, random %d, GA %d; want L3 within 25", l, random.EvalsToGA["50"], g)
	}
	if table.Offline.Open < 7 || table.Offline.Tau < 0.5 {
		t.Errorf("the gate is open for %d of 9 tasks, τ %.2f", table.Offline.Open, table.Offline.Tau)
	}
	if learned.Regret["50"] > learned.Regret["5"] {
		t.Errorf("regret %v rises with trials", learned.Regret)
	}
	if _, second := run(); !bytes.Equal(first, second) {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}
