package tabular

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// withColumn parses rows of one column x beside a target.
func withColumn(t *testing.T, s Schema, cells ...string) *Table {
	t.Helper()
	var b strings.Builder
	b.WriteString("x|other|y\n")
	for i, cell := range cells {
		fmt.Fprintf(&b, "%s|%d|%d\n", cell, i*i%11, i*i%7)
	}
	s.Task = Regression
	table, err := Parse(strings.NewReader(b.String()), data.Options{}, s)
	if err != nil {
		t.Fatalf("%.200q: %v", cells, err)
	}
	return table
}

// spread repeats texts n times.
func spread(n int, texts ...string) []string { return slices.Repeat(texts, n) }

// unlike returns n different texts.
func unlike(n int, format string) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf(format, i*7+i%3))
	}
	return out
}

func TestKinds(t *testing.T) {
	f := func(want kind, note string, cells ...string) {
		t.Helper()
		table := withColumn(t, Schema{}, cells...)
		got, columns := undecided, 0
		for _, c := range table.inputs {
			if c.name == "x" {
				got, columns = c.kind, columns+1
			}
		}
		notes := strings.Join(table.Notes(), "\n")
		if got != want || note == "" && strings.Contains(notes, `"x"`) || !strings.Contains(notes, note) {
			t.Errorf("%.100q: kind %d, notes %q, want %d, %q", cells, got, notes, want, note)
		}
		// What was decided, given, decides the same.
		if again := withColumn(t, table.Schema(), cells...); again.key() != table.key() {
			t.Errorf("%.100q: another table by its own schema %+v", cells, table.Schema())
		}
	}
	f(numeric, "", "1", "2.5", "", "1e3")
	f(numeric, "", spread(10, "null", "1", "2")...)
	f(numeric, "", spread(10, "1", "0")...)
	f(categorical, `column "x": some cells are numbers`, spread(10, "1", "a", "b")...)
	f(categorical, `column "x": some cells are numbers`, append(spread(9, "1", "2", "3"), unlike(9, "A/%d")...)...)
	f(undecided, `dropped column "x": all cells are missing`, "", "NA")
	f(undecided, `dropped column "x": all cells are the same`, "7", "7.0")
	f(undecided, `dropped column "x": all cells are the same`, "a", "a")
	f(numeric, "", "7", "", "7")
	f(categorical, "", "a", "", "a")
	f(numeric, `column "x": whole numbers with leading zeros`, "00501", "12345", "0.5")
	f(numeric, "", "0", "12345", "0.5")
	f(boolean, "", "true", "FALSE", "", "True")
	f(boolean, "", "yes", "No")
	f(boolean, "", "T", "f")
	f(boolean, "", "n", "Y", "y")
	f(boolean, "", "on", "Off")
	f(categorical, "", "yes", "no", "maybe")
	f(categorical, "", "yes", "false")
	f(categorical, "", "M", "F")
	f(undecided, `dropped column "x": all cells are the same`, "yes", "YES")
	f(date, "", "2020-01-31", "", "2021-02-28")
	f(date, "", "31.12.2020 23:59", "01.01.2021 00:30")
	f(date, "", "Jan 2020", "Feb 2020")
	f(date, "", "2020Q1", "2020Q4")
	f(date, "", spread(5, "20200131", "19991231", "", "20240229", "20200201")...)
	f(numeric, "", spread(5, "20200131", "19991231", "", "20240230", "20200201")...)
	f(numeric, "", "20200131", "19991231")
	f(numeric, "", "2020", "1999")
	f(undecided, `dropped column "x": all cells are the same`, "2020-01-31", "2020-01-31")
	f(undecided, `dropped column "x": every cell is another text`, unlike(20, "name %d")...)
	f(categorical, "", unlike(19, "name %d")...)
	f(undecided, `dropped column "x": texts too long`, spread(2, strings.Repeat("long ", 40), "short")...)
	f(numeric, `column "x": one more in each row`, strings.Split("3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22", " ")...)
}

// A form that no cell decides is decided by the setting, for the columns that have it.
func TestTimeFormat(t *testing.T) {
	s := Schema{Task: Regression, TimeFormat: "%d/%m/%Y"}
	table := parse(t, "a,b,c,y\n03/04/2020,x,2020-01-02,1\n05/07/2021,y,2021-02-03,2\n", s)
	want := []DateColumn{{"a", "%d/%m/%Y"}, {"c", "%Y-%m-%d"}}
	if got := table.Schema().Dates; !slices.Equal(got, want) || table.inputs[1].part != partMonth || table.inputs[1].numbers[0] != 4 {
		t.Errorf("dates %v, want %v", got, want)
	}
}

