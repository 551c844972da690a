package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
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

// write makes a table: so many lines of each task; draw makes one of a task: its score and genes, NaN for an inactive one.
func write(t *testing.T, dir, name string, tasks, lines, genes int, draw func(q *rng.Seq, task int) (float64, []float64)) {
	t.Helper()
	q := rng.NewSeq(rng.KeyFromBytes([]byte(name + "........")[:8]), rng.Probe, 0)
	var b strings.Builder
	b.WriteString("task,score" + strings.Repeat(",gene", genes) + "\n")
	for k := range tasks {
		for range lines {
			score, x := draw(q, k)
			fmt.Fprintf(&b, "t%d,%g", k, score)
			for _, v := range x {
				if v != v {
					b.WriteString(",")
				} else {
					fmt.Fprintf(&b, ",%g", v)
				}
			}
			b.WriteString("\n")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// uniform draws n numbers.
func uniform(q *rng.Seq, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(q.Uniform())
	}
	return x
}

// TestNothingTransfers: where every task has its own optimum and its own weights the gate is shut, and L3 takes at most a tenth more
// trials than the GA.
func TestNothingTransfers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "nothing", 9, 90, 3, func(q *rng.Seq, task int) (float64, []float64) {
		own := uniform(rng.NewSeq(rng.Key{uint32(task), 5}, rng.Probe, 0), 6)
		x, d := uniform(q, 3), 0.0
		for i := range x {
			d += (0.2 + own[3+i]) * (1 - math.Cos(2*math.Pi*(x[i]-own[i]))) // around a circle: no middle is good in all
		}
		return d, x
	})
	r, err := Run(t.Context(), Config{Tables: dir, Seeds: 3, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	table := r.Tables[0]
	if table.Offline.Open > 1 {
		t.Errorf("the gate is open for %d of 9 tasks, τ %.2f", table.Offline.Open, table.Offline.Tau)
	}
	for name, m := range map[string]*Method{"l3": table.Methods["l3"], "negated": table.Negated} {
		if m.EvalsToGA["40"] > 44 || m.EvalsToGA["50"] > 55 {
			t.Errorf("%s takes %d and %d trials to the GA's regret at 40 and 50, want at most 44 and 55", name, m.EvalsToGA["40"], m.EvalsToGA["50"])
		}
	}
}

// TestConditionalSpace: fifty tasks of a space in which one gene decides whether two others count: the gate is open and L3 is there sooner.
// It takes minutes: DOIN_META_TABLES=1, make soak-meta.
func TestConditionalSpace(t *testing.T) {
	if os.Getenv("DOIN_META_TABLES") == "" {
		t.Skip("DOIN_META_TABLES is not set")
	}
	dir := t.TempDir()
	write(t, dir, "conditional", 50, 80, 4, func(q *rng.Seq, task int) (float64, []float64) {
		x, shift := uniform(q, 4), float64(task%10)/50
		d := (x[0]-0.3-shift)*(x[0]-0.3-shift) + 0.2
		if x[1] < 0.5 {
			x[2], x[3] = math.NaN(), math.NaN()
		} else {
			d += (x[2]-0.6)*(x[2]-0.6) + (x[3]-0.2-shift)*(x[3]-0.2-shift) - 0.2
		}
		return d, x
	})
	r, err := Run(t.Context(), Config{Tables: dir, Seeds: 3, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	table := r.Tables[0]
	if table.Tasks != 50 || table.Offline.Open < 45 {
		t.Errorf("the gate is open for %d of %d tasks, τ %.2f", table.Offline.Open, table.Tasks, table.Offline.Tau)
	}
	if l := table.Methods["l3"].EvalsToGA["50"]; l > 25 {
		t.Errorf("L3 takes %d trials to the GA's regret at 50, want 25 at most", l)
	}
	if n := table.Negated.EvalsToGA["50"]; n > 55 {
		t.Errorf("with a negated prior %d trials, want 55 at most", n)
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
