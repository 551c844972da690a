package inspect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/tabular"
)

// key is a member of optimization_config as docs/data.md has it.
type key struct{ name, def, what string }

// common are the keys that both domains read, but for those of the text.
var common = []key{
	{"data", "required", "path of the file, relative to the current directory"},
	{"validation_fraction", "0.15 forecast, 0.2 tabular", "part of the rows that validates (of each fold, of a series)"},
	{"test_fraction", "0.15 forecast, 0.2 tabular", "part of the rows that tests, the last ones of a series"},
	{"folds", "by the size", "origins or folds, 1 to 8: trainings of every seed of a claim"},
	{"max_steps", "600", "optimizer steps of a training that does not stop early"},
	{"max_parameters", "2000 forecast, 10000 tabular", "weights and biases of a network at most"},
	{"eval_every", "20", "steps from one validation to the next"},
	{"patience", "10", "validations without improvement that end a training; 0: none do"},
	{"agreement", "the domain's", `"exact": no model may run outside the engine, whose bits machines do not agree on; else {"within": "1/1000"}. The node hands on what the network says`},
	{"param_bounds", "the whole space", "what the search may vary: gene → [low, high], or a list of choices"},
	{"hyperparameter_bounds", "", "another name of param_bounds"},
	{"time_format", "found", "the form of the times, or of the dates of a table: see [Times](#times)"},
}

// series are the keys of forecast alone.
var series = []key{
	{"time_column", "found", `name of the column of times; "none": rows are counted`},
	{"time_columns", "found", "names of columns that are one time together: year, month, day, …, or a date and an hour"},
	{"value_column", "found", "name of the column of values; by itself the first of numbers"},
	{"wide_columns", "found", "names of the columns of a table with several values a row, in their order"},
	{"series_column", "none", "name of the column that tells several series apart"},
	{"series", "none", "which of them; `*`: one model on all of them"},
	{"frequency", "found", `how rows follow each other: "yearly", "quarterly", "monthly", "weekly", "daily", "hourly", "business days", a list as "sun mon tue", a number of units as "15 minutes", "step 0.5", "rows"`},
	{"order", "sort", "sort: rows may come in any order of time; error: they may not"},
	{"duplicates", "error", "of rows with one time: error, mean, last"},
	{"gaps", "found", "of missing values and rows: error; interpolate, on a straight line; carry, the value before; mask, as interpolate but nothing is trained or measured there; bridge, rows go on without them. By itself interpolate where at most one row of twenty is missing, bridge between business days, else error"},
	{"covariates", "none", "names of columns of numbers that networks see beside the values, up to now"},
	{"known_covariates", "none", "such columns that are known of the times to be forecast, too"},
	{"horizon", "1", "values forecast at once, 1 to 1024"},
	{"period", "found", "rows after which the series resembles itself; 1: none"},
	{"periods", "found", "the periods of the closed forms, three at most"},
	{"validation_start", "none", "time at which validation begins, as the file writes it; with test_start, in place of the fractions"},
	{"test_start", "none", "time at which the test begins"},
	{"models", "mlp, tcn", "networks to be tried"},
}

// TestManual: the tables of keys and of texts for missing values in docs/data.md are those that the code reads.
func TestManual(t *testing.T) {
	f := func(name string, read []string, lists ...[]key) {
		t.Helper()
		var listed []string
		for _, k := range slices.Concat(lists...) {
			listed = append(listed, k.name)
		}
		slices.Sort(listed)
		if read = slices.DeleteFunc(read, ofText); !slices.Equal(read, listed) {
			t.Errorf("%s reads %q, the table has %q", name, read, listed)
		}
	}
	f("forecast", forecast.Keys(), common, series)
	var columns []key
	for _, k := range tabular.KeyTable() {
		if k.Name != "time_format" { // of both
			columns = append(columns, key{k.Name, k.Default, k.Meaning + ": " + k.Values})
		}
	}
	f("tabular", tabular.Keys(), common, columns)
	for _, l := range []struct {
		name string
		keys []key
	}{{"keys of both", common}, {"keys of forecast", series}, {"keys of tabular", columns}} {
		var b strings.Builder
		b.WriteString("| key | default | |\n|---|---|---|\n")
		for _, k := range l.keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.name, k.def, k.what)
		}
		compare(t, l.name, b.String())
	}
	var text strings.Builder
	text.WriteString("| key | may be | |\n|---|---|---|\n")
	for _, k := range data.Keys() {
		fmt.Fprintf(&text, "| `%s` | %s | %s |\n", k.Name, strings.ReplaceAll(k.Values, "|", "\\|"), k.Meaning)
	}
	compare(t, "keys of the text", text.String())
	var missing []string
	for _, s := range data.DefaultMissing() {
		if s != "" {
			missing = append(missing, "`"+s+"`")
		}
	}
	compare(t, "missing values", strings.Join(missing, ", ")+"\n")
	var b strings.Builder
	b.WriteString("| directive | |\n|---|---|\n")
	for _, d := range when.Directives() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", d.Name, d.Means)
	}
	compare(t, "directives", b.String())
}

// ofText reports whether a key is one of those that say how text is read.
func ofText(key string) bool {
	return slices.ContainsFunc(data.Keys(), func(k data.Key) bool { return k.Name == key })
}
