package olap_test

import (
	"bufio"
	"context"
	encsv "encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/csv"
	"doin.network/node/olap/sqlite"
)

const crashDir = "OLAP_CRASH_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := recordForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// openAll opens the recorder of dir with both sinks.
func openAll(ctx context.Context, dir string) (*olap.Recorder, *sqlite.DB, error) {
	file, err := csv.Open(filepath.Join(dir, "stats.csv"), csv.Options{})
	if err != nil {
		return nil, nil, err
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "olap.db"))
	if err != nil {
		return nil, nil, err
	}
	r, err := olap.Open(olap.DefaultConfig(filepath.Join(dir, "spool")), file, db)
	return r, db, err
}

// recordForEver is the process that is killed: it prints the id of every round, and of every step of a claim, after Record has
// acknowledged it. As a search does, it keeps its state now and then, and goes on from that: the rounds since then come again.
func recordForEver(dir string) error {
	r, _, err := openAll(context.Background(), dir)
	if err != nil {
		return err
	}
	go r.Run(context.Background())
	tracker := olap.NewTracker(olap.Node{ID: "node"}, nil)
	state := filepath.Join(dir, "state.json")
	rows, err := tracker.Start(olap.Setup{DomainID: "d", Resume: loadProgress(state)}, time.Now())
	if err != nil {
		return err
	}
	if err := r.Record(rows...); err != nil {
		return err
	}
	blob := strings.Repeat("x", 3000)
	for {
		p, _ := tracker.Progress("d", time.Now())
		n := p.Rounds + 1
		if n%7 == 1 {
			if err := saveProgress(state, p); err != nil {
				return err
			}
		}
		rows, err := tracker.Record("d", olap.Observation{
			Performance: float64(n % 97), Parameters: canon.NewObject("i", n, "blob", blob),
		}, time.Now())
		if err != nil {
			return err
		}
		steps, err := tracker.Claim("d", olap.ClaimEvent{Proposal: n, Stage: "confirmed"}, time.Now())
		if err != nil {
			return err
		}
		generation, err := tracker.Generation("d", crashBred(n), time.Now())
		if err != nil {
			return err
		}
		if err := r.Record(append(append(rows, steps...), generation...)...); err != nil {
			return err
		}
		fmt.Println("ack", rows[0].Round.ID, steps[0].Claim.ID)
		if n%20 == 0 { // not so fast that the sinks never catch up
			if err := r.Flush(context.Background()); err != nil {
				return err
			}
		}
	}
}

// crashBred is generation n: two trials, each with a parameter and a point of its curve.
func crashBred(n int64) olap.Bred {
	b := olap.Bred{Record: n, Number: n, Made: 2}
	for i := range int64(2) {
		b.Trials = append(b.Trials, olap.BredTrial{Number: 2*n + i, Status: "completed", Origin: "random", Parameters: canon.NewObject("x", n),
			Curve: []olap.Point{{Step: 1, Train: olap.Float(0.5)}}})
	}
	return b
}

// loadProgress returns nil for none.
func loadProgress(path string) (p *olap.Progress) {
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &p) != nil {
		return nil
	}
	return p
}

func saveProgress(path string, p olap.Progress) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// TestKillNine kills a recording process again and again at random moments. Every acknowledged
// round then is in each sink exactly once, and every step of a claim in the table; all rounds are of one experiment.
func TestKillNine(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	cycles := 20
	if testing.Short() {
		cycles = 3
	}
	if n, err := strconv.Atoi(os.Getenv("DOIN_OLAP_KILLS")); err == nil && n > 0 {
		cycles = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	acked := map[string]string{} // a round's id → its claim's
	for range cycles {
		recordAndKill(t, exe, dir, time.Duration(rng.IntN(150))*time.Millisecond, acked)
	}
	t.Logf("%d rounds acknowledged", len(acked))

	r, db, err := openAll(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	inTable, steps := tableIDs(t, db)
	t.Logf("at the end: %+v", r.Stats())
	checkFile(t, filepath.Join(dir, "olap.db"), len(inTable))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	inFile := fileIDs(t, filepath.Join(dir, "stats.csv"))
	if len(acked) < cycles {
		t.Errorf("only %d rounds were acknowledged", len(acked))
	}
	for id, step := range acked {
		if steps[step] != 1 {
			t.Errorf("acknowledged step %s is %d times in the table", step, steps[step])
		}
		if inFile[id] != 1 || inTable[id] != 1 {
			t.Errorf("acknowledged round %s is %d times in the file and %d times in the table", id, inFile[id], inTable[id])
		}
	}
	for id, n := range inFile {
		if n != 1 || inTable[id] != 1 {
			t.Errorf("round %s is %d times in the file and %d times in the table", id, n, inTable[id])
		}
	}
	if len(inFile) != len(inTable) {
		t.Errorf("%d rounds in the file, %d in the table", len(inFile), len(inTable))
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.bak")); len(files) != 0 {
		t.Errorf("files were set aside: %q", files)
	}
}

// checkFile looks for damage, and for rounds without their generation and its trials.
func checkFile(t *testing.T, path string, rounds int) {
	t.Helper()
	s, err := sqlite.OpenSnapshot(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if problems, err := s.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("Check = %q, %v", problems, err)
	}
	for table, each := range map[*olap.Table]int{olap.GenerationTable: 1, olap.TrialTable: 2, olap.ParamTable: 2, olap.CurveTable: 2} {
		if n, err := s.Count(t.Context(), table, sqlite.Filter{}); err != nil || n != int64(each*rounds) {
			t.Errorf("%s has %d rows of %d rounds, %v", table.Name, n, rounds, err)
		}
	}
}

// recordAndKill runs one recording process, kills it the given time after its first round, and
// adds what it acknowledged.
func recordAndKill(t *testing.T, exe, dir string, after time.Duration, acked map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if timer == nil {
			timer = time.AfterFunc(after, func() { cmd.Process.Kill() })
			defer timer.Stop()
		}
		line, ok := strings.CutPrefix(lines.Text(), "ack ")
		if id, step, _ := strings.Cut(line, " "); ok && len(step) == 32 { // the last line may be cut
			acked[id] = step
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the process ended by itself: %v", err)
	}
}

func fileIDs(t *testing.T, path string) map[string]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := encsv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, r := range records[1:] {
		ids[r[1]]++
	}
	return ids
}

// tableIDs returns how often each round and each step of a claim is in the tables.
func tableIDs(t *testing.T, db *sqlite.DB) (rounds, steps map[string]int) {
	t.Helper()
	experiments, err := db.Experiments(t.Context())
	if err != nil || len(experiments) != 1 {
		t.Fatalf("%d experiments, %v, want one that goes on", len(experiments), err)
	}
	count := func(key string, objects []*canon.Object, err error) map[string]int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]int{}
		for i, o := range objects {
			id, _ := o.String(key)
			ids[id]++
			if n, _ := o.Int("round_number"); n != int64(i+1) {
				t.Errorf("%s %d of the experiment is of round %d", key, i+1, n)
			}
		}
		return ids
	}
	id, _ := experiments[0].String("experiment_id")
	objects, err := db.Rounds(t.Context(), id, sqlite.MaxRounds)
	rounds = count("round_id", objects, err)
	objects, err = db.Claims(t.Context(), id, sqlite.MaxRounds)
	return rounds, count("claim_event_id", objects, err)
}
