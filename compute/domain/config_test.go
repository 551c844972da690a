package domain

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestReader(t *testing.T) {
	read := func(text string, others ...string) (string, error) {
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(o)
		name, horizon, share, columns := "none", 1, 0.5, []string{"a"}
		r.Text("name", &name)
		r.Integer("horizon", &horizon, 1, 9)
		r.Number("share", &share)
		r.Names("columns", &columns, 2)
		if _, ok := r.Get("start"); ok {
			r.Fail("start", errors.New("unfit"))
		}
		return fmt.Sprint(name, horizon, share, columns), r.Err(others...)
	}
	f := func(text, want string, others ...string) {
		t.Helper()
		if got, err := read(text, others...); got != want || err != nil {
			t.Errorf("read(%s) = %s, %v, want %s", text, got, err, want)
		}
	}
	f(`{}`, "none1 0.5 [a]")
	f(`{"horizon": null, "columns": null, "start": null}`, "none1 0.5 [a]")
	f(`{"name": "n", "horizon": 9, "share": 2, "columns": ["b", "c"]}`, "n9 2 [b c]")
	f(`{"$doc": 1, "ga": {}, "population_size": 4, "elites": 2}`, "none1 0.5 [a]", "elites")

	refused := func(text string, wants ...string) {
		t.Helper()
		got, err := read(text, "population", "mutation_rate")
		for _, want := range wants {
			if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
				t.Errorf("read(%s): error %v, want ErrConfig with %q", text, err, want)
			}
		}
		if got != "none1 0.5 [a]" {
			t.Errorf("read(%s) = %s, want the defaults", text, got)
		}
	}
	refused(`{"horizn": 1, "shore": 2}`, `"horizn": did you mean "horizon"?`, `"shore": did you mean "share"?`)
	refused(`{"populaton_size": 4}`, `did you mean "population_size"?`)
	refused(`{"mutaton_rate": 4}`, `did you mean "mutation_rate"?`)
	refused(`{"name": 1, "horizon": 10, "share": "x", "columns": "c"}`, "name", "horizon 10", "share", "at most 2 names")
	refused(`{"horizon": 1.0, "columns": [1], "start": 0}`, "integer", "at most 2 names", "start: unfit")
	refused(`{"columns": ["a", "b", "c"]}`, "at most 2 names")
	if _, err := read(`{"` + strings.Repeat("x", 1<<20) + `": 1}`); len(err.Error()) > 300 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
	if err := NewReader(nil).Err(); err != nil {
		t.Errorf("an absent configuration: %v", err)
	}
}

func TestCheckMembers(t *testing.T) {
	o := canon.NewObject("rows", 1, "steps", 2)
	if err := CheckMembers(o, "steps", "rows", "more"); err != nil {
		t.Errorf("CheckMembers(%v) = %v", o, err)
	}
	if err := CheckMembers(o, "rows"); err == nil || !strings.Contains(err.Error(), `"steps": known are ["rows"]`) {
		t.Errorf("CheckMembers(%v) = %v, want an error about steps", o, err)
	}
}

func TestReals(t *testing.T) {
	got, err := Reals([]any{int64(1), 2.5}, 2)
	if err != nil || got[0] != 1 || got[1] != 2.5 {
		t.Errorf("Reals = %v, %v", got, err)
	}
	for _, bad := range []any{nil, "1", []any{true}, []any{"1"}, []any{nil}, []any{math.NaN()}, []any{math.Inf(1)}, []any{1.0, 2.0, 3.0}} {
		if got, err := Reals(bad, 2); err == nil {
			t.Errorf("Reals(%v) = %v, want an error", bad, got)
		}
	}
}