// Whole numbers that are unique are dropped where their name is an identifier's; listed they are kept.
func TestIdentifiers(t *testing.T) {
	f := func(name string, dropped bool) {
		t.Helper()
		file := name + ",a,y\n" + repeat(25, func(i int) string { return fmt.Sprintf("%d,%d,%d\n", i*13%25, i%3, i%4) })
		table := parse(t, file, Schema{Task: Regression})
		if got := !slices.Contains(table.Inputs(), name); got != dropped {
			t.Errorf("%s: dropped %v, want %v; notes %q", name, got, dropped, table.Notes())
		}
		if kept := parse(t, file, Schema{Task: Regression, Numeric: []string{name}}); !slices.Contains(kept.Inputs(), name) {
			t.Errorf("%s: dropped although it is listed", name)
		}
	}
	for _, name := range []string{"id", "ID", "PassengerId", "customer_id", "Row No.", "uuid", "index", "the key"} {
		f(name, true)
	}
	for _, name := range []string{"paid", "width", "idle", "Keys", "solid"} {
		f(name, false)
	}
}

func TestLeaks(t *testing.T) {
	f := func(task Task, want string, row func(i int) string) {
		t.Helper()
		notes := strings.Join(parse(t, "a,x,y\n"+repeat(40, row), Schema{Task: task}).Notes(), "\n")
		if !strings.Contains(notes, want) || want == "" && notes != "" {
			t.Errorf("%s: notes %q, want %q", row(1), notes, want)
		}
	}
	cell := func(i int) int { return i * i % 17 }
	f(Regression, `column "x": equal to the target`, func(i int) string { return fmt.Sprintf("%d,%d.0,%d\n", i*3%11, cell(i), cell(i)) })
	f(Regression, `column "x": the same order of the rows`, func(i int) string { return fmt.Sprintf("%d,%d,%d\n", i*3%11, -cell(i)*cell(i), cell(i)) })
	f(Regression, `column "x": the same order of the rows`, func(i int) string { return fmt.Sprintf("%d,%d,%d000\n", i*3%11, cell(i), cell(i)) })
	f(Regression, "", func(i int) string { return fmt.Sprintf("%d,%d,%d\n", i*3%11, cell(i)+i/39, cell(i)) })
	f(Classification, `column "x": one value for each class`, func(i int) string { return fmt.Sprintf("%d,%d,c%d\n", i*3%11, i%3+5, i%3) })
	f(Classification, `column "x": one value for each class`, func(i int) string {
		return fmt.Sprintf("%d,%s,%d\n", i*3%11, []string{"yes", "no", ""}[i%3], i%3%2)
	})
	f(Classification, "", func(i int) string { return fmt.Sprintf("%d,%d,c%d\n", i*3%11, i%6, i%3) })
}

