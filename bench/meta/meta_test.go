package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"
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

// makeTables writes the tables that are made into a folder of the test's.
func makeTables(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := Make(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestMake: the tables have as many tasks and genes as they are said to have, and some genes of the conditional one are inactive.
func TestMake(t *testing.T) {
	tables, err := readTables(makeTables(t))
	if err != nil || len(tables) != len(made) {
		t.Fatalf("readTables: %d, %v", len(tables), err)
	}
	for _, one := range tables {
		inactive := 0
		for _, k := range one.tasks {
			for _, p := range k.points {
				if !p.Active[one.genes-1] {
					inactive++
				}
			}
		}
		want := map[string][2]int{Order: {9, 3}, Conditional: {50, 4}, Nothing: {9, 3}}[one.name]
		if got := [2]int{len(one.tasks), one.genes}; got != want || (inactive > 1000) != (one.name == Conditional) {
			t.Errorf("%s: tasks and genes %v, want %v; %d lines with an inactive gene", one.name, got, want, inactive)
		}
	}
}

// TestNothingTransfers: where every task has its own optimum and its own weights the gate is shut, and L3 takes at most a tenth more
// trials than the GA.
func TestNothingTransfers(t *testing.T) {
	r, err := Run(t.Context(), Config{Tables: makeTables(t), Only: []string{Nothing}, Seeds: 3, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	if table := r.Tables[0]; table.Offline.Open > 1 {
		t.Errorf("the gate is open for %d of 9 tasks, τ %.2f", table.Offline.Open, table.Offline.Tau)
	}
	for _, v := range r.Judge() {
		if !v.Holds() {
			t.Errorf("%+v", v)
		}
	}
	r.Tables[0].Methods[methodL3].EvalsToGA["40"] = 45
	var b bytes.Buffer
	if err := r.WriteMarkdown(&b, "a test", time.Now()); err != nil || !strings.Contains(b.String(), "| 45 | 44 | **missed** |") {
		t.Errorf("WriteMarkdown: %s, %v", b.String(), err)
	}
}

// TestAlikeTasks: where tasks share an order L3 is there sooner than the GA and than random search, its gate is open, and two runs are
// one, whatever the number of processors, but for goptuna's TPE.
func TestAlikeTasks(t *testing.T) {
	dir := makeTables(t)
	run := func() (*Report, []byte) {
		t.Helper()
		r, err := Run(context.Background(), Config{Tables: dir, Only: []string{Order}, Seeds: 2, Rows: 40})
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
