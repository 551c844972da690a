package tabular

import (
	"math"
	"os"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/onnx"
	"doin.network/node/compute/onnx/onnxtest"
	"doin.network/node/internal/canon"
)

// asked are rows as a model is asked and as an exported one is: all of a table, one that is all missing, one with a category that
// training has not.
func asked(table *Table) (rows []any, question map[string]onnxtest.Input) {
	question = map[string]onnxtest.Input{}
	n := table.Rows()
	for i := range n + 2 {
		o := canon.NewObject()
		for _, c := range table.inputs {
			switch {
			case i > n && c.kind == categorical:
				o.Set(c.name, "elsewhere")
			case i == n || c.isMissing(i%n):
			case c.kind == numeric:
				o.Set(c.name, c.number(i%n))
			default:
				o.Set(c.name, c.labels[c.codes[i%n]])
			}
		}
		rows = append(rows, o)
	}
	for _, c := range table.inputs {
		in := onnxtest.Input{Type: "double", Dims: []int{len(rows), 1}}
		var data []any
		for _, row := range rows {
			v, ok := row.(*canon.Object).Get(c.name)
			if !c.counted() && !ok {
				v = ""
			}
			data = append(data, v)
		}
		if !c.counted() {
			in.Type = "string"
		}
		in.Data = data
		question[c.name] = in
	}
	return rows, question
}

// tables are the ones that exports are compared on.
func tables(t *testing.T, f func(name string, d tested, table *Table)) {
	t.Helper()
	add := func(name string, table *Table, task Task) {
		f(name, mustDomain(t, table, task, quick), table)
	}
	d := irises(t)
	file, err := os.Open(iris)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table, err := Parse(file, data.Options{}, Schema{Task: Classification})
	if err != nil {
		t.Fatal(err)
	}
	f("iris", d, table)
	add("houses", houses(150), Regression)
	add("two classes", blobs(40, 2), Classification)
	add("three classes", blobs(30, 3), Classification)
	f("rare categories", mustDomain(t, shops(150), Regression, func(c *Config) { quick(c); c.MaxCategories = 4 }), shops(150))
}

