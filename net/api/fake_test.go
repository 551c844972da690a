package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/transport"
)

const network = "test-network"

// fake is every part at once.
type fake struct {
	blocks   []*chain.Block
	tasks    []*canon.Object
	received []string
	refusal  error
	votes    []*chain.Vote
	offered  []*chain.Tx
	done     []Completion
	infer    func(ctx context.Context) (*Forecast, error)
	disabled bool
	fail     error
	block    chan struct{} // Status waits for it
	waiting  atomic.Int32
	export   string
	cleaned  atomic.Int32
}

func newFake(t testing.TB) *fake {
	f := &fake{blocks: []*chain.Block{chain.GenesisBlock()}}
	for i := range 119 {
		tip := f.blocks[i]
		b := &chain.Block{Header: chain.Header{
			Index: int64(i + 1), PreviousHash: tip.Hash, GeneratorID: "g", Threshold: 0.5,
			Timestamp: timestamp.FromMicro(int64(i+1) * 1e6),
		}}
		b.Seal()
		f.blocks = append(f.blocks, b)
	}
	f.tasks = []*canon.Object{canon.NewObject("id", "t1", "status", "pending", "domain_id", "d")}
	f.export = filepath.Join(t.TempDir(), "copy.db")
	return f
}

func (f *fake) Status(ctx context.Context) (*Status, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if f.block != nil {
		f.waiting.Add(1)
		select {
		case <-f.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	best := -0.25
	return &Status{
		PeerID: strings.Repeat("0123456789", 4), Port: 8470, ChainHeight: 6,
		StorageBackend: "badger", NetworkProtocol: "flooding",
		Domains: []DomainStatus{{ID: "co2", Optimize: true, Evaluate: true, Synthetic: true, Best: &best}},
		Peers:   2, Queue: QueueStatus{Pending: 1, Claimed: 2, Completed: 3},
		Security:         SecurityStatus{FinalizedHeight: -1, ReputationPeers: 3},
		OptimizerDomains: []string{"co2"}, EvaluatorDomains: []string{"co2"},
		Coin:       CoinStatus{TotalSupply: 100, MyBalance: 1.5, TopHolders: []Holder{{"a", 65}, {"b", 30}, {"c", 1}, {"d", 1}, {"e", 1}, {"f", 1}}},
		Difficulty: DifficultyStatus{Threshold: 0.05, TargetBlockTime: int64(60), EMABlockTime: 60, EpochLength: 100},
		Discovery:  &DiscoveryStatus{Known: 2, Connected: 2, Bootstrap: 1, BySource: map[string]int{"bootstrap": 1, "inbound": 1}},
		FeeMarket:  fees(),
		Extra:      canon.NewObject("security_profile", "strict"),
	}, nil
}

func fees() *Fees {
	return &Fees{BaseFee: 0.001, MempoolLimit: 10000, SuggestedTip: 0.0005, SuggestedTotal: 0.0015, SuggestedStake: 0.005}
}

func (f *fake) Fees(context.Context) (*Fees, error) {
	if f.disabled {
		return nil, nil
	}
	return fees(), f.fail
}

// chainPart, taskPart and statsPart give the fake's clashing methods their names.
type chainPart struct{ *fake }

func (f chainPart) Status(context.Context) (ChainStatus, error) {
	tip := f.blocks[len(f.blocks)-1]
	return ChainStatus{Height: int64(len(f.blocks)), TipHash: tip.Hash, TipIndex: tip.Header.Index, FinalizedHeight: 3}, f.fail
}

func (f chainPart) Block(_ context.Context, i int64) (*chain.Block, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if i >= int64(len(f.blocks)) {
		return nil, ErrNotFound
	}
	return f.blocks[i], nil
}

func (f chainPart) Blocks(_ context.Context, from, to int64) ([]*chain.Block, error) {
	if from < 0 || to < from || to-from >= 50 {
		return nil, fmt.Errorf("asked for %d to %d", from, to)
	}
	return f.blocks[from:min(to+1, int64(len(f.blocks)))], nil
}

func (f *fake) Pending(_ context.Context, domains []string, limit int) ([]*canon.Object, int, error) {
	return f.tasks[:min(limit, len(f.tasks))], 7 + len(domains), f.fail
}

func (f *fake) Task(_ context.Context, id string) (*canon.Object, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if id != "t1" {
		return nil, ErrNotFound
	}
	return f.tasks[0], nil
}

func (f *fake) Claim(_ context.Context, id, evaluator string) (*canon.Object, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if id != "t1" {
		return nil, fmt.Errorf("task %s: %w", id, ErrConflict)
	}
	return f.tasks[0], nil
}

func (f *fake) Complete(_ context.Context, c Completion) (bool, error) {
	if c.TaskID != "t1" {
		return false, ErrConflict
	}
	f.done = append(f.done, c)
	return false, f.fail
}

func (f *fake) Vote(_ context.Context, id string, v *chain.Vote) (bool, error) {
	switch id {
	case "t1":
		f.votes = append(f.votes, v)
		return true, f.fail
	case "not-mine":
		return false, fmt.Errorf("%w: not a member of the quorum", ErrForbidden)
	}
	return false, ErrConflict
}

func (f *fake) Infer(_ context.Context, r InferenceRequest) (string, func(context.Context) (*Forecast, error), error) {
	if f.fail != nil {
		return "", nil, f.fail
	}
	if r.Domain != "co2" {
		return "", nil, ErrUnknownDomain
	}
	wait := f.infer
	if wait == nil {
		wait = func(context.Context) (*Forecast, error) {
			return &Forecast{Result: canon.NewObject("forecast", []any{1.5}, "client", r.Client, "input", r.Input), OptimaeID: "o1", Verified: true}, nil
		}
	}
	return "task-1", wait, nil
}

func (f *fake) Submit(_ context.Context, tx *chain.Tx) (TxStatus, error) {
	if f.refusal != nil {
		return TxStatus{}, f.refusal
	}
	f.offered = append(f.offered, tx)
	return TxStatus{Status: TxPending}, f.fail
}

func (f *fake) Transaction(_ context.Context, id string) (TxStatus, error) {
	for i, tx := range f.offered {
		if tx.ID == id {
			return TxStatus{Status: TxIncluded, Height: int64(i), BlockHash: "h", Final: true}, f.fail
		}
	}
	return TxStatus{}, ErrNotFound
}

func (f *fake) Account(_ context.Context, id string) (*canon.Object, error) {
	return canon.NewObject("peer_id", id, "balance", "12.5"), f.fail
}

func (f *fake) Domains() *canon.Object {
	return canon.NewObject("domains", []any{canon.NewObject("domain_id", "d", "added", false, "entry", canon.NewObject(), "optimize", true, "evaluate", true)},
		"may_be_added", true, "deposit", "5", "height", int64(3), "network_id", strings.Repeat("ab", 32))
}

type statsPart struct{ *fake }

func (f statsPart) off() error {
	if f.disabled {
		return ErrDisabled
	}
	return f.fail
}

func (f statsPart) Summaries(context.Context) (*canon.Object, error) {
	return canon.NewObject("co2", canon.NewObject("experiment_id", "e", "rounds", int64(3))), f.fail
}

func row(kv ...any) []*canon.Object { return []*canon.Object{canon.NewObject(kv...)} }

func (f statsPart) ExperimentSummaries(context.Context) ([]*canon.Object, error) {
	return row("experiment_id", "e", "converged", int64(0)), f.off()
}

func (f statsPart) Experiments(context.Context) ([]*canon.Object, error) {
	return row("experiment_id", "e"), f.off()
}

func (f statsPart) Rounds(_ context.Context, id string, limit int) ([]*canon.Object, error) {
	return row("experiment_id", id, "limit", int64(limit)), f.off()
}

func (f statsPart) Claims(_ context.Context, id string, limit int) ([]*canon.Object, error) {
	return row("experiment_id", id, "stage", "revealed", "limit", int64(limit)), f.off()
}

func (f statsPart) ChainMetrics(_ context.Context, domain string) ([]*canon.Object, error) {
	return row("domain_id", domain), f.off()
}

func (f statsPart) ExportTable(_ context.Context, table, format string) (string, error) {
	if table != "fact_trial" {
		return "", ErrNotFound
	}
	if err := f.off(); err != nil {
		return "", err
	}
	return f.export, os.WriteFile(f.export, []byte("PAR1 and so on "+format), 0o600)
}

func (f statsPart) Export(context.Context) (string, func(), error) {
	if err := f.off(); err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(f.export, []byte("SQLite format 3\x00 and so on"), 0o600); err != nil {
		return "", nil, err
	}
	return f.export, func() { f.cleaned.Add(1); os.Remove(f.export) }, nil
}

func (f *fake) PeersObject(challenge string) (*canon.Object, error) {
	if challenge != "" && len(challenge) != 32 {
		return nil, errors.New("challenge must be 32 hex digits")
	}
	return canon.NewObject("self", canon.NewObject("peer_id", "p", "proof", challenge), "peers", []any{}), nil
}

func (f *fake) Receive(_ context.Context, host string, body []byte) error {
	f.received = append(f.received, host+" "+string(body))
	return f.refusal
}

type refused struct {
	status int
	reason string
}

func (r refused) Error() string  { return r.reason }
func (r refused) Status() int    { return r.status }
func (r refused) Reason() string { return r.reason }

// serve runs the API of f until the test ends and returns a client function.
func serve(t *testing.T, f *fake, edit func(*Config)) (a *API, ask func(method, path, body string) (int, http.Header, string)) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Port, cfg.Network, cfg.Timeout = 8470, network, 2*time.Second
	if edit != nil {
		edit(&cfg)
	}
	a, err := New(cfg, Parts{Node: f, Chain: chainPart{f}, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: f, Flood: f, Accounts: f})
	if err != nil {
		t.Fatal(err)
	}
	base := listen(t, a)
	return a, func(method, path, body string) (int, http.Header, string) {
		t.Helper()
		return request(t, method, base+path, body, nil)
	}
}

func listen(t *testing.T, a *API) string {
	t.Helper()
	ln, err := transport.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := transport.DefaultServerConfig()
	cfg.MaxBodyBytes = 100_000
	cfg.TooLarge, cfg.BodyLimit = a.TooLarge, a.BodyLimit
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- transport.NewServer(cfg, a.Serve).Run(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}

func request(t *testing.T, method, url, body string, headers map[string]string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}
