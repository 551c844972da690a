package chainsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// grow returns blocks with n more on top, marked by name so that branches differ.
func grow(blocks []*chain.Block, n int, name string) []*chain.Block {
	out := append([]*chain.Block(nil), blocks...)
	if len(out) == 0 {
		out = append(out, chain.GenesisBlock())
	}
	for range n {
		tip := out[len(out)-1]
		b := &chain.Block{Header: chain.Header{
			Index: tip.Header.Index + 1, PreviousHash: tip.Hash, GeneratorID: name,
			Timestamp: timestamp.FromMicro(tip.Header.Timestamp.Micro() + 1e6), Threshold: 1,
		}}
		b.Seal()
		out = append(out, b)
	}
	return out
}

// fakeChain is a chain on which the longer branch wins.
type fakeChain struct {
	mu        sync.Mutex
	blocks    []*chain.Block
	finalized int64
	submits   [][2]int64 // first and last index of each
	refuse    error
}

func (c *fakeChain) Height() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.blocks)) - 1
}

func (c *fakeChain) Tip() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocks[len(c.blocks)-1].Hash
}

func (c *fakeChain) HashAt(h int64) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h < 0 || h >= int64(len(c.blocks)) {
		return "", false
	}
	return c.blocks[h].Hash, true
}

func (c *fakeChain) FinalizedHeight() int64 { return c.finalized }

func (c *fakeChain) Submit(_ context.Context, _ string, blocks []*chain.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, last := blocks[0].Header.Index, blocks[len(blocks)-1].Header.Index
	c.submits = append(c.submits, [2]int64{first, last})
	if c.refuse != nil {
		return c.refuse
	}
	if first < 1 || first > int64(len(c.blocks)) || c.blocks[first-1].Hash != blocks[0].Header.PreviousHash {
		return fmt.Errorf("blocks do not fit")
	}
	if last < int64(len(c.blocks)) {
		return ErrNotBetter
	}
	c.blocks = append(append([]*chain.Block(nil), c.blocks[:first]...), blocks...)
	return nil
}

// fakePeers serves chains by endpoint.
type fakePeers struct {
	mu       sync.Mutex
	chains   map[string][]*chain.Block
	network  string
	status   map[string]Status // overrides
	blocks   func(from, to int64) ([]*chain.Block, int, error)
	requests int
	perPage  int // bytes per block that Blocks reports; above maxPage ErrTooLarge
	maxPage  int
	hang     chan struct{}
}

func (f *fakePeers) Status(ctx context.Context, endpoint string) (Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if s, ok := f.status[endpoint]; ok {
		return s, nil
	}
	c := f.chains[endpoint]
	if c == nil {
		return Status{}, errors.New("nobody answers")
	}
	return Status{Height: int64(len(c)) - 1, Tip: c[len(c)-1].Hash, Network: f.network}, nil
}

