package tabular

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/internal/canon"
)

// One cell in the first row that is no number makes no categories.
func TestFirstCell(t *testing.T) {
	hash := ""
	for _, file := range []string{"first_cell_NA.csv", "first_cell_null.csv"} {
		d := opened(t, "data", "testdata/files/"+file)
		if d.data.inputs != 3 || len(d.data.encoders) != 2 || !d.data.encoders[1].value || !d.data.encoders[1].gone {
			t.Errorf("%s: %d inputs, encoders %+v", file, d.data.inputs, d.data.encoders)
		}
		if hash == "" {
			hash = d.Describe().DataHash
		}
		if got := d.Describe().DataHash; got != hash {
			t.Errorf("%s: data hash %s, want %s", file, got, hash)
		}
		m := domaintest.Claim(t, d, fixed(d.config.Space), 1)
		if got := domaintest.Metric(t, m, "test_accuracy"); got < 0.98 {
			t.Errorf("%s: accuracy %v, want about 1", file, got)
		}
	}
}

// A file as pandas writes it means what its tidy twin does.
func TestWildTwin(t *testing.T) {
	const target = "Species"
	wild := opened(t, "data", "testdata/files/penguins.csv", "target_column", target)
	tidy := opened(t, "data", "testdata/files/penguins_tidy.csv", "target_column", target)
	g, err := data.Read("testdata/files/penguins.csv", data.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	turned := mustDomain(t, parse(t, written(g), Schema{Task: Classification, Target: target}), Classification, nil)
	for _, twin := range []tested{tidy, turned} {
		if got, want := wild.Describe().DataHash, twin.Describe().DataHash; got != want {
			t.Errorf("data hashes %s and %s of twins", got, want)
		}
	}
	if notes := wild.Describe().Notes; len(notes) != 1 || !strings.Contains(notes[0], "it numbers the rows") {
		t.Errorf("notes %q", notes)
	}
	d := wild.data
	if got, want := len(d.encoders), 6; got != want || d.learn.Len()+d.test.Len() != 344 || !slices.Equal(d.classes, []string{"Adelie", "Chinstrap", "Gentoo"}) {
		t.Errorf("%d columns, want %d; %d rows, classes %q", got, want, d.learn.Len()+d.test.Len(), d.classes)
	}
}

// What was decided is in the settings in force, and they decide the same.
func TestReopen(t *testing.T) {
	for _, first := range []tested{
		opened(t, "data", "testdata/files/penguins.csv", "target_column", "Species"),
		opened(t, "data", "testdata/files/forms.csv", "target_column", "price", "task", "regression", "max_categories", 3),
	} {
		a := first.Describe()
		o := a.Defaults.Clone()
		o.Delete("space")
		second, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		b := second.Describe()
		if a.DataHash != b.DataHash || canon.Hash(a.Defaults) != canon.Hash(b.Defaults) {
			t.Errorf("settings %s with data hash %s, opened again %s with %s", canon.Canonical(a.Defaults), a.DataHash, canon.Canonical(b.Defaults), b.DataHash)
		}
	}
	got := opened(t, "data", "testdata/files/forms.csv", "target_column", "price", "task", "regression", "max_categories", 3).Describe()
	for key, want := range map[string]string{"numeric_columns": `["area"]`, "categorical_columns": `["town"]`, "boolean_columns": `["garden"]`,
		"date_columns": `{"sold": "%d.%m.%Y"}`, "ignored_columns": `["country", "house id"]`, "target_column": `"price"`, "separator": `";"`,
		"decimal": `","`, "thousands": `"."`, "header": `"first"`, "encoding": `"utf-8"`} {
		v, _ := got.Defaults.Get(key)
		if text := string(canon.Default(v)); text != want {
			t.Errorf("%s = %s, want %s", key, text, want)
		}
	}
	want := []string{"1 of 41 rows have no target and are left out", `numbers have the decimal mark "," and between thousands "."`, `dropped column "country": all cells are the same`,
		`dropped column "house id": a whole number that is another in every row, and a name like an identifier's (listed in numeric_columns it is kept)`,
		`column "town": the 3 most frequent categories have an input each, the 2 others (9 rows that learn) share one (max_categories)`}
	if !slices.Equal(got.Notes, want) {
		t.Errorf("notes %q, want %q", got.Notes, want)
	}
}

// Rows as objects and as text are the same rows.
func TestInferForms(t *testing.T) {
	d := opened(t, "data", "testdata/files/forms.csv", "target_column", "price", "task", "regression", "max_categories", 3)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1)
	ask := func(key string, v any) *canon.Object {
		t.Helper()
		out, err := m.Infer(t.Context(), canon.NewObject(key, v))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	rows := ask("rows", listOf(t, `{"rows": [
		{"area": 80.5, "town": "Rom", "garden": true, "sold": "31.01.2020"},
		{"area": "80,5", "town": "Rom", "garden": "Yes", "sold": "31.1.2020"},
		{"area": "1.080,5", "town": "Oslo", "garden": 0, "sold": ""},
		{"area": null, "town": null, "garden": null, "sold": null}]}`))
	csv := ask("csv", "sold;garden;town;area;house id\n31.01.2020;yes;Rom;80,5;1\n31.01.2020;yes;Rom;80,5;2\n;no;Oslo;1.080,5;3\n;;;;4\n")
	a, _ := rows.List("predictions")
	b, _ := csv.List("predictions")
	if !slices.Equal(a, b) || a[0] != a[1] || a[0] == a[2] {
		t.Errorf("predictions %v of objects, %v of text", a, b)
	}
	notes := func(o *canon.Object) string { v, _ := o.Get("notes"); return fmt.Sprint(v) }
	if got, want := notes(rows), `[column "town": "Oslo" is no category of the training data: taken as one of the rare ones]`; got != want {
		t.Errorf("notes %s, want %s", got, want)
	}
	if got, want := notes(csv), `column "house id": no input, passed over`; !strings.Contains(got, want) {
		t.Errorf("notes %s, want %s", got, want)
	}
	if got, want := notes(ask("rows", []any{canon.NewObject("area", 1)})), `columns "garden", "sold", "town": not given, taken as missing`; !strings.Contains(got, want) {
		t.Errorf("notes %s, want %s", got, want)
	}
	for input, want := range map[string]string{
		`{"rows": [{"sold": "2020-01-31"}]}`: `column "sold": "2020-01-31": not a time of the form %d.%m.%Y`,
		`{"rows": [{"sold": true}]}`:         `column "sold": `,
		`{"rows": [{"garden": "maybe"}]}`:    `column "garden": maybe: want true or false, or one of false/true, no/yes`,
		`{"rows": [{"garden": 2}]}`:          `column "garden": 2: want true`,
		`{"rows": [{"area": "80.5"}]}`:       `column "area": not a decimal number`,
	} {
		if out, err := m.Infer(t.Context(), object(t, input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Infer(%s) = %v, %v, want %q", input, out, err, want)
		}
	}
}

// Classes keep the words of the file, and categories are found by what they say.
func TestInferWords(t *testing.T) {
	file := "flag,grade,x,y\n" + repeat(60, func(i int) string {
		return fmt.Sprintf("%s,%d.0,%d,%s\n", []string{"TRUE", "FALSE", "n/k"}[i%3], i%4, i*i%13, []string{"01", "1"}[i*i%13/7])
	})
	d := mustDomain(t, parse(t, file, Schema{Task: Classification, Categorical: []string{"flag", "grade"}}), Classification, nil)
	if !slices.Equal(d.data.classes, []string{"01", "1"}) {
		t.Fatalf("classes %q", d.data.classes)
	}
	same := func(a, b string) {
		t.Helper()
		q, err := d.data.query(object(t, `{"rows": [`+a+`, `+b+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		if n := d.data.inputs; !slices.Equal(q.inputs[:n], q.inputs[n:]) {
			t.Errorf("%s and %s are other inputs", a, b)
		}
	}
	same(`{"flag": true, "grade": 2}`, `{"flag": "TRUE", "grade": "2.0"}`)
	same(`{"flag": false, "grade": 3.0}`, `{"flag": "FALSE", "grade": "3.0"}`)
	same(`{"grade": 9}`, `{"flag": null, "grade": "9"}`)
}

// Rows of a test that no training can know are refused with their line.
func TestUnlearnedClass(t *testing.T) {
	file := "part,x,y\n" + repeat(30, func(i int) string { return fmt.Sprintf("train,%d,%d\n", i*i%11, i%2) }) + "test,3,0\ntest,4,2\n"
	_, err := Parse(strings.NewReader(file), data.Options{}, Schema{Task: Classification, Split: "part"})
	if want := `line 33: column "y": class "2" is in no row that learns`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	table := parse(t, "part,x,y\n"+repeat(30, func(i int) string { return fmt.Sprintf("train,1,%d\n", i%4) })+"test,2,1\n", Schema{Task: Regression, Split: "part"})
	_, err = FromTable(configured(Regression, func(c *Config) { c.Split = "part" }), table)
	if want := "no input changes over the training rows"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// The columns of a file that tests may have another order, and more of them are said; what is odd in it is found there.
func TestOtherOrder(t *testing.T) {
	rows := "a,b,y\n" + repeat(40, func(i int) string { return fmt.Sprintf("%d,k%d,%d\n", i*i%11, i%3, i*i%7) })
	read := func(tests string) (*Table, error) {
		return Parse(strings.NewReader(rows), data.Options{}, Schema{Task: Regression, Target: "y"}, strings.NewReader(tests))
	}
	a, err := read("a,b,y\n1,k1,2\n3,k2,4\n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := read("more,y,b,a\n0,2,k1,1\n0,NA,k1,1\n0,4,k2,3\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`test_data: column "more": not in the data, passed over`, "test_data: 1 of 3 rows have no target and are left out"}
	if a.key() != b.key() || !slices.Equal(b.Notes(), want) {
		t.Errorf("notes %q, want %q", b.Notes(), want)
	}
	if _, err := read("y,b,a\n2,k1,1\n2,k1,x\n"); err == nil || !strings.Contains(err.Error(), `test_data: data: line 3: column "a": "x"`) {
		t.Errorf("error %v, want one with test_data and line 3", err)
	}
}

// listOf returns the rows of a request.
func listOf(t *testing.T, text string) []any {
	t.Helper()
	list, err := object(t, text).List("rows")
	if err != nil {
		t.Fatal(err)
	}
	return list
}
