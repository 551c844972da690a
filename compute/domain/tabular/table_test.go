package tabular

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

func TestParseRefusals(t *testing.T) {
	long := strings.Repeat("x", MaxName+1)
	var many strings.Builder
	many.WriteString("id,v\n")
	for i := range MaxCategories + 1 {
		fmt.Fprintf(&many, "n%d,1\n", i)
	}
	for name, tc := range map[string]struct {
		file, want string
		schema     Schema
	}{
		"empty":              {"", "empty file", Schema{}},
		"one column":         {"v\n1\n", "line 1: header has 1 columns", Schema{}},
		"no header":          {"5.1,3.5\n4.9,3\n", "line 1: no header", Schema{}},
		"no rows":            {"a,v\n", "line 1: no rows", Schema{}},
		"column twice":       {"a,b,a\n1,1,1\n", `line 1: columns 1 and 3 are both called "a"`, Schema{}},
		"column unnamed":     {"a,,b\n1,1,1\n", "line 1: column 2", Schema{}},
		"column name long":   {long + ",v\n1,1\n", "line 1: column 1", Schema{}},
		"column name bytes":  {"a\xff,v\n1,1\n", "line 1: column 1", Schema{}},
		"no such target":     {"a,b\n1,1\n", `line 1: header has no column "y"`, Schema{Target: "y"}},
		"no such numeric":    {"a,b\n1,1\n", `line 1: header has no column "y"`, Schema{Numeric: []string{"y"}}},
		"target ignored":     {"a,b\n1,1\n", "line 1: column \"b\" is the target", Schema{Ignored: []string{"b"}}},
		"no input":           {"a,b\n1,1\n", "line 1: no column is left", Schema{Ignored: []string{"a"}}},
		"missing field":      {"a,b,v\n1,1,1\n1,1\n", "line 3: wrong number of fields", Schema{}},
		"extra field":        {"a,v\n1,1\n1,1,1\n", "line 3: wrong number of fields", Schema{}},
		"open quote":         {"a,v\n\"1,1\n1,1\n", "line", Schema{}},
		"bare quote":         {"a,v\n1\",1\n", "line 2", Schema{}},
		"target missing":     {"a,v\n1,1\n1,\n", "line 3: column \"v\": \"\": the target is missing", Schema{}},
		"target NA":          {"a,v\n1,NA\n", "line 2: column \"v\": \"NA\": the target is missing", Schema{}},
		"target text":        {"a,v\n1,1\n1,abc\n", "line 3: column \"v\": \"abc\": not a decimal number", Schema{}},
		"text among numbers": {"a,v\n1,1\nabc,1\n", "line 3: column \"a\": \"abc\": not a decimal number", Schema{}},
		"text, numeric":      {"a,v\nabc,1\n", "line 2: column \"a\"", Schema{Numeric: []string{"a"}}},
		"NaN":                {"a,v\n1,1\nNaN,1\n", "line 3: column \"a\"", Schema{}},
		"NaN first":          {"a,v\nnan,1\n1,1\n", "line 2: column \"a\": \"nan\": not a decimal number", Schema{}},
		"infinity":           {"a,v\n-Inf,1\n", "line 2: column \"a\"", Schema{}},
		"overflow":           {"a,v\n1e999,1\n", "line 2: column \"a\": \"1e999\": magnitude", Schema{}},
		"too large":          {"a,v\n1,1e31\n", "line 2: column \"v\": \"1e31\": magnitude", Schema{}},
		"hexadecimal":        {"a,v\n0x1p3,1\n", "line 2: column \"a\"", Schema{}},
		"space":              {"a,v\n1,1\n 1,1\n", "line 3: column \"a\"", Schema{}},
		"long category":      {"a,v\n" + long + ",1\n", "line 2: column \"a\"", Schema{}},
		"bytes":              {"a,v\nx,1\nx\xff,1\n", "line 3: column \"a\"", Schema{}},
		"many categories":    {many.String(), "line 1026: column \"id\"", Schema{}},
	} {
		tc.schema.Task = Regression
		_, err := Parse(strings.NewReader(tc.file), tc.schema)
		if !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrData with %q", name, err, tc.want)
		}
	}
	for _, s := range []Schema{{}, {Task: "x"}, {Task: Regression, Numeric: []string{"a"}, Ignored: []string{"a"}}} {
		if _, err := Parse(strings.NewReader("a,v\n1,1\n"), s); !errors.Is(err, domain.ErrConfig) {
			t.Errorf("schema %+v: error %v, want ErrConfig", s, err)
		}
	}
}

