package csv

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

func clock() time.Time { return epoch.Add(time.Hour) }

// experiment returns the rows of one experiment with n rounds, numbered in one spool.
func experiment(t *testing.T, n int) []olap.Row {
	t.Helper()
	tracker := olap.NewTracker(olap.Node{ID: strings.Repeat("ab", 20), Hostname: `host,"1"`},
		func() string { return fmt.Sprintf("%032x", 1) })
	rows, err := tracker.Start(olap.Setup{
		DomainID: "q", OptimizerPlugin: "ga", Target: olap.Float(-1), PerformanceMetric: "mae", MetricSchema: "v1",
		OptimizationConfig: canon.NewObject("step_size", 0.5, "n", 10),
		ParamBounds:        canon.NewObject("x", []any{-1.0, 1e-05}),
	}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		more, err := tracker.Record("q", olap.Observation{
			Performance: float64(i-3) * 0.1, Parameters: canon.NewObject("x", []any{float64(i), "é"}),
			WallClock: 1234567891 * time.Nanosecond, ChainHeight: int64(i), Peers: 2,
			Metrics: canon.NewObject("val_mae", 0.3, "generation", i, "b", nil), Seed: new(uint64), Evaluations: 12,
		}, epoch.Add(time.Duration(i+1)*1500001*time.Microsecond))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	rows = append(rows, tracker.Finish(epoch.Add(time.Minute))...)
	for i := range rows {
		rows[i].Spool, rows[i].Seq = "s", uint64(i+1)
	}
	return rows
}

func mustOpen(t *testing.T, path string, opt Options) *Sink {
	t.Helper()
	opt.Now = clock
	s, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, s *Sink, rows ...olap.Row) {
	t.Helper()
	if err := s.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const header = "experiment_id,round_id,domain_id,node_id,timestamp_utc,wall_clock_seconds,experiment_start_utc," +
	"time_to_current_best_seconds,time_to_target_seconds,total_rounds,round_number,performance,best_performance," +
	"target_performance,performance_delta,converged,parameters,best_parameters,optimization_config,param_bounds," +
	"hostname,optimizer_plugin,performance_metric,metric_schema,higher_is_better,doin_version,chain_height," +
	"peers_count,block_reward_earned,train_mae,train_naive_mae,val_mae,val_naive_mae,test_mae,test_naive_mae," +
	"generation,stage,total_stages,stage_name,gen_in_stage,n_generations_stage,n_generations_total," +
	"total_candidates_evaluated,population_size,no_improve_counter,optimization_patience,avg_fitness," +
	"best_fitness_gen,neat_species_count,neat_avg_complexity,metrics\r\n"

const secondLine = `00000000000000000000000000000001,a0e53a342f96b03384893c69b762ddd3,q,` +
	`abababababababababababababababababababab,2026-01-02T03:04:08.678903+00:00,1.234568,` +
	`2026-01-02T03:04:05.678901+00:00,3.000002,1.500001,2,2,-0.2,-0.2,-1.0,0.1,True,` +
	`"{""x"": [1.0, ""\u00e9""]}","{""x"": [1.0, ""\u00e9""]}","{""step_size"": 0.5, ""n"": 10}",` +
	`"{""x"": [-1.0, 1e-05]}","host,""1""",ga,mae,v1,True,0.1.0,1,2,0.0,,,0.3,,,,1,,,,,,,,,,,,,,,` +
	`"{""b"": null, ""generation"": 1, ""val_mae"": 0.3}"` + "\r\n"

func TestGoldenLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "stats.csv")
	s := mustOpen(t, path, Options{})
	if got := read(t, path); got != header {
		t.Errorf("header = %q, want %q", got, header)
	}
	if n := len(Columns(false)); n != 51 {
		t.Errorf("%d columns, want 51", n)
	}
	write(t, s, experiment(t, 2)...)
	lines := strings.SplitAfter(read(t, path), "\r\n")
	if len(lines) != 4 || lines[2] != secondLine {
		t.Errorf("%d lines, the third\n%q, want\n%q", len(lines), lines[2], secondLine)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{
  "q": {
    "experiment_id": "00000000000000000000000000000001",
    "domain_id": "q",
    "rounds": 2,
    "best_performance": -0.2,
    "target_performance": -1.0,
    "converged": true,
    "time_to_target_seconds": 1.5000010000000001,
    "elapsed_seconds": 3.0,
    "optimizer_plugin": "ga",
    "performance_metric": "mae",
    "metric_schema": "v1",
    "higher_is_better": true
  },
  "finalized_utc": "2026-01-02T04:04:05.678901+00:00"
}
`
	if got := read(t, path+".summary.json"); got != want {
		t.Errorf("summary = %s, want %s", got, want)
	}
}

func TestExtraColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stats.csv")
	s := mustOpen(t, path, Options{Extra: true})
	write(t, s, experiment(t, 1)...)
	s.Close()
	records, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(records[0], Columns(true)) || !slices.Equal(records[1][51:], []string{"12", "0", "", "", "0", "0", "0", "", "", "", "", "", "", "", "", ""}) {
		t.Errorf("records = %q", records)
	}
}

// rounds returns the round numbers in the file and fails on anything malformed or double.
func rounds(t *testing.T, path string) (numbers []string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		if slices.Contains(numbers, r[10]) {
			t.Errorf("round %s is there twice", r[10])
		}
		numbers = append(numbers, r[10])
	}
	return numbers
}

// TestCrashAtEveryByte cuts a write after every byte, with and without its position noted, and
// delivers everything again: each round is there once.
func TestCrashAtEveryByte(t *testing.T) {
	rows := experiment(t, 4)
	dir := t.TempDir()
	path := filepath.Join(dir, "stats.csv")
	s := mustOpen(t, path, Options{})
	write(t, s, rows[:3]...) // domain, experiment, round 1
	before, pos := read(t, path), read(t, path+".pos")
	write(t, s, rows[3:]...)
	s.Close()
	after := read(t, path)
	for cut := len(before); cut <= len(after); cut += 31 {
		os.WriteFile(path, []byte(after[:cut]), 0o600)
		os.WriteFile(path+".pos", []byte(pos), 0o600)
		mustOpen(t, path, Options{}).f.Close() // a second crash, before anything comes again
		s := mustOpen(t, path, Options{})
		write(t, s, rows[:4]...) // and a third, when only a part has
		s.f.Close()
		s = mustOpen(t, path, Options{})
		write(t, s, rows...)
		s.Close()
		if got := read(t, path); got != after {
			t.Fatalf("cut at %d: file = %q, want %q", cut, got, after)
		}
	}
	// The position file is lost, the lines are whole: they are known by their ids.
	os.Remove(path + ".pos")
	s = mustOpen(t, path, Options{})
	write(t, s, rows...)
	s.Close()
	if got := rounds(t, path); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
		t.Errorf("rounds = %q", got)
	}
	if files, _ := filepath.Glob(path + ".*.bak"); len(files) != 0 {
		t.Errorf("set aside: %q", files)
	}
}

// TestRepeatedRounds: a search that was killed runs its last rounds again; they are not written twice, whether the position
// file is there or not, and however often it happens.
func TestRepeatedRounds(t *testing.T) {
	rows := experiment(t, 6)
	again := func(from, to int, spool string) (out []olap.Row) { // rounds from..to, new to the recorder
		for _, r := range rows {
			if r.Round != nil && int(r.Round.Number) >= from && int(r.Round.Number) <= to {
				r.Spool, r.Seq = spool, 1000+uint64(r.Round.Number)
				out = append(out, r)
			}
		}
		return out
	}
	f := func(lost bool) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "stats.csv")
		for i, batch := range [][]olap.Row{again(1, 3, "s"), again(2, 4, "t"), again(1, 4, "u"), again(4, 6, "v")} {
			s := mustOpen(t, path, Options{})
			for _, row := range batch {
				write(t, s, row)
			}
			s.Close()
			if lost && i == 1 {
				os.Remove(path + ".pos")
				mustOpen(t, path, Options{}).f.Close() // a crash, before anything comes
			}
		}
		if got := rounds(t, path); !slices.Equal(got, []string{"1", "2", "3", "4", "5", "6"}) {
			t.Errorf("position lost %v: rounds = %q", lost, got)
		}
	}
	f(false)
	f(true)

	var p position
	for i := range 3 * maxRounds {
		p.note(fmt.Sprint(i), int64(i))
		p.note("busy", int64(-i))
	}
	if len(p.Rounds) != maxRounds || !p.has("busy", 0) || p.has("busy", 1) || p.has("0", 0) || !p.has(fmt.Sprint(3*maxRounds-1), 1) {
		t.Errorf("after many experiments the position has %v", p.Rounds)
	}
}

func TestForeignFilesAreSetAside(t *testing.T) {
	rows := experiment(t, 2)
	f := func(name, content string, aside bool) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "stats.csv")
		os.WriteFile(path, []byte(content), 0o600)
		os.WriteFile(path+".1.bak", []byte("older"), 0o600)
		s := mustOpen(t, path, Options{})
		write(t, s, rows...)
		s.Close()
		_, err := os.Stat(path + ".2.bak")
		if (err == nil) != aside {
			t.Errorf("%s: set aside: %v, want %v", name, err == nil, aside)
		}
		if aside && read(t, path+".2.bak") != content {
			t.Errorf("%s: the copy set aside was changed", name)
		}
		got := read(t, path)
		if !aside && !strings.HasPrefix(got, content) {
			t.Errorf("%s: the file lost its lines", name)
		}
		if n := strings.Count(got, "\n"); n != 3+max(0, strings.Count(content, "\n")-1)*b2i(!aside) {
			t.Errorf("%s: %d lines", name, n)
		}
		if read(t, path+".1.bak") != "older" {
			t.Errorf("%s: an older copy was overwritten", name)
		}
	}
	line := strings.NewReplacer("0001,a0e5", "0009,ffff").Replace(secondLine) // of another experiment
	f("empty", "", false)
	f("fits", header+line, false)
	f("newline only", strings.ReplaceAll(header+line, "\r\n", "\n"), false)
	f("other header", "a,b,c\r\n1,2,3\r\n", true)
	f("fewer columns", strings.Replace(header, ",metrics", "", 1), true)
	f("header of another length", header[:len(header)-20]+"\r\n", true)
	f("half a line", header+line[:100], true)
	f("no line end", header+strings.TrimSpace(line), true)
	for _, n := range []int{1, 40, len(header) - 2, len(header) - 1} { // the first write was cut
		path := filepath.Join(t.TempDir(), "stats.csv")
		os.WriteFile(path, []byte(header[:n]), 0o600)
		mustOpen(t, path, Options{}).Close()
		if got := read(t, path); got != header {
			t.Errorf("header cut at %d: file = %q", n, got)
		}
	}
	f("binary", "\x00\xff\"\r\n", true)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestFileIsMovedWhileRunning(t *testing.T) {
	rows := experiment(t, 3)
	path := filepath.Join(t.TempDir(), "stats.csv")
	s := mustOpen(t, path, Options{})
	write(t, s, rows[:3]...)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, s, rows[3:]...)
	s.Close()
	if got := rounds(t, path); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("rounds in the new file = %q", got)
	}
	if got := rounds(t, path+".old"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("rounds in the old file = %q", got)
	}
}

func TestOpenErrorNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stats.csv")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open of a folder = %v, want an error with its name", err)
	}
}