// What ONNX Runtime makes of an exported model is what the model answers, in every row.
func TestExport(t *testing.T) {
	tables(t, func(name string, d tested, table *Table) {
		m := domaintest.Claim(t, d, fixed(d.config.Space), 1, 2)
		written, err := m.(domain.Exporter).Export(t.Context(), domain.ONNX, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows, question := asked(table)
		want, err := m.Infer(t.Context(), canon.NewObject("rows", rows))
		if err != nil {
			t.Fatal(err)
		}
		a := onnxtest.Run(t, written, []map[string]onnxtest.Input{question})[0]
		if a.Error != "" {
			t.Fatalf("%s: %s", name, a.Error)
		}
		predictions, _ := want.List("predictions")
		if len(d.data.classes) == 0 {
			s := supervised.Shift(d.data.scale.Unit, d.data.power)
			closeTo(t, name, a.Numbers(t, "prediction"), reals(t, predictions), s)
			return
		}
		var all []float64
		list, _ := want.List("probabilities")
		for _, p := range list {
			all = append(all, p.([]float64)...)
		}
		closeTo(t, name, a.Numbers(t, "probabilities"), all, 1)
		for i, class := range a.Texts(t, "prediction") {
			if class != predictions[i] {
				t.Errorf("%s, row %d: class %q, want %q", name, i, class, predictions[i])
			}
		}
	})
}

// Every member is written, with a weight or without.
func TestExportMembers(t *testing.T) {
	tables(t, func(name string, d tested, table *Table) {
		g := onnx.New("members")
		x, err := d.data.exportInputs(g)
		if err != nil {
			t.Fatal(err)
		}
		rows, question := asked(table)
		asked, err := d.data.query(canon.NewObject("rows", rows))
		if err != nil {
			t.Fatal(err)
		}
		cases := &samples{classes: len(d.data.classes), width: d.data.inputs, inputs: asked.inputs}
		want := map[string][]float64{}
		for _, member := range d.Members() {
			f, err := member.Fit(t.Context(), len(d.data.folds))
			if err != nil {
				t.Fatal(err)
			}
			v, err := d.data.exportMember(g, f, x)
			if err != nil {
				t.Fatal(err)
			}
			g.Output(member.Name(), v, onnx.Float, []int{-1, cases.Width()}, "")
			out := make([]float32, cases.Len()*cases.Width())
			f.Predict(cases, out)
			for _, p := range out {
				want[member.Name()] = append(want[member.Name()], float64(p))
			}
		}
		a := onnxtest.Run(t, g.Model("test", "1", ""), []map[string]onnxtest.Input{question})[0]
		if a.Error != "" {
			t.Fatalf("%s: %s", name, a.Error)
		}
		for member, w := range want {
			closeTo(t, name+" "+member, a.Numbers(t, member), w, 1)
		}
	})
}

// near compares numbers as the export promises it.
func closeTo(t *testing.T, what string, got, want []float64, s float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	worst := 0.0
	for i := range want {
		e := math.Abs(got[i]-want[i]) / max(math.Abs(want[i]), s)
		if worst = max(worst, e); !(e <= 1e-5) {
			t.Errorf("%s: number %d is %v, want %v", what, i, got[i], want[i])
		}
	}
	t.Logf("%s: %d numbers, largest error %.2g", what, len(want), worst)
}

func reals(t *testing.T, list []any) []float64 {
	t.Helper()
	out, err := domain.Reals(list, len(list))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExportRefusals(t *testing.T) {
	d := mustDomain(t, parse(t, "prediction,b,y\n"+line(60), Schema{Task: Regression}), Regression, quick)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1)
	_, err := m.(domain.Exporter).Export(t.Context(), domain.ONNX, nil)
	if err == nil || !strings.Contains(err.Error(), `column "prediction"`) {
		t.Errorf("Export with a column of an output's name = %v", err)
	}
	if _, err := d.data.exportMember(nil, supervised.Fitted(nil), ""); err == nil {
		t.Error("exportMember of nothing = nil, want an error")
	}
	want := `[{"name": "b", "kind": "number"}, {"name": "prediction", "kind": "number"}]`
	if got := string(canon.Default(objects(d.problem.Inputs()))); got != want {
		t.Errorf("Inputs = %s, want %s", got, want)
	}
}

func objects(list []*canon.Object) (out []any) {
	for _, o := range list {
		out = append(out, o)
	}
	return out
}

// The evidence of a model has the test rows as the file has them, and a prediction of each.
func TestEvidence(t *testing.T) {
	f := func(d tested, want ...string) {
		t.Helper()
		m := domaintest.Claim(t, d, fixed(d.config.Space), 1)
		data, err := m.(domain.Exporter).Export(t.Context(), domain.Evidence, nil)
		if err != nil {
			t.Fatal(err)
		}
		o := object(t, string(data))
		actual, _ := o.List("actual")
		models, _ := o.List("models")
		if len(actual) != d.data.test.Len() || len(models) < 3 {
			t.Errorf("%d rows, %d models of %d rows", len(actual), len(models), d.data.test.Len())
		}
		for _, part := range want {
			if !strings.Contains(string(data), part) {
				t.Errorf("evidence lacks %s: %.300s", part, data)
			}
		}
	}
	f(mustDomain(t, houses(150), Regression, quick), `{"kind": "numbers", "target": "price", "actual": [`, `"models": [{"name": "champion", "predictions": [`, `{"name": "median", "predictions": [`)
	f(mustDomain(t, blobs(30, 3), Classification, quick), `{"kind": "classes", "target": "class", "classes": ["c0", "c1", "c2"]`, `{"name": "prior", "probabilities": [[0.`)
}
