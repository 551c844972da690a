package tabular

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
)

func TestParseRefusals(t *testing.T) {
	long := strings.Repeat("x", MaxName+1)
	measured := "a,y\n" + repeat(MaxClasses+1, func(i int) string { return fmt.Sprintf("%d,%d.5\n", i%7, i) })
	for name, tc := range map[string]struct {
		file, want string
		schema     Schema
	}{
		"no rows":             {"a,v\n", "no row has a target", Schema{}},
		"no such target":      {"alpha,b\n1,1\n", `the file has no column "alfa", did you mean "alpha"?: it has columns "alpha", "b" (option: target_column)`, Schema{Target: "alfa"}},
		"no such numeric":     {"a,b\n1,1\n", `the file has no column "y", did you mean "a"?: it has columns "a", "b" (option: numeric_columns)`, Schema{Numeric: []string{"y"}}},
		"no such ignored":     {"a,b\n1,1\n", `(option: ignored_columns)`, Schema{Ignored: []string{"y"}}},
		"one column":          {"a\n1\n2\n", "the file has one column", Schema{}},
		"no input":            {"a,b\n1,1\n", "no column is left as an input (option: ignored_columns)", Schema{Ignored: []string{"a"}}},
		"nothing to learn":    {"a,b,v\n1,,1\n1,NA,2\n", `no column is left as an input; dropped column "a": all cells are the same; dropped column "b": all cells are missing`, Schema{}},
		"no target":           {"a,b\n1,1\n", "no column is left as the target", Schema{Ignored: []string{"a", "b"}}},
		"targets missing":     {"a,v\n1,NA\n2,\n", `column "v": no row has a target`, Schema{}},
		"target text":         {"a,v\n1,1\n1,2\n1,abc\n", `line 4: column "v": "abc": not a decimal number, and task regression predicts numbers: give the text as a missing value (option: missing_values)`, Schema{}},
		"target of names":     {"a,v\n1,x\n2,y\n3,1\n", `line 2: column "v": "x": not a decimal number, and 2 of 3 cells are no numbers: task regression predicts numbers, task classification predicts classes (option: task)`, Schema{}},
		"target too large":    {"a,v\n1,1\n2,1e31\n", `line 3: column "v": "1e31": magnitude above 1e+30`, Schema{}},
		"text among numbers":  {"a,v\n1,1\n2,1\nabc,1\n", `line 4: column "a": "abc": not a decimal number, and 2 of 3 cells are numbers or meant as such: give the text as a missing value, or the column in categorical_columns (option: missing_values)`, Schema{}},
		"text, numeric":       {"a,v\nabc,1\nx,2\n", `line 2: column "a": "abc": not a decimal number (the column is numeric) (option: missing_values)`, Schema{Numeric: []string{"a"}}},
		"infinity":            {"a,v\n-Inf,1\n1,2\n2,3\n", `line 2: column "a": "-Inf"`, Schema{}},
		"overflow":            {"a,v\n1e999,1\n", `line 2: column "a": "1e999": magnitude`, Schema{}},
		"hexadecimal":         {"a,v\n0x1p3,1\n0x2p3,2\n", `line 2: column "a": "0x1p3"`, Schema{}},
		"percent":             {"a,v\n12%,1\n13%,2\n14%,3\n", `line 2: column "a": "12%": not a decimal number: percent signs are not read: write the number alone, as in 3 of 3 cells: list the column in ignored_columns`, Schema{}},
		"currency":            {"a,v\n$12,1\n$13,2\n$14,3\n", `line 2: column "a": "$12": not a decimal number: currencies`, Schema{}},
		"comma":               {"a;v\n1,234;1\n2,345;2\n", `line 2: column "a": "1,234": may be 1234 or 1.234, and no cell decides: set decimal to "," or "." (option: decimal)`, Schema{}},
		"two formats":         {"a;b;v\n1,5;1;1\n2;2.5;2\n", `its marks are not those of "1,5" in line 2: set decimal; a column of what is no number belongs in categorical_columns (option: decimal)`, Schema{}},
		"day or month":        {"a,v\n03/04/2020,1\n05/04/2020,2\n", `line 2: column "a": "03/04/2020": may be %d/%m/%Y or %m/%d/%Y, and no cell decides: set time_format`, Schema{}},
		"form not there":      {"a,v\n03/04/2020,1\n05/04/2020,2\n2020-01-01,2\n", `line 4: column "a": "2020-01-01": not a time of the form %d/%m/%Y (option: time_format)`, Schema{TimeFormat: "%d/%m/%Y"}},
		"text among dates":    {"a,v\n2020-01-01,1\n2020-01-02,2\n2020-02-31,3\n2020-01-04,3\n", `line 4: column "a": "2020-02-31"`, Schema{}},
		"text before dates":   {"a,v\nlater,1\n2020-01-02,2\n2020-02-03,3\n2020-01-04,3\n", `line 2: column "a": "later": no form of times that is known: set time_format, like %d/%m/%Y, and most cells of the column are dates`, Schema{}},
		"no date":             {"a,v\nx,1\n2020-01-02,2\n", `line 2: column "a": "x"`, Schema{Dates: []DateColumn{{Name: "a"}}}},
		"other date":          {"a,v\n2020-01-02,2\n02.01.2020,2\n", `line 3: column "a": "02.01.2020"`, Schema{Dates: []DateColumn{{"a", "%Y-%m-%d"}}}},
		"form of numbers":     {"a,v\n1,2\n2,2\n", `column "a": numbers that count something`, Schema{Dates: []DateColumn{{"a", "number"}}}},
		"no such form":        {"a,v\n1,2\n2,2\n", `column "a": "%k"`, Schema{Dates: []DateColumn{{"a", "%k"}}}},
		"no truth":            {"a,v\nyes,1\nmaybe,2\n", `line 3: column "a": "maybe": no word of yes or no`, Schema{Boolean: []string{"a"}}},
		"truths of two kinds": {"a,v\nyes,1\nfalse,2\n", `column "a": words of more than one pair, as in false/true`, Schema{Boolean: []string{"a"}}},
		"long category":       {"a,v\n" + long + ",1\n", `line 2: column "a": a category of more than 128 bytes`, Schema{Categorical: []string{"a"}}},
		"long class":          {"a,v\n1," + long + "\n", `line 2: column "v": a class of more than 128 bytes`, Schema{Task: Classification}},
		"many classes":        {"a,y\n" + repeat(MaxClasses+1, func(i int) string { return fmt.Sprintf("%d,c%d\n", i%3, i) }), `column "y": more than 256 classes`, Schema{Task: Classification}},
		"measurements": {measured, `column "y": more than 20 different numbers, 0.5 for one, as classes: task regression predicts numbers, task ` +
			`classification predicts classes (option: task)`, Schema{Task: Classification}},
	} {
		if tc.schema.Task == "" {
			tc.schema.Task = Regression
		}
		_, err := Parse(strings.NewReader(tc.file), data.Options{}, tc.schema)
		if !errors.Is(err, data.ErrData) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrData with %q", name, err, tc.want)
		}
	}
	for _, s := range []Schema{{}, {Task: "x"}, {Task: Regression, Numeric: []string{"a"}, Ignored: []string{"a"}}, {Task: Regression, MaxCategories: 1},
		{Task: Regression, Target: "a", Ignored: []string{"a"}}} {
		if _, err := Parse(strings.NewReader("a,v\n1,1\n"), data.Options{}, s); !errors.Is(err, domain.ErrConfig) {
			t.Errorf("schema %+v: error %v, want ErrConfig", s, err)
		}
	}
}

