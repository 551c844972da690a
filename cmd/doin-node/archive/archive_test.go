package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/replica"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

const began = 1_700_000_000_000_000

// node makes a data directory with the chain of a network of one evaluator, which has claimed a few times.
func node(t *testing.T, dir string) (genesis []byte, key *identity.Key) {
	t.Helper()
	key, err := identity.FromSeed("archive")
	if err != nil {
		t.Fatal(err)
	}
	g := &chain.Genesis{Protocol: chain.Certified, Format: chain.CertifiedFormat, Parameters: chain.DefaultParameters(),
		Domains: []chain.Domain{chain.DefaultDomain("d")}, Evaluators: []chain.Evaluator{{PeerID: key.PeerID(), PublicKey: key.PublicKey()}}}
	g.Parameters.StartTime, g.Parameters.Solo, g.Parameters.QuorumMinEvaluators = timestamp.FromMicro(began), true, 0
	g.Parameters.TargetBlockTime, g.Parameters.InitialThreshold, g.Domains[0].HasSyntheticData = 60, 0.1, false
	genesis = canon.Default(g.Object())
	run(t, dir, genesis, key, began, 3)
	if err := os.WriteFile(filepath.Join(dir, "genesis.json"), genesis, 0o600); err != nil {
		t.Fatal(err)
	}
	return genesis, key
}