func TestParse(t *testing.T) {
	file := "\ufeffage,\"who, \"\"where\"\"\",id,y,code,none\r\n" +
		",b,17,no,7,\r\n" +
		"-0,NA,18,yes,3,NA\r\n" +
		"\r\n" +
		"2.5,a,19,no,7,?\r\n" +
		"?,\"c\nd\",20,1,7,\r\n" +
		"NA,a,21,no,?,\r\n"
	table, err := Parse(strings.NewReader(file), Schema{
		Task: Classification, Target: "y", Categorical: []string{"code"}, Ignored: []string{"id"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.Inputs(), []string{"age", `who, "where"`, "code", "none"}; !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if got, want := table.Classes(), []string{"1", "no", "yes"}; !slices.Equal(got, want) || table.Target() != "y" {
		t.Errorf("classes %q of %q, want %q", got, table.Target(), want)
	}
	if got, want := table.target.codes, []int32{1, 2, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("target %v, want %v", got, want)
	}
	age, who, code, none := table.inputs[0], table.inputs[1], table.inputs[2], table.inputs[3]
	if age.kind != numeric || math.Signbit(age.numbers[1]) || age.number(2) != 2.5 {
		t.Errorf("age %+v", age)
	}
	for row, want := range []bool{true, false, false, true, true} {
		if age.isMissing(row) != want || !none.isMissing(row) {
			t.Errorf("row %d: age missing = %v, want %v", row, age.isMissing(row), want)
		}
	}
	if !slices.Equal(who.labels, []string{"a", "b", "c\nd"}) || !slices.Equal(who.codes, []int32{1, -1, 0, 2, 0}) {
		t.Errorf("who %+v", who)
	}
	if !slices.Equal(code.labels, []string{"3", "7"}) || !slices.Equal(code.codes, []int32{1, 0, 1, 1, -1}) {
		t.Errorf("code %+v", code)
	}
	if none.kind != undecided {
		t.Errorf("none %+v", none)
	}
	if !slices.Equal(table.lines, []int32{2, 3, 5, 6, 8}) || table.Rows() != 5 {
		t.Errorf("lines %v", table.lines)
	}
}

// Every accepted table is written and read back unchanged, and becomes a domain or a typed error.
func FuzzParse(f *testing.F) {
	f.Add("a,b,y\n1,x,p\n2,,q\n", true)
	f.Add("\ufeffa,\"b\"\"\",y\r\n1e3,x,1\r\n?,NA,-.5\r\n", false)
	f.Add("a,y\n"+strings.Repeat("1,p\n2,q\n3,p\n4,q\n", 5), true)
	f.Add("a,b,y\n"+strings.Repeat("1,u,3\n2,v,4\n,u,5\n", 5), false)
	f.Fuzz(func(t *testing.T, file string, classify bool) {
		s := Schema{Task: Regression}
		if classify {
			s.Task = Classification
		}
		table, err := Parse(strings.NewReader(file), s)
		if err != nil {
			if !errors.Is(err, supervised.ErrData) {
				t.Fatalf("error %v does not wrap ErrData", err)
			}
			return
		}
		again, err := Parse(strings.NewReader(written(table)), kinds(table, s.Task))
		if err != nil {
			t.Fatalf("%q: %v", written(table), err)
		}
		if again.key() != table.key() {
			t.Fatalf("%q read back as another table", written(table))
		}
		c := DefaultConfig(s.Task)
		c.MaxParameters = 1 << 20
		d, err := FromTable(c, table)
		if err != nil {
			if !errors.Is(err, supervised.ErrData) && !errors.Is(err, domain.ErrConfig) {
				t.Fatalf("error %v has no type", err)
			}
			return
		}
		if p := d.Naive().Performance(); p != -1 && p != 0 {
			t.Fatalf("naive performance %v", p)
		}
	})
}

// kinds is the schema that a table was read by, every kind named.
func kinds(table *Table, task Task) Schema {
	s := Schema{Task: task, Target: table.Target()}
	for _, c := range table.inputs {
		switch c.kind {
		case numeric:
			s.Numeric = append(s.Numeric, c.name)
		case categorical:
			s.Categorical = append(s.Categorical, c.name)
		}
	}
	return s
}

// written returns a table as a CSV file, the target first.
func written(table *Table) string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	columns := append([]*column{table.target}, table.inputs...)
	var b strings.Builder
	for row := -1; row < table.Rows(); row++ {
		for i, c := range columns {
			if i > 0 {
				b.WriteByte(',')
			}
			switch {
			case row < 0:
				b.WriteString(quote(c.name))
			case c.isMissing(row):
				b.WriteString("NA")
			case c.kind == numeric:
				fmt.Fprint(&b, c.number(row))
			default:
				b.WriteString(quote(c.labels[c.codes[row]]))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
