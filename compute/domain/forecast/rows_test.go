package forecast

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/internal/canon"
)

// rowsOf are rows of a table from one to another, and values after its end.
func rowsOf(t *Table, from, to int) (out []any) {
	for i := from; i < to; i++ {
		v := 100.0
		if i < t.Rows() {
			v = t.Value(i)
		}
		out = append(out, canon.NewObject("time", t.Time(i), "value", strconv.FormatFloat(v, 'g', -1, 64)))
	}
	return out
}

func TestInferRows(t *testing.T) {
	table := monthly(200) // 2000-01 … 2016-08
	d := mustDomain(t, table, quick)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1)

	want, times := infer(t, m, "series", append(slices.Clone(table.values), 100), "last_time", "2016-09", "steps", 5)
	for _, from := range []int{0, 150, 200} { // all of the data, their end, what follows them alone
		got, at := infer(t, m, "rows", rowsOf(table, from, 201), "steps", 5)
		if !slices.Equal(got, want) || !slices.Equal(at, times) {
			t.Errorf("forecast after the rows from %d = %v at %v, want %v at %v", from, got, at, want, times)
		}
	}

	f := func(rows []any, want string) {
		t.Helper()
		_, err := m.Infer(t.Context(), canon.NewObject("rows", rows))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Infer(%s) = %v, want %q", canon.Default(rows), err, want)
		}
	}
	f(rowsOf(table, 201, 203), `row 1: time "2016-10" leaves a gap: the data end with "2016-08", the next row is "2016-09"`)
	f(slices.Delete(rowsOf(table, 190, 200), 3, 4), `row 4: time "2016-03": after "2016-01" comes "2016-02"`)
	f(nil, "rows: 0 rows")
	f([]any{3}, "row 1")
	f([]any{canon.NewObject("time", "2016-09", "value", "x")}, `row 1: value "x" of 2016-09`)
	f([]any{canon.NewObject("time", "2016-09", "value", nil)}, "row 1: value of 2016-09")
	f([]any{canon.NewObject("time", "soon", "value", 1)}, `row 1: time "soon"`)
	f([]any{canon.NewObject("time", "2016-09", "value", 1, "more", 1)}, "more")
	if _, err := m.Infer(t.Context(), canon.NewObject("rows", rowsOf(table, 0, 200), "last_time", "2016-08")); err == nil {
		t.Error("rows beside last_time = nil, want an error")
	}
}