// repeat joins what f says of 0 … n − 1.
func repeat(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	file := "\ufeffage,\"who, \"\"where\"\"\",id,y,code,none\r\n" +
		",b,17,no,7,\r\n" +
		"-0,NA,18,yes,3,NA\r\n" +
		"\r\n" +
		"2.5,a,19,no,7,?\r\n" +
		"?,\"c\nd\",20,1,7,\r\n" +
		"9,z,20,NA,9,\r\n" +
		"NA,a,21,no,?,\r\n"
	table, err := Parse(strings.NewReader(file), data.Options{}, Schema{
		Task: Classification, Target: "y", Categorical: []string{"code"}, Ignored: []string{"id"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.Inputs(), []string{"age", "code", `who, "where"`}; !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if got, want := table.Classes(), []string{"1", "no", "yes"}; !slices.Equal(got, want) || table.Target() != "y" {
		t.Errorf("classes %q of %q, want %q", got, table.Target(), want)
	}
	if got, want := table.target.codes, []int32{1, 2, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("target %v, want %v", got, want)
	}
	age, code, who := table.inputs[0], table.inputs[1], table.inputs[2]
	if age.kind != numeric || math.Signbit(age.numbers[1]) || age.number(2) != 2.5 {
		t.Errorf("age %+v", age)
	}
	for row, want := range []bool{true, false, false, true, true} {
		if age.isMissing(row) != want {
			t.Errorf("row %d: age missing = %v, want %v", row, age.isMissing(row), want)
		}
	}
	if !slices.Equal(who.labels, []string{"a", "b", "c\nd"}) || !slices.Equal(who.codes, []int32{1, -1, 0, 2, 0}) {
		t.Errorf("who %+v", who)
	}
	if !slices.Equal(code.labels, []string{"3", "7"}) || !slices.Equal(code.codes, []int32{1, 0, 1, 1, -1}) {
		t.Errorf("code %+v", code)
	}
	if !slices.Equal(table.lines, []int32{2, 3, 5, 6, 9}) || table.Rows() != 5 {
		t.Errorf("lines %v", table.lines)
	}
	notes := strings.Join(table.Notes(), "\n")
	for _, want := range []string{"1 of 6 rows have no target and are left out", `dropped column "none": all cells are missing`} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
}

// Every accepted table is read back from its cells, in another order and another dialect, by its own schema, and becomes a domain
// or a typed error.
func FuzzParse(f *testing.F) {
	f.Add("a,b,y\n1,x,p\n2,,q\n", true)
	f.Add("\ufeffa,\"b\"\"\",y\r\n1e3,x,1\r\n?,NA,-.5\r\n", false)
	f.Add("a,y\n"+strings.Repeat("1,p\n2,q\n3,p\n4,q\n", 5), true)
	f.Add("a,b,y\n"+strings.Repeat("1,u,3\n2,v,4\n,u,5\n", 5), false)
	f.Add("day;on;id;y\n"+strings.Repeat("2020-01-31;yes;1;1,5\n2021-02-28;no;2;2,5\n;NO;3;1.234,5\n", 5), false)
	f.Add("who\ty\n"+repeat(30, func(i int) string { return fmt.Sprintf("n%d\t%d\n", i*i, i%2) })+"x\tNA\n", true)
	f.Fuzz(func(t *testing.T, file string, classify bool) {
		s := Schema{Task: Regression}
		if classify {
			s.Task = Classification
		}
		g, err := data.ReadFrom(strings.NewReader(file), data.Options{}, nil)
		if err != nil {
			return
		}
		table, err := FromGrid(g, s)
		if err != nil {
			if !errors.Is(err, data.ErrData) {
				t.Fatalf("error %v does not wrap ErrData", err)
			}
			return
		}
		point, groups := table.format.Settings()
		o := data.Options{Separator: "|", Encoding: "utf-8", Quote: `"`, Comment: "none", Header: "first", FirstLine: 1, Index: "keep", Decimal: point, Thousands: groups}
		again, err := Parse(strings.NewReader(written(g)), o, table.Schema())
		if err != nil {
			t.Fatalf("%q: %v", written(g), err)
		}
		if again.key() != table.key() {
			t.Fatalf("%q read back as another table", written(g))
		}
		c := DefaultConfig(s.Task)
		c.MaxParameters = 1 << 20
		d, err := FromTable(c, table)
		if err != nil {
			if !errors.Is(err, data.ErrData) && !errors.Is(err, domain.ErrConfig) {
				t.Fatalf("error %v has no type", err)
			}
			return
		}
		if p := d.Naive().Performance(); p != -1 && p != 0 {
			t.Fatalf("naive performance %v", p)
		}
	})
}

// written returns a grid as another file: the columns from the last to the first, separated by bars, quoted.
func written(g *data.Grid) string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	var b strings.Builder
	for row := -1; row < g.Rows(); row++ {
		for i := g.Columns() - 1; i >= 0; i-- {
			c := g.Column(i)
			switch {
			case row < 0:
				b.WriteString(quote(c.Name()))
			case c.Missing(row):
				b.WriteString("NA")
			default:
				b.WriteString(quote(c.Text(row)))
			}
			if i > 0 {
				b.WriteByte('|')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
