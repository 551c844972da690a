package olap

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("%032x", n) }
}

// TestTrackerAgainstRecomputation checks every row and the summary of random experiments against
// what a plain reading of the rules gives from the whole history.
func TestTrackerAgainstRecomputation(t *testing.T) {
	for seed := uint64(1); seed <= 300; seed++ {
		rng := rand.New(rand.NewPCG(seed, 0))
		lower := rng.IntN(2) == 0
		var target *float64
		if rng.IntN(3) > 0 {
			target = Float(float64(rng.IntN(9)) - 4)
		}
		tracker := NewTracker(Node{ID: "n", Hostname: "h"}, counter())
		rows, err := tracker.Start(Setup{DomainID: "d", LowerIsBetter: lower, Target: target}, epoch)
		if err != nil || len(rows) != 2 {
			t.Fatalf("Start = %d rows, %v", len(rows), err)
		}
		explicit := -1
		if rng.IntN(4) == 0 {
			explicit = rng.IntN(12)
		}
		var history []Round
		var times []float64
		var marked *float64
		now := epoch
		for i := range rng.IntN(15) {
			now = now.Add(time.Duration(rng.IntN(2_000_000)) * time.Microsecond)
			if i == explicit {
				converged := len(history) > 0 && history[len(history)-1].Converged
				rows, err := tracker.Converge("d", now)
				if err != nil || (len(rows) == 0) != converged {
					t.Fatalf("seed %d: Converge = %d rows, %v after converged=%v", seed, len(rows), err, converged)
				}
				if !converged {
					marked = Float(now.Sub(epoch).Seconds())
				}
			}
			o := Observation{
				Performance: float64(rng.IntN(17)) - 8, Parameters: canon.NewObject("i", i), Evaluations: int64(rng.IntN(5)),
			}
			rows, err := tracker.Record("d", o, now)
			if err != nil {
				t.Fatal(err)
			}
			history = append(history, *rows[0].Round)
			times = append(times, now.Sub(epoch).Seconds())
			want := recompute(history, times, lower, target, marked)
			if got := *rows[0].Round; !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d round %d:\ngot  %+v\nwant %+v", seed, i+1, got, want)
			}
			if e := rows[0].Experiment; e.Converged != want.Converged || (e.FinishedAt != "") != want.Converged {
				t.Fatalf("seed %d round %d: experiment %+v", seed, i+1, e)
			}
		}
		closing := tracker.Finish(now)
		got := *closing[1].Summary
		if want := summarize(history, closing[0].Experiment, marked); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d summary:\ngot  %+v\nwant %+v", seed, got, want)
		}
		if closing[0].Experiment.FinishedAt == "" {
			t.Fatalf("seed %d: not finished", seed)
		}
	}
}

// recompute returns the last round of the history as the rules have it, from the performances.
func recompute(history []Round, times []float64, lower bool, target, marked *float64) Round {
	n := len(history)
	r := history[n-1] // id, timestamps and inputs are taken over
	sign := 1.0
	if lower {
		sign = -1
	}
	best, bestAt := math.Inf(-1), 0
	for i, h := range history {
		if sign*h.Performance > best {
			best, bestAt = sign*h.Performance, i
		}
	}
	r.Number = int64(n)
	r.BestPerformance = Float(sign * best)
	r.BestParameters = JSON(fmt.Sprintf(`{"i": %d}`, bestAt))
	r.Parameters = JSON(fmt.Sprintf(`{"i": %d}`, n-1))
	r.Improvement = bestAt == n-1
	r.PerformanceDelta = 0
	if r.Improvement && n > 1 {
		before := math.Inf(-1)
		for _, h := range history[:n-1] {
			before = max(before, sign*h.Performance)
		}
		r.PerformanceDelta = r.Performance - sign*before
	}
	r.TimeToCurrentBestSeconds = times[bestAt]
	r.ElapsedSeconds = times[n-1]
	r.Converged, r.TimeToTargetSeconds = marked != nil, marked
	for i, h := range history {
		if target != nil && sign*h.Performance >= sign**target {
			if marked == nil || times[i] < *marked {
				r.Converged, r.TimeToTargetSeconds = true, Float(times[i])
			}
			break
		}
	}
	return r
}