// The most frequent categories keep an input each, the others share one, also those that training has not.
func TestPooled(t *testing.T) {
	cells := slices.Concat(spread(9, "b"), spread(9, "a"), spread(4, "z"), spread(3, "d"), spread(3, "c"), []string{"", "rare"})
	table := withColumn(t, Schema{MaxCategories: 3}, cells...)
	rows := make([]int, len(cells)-1) // "rare" is not among them
	for i := range rows {
		rows[i] = i
	}
	c := table.inputs[1]
	e := newEncoder(c, rows, 3, false)
	if !slices.Equal(e.labels, []string{"a", "b", "z"}) || !e.pooled || !e.gone || e.width() != 5 || e.many != 2 || e.rest != 6 {
		t.Fatalf("encoder %+v", e)
	}
	for row, want := range map[int][]float32{0: {0, 1, 0, 0, 0}, 9: {1, 0, 0, 0, 0}, 22: {0, 0, 0, 1, 0}, 28: {0, 0, 0, 0, 1}, 29: {0, 0, 0, 1, 0}} {
		x := make([]float32, 5)
		e.cell(x, c, row)
		if !slices.Equal(x, want) {
			t.Errorf("%q: inputs %v, want %v", cells[row], x, want)
		}
	}
	d, err := FromTable(configured(Regression, func(c *Config) { c.MaxCategories = 3 }), table)
	if err != nil {
		t.Fatal(err)
	}
	want := `column "x": the 3 most frequent categories have an input each`
	if notes := d.Describe().Notes; len(notes) != 1 || !strings.Contains(notes[0], want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

// A boolean column has one input, and the more frequent value stands for a missing one where training has none.
func TestBoolean(t *testing.T) {
	c := withColumn(t, Schema{}, "yes", "no", "yes", "", "no").inputs[1]
	f := func(rows []int, width int, want ...[]float32) {
		t.Helper()
		e := newEncoder(c, rows, 2, false)
		if e.width() != width {
			t.Fatalf("rows %v: width %d, want %d", rows, e.width(), width)
		}
		for row, want := range want {
			x := make([]float32, width)
			if e.cell(x, c, row); !slices.Equal(x, want) {
				t.Errorf("rows %v: row %d: %v, want %v", rows, row, x, want)
			}
		}
	}
	f([]int{0, 1, 2}, 1, []float32{1}, []float32{0}, []float32{1}, []float32{1}, []float32{0})
	f([]int{0, 1, 4}, 1, []float32{1}, []float32{0}, []float32{1}, []float32{0}, []float32{0})
	f([]int{0, 1, 2, 3}, 2, []float32{1, 0}, []float32{0, 0}, []float32{1, 0}, []float32{0, 1}, []float32{0, 0})
	f([]int{0, 2}, 0, []float32{}, []float32{})
}

func TestDateParts(t *testing.T) {
	f := func(want map[datePart]float64, cells ...string) {
		t.Helper()
		table := withColumn(t, Schema{}, cells...)
		seen := 0
		for _, c := range table.inputs {
			if c.kind != date {
				continue
			}
			seen++
			v, ok := want[c.part]
			if !ok {
				t.Errorf("%q: unexpected part %s", cells, c.part)
			}
			domaintest.Near(t, c.part.String(), c.numbers[0], v, 1e-12)
		}
		if seen != len(want) {
			t.Errorf("%q: %d parts, want %d", cells, seen, len(want))
		}
	}
	f(map[datePart]float64{partYear: 2020, partMonth: 1, partYearSine: 0, partYearCosine: 1}, "2020Q1", "2021Q2")
	f(map[datePart]float64{partYear: 2020, partMonth: 1, partWeekdaySine: 0.9749279121818236, partWeekdayCosine: -0.2225209339563144,
		partYearSine: 0, partYearCosine: 1}, "2020-01-01", "2021-05-04") // a Wednesday
	// 2021-07-02 12:00 is a Friday and 182 of 365 days have passed; the days are of one year, so that only the share of it changes.
	f(map[datePart]float64{partYear: 2021 + 182.0/365, partMonth: 7, partWeekdaySine: -0.4338837391175581, partWeekdayCosine: -0.9009688679024191,
		partYearSine: 0.008606996888688804, partYearCosine: -0.9999629591162656, partDaySine: 0, partDayCosine: -1}, "2021-07-02T12:00:00", "2021-03-01T13:30:00")
}

// A missing date has one input of its own, whatever parts there are.
func TestMissingDate(t *testing.T) {
	d := mustDomain(t, withColumn(t, Schema{}, spread(10, "2020-01-31", "", "2021-05-07", "2022-11-11")...), Regression, nil).data
	gone := 0
	for i := range d.encoders {
		if e := &d.encoders[i]; e.kind == date && e.gone {
			gone++
		}
	}
	if gone != 1 {
		t.Errorf("%d inputs for missing dates, want 1", gone)
	}
}

// A table means the same in whatever form it is written.
func TestDataHashOfForms(t *testing.T) {
	row := func(i int) []string {
		return []string{fmt.Sprintf("%d.%d", i*37%101, i%10), []string{"Größe", "b", ""}[i*i%3], []string{"true", "false"}[i%5%2],
			fmt.Sprintf("2020-%02d-%02d", i%12+1, i%28+1), fmt.Sprintf("%d", i*i%23)}
	}
	names := []string{"a", "kind", "is", "day", "y"}
	file := func(separator, end string, order []int, change func(column, cell string) string) string {
		line := func(cells []string) string {
			var out []string
			for _, i := range order {
				cell := cells[i]
				if &cells[0] != &names[0] {
					cell = change(names[i], cell)
				}
				out = append(out, cell)
			}
			return strings.Join(out, separator) + end
		}
		return line(names) + repeat(80, func(i int) string { return line(row(i)) })
	}
	same := func(_, cell string) string { return cell }
	inOrder, turned := []int{0, 1, 2, 3, 4}, []int{4, 3, 2, 1, 0}
	hash := func(text string) string {
		t.Helper()
		return mustDomain(t, parse(t, text, Schema{Task: Regression, Target: "y"}), Regression, nil).Describe().DataHash
	}
	plain := file(",", "\n", inOrder, same)
	want := hash(plain)
	latin := strings.ReplaceAll(strings.ReplaceAll(plain, "ö", "\xf6"), "ß", "\xdf")
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + plain, "CRLF": file(",", "\r\n", inOrder, same), "semicolons": file(";", "\n", inOrder, same),
		"tabs": file("\t", "\n", inOrder, same), "other order": file(",", "\n", turned, same), "Latin-1": latin,
		"gzip": compressed(t, plain), "UTF-16": wide(plain),
		"other decimals": file(",", "\n", inOrder, func(column, cell string) string {
			switch {
			case column == "a":
				return cell + "0"
			case column == "y":
				return "+" + cell + ".00"
			case column == "is":
				return strings.ToUpper(cell[:1])
			case column == "kind" && cell == "":
				return "NA"
			}
			return cell
		}),
		"decimal comma": file(";", "\n", turned, func(column, cell string) string {
			if column == "a" {
				return strings.Replace(cell, ".", ",", 1)
			}
			return cell
		}),
		"quoted": file(",", "\n", inOrder, func(_, cell string) string { return `"` + cell + `"` }),
		"other dates": file(",", "\n", inOrder, func(column, cell string) string {
			if column == "day" {
				return cell[8:] + "." + cell[5:7] + "." + cell[:4]
			}
			return cell
		}),
	} {
		if got := hash(text); got != want {
			t.Errorf("%s: another data hash", name)
		}
	}
	if hash(strings.Replace(plain, "b,", "c,", 1)) == want {
		t.Error("another category has the same data hash")
	}
}

// Rows of rare classes are refused, or left out where that is asked for.
func TestRareClasses(t *testing.T) {
	file := "part,x,y\n" + repeat(30, func(i int) string { return fmt.Sprintf("train,%d,%s\n", i*i%11, []string{"a", "b"}[i%2]) }) +
		"train,1,rare\ntrain,2,rare\ntest,3,a\ntest,3,rare\ntest,4,new\n"
	open := func(s Schema) (*supervised.Domain, error) {
		s.Task = Classification
		table, err := Parse(strings.NewReader(file), data.Options{}, s)
		if err != nil {
			return nil, err
		}
		return FromTable(configured(Classification, func(c *Config) { c.Schema = s }), table)
	}
	refused := func(s Schema, want string) {
		t.Helper()
		if _, err := open(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	refused(Schema{Ignored: []string{"part"}}, `line 36: column "y": class "new" has 1 rows in the file: a class needs 5 (option: rare_classes)`)
	refused(Schema{Split: "part"}, `line 36: column "y": class "new" is in no row that learns`)
	for _, tc := range []struct {
		schema Schema
		rows   int
		note   string
	}{
		{Schema{Split: "part", RareClasses: RareDropped}, 31, `left out 4 rows of classes of which fewer than 4 learn: "new", "rare"`},
		{Schema{Ignored: []string{"part"}, RareClasses: RareDropped}, 31, `left out 4 rows of classes of which fewer than 5 learn: "new", "rare"`},
	} {
		d, err := open(tc.schema)
		if err != nil {
			t.Fatal(err)
		}
		p := d.Problem().(*problem)
		if got := p.data.learn.Len() + p.data.test.Len(); got != tc.rows || !slices.Equal(p.data.classes, []string{"a", "b"}) || !slices.Equal(d.Describe().Notes, []string{tc.note}) {
			t.Errorf("%d rows of %q, notes %q, want %d, %q", got, p.data.classes, d.Describe().Notes, tc.rows, tc.note)
		}
	}
	file = "x,y\n1,a\n2,b\n"
	refused(Schema{RareClasses: RareDropped}, "no class has 5 rows")
}

// compressed returns a text as gzip has it.
func compressed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wide returns a text in UTF-16, the low byte first, without a mark.
func wide(text string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// opened opens a file of testdata.
func opened(t *testing.T, kv ...any) tested {
	t.Helper()
	d, err := New(canon.NewObject(kv...))
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}
