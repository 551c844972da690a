package olap

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func text(s string) *string { return &s }

// TestClaimSteps: a claim's rows tell when its earlier steps were.
func TestClaimSteps(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	f := func(stage string, second int, reveal, decision *float64) {
		t.Helper()
		rows, err := tracker.Claim("d", ClaimEvent{Proposal: 1, Stage: stage}, epoch.Add(time.Duration(second)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if c := rows[0].Claim; !equal(c.RevealSeconds, reveal) || !equal(c.DecisionSeconds, decision) {
			t.Errorf("Claim(%s) took %v and %v seconds, want %v and %v", stage, c.RevealSeconds, c.DecisionSeconds, reveal, decision)
		}
	}
	f("confirmed", 1, nil, nil)
	f("committed", 2, nil, nil)
	f("revealed", 5, Float(3), nil)
	f("accepted", 12, Float(3), Float(10))
	f("rejected", 13, nil, nil) // nobody remembers
}

func TestClaim(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	event := ClaimEvent{Proposal: 7, Stage: "committed", OptimaeID: "ab", Base: "cd", Performance: Float(-0.5)}
	if _, err := tracker.Claim("d", event, epoch); !errors.Is(err, ErrNoExperiment) {
		t.Errorf("Claim before Start = %v, want ErrNoExperiment", err)
	}
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	if _, err := tracker.Record("d", Observation{Performance: -1}, epoch.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	f := func(e ClaimEvent) *Claim {
		t.Helper()
		rows, err := tracker.Claim("d", e, epoch.Add(2*time.Second))
		if err != nil || len(rows) != 1 || rows[0].Kind() != KindClaim {
			t.Fatalf("Claim(%+v) = %+v, %v", e, rows, err)
		}
		return rows[0].Claim
	}
	got := f(event)
	want := Claim{
		ID: got.ID, ExperimentID: "00000000000000000000000000000001", DomainID: "d", Proposal: 7,
		RoundNumber: 1, OptimaeID: "ab", Base: "cd", Stage: "committed", Timestamp: "2026-01-02T03:04:07.678901+00:00",
		ElapsedSeconds: 2, Performance: Float(-0.5), CommittedAt: text("2026-01-02T03:04:07.678901+00:00"),
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("Claim = %+v, want %+v", *got, want)
	}
	if again := f(event); again.ID != got.ID || len(got.ID) != 32 {
		t.Errorf("the same step has the ids %s and %s", got.ID, again.ID)
	}
	for name, change := range map[string]func(*ClaimEvent){
		"proposal": func(e *ClaimEvent) { e.Proposal++ },
		"stage":    func(e *ClaimEvent) { e.Stage = "accepted" },
		"optimae":  func(e *ClaimEvent) { e.OptimaeID = "ef" },
	} {
		other := event
		change(&other)
		if f(other).ID == got.ID {
			t.Errorf("another %s has the same id", name)
		}
	}
	event.Reason = strings.Repeat("é", maxReasonBytes)
	if n := len(f(event).Reason); n > maxReasonBytes {
		t.Errorf("a reason of %d bytes is kept", n)
	}
	for _, bad := range []ClaimEvent{
		{Stage: "s"}, {Proposal: 1}, {Proposal: 1, Stage: "s", Round: -1}, {Proposal: 1, Stage: "s", Performance: Float(math.NaN())},
	} {
		if _, err := tracker.Claim("d", bad, epoch); !errors.Is(err, ErrInvalidRow) {
			t.Errorf("Claim(%+v) = %v, want ErrInvalidRow", bad, err)
		}
	}
}

// TestRoundSaysWhatIsWhose: seed and digest name their recipes, and the champion's standing is told.
func TestRoundSaysWhatIsWhose(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	seed, verified := uint64(math.MaxUint64), false
	f := func(o Observation) *Round {
		t.Helper()
		rows, err := tracker.Record("d", o, epoch)
		if err != nil {
			t.Fatal(err)
		}
		return rows[0].Round
	}
	r := f(Observation{Parameters: canon.NewObject("x", 1), Seed: &seed, Digest: "ab", DigestOf: canon.NewObject("x", 2), ChampionVerified: &verified})
	if *r.Seed != seed || r.Parameters != `{"x": 1}` || r.DigestParameters != `{"x": 2}` || *r.ChampionVerified {
		t.Errorf("round = %+v", r)
	}
	if r := f(Observation{DigestOf: canon.NewObject("x", 2)}); r.DigestParameters != "" || r.ChampionVerified != nil || r.Seed != nil {
		t.Errorf("round without a confirmation = %+v", r)
	}
}

func TestMetricSchema(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	for domain, config := range map[string]*canon.Object{"free": nil, "named": canon.NewObject("metric_schema", "v2")} {
		if _, err := tracker.Start(Setup{DomainID: domain, OptimizationConfig: config}, epoch); err != nil {
			t.Fatal(err)
		}
	}
	f := func(domain string, metrics *canon.Object, round, experiment string, rows int) {
		t.Helper()
		got, err := tracker.Record(domain, Observation{Metrics: metrics}, epoch)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != rows || got[0].Round.MetricSchema != round || got[rows-1].Experiment.MetricSchema != experiment {
			t.Errorf("Record(%v) = %d rows, schema %s, experiment's %s\nwant %d rows, %s, %s", metrics, len(got),
				got[0].Round.MetricSchema, got[rows-1].Experiment.MetricSchema, rows, round, experiment)
		}
	}
	f("named", canon.NewObject("a", 1), "v2", "v2", 1)
	f("free", nil, "", "", 1)
	f("free", canon.NewObject("b", nil, "a", 1), `{"a": "integer", "b": "null"}`, `{"a": "integer", "b": "null"}`, 2)
	f("free", canon.NewObject("a", 2), `{"a": "integer"}`, `{"a": "integer", "b": "null"}`, 1)
	f("free", canon.NewObject("a", 2.5, "b", "x"), `{"a": "real", "b": "text"}`, `{"a": "real", "b": "text"}`, 2)
	f("free", canon.NewObject("a", 2, "b", true), `{"a": "integer", "b": "boolean"}`, `{"a": "real", "b": "any"}`, 2)
	f("free", canon.NewObject("b", []any{}), `{"b": "list"}`, `{"a": "real", "b": "any"}`, 1)
	many := canon.NewObject()
	for i := range 2 * maxMetricKinds {
		many.Set(string(rune('0'+i%10))+strings.Repeat("n", i), canon.NewObject())
	}
	if _, err := tracker.Record("free", Observation{Metrics: many}, epoch); err != nil {
		t.Fatal(err)
	}
	if n := tracker.runs["free"].kinds.Len(); n != maxMetricKinds {
		t.Errorf("%d kinds are remembered, want %d", n, maxMetricKinds)
	}
}