func summarize(history []Round, e *Experiment, marked *float64) Summary {
	s := Summary{
		ExperimentID: e.ID, DomainID: e.DomainID, NodeID: e.NodeID, Hostname: e.Hostname,
		TotalRounds: int64(len(history)), Converged: e.Converged, TimeToTargetSeconds: marked,
	}
	for _, h := range history {
		s.FinalPerformance = Float(h.Performance)
		s.BestPerformance = h.BestPerformance
		s.TotalElapsedSeconds = Float(h.ElapsedSeconds)
		s.Evaluations += h.Evaluations
		if h.Converged && s.RoundsToConvergence == nil {
			s.RoundsToConvergence = Int(h.Number)
		}
		if h.TimeToTargetSeconds != nil {
			s.TimeToTargetSeconds = h.TimeToTargetSeconds
		}
	}
	return s
}

func TestTrackerRefuses(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	if _, err := tracker.Record("d", Observation{}, epoch); !errors.Is(err, ErrNoExperiment) {
		t.Errorf("Record before Start = %v, want ErrNoExperiment", err)
	}
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); !errors.Is(err, ErrStarted) {
		t.Errorf("second Start = %v, want ErrStarted", err)
	}
	for _, p := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := tracker.Record("d", Observation{Performance: p}, epoch); !errors.Is(err, ErrInvalidRow) {
			t.Errorf("Record(%v) = %v, want ErrInvalidRow", p, err)
		}
	}
	if p, _ := tracker.Progress("d", epoch); p.Rounds != 0 || p.BestPerformance != nil {
		t.Errorf("refused rounds changed the experiment: %+v", p)
	}
}

func TestTrackerClockGoesBack(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	if _, err := tracker.Start(Setup{DomainID: "d", Target: Float(0)}, epoch); err != nil {
		t.Fatal(err)
	}
	rows, err := tracker.Record("d", Observation{Performance: 1}, epoch.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	r := rows[0].Round
	if r.ElapsedSeconds != 0 || r.TimeToCurrentBestSeconds != 0 || *r.TimeToTargetSeconds != 0 {
		t.Errorf("times = %v %v %v, want 0", r.ElapsedSeconds, r.TimeToCurrentBestSeconds, *r.TimeToTargetSeconds)
	}
}

func TestTrackerStatusAndMetrics(t *testing.T) {
	tracker := NewTracker(Node{ID: "n"}, counter())
	config := canon.NewObject("n_params", 10, "step_size", 0.5)
	if _, err := tracker.Start(Setup{DomainID: "d", OptimizerPlugin: "ga", OptimizationConfig: config, DataHash: "ab"}, epoch); err != nil {
		t.Fatal(err)
	}
	if _, err := tracker.Record("d", Observation{Performance: -5}, epoch.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	m, err := tracker.ChainMetrics("d", -4.5, epoch.Add(2500*time.Microsecond))
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, m.Object(), canon.NewObject("experiment_id", fmt.Sprintf("%032x", 1), "round_number", 2,
		"time_to_this_result_seconds", 0.003, // 0.0025 lies just above the middle
		"optimization_config_hash", "34c9f9c482011e39bc890084c4c4a1036d5d3ec306d6059e9f75f32c7138f6f0",
		"data_hash", "ab", "reported_performance", -4.5, "previous_best_performance", -5.0))
	checkEqual(t, tracker.Statuses(epoch.Add(1234567*time.Microsecond)), canon.NewObject("d", canon.NewObject(
		"experiment_id", fmt.Sprintf("%032x", 1), "domain_id", "d", "rounds", 1, "best_performance", -5.0,
		"target_performance", nil, "converged", false, "time_to_target_seconds", nil, "elapsed_seconds", 1.23,
		"optimizer_plugin", "ga", "performance_metric", "", "metric_schema", "", "higher_is_better", true)))
}

func TestDetails(t *testing.T) {
	metrics := canon.NewObject("val_mae", 0.25, "train_mae", int64(2), "test_mae", "n/a", "generation", 3.0, "stage", 1.5,
		"stage_name", "warm", "avg_fitness", math.NaN(), "own", canon.NewObject("z", 1, "a", math.Inf(1)))
	want := Details{ValMAE: Float(0.25), TrainMAE: Float(2), Generation: Int(3), StageName: clone(new(string))}
	*want.StageName = "warm"
	if got := DetailsOf(metrics); !reflect.DeepEqual(got, want) {
		t.Errorf("DetailsOf = %+v, want %+v", got, want)
	}
	text := `{"avg_fitness": null, "generation": 3.0, "own": {"a": null, "z": 1}, "stage": 1.5, ` +
		`"stage_name": "warm", "test_mae": "n/a", "train_mae": 2, "val_mae": 0.25}`
	if got := CanonicalJSON(metrics); string(got) != text {
		t.Errorf("CanonicalJSON = %s, want %s", got, text)
	}
}
