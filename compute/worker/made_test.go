package worker

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// TestMade: what a record tells of trials comes through, in both forms.
func TestMade(t *testing.T) {
	row := func(index int, m Made) Row {
		return Row{Index: index, Genome: []float64{1}, Parameters: canon.NewObject("x", 1.5), Status: "completed", Origin: "crossover",
			Metrics: canon.NewObject(), Made: m}
	}
	r := &Record{Strategy: "ga", Rows: []Row{row(0, Made{Known: true, Trial: 3, Operator: "blend+mutate", Parents: []int64{1, 2}, Seconds: 0.5,
		Curve: []domain.Point{{Step: 10, Train: 1, Validation: 2}}}), row(1, Made{Known: true, Trial: -1})},
		Gone: []Row{row(goneIndex, Made{Known: true, Trial: 2, Parents: []int64{0}, Island: 3})}}
	for _, form := range []table.Form{table.Arrow, table.JSONLines} {
		data, err := r.Encode(memory.DefaultAllocator, form)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeRecord(memory.DefaultAllocator, data, 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		for i, pair := range [][2]Row{{back.Rows[0], r.Rows[0]}, {back.Rows[1], r.Rows[1]}, {back.Gone[0], r.Gone[0]}} {
			if !reflect.DeepEqual(pair[0].Made, pair[1].Made) {
				t.Errorf("row %d comes back as %+v, want %+v", i, pair[0].Made, pair[1].Made)
			}
		}
	}
}

// TestIslandBounds: a record of an island that there cannot be is refused.
func TestIslandBounds(t *testing.T) {
	r := &Record{Strategy: "ga", Rows: []Row{{Parameters: canon.NewObject(), Metrics: canon.NewObject(), Made: Made{Known: true, Island: maxIslands}}}}
	data, err := r.Encode(memory.DefaultAllocator, table.Arrow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeRecord(memory.DefaultAllocator, data, 1<<24); err == nil || !strings.Contains(err.Error(), "island 64") {
		t.Errorf("DecodeRecord() = %v, want an error about island 64", err)
	}
}

func TestParseMade(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		if _, err := parseCurve(text); (err == nil) != ok {
			t.Errorf("parseCurve(%s) = %v", text, err)
		}
	}
	f(`[]`, true)
	f(`[[1, 0.5, null]]`, true)
	f(`[[1, 0.5, 1], [1, 0.5, 1]]`, false)
	f(`[[1, 0.5]]`, false)
	f(`[["a", 1, 1]]`, false)
	f(`{}`, false)
	if got, err := parseCurve(`[[1, null, 2]]`); err != nil || !math.IsNaN(got[0].Train) {
		t.Errorf("a loss that is none = %v, %v", got, err)
	}
	if _, err := parseParents(`[-1]`); err == nil {
		t.Error("a parent of number -1 is taken")
	}
	if _, err := parseParents(`[1, 2, 3, 4, 5, 6, 7, 8, 9]`); err == nil {
		t.Error("nine parents are taken")
	}
}