// run lets the node of a data directory make so many claims, and returns its height.
func run(t *testing.T, dir string, genesis []byte, key *identity.Key, from int64, claims int) int64 {
	t.Helper()
	file, err := chain.ParseGenesis(genesis)
	if err != nil {
		t.Fatal(err)
	}
	g, err := application.Of(file)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	cfg := replica.DefaultConfig()
	cfg.Domains["d"] = replica.Role{Optimize: true, Evaluate: true}
	net, err := Recovered(application.NewNetwork(g, application.P256{}), dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := replica.New(cfg, file, net, key, Disk{st})
	if err != nil {
		t.Fatal(err)
	}
	now := from
	var todo []protocol.Event
	for tick := range claims * 60 {
		now += 500_000
		todo = append(todo, protocol.Tick{})
		if tick%60 == 0 {
			p := protocol.Propose{Domain: "d", Proposal: int64(tick) + 1, Parameters: canon.NewObject("x", float64(now%1e12))}
			p.Nonce[0], p.Nonce[1] = byte(tick), byte(tick>>8)
			todo = append(todo, p)
		}
		for len(todo) > 0 {
			ev := todo[0]
			todo = todo[1:]
			for _, f := range m.Step(now, ev) {
				switch f := f.(type) {
				case protocol.Persist:
					keep(t, st, f)
				case protocol.Commit:
					for _, e := range f.Entries {
						if err := st.Append(t.Context(), store.Entry{Block: e.Block, Receipts: e.Receipts}); err != nil {
							t.Fatal(err)
						}
					}
				case protocol.Evaluate:
					x, _ := f.Parameters.Float("x")
					todo = append(todo, protocol.Evaluated{Job: f.Job, Outcome: protocol.Outcome{Performance: x, Digest: "aa"}})
				}
			}
		}
	}
	height, _ := st.Tip()
	return height
}

func keep(t *testing.T, st *store.Store, f protocol.Persist) {
	t.Helper()
	var p store.Promise
	for _, b := range f.Blocks {
		p.Blocks = append(p.Blocks, store.Certified(b))
	}
	for _, b := range f.Final {
		p.Final = append(p.Final, store.Certified(b))
	}
	for _, n := range f.Notes {
		p.Notes = append(p.Notes, store.Note(n))
	}
	if err := st.Keep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if x := f.State; x != nil {
		var notes []store.Note
		for _, n := range x.Notes {
			notes = append(notes, store.Note(n))
		}
		if err := st.KeepTree(t.Context(), x.Block, x.Parent, x.Tree, x.Base, notes); err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchive(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "new")
	genesis, key := node(t, dir)
	var file bytes.Buffer
	height, err := ExportDir(dir, &file)
	if err != nil || height < 10 {
		t.Fatalf("exported %d blocks, %v", height, err)
	}
	report, err := Import(t.Context(), bytes.NewReader(file.Bytes()), nil, nil, other)
	if err != nil {
		t.Fatal(err)
	}
	if report.Height != height || report.Transactions == 0 {
		t.Errorf("report %+v, want height %d", report, height)
	}
	if got, err := os.ReadFile(filepath.Join(other, "genesis.json")); err != nil || !bytes.Equal(got, genesis) {
		t.Errorf("the genesis file is another: %v", err)
	}
	if _, err := Import(t.Context(), bytes.NewReader(file.Bytes()), nil, nil, other); err == nil {
		t.Error("imported over a chain that is there")
	}
	// A node goes on from it, but signs nothing while it does not know what its key has signed; alone it waits for ever.
	if got := run(t, other, genesis, key, began+3600*1_000_000, 1); got > height {
		t.Errorf("it has built: height %d after %d", got, height)
	}
	var again bytes.Buffer
	if _, err := ExportDir(other, &again); err != nil {
		t.Fatal(err)
	}
	if n := min(again.Len(), file.Len()) - 200; !bytes.Equal(again.Bytes()[:n], file.Bytes()[:n]) {
		t.Error("exported again, the chain is another")
	}
	// That of the node itself goes on.
	if got := run(t, dir, genesis, key, began+3600*1_000_000, 1); got <= height {
		t.Errorf("its height is still %d", got)
	}
}

func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	node(t, dir)
	var file bytes.Buffer
	if _, err := ExportDir(dir, &file); err != nil {
		t.Fatal(err)
	}
	bad := slices.Clone(file.Bytes())
	bad[len(bad)*2/3] ^= 1
	other := filepath.Join(t.TempDir(), "new")
	var fault *application.Fault
	if _, err := Import(t.Context(), bytes.NewReader(bad), nil, nil, other); !errors.As(err, &fault) {
		t.Errorf("a flipped bit: %v", err)
	}
	wrong := &application.Checkpoint{Height: 3}
	if _, err := Import(t.Context(), bytes.NewReader(file.Bytes()), wrong, nil, other); !errors.Is(err, application.ErrCheckpoint) {
		t.Errorf("without the trusted checkpoint: %v", err)
	}
	if list, err := os.ReadDir(other); err != nil || len(list) != 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

func TestExportOfOther(t *testing.T) {
	dir := t.TempDir()
	if _, err := ExportDir(dir, new(bytes.Buffer)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory: %v", err)
	}
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("d")}}
	g.Parameters.StartTime = timestamp.FromMicro(began)
	if err := os.WriteFile(filepath.Join(dir, "genesis.json"), canon.Default(g.Object()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ExportDir(dir, new(bytes.Buffer)); !errors.Is(err, ErrProtocol) {
		t.Errorf("a chain of protocol 1: %v", err)
	}
}

// A restored store forgets what its key has promised.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	genesis, key := node(t, dir)
	if err := Forget(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	height, _ := st.Tip()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if got := run(t, dir, genesis, key, began+3600*1_000_000, 1); got != height {
		t.Errorf("a node that has forgotten what it signed has built %d blocks", got-height)
	}
	empty := t.TempDir()
	if err := Forget(t.Context(), empty); err != nil {
		t.Errorf("a store of another protocol: %v", err)
	}
}

// An evaluator that is alone with a chain from an archive signs nothing, since it does not know what it has signed; its operator knows, and has
// the network go on. Whoever follows takes the file; one that was beyond the block does not.
func TestRecover(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "new")
	genesis, key := node(t, dir)
	var file bytes.Buffer
	height, err := ExportDir(dir, &file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), bytes.NewReader(file.Bytes()), nil, nil, other); err != nil {
		t.Fatal(err)
	}
	n := Node{other, filepath.Join(other, "chain"), filepath.Join(other, "genesis.json")}
	place, err := n.Look()
	if err != nil || place.Recovered != 0 || len(place.Electors) != 1 || place.Height > height {
		t.Fatalf("%+v, %v", place, err)
	}
	if _, err := n.Recover(t.Context(), []string{"somebody"}); !errors.Is(err, application.ErrRecovery) {
		t.Errorf("recovered by nobody: %v", err)
	}
	made, err := n.Recover(t.Context(), place.Electors)
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, other, genesis, key, began+3600*1_000_000, 1); got <= place.Height {
		t.Errorf("it stands at %d", got)
	}
	if place, err = n.Look(); err != nil || place.Recovered != 1 {
		t.Errorf("%+v, %v", place, err)
	}
	if again, err := n.Take(t.Context(), made.Encode()); err != nil || again.ID() != made.ID() {
		t.Errorf("taken again: %v", err)
	}

	run(t, dir, genesis, key, began+3600*1_000_000, 2)
	old := Node{dir, filepath.Join(dir, "chain"), filepath.Join(dir, "genesis.json")}
	if _, err := old.Take(t.Context(), made.Encode()); !errors.Is(err, replica.ErrRecovery) {
		t.Errorf("who is beyond the block takes part: %v", err)
	}
	if file, err := recovery.Read(dir); file != nil || err != nil {
		t.Errorf("and has the file: %v", err)
	}

	file.Reset()
	if _, err := ExportDir(other, &file); err != nil {
		t.Fatal(err)
	}
	third := filepath.Join(t.TempDir(), "third")
	if _, err := Import(t.Context(), bytes.NewReader(file.Bytes()), nil, nil, third); err == nil {
		t.Error("the chain of both times is one without the recovery file")
	}
	if _, err := Import(t.Context(), bytes.NewReader(file.Bytes()), nil, made, third); err != nil {
		t.Error(err)
	}
	if file, err := recovery.Read(third); err != nil || file == nil || file.ID() != made.ID() {
		t.Errorf("the third has %v, %v", file, err)
	}
}