func (f *fakePeers) Blocks(ctx context.Context, endpoint string, from, to int64) ([]*chain.Block, int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if f.hang != nil {
		select {
		case <-f.hang:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	if f.blocks != nil {
		return f.blocks(from, to)
	}
	c := f.chains[endpoint]
	if from >= int64(len(c)) {
		return nil, 0, nil
	}
	page := c[from:min(to+1, int64(len(c)))]
	size := len(page) * f.perPage
	if f.maxPage > 0 && size > f.maxPage {
		return nil, 0, ErrTooLarge
	}
	return page, size, nil
}

func newSyncer(c *fakeChain, f *fakePeers, edit func(*Config)) *Syncer {
	cfg := DefaultConfig()
	cfg.Network = "n"
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(cfg, c, PeersFunc(func() []Peer { return []Peer{{ID: "p", Endpoint: "p:1"}} }), f)
	if err != nil {
		panic(err)
	}
	return s
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{PollInterval: -1, MaxBranchBytes: -1, PageBlocks: 51}, nil, nil, nil)
	for _, want := range []string{"clock", "poll interval", "ban", "poll peers", "max branch bytes", "page blocks"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
}

func TestOneSync(t *testing.T) {
	base := grow(nil, 20, "base")
	type want struct {
		height  int64
		submits [][2]int64
		err     error
	}
	f := func(name string, ours, theirs []*chain.Block, finalized int64, edit func(*Config), w want) {
		t.Helper()
		c := &fakeChain{blocks: ours, finalized: finalized}
		s := newSyncer(c, &fakePeers{chains: map[string][]*chain.Block{"p:1": theirs}, perPage: 1000}, edit)
		_, err := s.sync(t.Context(), Peer{ID: "p", Endpoint: "p:1"})
		if !errors.Is(err, w.err) || (w.err == nil && err != nil) {
			t.Errorf("%s: error %v, want %v", name, err, w.err)
		}
		if c.Height() != w.height || fmt.Sprint(c.submits) != fmt.Sprint(w.submits) {
			t.Errorf("%s: height %d, submits %v; want %d, %v", name, c.Height(), c.submits, w.height, w.submits)
		}
	}
	f("equal", base, base, -1, nil, want{height: 20})
	f("peer behind", base, base[:10], -1, nil, want{height: 20})
	f("initial, by pages", base[:1], grow(base, 283, "x"), -1, nil,
		want{height: 303, submits: [][2]int64{{1, 250}, {251, 303}}})
	f("one ahead", base, grow(base, 1, "x"), 14, nil, want{height: 21, submits: [][2]int64{{21, 21}}})
	f("longer fork in one piece", grow(base[:16], 4, "a"), grow(base[:16], 120, "b"), 9, nil,
		want{height: 135, submits: [][2]int64{{16, 135}}})
	f("deep fork", grow(base[:3], 40, "a"), grow(base[:3], 60, "b"), -1, nil, want{height: 62, submits: [][2]int64{{3, 62}}})
	f("fork at genesis", grow(nil, 7, "a"), grow(nil, 9, "b"), -1, nil, want{height: 9, submits: [][2]int64{{1, 9}}})
	f("fork just above the finalized height", grow(base[:11], 5, "a"), grow(base[:11], 9, "b"), 10, nil,
		want{height: 19, submits: [][2]int64{{11, 19}}})
	f("fork below it", grow(base[:10], 5, "a"), grow(base[:10], 50, "b"), 10, nil, want{height: 14, err: ErrFinal})
	f("another chain below it", base, grow(nil, 3, "b"), 10, nil, want{height: 20, err: ErrFinal})
	f("shorter fork", grow(base[:16], 6, "a"), grow(base[:16], 2, "b"), 9, nil,
		want{height: 21, submits: [][2]int64{{16, 17}}, err: ErrNotBetter})
	f("equal fork", grow(base[:16], 2, "a"), grow(base[:16], 2, "b"), 9, nil,
		want{height: 17, submits: [][2]int64{{16, 17}}, err: ErrNotBetter})
	f("branch above the bound goes in parts", grow(base[:16], 4, "a"), grow(base[:16], 130, "b"), 9,
		func(c *Config) { c.MaxBranchBlocks = 60 }, want{height: 145, submits: [][2]int64{{16, 115}, {116, 145}}})
	f("branch above the bound in bytes", grow(base[:16], 4, "a"), grow(base[:16], 130, "b"), 9,
		func(c *Config) { c.MaxBranchBytes = 60_000 }, want{height: 145, submits: [][2]int64{{16, 115}, {116, 145}}})
}

func TestPagesShrinkWhereTheyAreTooLarge(t *testing.T) {
	c := &fakeChain{blocks: grow(nil, 0, "")}
	s := newSyncer(c, &fakePeers{chains: map[string][]*chain.Block{"p:1": grow(nil, 60, "x")}, perPage: 100, maxPage: 1000}, nil)
	if _, err := s.sync(t.Context(), Peer{ID: "p", Endpoint: "p:1"}); err != nil || c.Height() != 60 {
		t.Errorf("height %d, %v; want 60", c.Height(), err)
	}
	s = newSyncer(&fakeChain{blocks: grow(nil, 0, "")}, &fakePeers{chains: map[string][]*chain.Block{"p:1": grow(nil, 6, "x")}, perPage: 2000, maxPage: 1000}, nil)
	if _, err := s.sync(t.Context(), Peer{ID: "p", Endpoint: "p:1"}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one block above the limit: %v, want ErrTooLarge", err)
	}
}

func TestBadPeersArePenalized(t *testing.T) {
	good := grow(nil, 10, "x")
	clone := func(edit func([]*chain.Block)) []*chain.Block {
		out := make([]*chain.Block, len(good))
		for i, b := range good {
			c := *b
			out[i] = &c
		}
		edit(out)
		return out
	}
	f := func(name string, theirs []*chain.Block, edit func(*fakePeers), reason error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := &fakeChain{blocks: grow(nil, 0, "")}
			peers := &fakePeers{chains: map[string][]*chain.Block{"p:1": theirs}, network: "n"}
			if edit != nil {
				edit(peers)
			}
			var got []error
			s := newSyncer(c, peers, func(cfg *Config) { cfg.Penalize = func(_ Peer, why error) { got = append(got, why) } })
			ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
			defer cancel()
			if err := s.Run(ctx); err != nil {
				t.Errorf("%s: Run() = %v", name, err)
			}
			if len(got) != 1 || !errors.Is(got[0], reason) {
				t.Errorf("%s: penalties %v in one ban, want one for %v", name, got, reason)
			}
			if s.Stats().Penalties != 1 || c.Height() != 0 || len(c.submits) != 0 {
				t.Errorf("%s: %+v, height %d", name, s.Stats(), c.Height())
			}
		})
	}
	f("wrong link", clone(func(b []*chain.Block) { b[5].Header.PreviousHash = strings.Repeat("a", 64); b[5].Seal() }), nil, ErrInvalid)
	f("wrong index", clone(func(b []*chain.Block) { b[5].Header.Index = 7; b[5].Seal() }), nil, ErrInvalid)
	f("wrong hash", clone(func(b []*chain.Block) { b[10].Hash = strings.Repeat("b", 64) }), nil, chain.ErrInvalid)
	f("changed content", clone(func(b []*chain.Block) { b[3].Header.WeightedPerformanceSum = 9 }), nil, ErrInvalid)
	f("another network", good, func(p *fakePeers) { p.network = "m" }, ErrNetwork)
	f("malformed page", good, func(p *fakePeers) {
		p.blocks = func(int64, int64) ([]*chain.Block, int, error) { return nil, 0, ErrInvalid }
	}, ErrInvalid)
}

