package lessons

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/export"
	"doin.network/node/olap/sqlite"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// score is what a recipe of task number d scores: nearly the same in all.
func score(x float64, d int) float64 { return -(x - 3 - float64(d)/10) * (x - 3 - float64(d)/10) }

func recipe(x float64, d int) *canon.Object {
	return canon.NewObject("contract", "c", "domain", "p", "genome", canon.NewObject("x", x, "kind", []string{"a", "b"}[int(x)%2]), "data_hash", fmt.Sprint("data ", d))
}

// tables returns the tables of a node that has searched so many domains of one kind, with n trials each.
func tables(t *testing.T, domains, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "olap.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ids := 0
	tracker := olap.NewTracker(olap.Node{ID: "me"}, func() string { ids++; return fmt.Sprintf("%016x%016d", ids, 0) })
	rows := tracker.Begin(olap.RunSetup{Name: "r"}, epoch)
	must := func(more []olap.Row, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	for d := range domains {
		name := fmt.Sprint("d", d)
		must(tracker.Start(olap.Setup{DomainID: name, OptimizerPlugin: "p", DataHash: "of the settings", LowerIsBetter: d == 1}, epoch))
		b := olap.Bred{Record: 1, Made: int64(n)}
		for i := range n {
			x := float64(i) * 7 / float64(n)
			f := score(x, d)
			if d == 1 {
				f = -f
			}
			b.Trials = append(b.Trials, olap.BredTrial{Number: int64(i), Status: "completed", Origin: "random", Island: int64(i) % 2, Score: &f, Parameters: recipe(x, d)})
		}
		b.Trials = append(b.Trials, olap.BredTrial{Number: int64(n), Status: "failed", Origin: "random", Parameters: recipe(0, d)},
			olap.BredTrial{Number: int64(n) + 1, Status: "completed", Origin: "random", Rung: 1, Score: olap.Float(9), Parameters: recipe(0, d)})
		must(tracker.Record(name, olap.Observation{Performance: 1, Parameters: recipe(1, d)}, epoch))
		must(tracker.Generation(name, b, epoch))
	}
	accepted := olap.ChainOptimaeOf(acceptance("d0", "other", recipe(3, 0), 0.5))
	accepted.OptimaeID, accepted.BlockTimestamp, accepted.IngestedAt = "o", "2026-01-02T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
	if err := db.Write(t.Context(), append(rows, olap.Row{Optimae: &accepted})); err != nil {
		t.Fatal(err)
	}
	return path
}

func acceptance(domain, peer string, recipe *canon.Object, performance float64) olap.Acceptance {
	return olap.Acceptance{DomainID: domain, PeerID: peer, Payload: canon.NewObject("parameters", recipe, "verified_performance", performance)}
}

// TestTables: a SQLite file and Parquet files give the same trials: whole trainings with a score, higher for better, and what the
// chain accepted.
func TestTables(t *testing.T) {
	path := tables(t, 3, 10)
	got, err := FromDatabase(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 31 {
		t.Fatalf("%d trials, want 30 and one of the chain", len(got))
	}
	for _, one := range got[:30] {
		d := slices.IndexFunc([]string{"data 0", "data 1", "data 2"}, func(hash string) bool { return one.Task == prior.Task("p", hash) })
		if d < 0 {
			t.Fatalf("task %q is of no data", one.Task)
		}
		x := prior.Values(one.Recipe)["x"].Number
		if one.Family != "p" || one.Author != "me" || one.Verified || one.Performance != score(x, d) {
			t.Fatalf("trial %+v of x %v, want %v", one, x, score(x, d))
		}
	}
	if last := got[30]; !last.Verified || last.Author != "other" || last.Performance != 0.5 || last.Task != prior.Task("p", "data 0") {
		t.Errorf("the chain's: %+v", last)
	}
	s, err := sqlite.OpenSnapshot(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := export.Write(t.Context(), s, export.Job{Format: "parquet", Dir: dir}); err != nil {
		t.Fatal(err)
	}
	again, err := FromParquet(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	key := func(list []prior.Trial) (out []string) {
		for _, one := range list {
			out = append(out, fmt.Sprint(one.Task, one.Author, one.Performance, one.Verified, string(canon.Canonical(one.Recipe))))
		}
		slices.Sort(out)
		return out
	}
	if !reflect.DeepEqual(key(again), key(got)) {
		t.Errorf("Parquet has %d trials, SQLite %d, or others", len(again), len(got))
	}
	damaged := filepath.Join(dir, "fact_trial", "x.parquet")
	if err := os.WriteFile(damaged, []byte("PAR1 nothing PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FromParquet(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "x.parquet") {
		t.Errorf("FromParquet of a damaged file = %v, want an error that names it", err)
	}
}

// TestGather: what the tables tell of the chain is not told again by its blocks; imports come with it.
func TestGather(t *testing.T) {
	dir := t.TempDir()
	blocks := []*chain.Block{{Transactions: []*chain.Tx{
		{Type: chain.TxOptimaeAccepted, DomainID: "d0", PeerID: "other", Payload: acceptance("", "", recipe(3, 0), 0.5).Payload},
		{Type: chain.TxOptimaeAccepted, DomainID: "d0", PeerID: "other", Payload: acceptance("", "", recipe(4, 0), 0.75).Payload},
		{Type: chain.TxOptimaeAccepted, DomainID: "unknown", PeerID: "other", Payload: acceptance("", "", recipe(4, 0), 0.75).Payload},
		{Type: chain.TxOptimaeRejected, DomainID: "d0", PeerID: "other", Payload: acceptance("", "", recipe(5, 0), 0.8).Payload}}}}
	p := Place{Dir: dir, Database: tables(t, 1, 10), Plugin: func(domain string) string { return map[string]string{"d0": "p"}[domain] },
		Blocks: func(from int64) ([]*chain.Block, error) { return blocks[min(int(from), len(blocks)):], nil }}
	var b strings.Builder
	if err := prior.WriteTrials(&b, []prior.Trial{{Family: "p", Task: "elsewhere", Recipe: recipe(1, 9), Performance: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, "x"+Imports, []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	got, err := p.Gather(t.Context())
	if err != nil || len(got) != 13 || Tasks(got)["p"] != 1 {
		t.Errorf("Gather = %d trials, %v, of tasks %v; want 10, 2 of the chain, 1 imported", len(got), err, Tasks(got))
	}
	p.Database = filepath.Join(dir, "none.db")
	if got, err := p.Gather(t.Context()); err != nil || len(got) != 3 {
		t.Errorf("Gather without tables = %d trials, %v", len(got), err)
	}
	p.Blocks = func(int64) ([]*chain.Block, error) { return nil, errors.New("no disk") }
	if _, err := p.Gather(t.Context()); err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("Gather of a chain that cannot be read = %v", err)
	}
}

// TestLearn: the worker makes a prior of nine tasks that is in use, and of three one that is not; the file is read again.
func TestLearn(t *testing.T) {
	program := filepath.Join(t.TempDir(), "doin-worker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "doin.network/node/cmd/doin-worker").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for domains, on := range map[int]bool{9: true, 3: false} {
		trials, err := FromDatabase(t.Context(), tables(t, domains, 20))
		if err != nil {
			t.Fatal(err)
		}
		file, err := Learn(t.Context(), program, trials)
		if err != nil {
			t.Fatal(err)
		}
		if e := file.Families[0].Evidence; e.On != on || e.Tasks != domains || e.Authors != 2 {
			t.Errorf("%d domains: evidence %+v, want on %v", domains, e, on)
		}
		path, err := Write(t.TempDir(), File, file.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Read(path); err != nil || again.Families[0].Digest() != file.Families[0].Digest() {
			t.Errorf("Read = %v", err)
		}
	}
	if _, err := Learn(t.Context(), program, nil); err == nil || !strings.Contains(err.Error(), "no task has enough trials") {
		t.Errorf("Learn of nothing = %v", err)
	}
}
