package olap

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
)

var update = flag.Bool("update", false, "rewrite SCHEMA.md")

// TestSchemaDocument: SCHEMA.md says what the structs say.
func TestSchemaDocument(t *testing.T) {
	const path = "SCHEMA.md"
	got := document()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not the document of the schema: run go test ./olap -run %s -update", path, t.Name())
	}
}

func document() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Tables\n\nGenerated from the row structs of package olap. Versions up to %d are the Python reference's.\n", ReferenceVersion)
	b.WriteString("Times of day are ISO 8601 in UTC, durations in seconds, structured values JSON text.\n")
	row := func(c *Column) {
		kind := c.Type.String()
		if c.JSON() {
			kind = "json"
		}
		if c.Nullable {
			kind += ", nullable"
		}
		since := fmt.Sprint(c.Since)
		if c.Since == 0 {
			since = "CSV"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, kind, since, c.Description())
	}
	for _, t := range Tables() {
		fmt.Fprintf(&b, "\n## %s\n\n| Column | Type | Since | Holds |\n|---|---|---|---|\n", t.Name)
		for i := range t.Columns {
			row(&t.Columns[i])
		}
		if len(t.csvOnly) > 0 {
			b.WriteString("\nIn the CSV file alone:\n\n| Column | Type | Since | Holds |\n|---|---|---|---|\n")
		}
		for i := range t.csvOnly {
			row(&t.csvOnly[i])
		}
	}
	return b.String()
}

// full returns a row of the table with something in every field.
func full(typ reflect.Type) reflect.Value {
	row := reflect.New(typ)
	fill(row.Elem())
	return row
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(-3)
	case reflect.Uint64:
		v.SetUint(1<<63 + 1)
	case reflect.Float64:
		v.SetFloat(0.5)
	}
}

var structs = map[string]reflect.Type{
	"dim_domain": reflect.TypeFor[Domain](), "dim_experiment": reflect.TypeFor[Experiment](), "fact_round": reflect.TypeFor[Round](),
	"fact_experiment_summary": reflect.TypeFor[Summary](), "fact_claim": reflect.TypeFor[Claim](),
	"fact_chain_optimae": reflect.TypeFor[ChainOptimae](), "dim_configuration": reflect.TypeFor[Configuration](), "dim_run": reflect.TypeFor[Run](),
	"dim_node": reflect.TypeFor[NodeInfo](), "dim_device": reflect.TypeFor[Device](), "fact_generation": reflect.TypeFor[Generation](),
	"fact_trial": reflect.TypeFor[Trial](), "fact_param": reflect.TypeFor[Param](), "fact_curve": reflect.TypeFor[Curve](),
	"fact_migration": reflect.TypeFor[Migration](), "fact_block": reflect.TypeFor[Block](), "fact_decision": reflect.TypeFor[Decision](),
	"fact_vote": reflect.TypeFor[Vote](), "fact_money": reflect.TypeFor[Money](),
}

// TestAccessors: every column of every table reads its own field, in the type its schema says; the spool's form keeps it;
// what can be missing is NULL in an empty row.
func TestAccessors(t *testing.T) {
	want := map[arrow.Type]any{arrow.STRING: "x", arrow.INT64: int64(-3), arrow.UINT64: uint64(1<<63 + 1), arrow.FLOAT64: 0.5, arrow.BOOL: true}
	for _, table := range Tables() {
		typ := structs[table.Name]
		row, empty := full(typ), reflect.New(typ)
		text, err := json.Marshal(row.Interface())
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(typ)
		if err := json.Unmarshal(text, back.Interface()); err != nil || !reflect.DeepEqual(back.Interface(), row.Interface()) {
			t.Errorf("%s: out of the spool comes %+v, %v", table.Name, back, err)
		}
		seen := map[string]bool{}
		for _, columns := range [][]Column{table.Columns, table.csvOnly} {
			for _, c := range columns {
				if got := c.Value(row.Interface()); got != want[c.Type.ID()] {
					t.Errorf("%s.%s = %v, want %v", table.Name, c.Name, got, want[c.Type.ID()])
				}
				if got := c.Value(empty.Interface()); (got == nil) != c.Nullable {
					t.Errorf("%s.%s of an empty row = %v, nullable %v", table.Name, c.Name, got, c.Nullable)
				}
				if seen[c.Name] {
					t.Errorf("%s.%s is there twice", table.Name, c.Name)
				}
				seen[c.Name] = true
			}
		}
		checkTable(t, table)
	}
}

func checkTable(t *testing.T, table *Table) {
	t.Helper()
	if len(table.Schema.Fields()) != len(table.Columns) || len(table.Values(reflect.New(structs[table.Name]).Interface())) != len(table.Columns) {
		t.Errorf("%s: %d fields, %d columns", table.Name, len(table.Schema.Fields()), len(table.Columns))
	}
	last, keys := 0, len(table.Keys())
	if keys < 1 || keys > 2 {
		t.Errorf("%s: the key is of %d columns", table.Name, keys)
	}
	for i, c := range table.Columns {
		if c.Key != (i < keys) || c.Since > SchemaVersion || c.Since < table.Since() {
			t.Errorf("%s.%s: key %v since %d", table.Name, c.Name, c.Key, c.Since)
		}
		if ours := c.Since > ReferenceVersion; ours && c.Since < last || !ours && last > ReferenceVersion {
			t.Errorf("%s.%s of version %d stands behind one of %d", table.Name, c.Name, c.Since, last)
		}
		last = c.Since
		if c.NotNull && c.Nullable {
			t.Errorf("%s.%s is declared NOT NULL and may be", table.Name, c.Name)
		}
	}
}

// TestNotFinite: a number that is none is refused in whatever column it stands.
func TestNotFinite(t *testing.T) {
	for _, table := range Tables() {
		for _, columns := range [][]Column{table.Columns, table.csvOnly} {
			for _, c := range columns {
				if c.Type.ID() != arrow.FLOAT64 {
					continue
				}
				for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					row := full(structs[table.Name])
					if name := table.notFinite(row.Interface()); name != "" {
						t.Fatalf("%s: %s of a good row is not finite", table.Name, name)
					}
					v := row.Elem().FieldByIndex(c.index)
					if v.Kind() == reflect.Pointer {
						v = v.Elem()
					}
					v.SetFloat(x)
					if name := table.notFinite(row.Interface()); name != c.Name {
						t.Errorf("%s.%s = %v: not finite is %q", table.Name, c.Name, x, name)
					}
				}
			}
		}
	}
}

func TestColumnOfABadField(t *testing.T) {
	f := func(row any, want string) {
		t.Helper()
		_, err := newColumn(reflect.TypeOf(row).Field(0), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("newColumn(%T) = %v, want %s", row, err, want)
		}
	}
	f(struct {
		A string `olap:"1" doc:"d"`
	}{}, "no name")
	f(struct {
		A string `json:"a" olap:"1"`
	}{}, "no description")
	f(struct {
		A int8 `json:"a" olap:"1" doc:"d"`
	}{}, "no column can hold int8")
	f(struct {
		A string `json:"a" doc:"d"`
	}{}, "invalid syntax")
	f(struct {
		A string `json:"a" olap:"1,primary" doc:"d"`
	}{}, `what is "primary"`)
}