func TestInvalidBranchIsPenalizedAndWorseOneIsNot(t *testing.T) {
	f := func(refuse error, penalties, submits int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := &fakeChain{blocks: grow(nil, 0, ""), refuse: refuse}
			n := 0
			s := newSyncer(c, &fakePeers{chains: map[string][]*chain.Block{"p:1": grow(nil, 3, "x")}},
				func(cfg *Config) { cfg.Penalize = func(Peer, error) { n++ } })
			ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
			defer cancel()
			_ = s.Run(ctx)
			if n != penalties || len(c.submits) != submits {
				t.Errorf("Submit = %v: %d penalties, %d submits; want %d, %d", refuse, n, len(c.submits), penalties, submits)
			}
		})
	}
	f(fmt.Errorf("state root: %w", ErrInvalid), 1, 1)
	f(fmt.Errorf("less work: %w", ErrNotBetter), 0, 1) // and not fetched again
	f(errors.New("disk full"), 0, 5)                   // our fault: again after 2, 4, 8, 16, 32 s, at polls
}

func TestRunFollowsAnnouncementsAndPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs := grow(nil, 5, "x")
		c := &fakeChain{blocks: grow(nil, 0, "")}
		peers := &fakePeers{chains: map[string][]*chain.Block{"p:1": theirs}}
		s := newSyncer(c, peers, nil)
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		synctest.Wait()
		if c.Height() != 5 {
			t.Errorf("initial sync: height %d, want 5", c.Height())
		}
		serve := func(n int) {
			peers.mu.Lock()
			defer peers.mu.Unlock()
			theirs = grow(theirs, n, "x")
			peers.chains["p:1"] = theirs
		}
		serve(1)
		s.Announced("p", 6, theirs[6].Hash)
		synctest.Wait()
		if c.Height() != 5 {
			t.Errorf("height %d: the pause between two synchronisations was not kept", c.Height())
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if c.Height() != 6 {
			t.Errorf("announcement: height %d, want 6", c.Height())
		}
		peers.mu.Lock()
		before := peers.requests
		peers.mu.Unlock()
		s.Announced("p", 6, theirs[6].Hash) // known: no request
		synctest.Wait()
		peers.mu.Lock()
		if peers.requests != before {
			t.Error("a known announcement made requests")
		}
		peers.mu.Unlock()
		serve(1)
		s.Announced("stranger", 7, theirs[7].Hash)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if c.Height() != 7 {
			t.Errorf("announcement by a stranger: height %d, want 7", c.Height())
		}
		serve(3)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if c.Height() != 10 {
			t.Errorf("poll: height %d, want 10", c.Height())
		}
		cancel()
		if err := <-end; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}

func TestStallingPeerHoldsItsSlotOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &fakeChain{blocks: grow(nil, 0, "")}
		peers := &fakePeers{chains: map[string][]*chain.Block{"p:1": grow(nil, 5, "x")}, hang: make(chan struct{})}
		s := newSyncer(c, peers, nil)
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		synctest.Wait()
		if !s.Active() || s.Stats().Active != 1 {
			t.Error("not active before the first exchange")
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if s.Active() || s.Stats().Failures != 1 {
			t.Errorf("%+v after the request's timeout, want one failure", s.Stats())
		}
		close(peers.hang)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if c.Height() != 5 {
			t.Errorf("height %d after the peer woke up, want 5", c.Height())
		}
		cancel()
		<-end
	})
}

// page is a Getter that answers one body.
type page struct {
	status int
	body   string
	err    error
}

func (p page) Get(context.Context, string, string) (int, []byte, error) {
	return p.status, []byte(p.body), p.err
}

func TestHTTPFetcher(t *testing.T) {
	hash := strings.Repeat("a", 64)
	status := func(body string, code int, want Status, fail error) {
		t.Helper()
		got, err := HTTPFetcher{Client: page{status: code, body: body}}.Status(t.Context(), "p:1")
		if fail == nil && (err != nil || got != want) {
			t.Errorf("Status(%s) = %+v, %v; want %+v", body, got, err, want)
		}
		if fail != nil && !errors.Is(err, fail) {
			t.Errorf("Status(%s) = %v, want %v", body, err, fail)
		}
	}
	status(`{"chain_height": 6, "tip_hash": "`+hash+`", "tip_index": 5, "finalized_height": 3, "network_id": "n"}`, 200,
		Status{Height: 5, Tip: hash, Finalized: 3, Network: "n"}, nil)
	status(`{"tip_hash": "", "tip_index": -1}`, 200, Status{Height: -1, Finalized: -1}, nil)
	for _, s := range []string{"", "[]", "{}", `{"tip_hash": "x", "tip_index": 5}`, `{"tip_hash": "` + hash + `", "tip_index": 1.5}`,
		`{"tip_hash": "` + hash + `", "tip_index": 1e99}`, `{"tip_hash": 1, "tip_index": 5}`} {
		status(s, 200, Status{}, ErrInvalid)
	}
	if _, err := (HTTPFetcher{Client: page{status: 500}}).Status(t.Context(), "p:1"); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("Status(500) = %v, want an error that is no penalty", err)
	}

	b := grow(nil, 3, "x")
	body := func(list ...any) string { return string(canon.Default(canon.NewObject("blocks", list))) }
	blocks := func(s string, n int, fail error) {
		t.Helper()
		got, _, err := HTTPFetcher{Client: page{status: 200, body: s}}.Blocks(t.Context(), "p:1", 1, 2)
		if len(got) != n || !errors.Is(err, fail) {
			t.Errorf("Blocks(%.60s) = %d blocks, %v; want %d, %v", s, len(got), err, n, fail)
		}
	}
	blocks(body(b[1].Object(), b[2].Object()), 2, nil)
	blocks(body(b[1].Object()), 1, nil)
	blocks(body(), 0, nil)
	blocks(body(b[1].Object(), b[2].Object(), b[3].Object()), 0, ErrInvalid)
	for _, s := range []string{"", "{}", `{"blocks": 1}`, `{"blocks": [1]}`, `{"blocks": [{}]}`, `{"blocks": [{"header": 1}]}`} {
		blocks(s, 0, ErrInvalid)
	}
	tooBig := errors.New("too big")
	_, _, err := HTTPFetcher{Client: page{err: tooBig}, TooLarge: func(err error) bool { return errors.Is(err, tooBig) }}.Blocks(t.Context(), "p:1", 1, 2)
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("Blocks(too big) = %v, want ErrTooLarge", err)
	}
}

