package tabular

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"doin.network/node/compute/data"
)

func TestSummaries(t *testing.T) {
	file, err := os.ReadFile("testdata/files/forms.csv")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range parse(t, string(file), Schema{Task: Regression}).Summaries() {
		got = append(got, fmt.Sprint(s))
	}
	want := []string{
		"{area numeric  0 40 40.5 1234.5 []}",
		"{garden boolean  0 2 0 0 [{true 21} {false 19}]}",
		"{sold date %d.%m.%Y 2 38 0 0 []}",
		"{town categorical  1 5 0 0 [{Rom 11} {Bari 9} {Genua 7} {Turin 7} {Pisa 5}]}",
		"{price numeric  0 40 51367.82 1.38638183e+06 []}",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Summaries() = %s, want %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSuggest(t *testing.T) {
	f := func(want Task, cells func(i int) string) {
		t.Helper()
		g, err := data.ReadFrom(strings.NewReader("a;y\n"+repeat(60, func(i int) string { return fmt.Sprintf("%d;%s\n", i%3, cells(i)) })), data.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := Suggest(g, "y"); got != want {
			t.Errorf("Suggest of %s, %s … = %s, want %s", cells(0), cells(1), got, want)
		}
	}
	f(Classification, func(i int) string { return fmt.Sprintf("c%d", i%3) })
	f(Classification, func(i int) string { return fmt.Sprint(i % 10) })
	f(Classification, func(i int) string { return fmt.Sprintf("%d,5", i%5) })
	f(Regression, func(i int) string { return fmt.Sprintf("%d,%d", i, i%7) })
	f(Regression, func(i int) string { return fmt.Sprint(i * 3) })
	f(Regression, func(i int) string { return []string{"NA", fmt.Sprintf("1.%03d,5", i)}[i%2] })
	f(Classification, func(i int) string { return fmt.Sprintf("%d apples", i) })
	f(Classification, func(int) string { return "" })
}
