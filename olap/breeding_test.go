package olap

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func bredTracker(t *testing.T) *Tracker {
	t.Helper()
	tracker := NewTracker(Node{ID: "me", NetworkID: "net"}, func() string { return "0123456789abcdef0123456789abcdef" })
	if rows := tracker.Begin(RunSetup{Name: "first", Tags: []string{"a"}, Configuration: canon.NewObject("port", 1)}, epoch); len(rows) != 2 {
		t.Fatalf("Begin = %d rows", len(rows))
	}
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	return tracker
}

func TestGeneration(t *testing.T) {
	tracker := bredTracker(t)
	b := Bred{Record: 3, Number: 2, Population: 4, Scores: []float64{1, 3}, Made: 3, Failed: 1, WallClock: time.Second, Trials: []BredTrial{
		{Number: 7, Generation: 2, Status: "completed", Origin: "crossover", Parents: []int64{1, 2}, Seed: 9, Score: Float(-0.5), Seconds: 0.25,
			Parameters: canon.NewObject("genome", canon.NewObject("rate", 0.5, "units", []any{int64(3), "x"}, "on", true)),
			Metrics:    canon.NewObject("error", 0.5), Curve: []Point{{Step: 10, Train: Float(1)}}},
		{Number: 8, Generation: 2, Status: "failed", Origin: "random", Island: 2, Score: Float(math.NaN())}}}
	rows, err := tracker.Generation("d", b, epoch)
	if err != nil || len(rows) != 1 || rows[0].Kind() != KindGeneration {
		t.Fatalf("Generation = %+v, %v", rows, err)
	}
	g := rows[0].Generation
	if *g.Mean != 2 || *g.Deviation != 1 || g.TrialsMade != 3 || g.TrialsRecorded != 2 || g.RunID == "" || g.ID != "0123456789abcdef-g0000000003" {
		t.Errorf("Generation = %+v", g)
	}
	first, second := g.Trials[0], g.Trials[1]
	if first.ID != "0123456789abcdef-0000000007" || first.Parents != `["0123456789abcdef-0000000001", "0123456789abcdef-0000000002"]` ||
		*first.Validation != 0.5 || first.Test != nil || first.Island != "me" {
		t.Errorf("trial = %+v", first)
	}
	if second.Island != "me#2" || second.Score != nil || second.Seconds != nil || second.Seeds != 1 {
		t.Errorf("a failed trial = %+v", second)
	}
	var tables []string
	for table := range rows[0].Parts {
		tables = append(tables, table.Name)
	}
	if got := strings.Join(tables, " "); got != "fact_trial fact_param fact_param fact_param fact_param fact_curve fact_trial" {
		t.Errorf("Parts = %s", got)
	}
	text, err := rows[0].encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := decodeRow(text); err != nil || !reflect.DeepEqual(back, rows[0]) {
		t.Errorf("out of the spool comes %+v, %v", back, err)
	}
	b.Trials[0].Curve = make([]Point, MaxCurve+1)
	if _, err := tracker.Generation("d", b, epoch); err == nil {
		t.Errorf("a curve of %d points is taken", MaxCurve+1)
	}
	if _, err := tracker.Generation("e", b, epoch); err == nil {
		t.Error("a generation of a domain without experiment is taken")
	}
}

func TestParamsOf(t *testing.T) {
	f := func(recipe string, want ...Param) {
		t.Helper()
		if got := ParamsOf(&Trial{ID: "t", Parameters: JSON(recipe)}); !reflect.DeepEqual(got, want) {
			t.Errorf("ParamsOf(%s) = %+v, want %+v", recipe, got, want)
		}
	}
	relu := "relu"
	f(`{"genome": {"rate": 0.5, "act": "relu"}, "domain": "d"}`, Param{"t", "rate", "real", Float(0.5), nil}, Param{"t", "act", "text", nil, &relu})
	f(`{"x": [1, {"y": true}], "z": null}`, Param{"t", "x.0", "integer", Float(1), nil}, Param{"t", "x.1.y", "boolean", Float(1), nil},
		Param{TrialID: "t", Name: "z", Kind: "null"})
	f(`[1]`)
	f(``)
}

// TestGenerationIsBounded: what does not fit into a record of the spool is counted, not recorded.
func TestGenerationIsBounded(t *testing.T) {
	tracker := bredTracker(t)
	big := canon.NewObject("x", strings.Repeat("x", 1<<20))
	b := Bred{Record: 1, Made: 9}
	for i := range int64(9) {
		b.Trials = append(b.Trials, BredTrial{Number: i, Status: "completed", Origin: "random", Parameters: big})
	}
	rows, err := tracker.Generation("d", b, epoch)
	if err != nil {
		t.Fatal(err)
	}
	if g := rows[0].Generation; g.TrialsRecorded != 3 || g.TrialsMade != 9 {
		t.Errorf("%d of %d trials are recorded, want 3", g.TrialsRecorded, g.TrialsMade)
	}
	if _, err := rows[0].encode(); err != nil {
		t.Error(err)
	}
}