func FuzzBlocks(f *testing.F) {
	b := grow(nil, 2, "x")
	f.Add(canon.Default(canon.NewObject("blocks", []any{b[1].Object(), b[2].Object()})))
	f.Add([]byte(`{"blocks": [{"header": {}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, _, err := HTTPFetcher{Client: page{status: 200, body: string(body)}}.Blocks(t.Context(), "p:1", 1, 2)
		if err != nil {
			return
		}
		if tip, err := check(got, 1, b[0].Hash); err == nil && len(got) > 0 && tip != got[len(got)-1].ComputeHash() {
			t.Fatalf("accepted a block whose hash is another: %q", body)
		}
	})
}

// TestSynced looks at when a node knows what the network has: after the first synchronisation, or after a while without.
func TestSynced(t *testing.T) {
	f := func(what string, chains map[string][]*chain.Block, hang bool, after, want time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			peers := &fakePeers{chains: chains}
			if hang {
				peers.hang = make(chan struct{})
			}
			begun, calls, took := time.Now(), 0, time.Duration(0)
			s := newSyncer(&fakeChain{blocks: grow(nil, 0, "")}, peers, func(c *Config) {
				c.Synced = func(context.Context) { calls, took = calls+1, time.Since(begun) }
			})
			ctx, cancel := context.WithCancel(t.Context())
			end := make(chan error, 1)
			go func() { end <- s.Run(ctx) }()
			time.Sleep(after)
			synctest.Wait()
			if calls != 1 || took != want {
				t.Errorf("%s: told %d times after %v, want once after %v", what, calls, took, want)
			}
			cancel()
			<-end
		})
	}
	served := map[string][]*chain.Block{"p:1": grow(nil, 5, "x")}
	f("a peer answers", served, false, time.Minute, 0)
	f("nobody answers", nil, false, time.Minute, 5*time.Second)
	f("a peer stalls", served, true, 20*time.Second, 5*time.Second)
}

// slowPeers serves one honest chain; endpoints that begin with "slow" answer everything after a while, and lie about their tip, the
// first while excepted in which they serve it too.
type slowPeers struct {
	fakePeers
	wait  time.Duration
	until time.Time // they serve the chain
}

func (f *slowPeers) Status(ctx context.Context, endpoint string) (Status, error) {
	if f.honest(endpoint) {
		return f.fakePeers.Status(ctx, "honest")
	}
	return Status{Height: 1 << 40, Tip: fmt.Sprintf("%064x", time.Now().UnixNano()), Network: "n"}, sleep(ctx, f.wait)
}

func (f *slowPeers) honest(endpoint string) bool {
	return !strings.HasPrefix(endpoint, "slow") || time.Now().Before(f.until)
}

func (f *slowPeers) Blocks(ctx context.Context, endpoint string, from, to int64) ([]*chain.Block, int, error) {
	if f.honest(endpoint) {
		return f.fakePeers.Blocks(ctx, "honest", from, to)
	}
	return nil, 0, errors.Join(sleep(ctx, f.wait), errors.New("sorry"))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// TestSlowPeersHoldNobodyUp: beside three honest peers others answer just before their time is over, announce blocks that do not
// exist and never deliver, or no more. The node follows a chain that grows every ten seconds, and does not take itself for one that syncs.
func TestSlowPeersHoldNobodyUp(t *testing.T) {
	for i, wait := range []time.Duration{14 * time.Second, 4900 * time.Millisecond, 14 * time.Second, 4900 * time.Millisecond} {
		for _, enemies := range []int{2, 8, 40} {
			synctest.Test(t, func(t *testing.T) {
				f := &slowPeers{fakePeers: fakePeers{chains: map[string][]*chain.Block{"honest": grow(nil, 1, "h")}, network: "n"}, wait: wait}
				if i >= 2 { // they have delivered
					f.until = time.Now().Add(5 * time.Minute)
				}
				c := &fakeChain{blocks: grow(nil, 0, "")}
				var peers []Peer
				for i := range enemies {
					peers = append(peers, Peer{ID: fmt.Sprintf("0%02d", i), Endpoint: fmt.Sprintf("slow%d:1", i)})
				}
				for i := range 3 {
					peers = append(peers, Peer{ID: fmt.Sprintf("f%d", i), Endpoint: fmt.Sprintf("h%d:1", i)})
				}
				cfg := DefaultConfig()
				cfg.Network = "n"
				s, err := New(cfg, c, PeersFunc(func() []Peer { return peers }), f)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				end := make(chan error, 1)
				go func() { end <- s.Run(ctx) }()
				behind, active := 0, 0
				for round := range 180 {
					f.mu.Lock()
					f.chains["honest"] = grow(f.chains["honest"], 1, "h")
					tip := f.chains["honest"][len(f.chains["honest"])-1]
					f.mu.Unlock()
					s.Announced("f0", tip.Header.Index, tip.Hash)
					for i := range enemies {
						s.Announced(fmt.Sprintf("0%02d", i), 1<<40, fmt.Sprintf("%064d", round*100+i))
					}
					time.Sleep(10 * time.Second)
					synctest.Wait()
					if c.Height() < tip.Header.Index {
						behind++
					}
					if round > 2 && s.Active() {
						active++
					}
				}
				if behind > 18 || active > 0 {
					t.Errorf("%d peers that answer after %v (served until %v): behind in %d of 180 rounds, active in %d", enemies, wait, f.until, behind, active)
				}
				cancel()
				<-end
			})
		}
	}
}

// watchedChain calls before for each part that is submitted, with the height of its first block.
type watchedChain struct {
	*fakeChain
	before func(first int64)
}

func (c *watchedChain) Submit(ctx context.Context, peer string, blocks []*chain.Block) error {
	c.before(blocks[0].Header.Index)
	return c.fakeChain.Submit(ctx, peer, blocks)
}

// TestActiveWhileCatchingUp: a node that is level and then far behind is active from the first blocks that are taken until few are
// missing.
func TestActiveWhileCatchingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		honest := grow(nil, 206, "h")
		seen := map[int64]bool{}
		peers := &fakePeers{chains: map[string][]*chain.Block{"p:1": honest[:1]}, blocks: func(from, to int64) ([]*chain.Block, int, error) {
			return honest[from:min(to+1, int64(len(honest)))], submitBytes, nil
		}}
		c := &watchedChain{fakeChain: &fakeChain{blocks: honest[:1:1]}}
		s := newSyncer(c.fakeChain, peers, nil)
		s.chain, c.before = c, func(first int64) { seen[first] = s.Active() }
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		synctest.Wait()
		if s.Active() {
			t.Error("active although it is level")
		}
		peers.mu.Lock()
		peers.chains["p:1"] = honest
		peers.mu.Unlock()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if want := map[int64]bool{1: false, 51: true, 101: true, 151: true, 201: false}; c.Height() != 206 || s.Active() || !maps.Equal(seen, want) {
			t.Errorf("at %d, active %v, while parts were submitted %v, want %v", c.Height(), s.Active(), seen, want)
		}
		cancel()
		<-end
	})
}

// TestStallingPeerKeepsNobodyActive: who serves a page of a long chain and then nothing keeps a node that has begun from building for no
// longer than its patience and one request.
func TestStallingPeerKeepsNobodyActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		honest := grow(nil, 200, "h")
		c := &fakeChain{blocks: grow(nil, 0, "")}
		stalls := make(chan struct{})
		peers := &fakePeers{chains: map[string][]*chain.Block{"p:1": honest}, blocks: func(from, to int64) ([]*chain.Block, int, error) {
			if from > 60 {
				<-stalls
				return nil, 0, errors.New("gone")
			}
			return honest[from:min(to+1, int64(len(honest)))], submitBytes, nil
		}}
		s := newSyncer(c, peers, func(c *Config) { c.Penalize = nil })
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if h := c.Height(); h < 50 || h >= 200 || !s.Active() || s.Stats().Active != 1 {
			t.Errorf("at %d, active %v, %d downloads: want the beginning of a download that goes on", h, s.Active(), s.Stats().Active)
		}
		time.Sleep(17 * time.Second)
		if synctest.Wait(); s.Active() || s.Stats().Active != 1 {
			t.Errorf("active %v after 21 s without a block, %d downloads", s.Active(), s.Stats().Active)
		}
		close(stalls)
		cancel()
		<-end
	})
}

// TestDue: sync slots are given in random order, to who has not failed first, and one is kept for who has delivered before.
func TestDue(t *testing.T) {
	peers := &fakePeers{}
	f := func(want func(id string, st *peerState)) *Syncer {
		s := newSyncer(&fakeChain{blocks: grow(nil, 0, "")}, peers, nil)
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			st := s.of(id)
			st.wanted = true
			want(id, st)
		}
		s.peers = PeersFunc(func() (all []Peer) {
			for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
				all = append(all, Peer{ID: id})
			}
			return all
		})
		return s
	}
	ids := func(s *Syncer) (out []string) {
		got, _ := s.due(s.cfg.MaxSyncs)
		for _, p := range got {
			out = append(out, p.ID)
		}
		slices.Sort(out)
		return out
	}
	firsts := map[string]bool{}
	for range 500 {
		got, _ := f(func(string, *peerState) {}).due(1)
		firsts[got[0].ID] = true
	}
	if len(firsts) != 6 {
		t.Errorf("of six equal peers %v were the first in 500 draws", firsts)
	}
	if got := ids(f(func(string, *peerState) {})); len(got) != 4 {
		t.Errorf("where nobody has delivered %v are asked, want four", got)
	}
	if got := ids(f(func(id string, st *peerState) {
		if id <= "b" {
			st.failures = 1
		}
	})); !slices.Equal(got, []string{"c", "d", "e", "f"}) {
		t.Errorf("asked are %v, want those that have not failed", got)
	}
	s := f(func(id string, st *peerState) { st.delivers = id == "f"; st.wanted = id != "f" })
	if got := ids(s); len(got) != 3 {
		t.Errorf("beside one that has delivered %v are asked, want three", got)
	}
	if s.of("f").wanted = true; !slices.Equal(ids(s), []string{"f"}) {
		t.Error("the kept place was not given to the peer that has delivered")
	}
}

// TestManyBlocksAtOnce: small blocks that continue the chain are handed on by the hundreds, so that the disk is waited for seldom.
func TestManyBlocksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &fakeChain{blocks: grow(nil, 0, "")}
		s := newSyncer(c, &fakePeers{chains: map[string][]*chain.Block{"p:1": grow(nil, 1000, "h")}}, func(c *Config) { c.Penalize = nil })
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		if c.Height() != 1000 || len(c.submits) > 5 {
			t.Errorf("1,000 blocks came to height %d in %d parts, want at most 5: %v", c.Height(), len(c.submits), c.submits)
		}
		cancel()
		<-end
	})
}

// TestRoomForAnswers: a page that would take too much memory is asked for in smaller ones, and one block may take it all.
func TestRoomForAnswers(t *testing.T) {
	bomb := `{"blocks": [` + strings.Repeat("[],", 10_000) + `[]]}`
	f := HTTPFetcher{Client: page{200, bomb, nil}, Room: NewRoom(1 << 20)}
	if _, _, err := f.Blocks(t.Context(), "p:1", 1, 9); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a page of lists = %v, want %v", err, ErrTooLarge)
	}
	if _, _, err := f.Blocks(t.Context(), "p:1", 1, 1); !errors.Is(err, ErrInvalid) {
		t.Errorf("one block of lists = %v, want %v", err, ErrInvalid)
	}
	if _, err := f.Status(t.Context(), "p:1"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a status of lists = %v, want %v", err, ErrTooLarge)
	}
	f.Small = page{200, `{"tip_index": -1, "tip_hash": ""}`, nil}
	if s, err := f.Status(t.Context(), "p:1"); err != nil || s.Height != -1 {
		t.Errorf("a status by the client for what is small = %v, %v", s, err)
	}
	f.Client, f.MaxBlockBytes = page{200, `{"blocks": []}` + strings.Repeat(" ", 1000), nil}, 1000
	if _, _, err := f.Blocks(t.Context(), "p:1", 1, 1); !errors.Is(err, ErrInvalid) {
		t.Errorf("a block above the bound = %v, want %v", err, ErrInvalid)
	}
	if _, _, err := f.Blocks(t.Context(), "p:1", 1, 2); err != nil {
		t.Errorf("a page above the bound of a block = %v", err)
	}
}
