package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

const network = "test-network"

func key(t testing.TB, seed string) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// world answers GET /peers for a set of tables and of scripted endpoints.
type world struct {
	mu     sync.Mutex
	tables map[string]*Table
	script map[string]func(challenge string) (*canon.Object, error)
	asked  map[string]int
	times  map[string][]time.Time
}

func newWorld() *world {
	return &world{
		tables: map[string]*Table{}, script: map[string]func(string) (*canon.Object, error){},
		asked: map[string]int{}, times: map[string][]time.Time{},
	}
}

var errSilent = errors.New("nobody answers")

func (w *world) Peers(_ context.Context, endpoint, challenge string) (*canon.Object, error) {
	w.mu.Lock()
	w.asked[endpoint]++
	w.times[endpoint] = append(w.times[endpoint], time.Now())
	table, script := w.tables[endpoint], w.script[endpoint]
	w.mu.Unlock()
	switch {
	case script != nil:
		return script(challenge)
	case table != nil:
		return table.PeersObject(challenge)
	}
	return nil, errSilent
}

func (w *world) count(endpoint string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[endpoint]
}

// join makes a table at ip:port whose announcements reach the other tables.
func (w *world) join(t testing.TB, ip string, port int, edit func(*Config)) *Table {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Key, cfg.Network, cfg.Port = key(t, fmt.Sprint(ip, port)), network, port
	cfg.Announce = func(_ context.Context, p Peer) error {
		w.mu.Lock()
		to := w.tables[p.Endpoint()]
		w.mu.Unlock()
		if to == nil {
			return errSilent
		}
		_ = to.Learn(ip, port, cfg.Key.PeerID())
		return nil
	}
	if edit != nil {
		edit(&cfg)
	}
	table, err := New(cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.tables[join(ip, port)] = table
	w.mu.Unlock()
	return table
}

// run runs tables inside a synctest bubble; the returned function ends them.
func run(t testing.TB, tables ...*Table) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, table := range tables {
		wg.Go(func() {
			if err := table.Run(ctx); err != nil {
				t.Errorf("Run() = %v", err)
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

func ids(peers []Peer) []string {
	var out []string
	for _, p := range peers {
		out = append(out, p.ID)
	}
	return out
}

// Without the exchange a node knows its bootstrap entry and who calls it, and nobody they name.
func TestNoExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		alone := func(c *Config) { c.Bootstrap, c.NoExchange = []string{"127.0.0.1:1000"}, true }
		boot := w.join(t, "127.0.0.1", 1000, nil)
		first, second := w.join(t, "127.0.0.1", 1001, alone), w.join(t, "127.0.0.1", 1002, alone)
		defer run(t, boot, first, second)()
		time.Sleep(10 * time.Second)
		for _, table := range []*Table{first, second} {
			if got, want := ids(table.Connected()), []string{boot.cfg.Key.PeerID()}; !slices.Equal(got, want) {
				t.Errorf("connected to %v, want the bootstrap entry %v alone", got, want)
			}
		}
		if got := len(boot.Connected()); got != 2 {
			t.Errorf("bootstrap entry is connected to %d nodes, want both that called", got)
		}
	})
}

func TestOneBootstrapEntryJoinsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		boot := func(c *Config) { c.Bootstrap = []string{"127.0.0.1:1000"} }
		tables := []*Table{w.join(t, "127.0.0.1", 1000, nil)}
		for i := 1; i < 6; i++ {
			tables = append(tables, w.join(t, "127.0.0.1", 1000+i, boot))
		}
		defer run(t, tables...)()
		time.Sleep(10 * time.Second)
		for i, table := range tables {
			var want []string
			for j := range tables {
				if j != i {
					want = append(want, tables[j].cfg.Key.PeerID())
				}
			}
			slices.Sort(want)
			if got := ids(table.Connected()); !slices.Equal(got, want) {
				t.Errorf("node %d is connected to %d peers, want %d", i, len(got), len(want))
			}
			for _, p := range table.Connected() {
				if !p.Verified {
					t.Errorf("node %d is connected to %s, which proved nothing", i, p.Endpoint())
				}
			}
		}
	})
}

// answer builds what a peer says about itself.
func answer(k *identity.Key, challenge string, edit func(self *canon.Object), peers ...any) *canon.Object {
	proof, _ := k.Sign(identity.KindChallenge, network, []byte(challenge))
	self := canon.NewObject("peer_id", k.PeerID(), "port", int64(1), "public_key", k.PublicKey(), "network_id", network, "proof", proof)
	if edit != nil {
		edit(self)
	}
	return canon.NewObject("self", self, "peers", append([]any{}, peers...))
}

func TestProofIsDemanded(t *testing.T) {
	a, b := key(t, "a"), key(t, "b")
	f := func(name string, ok bool, counter func(Stats) uint64, reply func(challenge string) *canon.Object) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.script["10.0.0.1:1"] = func(c string) (*canon.Object, error) { return reply(c), nil }
			table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.Bootstrap = []string{"10.0.0.1:1"}; c.Announce = nil })
			defer run(t, table)()
			time.Sleep(10 * time.Second)
			if got := len(table.Connected()) == 1; got != ok {
				t.Errorf("%s: connected = %v, want %v", name, got, ok)
			}
			if counter != nil && counter(table.Stats()) == 0 {
				t.Errorf("%s: its counter is 0: %+v", name, table.Stats())
			}
			if !ok && w.count("10.0.0.1:1") != 1 {
				t.Errorf("%s: asked %d times in 10 s, want 1", name, w.count("10.0.0.1:1"))
			}
		})
	}
	proof := func(s Stats) uint64 { return s.BadProof }
	wrong := func(s Stats) uint64 { return s.WrongNetwork }
	f("good", true, nil, func(c string) *canon.Object { return answer(a, c, nil) })
	f("old proof", false, proof, func(string) *canon.Object { return answer(a, strings.Repeat("0", 32), nil) })
	f("no proof", false, proof, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Delete("proof") })
	})
	f("another's id", false, proof, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Set("peer_id", b.PeerID()) })
	})
	f("another's key", false, proof, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Set("peer_id", b.PeerID()).Set("public_key", b.PublicKey()) })
	})
	f("no self", false, proof, func(string) *canon.Object { return canon.NewObject("peers", []any{}) })
	f("self of another kind", false, proof, func(string) *canon.Object { return canon.NewObject("self", "me") })
	f("placeholder id", false, proof, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Set("peer_id", "127.0.0.1:1") })
	})
	f("another network", false, wrong, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Set("network_id", "other") })
	})
	f("no network", false, wrong, func(c string) *canon.Object {
		return answer(a, c, func(o *canon.Object) { o.Delete("network_id") })
	})
	f("garbage peers", true, nil, func(c string) *canon.Object {
		return answer(a, c, nil, 1, nil, "x", canon.NewObject(), canon.NewObject("address", "x", "port", int64(0)),
			canon.NewObject("address", int64(1)), canon.NewObject("address", "host.example", "port", int64(80)))
	})
}

func TestUnprovenPeersWhereAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.script["10.0.0.1:1"] = func(string) (*canon.Object, error) {
			return canon.NewObject("self", canon.NewObject("peer_id", key(t, "python").PeerID(), "port", int64(1)), "peers", []any{}), nil
		}
		table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.Bootstrap, c.AllowUnproven, c.Announce = []string{"10.0.0.1:1"}, true, nil })
		defer run(t, table)()
		time.Sleep(time.Second)
		if p := table.Connected(); len(p) != 1 || p[0].Verified {
			t.Errorf("Connected() = %+v, want one, unverified", p)
		}
	})
}

func TestOwnEndpointIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		table := w.join(t, "127.0.0.1", 1000, func(c *Config) { c.Bootstrap = []string{"127.0.0.1:1000"} })
		defer run(t, table)()
		time.Sleep(time.Hour)
		if s := table.Stats(); s.Self != 1 || s.Known != 0 || w.count("127.0.0.1:1000") != 1 {
			t.Errorf("%+v, asked %d times; want one refusal and no more", s, w.count("127.0.0.1:1000"))
		}
		if err := table.Learn("127.0.0.1", 7, table.cfg.Key.PeerID()); !errors.Is(err, ErrSelf) {
			t.Errorf("Learn(own id) = %v, want ErrSelf", err)
		}
	})
}

func TestBackoffAndRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.Bootstrap = []string{"10.0.0.1:1"} })
		w.script["10.0.0.3:3"] = func(c string) (*canon.Object, error) {
			return answer(key(t, "a"), c, nil, canon.NewObject("peer_id", "x", "address", "10.0.0.9", "port", int64(9))), nil
		}
		defer run(t, table)()
		if err := table.Learn("10.0.0.3", 3, "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3000 * time.Second)
		var gaps []time.Duration
		w.mu.Lock()
		for i := 1; i < len(w.times["10.0.0.1:1"]) && i < 11; i++ {
			gaps = append(gaps, w.times["10.0.0.1:1"][i].Sub(w.times["10.0.0.1:1"][i-1]).Round(time.Second)/time.Second)
		}
		w.mu.Unlock()
		if want := []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 300, 300}; !slices.Equal(gaps, want) {
			t.Errorf("pauses of the bootstrap entry %v s, want %v", gaps, want)
		}
		if n := w.count("10.0.0.9:9"); n < 20 || n > 40 { // one each time that its friend names it, within the budget
			t.Errorf("an exchanged endpoint was dialled %d times in 3000 s, want 20 to 40", n)
		}
		if table.Stats().Dropped == 0 {
			t.Error("nothing was dropped")
		}
		for _, p := range table.Known() {
			if p.Source == SourceBootstrap && p.Failures < 15 {
				t.Errorf("the bootstrap entry has %d failures, want all counted", p.Failures)
			}
		}
	})
}

func TestCallersThatLieAreForgottenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.MaxPending = 10 })
		defer run(t, table)()
		refused := 0
		for i := range 100 { // one caller names a hundred ports
			if err := table.Learn("10.0.0.1", 1000+i, "liar"); errors.Is(err, ErrFull) {
				refused++
			}
		}
		if refused != 90 {
			t.Errorf("%d refused, want 90 with 10 pending", refused)
		}
		time.Sleep(time.Minute)
		if s := table.Stats(); s.Known != 0 || s.Dials > 30 {
			t.Errorf("%+v: want none known and at most 3 dials each", s)
		}
	})
}

func TestEndpointsNobodyShouldDial(t *testing.T) {
	table := newWorld().join(t, "10.0.0.2", 1, nil)
	for _, host := range []string{"", "example.com", "0.0.0.0", "::", "224.0.0.1", "169.254.1.1", "fe80::1", "fe80::1%eth0", "255.255.255.255", "1.2.3.4/evil",
		"240.0.0.1", "0.1.2.3", "64:ff9b::808:808", "2002:808:808::1", "::ffff:240.0.0.1", "::1.2.3.4"} {
		if err := table.Learn(host, 80, "x"); !errors.Is(err, ErrEndpoint) {
			t.Errorf("Learn(%q) = %v, want ErrEndpoint", host, err)
		}
	}
	for _, port := range []int{-1, 0, 65536} {
		if err := table.Learn("10.0.0.1", port, "x"); !errors.Is(err, ErrEndpoint) {
			t.Errorf("Learn(port %d) = %v, want ErrEndpoint", port, err)
		}
	}
	if s := table.Stats(); s.Known != 0 || s.Refused != 19 {
		t.Errorf("%+v, want nothing known, 19 refused", s)
	}
	f := func(from, to string, want bool) {
		t.Helper()
		if got := mayName(netip.MustParseAddr(from), netip.MustParseAddr(to)); got != want {
			t.Errorf("mayName(%s, %s) = %v, want %v", from, to, got, want)
		}
	}
	f("127.0.0.1", "127.0.0.1", true)
	f("192.168.1.1", "127.0.0.1", false)
	f("8.8.8.8", "127.0.0.1", false)
	f("8.8.8.8", "10.0.0.1", false)
	f("10.0.0.1", "192.168.0.1", true)
	f("8.8.8.8", "9.9.9.9", true)
	f("8.8.8.8", "100.64.0.1", false)
	f("100.64.0.2", "100.127.0.1", true)
	f("127.0.0.1", "9.9.9.9", true)
}

func TestSplitEndpoint(t *testing.T) {
	f := func(in, host string, port int) {
		t.Helper()
		h, p, err := SplitEndpoint(in)
		if h != host || p != port || (err != nil) != (port == 0) {
			t.Errorf("SplitEndpoint(%q) = %q, %d, %v; want %q, %d", in, h, p, err, host, port)
		}
	}
	f("localhost:8470", "localhost", 8470)
	f("127.0.0.1:1", "127.0.0.1", 1)
	f("[::1]:8470", "::1", 8470)
	f("::1:8470", "::1", 8470) // the last colon, as the reference
	for _, bad := range []string{"", "x", ":1", "x:", "x:0", "x:65536", "x:-1", "x:1x", "a b:1", "a/b:1", "http://x:1", "x?y:1"} {
		f(bad, "", 0)
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		table := w.join(t, "10.0.0.2", 1, func(c *Config) {
			c.MaxConnected, c.MaxKnown, c.MaxPerLocalHost, c.Announce = 5, 40, 3, nil
			c.Bootstrap = []string{"10.0.1.1:1"}
		})
		var named []any
		for i := range 200 {
			host, port := fmt.Sprintf("10.0.3.%d", i/10), i%10+1
			k := key(t, fmt.Sprint("peer", i))
			w.script[join(host, port)] = func(c string) (*canon.Object, error) { return answer(k, c, nil), nil }
			named = append(named, canon.NewObject("peer_id", k.PeerID(), "address", host, "port", int64(port)))
		}
		w.script["10.0.1.1:1"] = func(c string) (*canon.Object, error) { return answer(key(t, "boot"), c, nil, named...), nil }
		defer run(t, table)()
		time.Sleep(5 * time.Minute)
		s := table.Stats()
		if s.Connected != 5 {
			t.Errorf("%d connected, want 5", s.Connected)
		}
		if s.Known > 40 {
			t.Errorf("%d known, want at most 40", s.Known)
		}
		perHost := map[string]int{}
		for _, p := range table.Known() {
			if perHost[p.Host]++; perHost[p.Host] > 3 {
				t.Errorf("more than 3 records of %s", p.Host)
			}
		}
	})
}

func TestInboundPeersCannotFillTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.MaxConnected, c.MaxInbound = 10, 4 })
		defer run(t, table)()
		for i := range 10 {
			host := fmt.Sprintf("10.0.3.%d", i)
			k := key(t, fmt.Sprint("peer", i))
			w.mu.Lock()
			w.script[join(host, 1)] = func(c string) (*canon.Object, error) { return answer(k, c, nil), nil }
			w.mu.Unlock()
			if err := table.Learn(host, 1, k.PeerID()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		if n := len(table.Connected()); n != 4 {
			t.Errorf("%d inbound peers connected, want 4", n)
		}
	})
}

func TestSilentPeerGetsNoMessagesAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var connects atomic.Int32
		k := key(t, "a")
		var up atomic.Bool
		up.Store(true)
		w.script["10.0.0.1:1"] = func(c string) (*canon.Object, error) {
			if !up.Load() {
				return nil, errSilent
			}
			return answer(k, c, nil), nil
		}
		table := w.join(t, "10.0.0.2", 1, func(c *Config) {
			c.Bootstrap, c.Announce = []string{"10.0.0.1:1"}, nil
			c.OnConnect = func(Peer) { connects.Add(1) }
		})
		defer run(t, table)()
		time.Sleep(time.Second)
		if _, ok := table.Lookup(k.PeerID()); !ok || connects.Load() != 1 {
			t.Fatalf("not connected at first (%d)", connects.Load())
		}
		up.Store(false)
		for range sendFailures {
			table.Report("10.0.0.1:1", errSilent)
		}
		if _, ok := table.Lookup(k.PeerID()); ok || len(table.Connected()) != 0 {
			t.Error("still connected after three failed sends")
		}
		time.Sleep(2 * time.Second)
		up.Store(true)
		time.Sleep(time.Minute)
		if _, ok := table.Lookup(k.PeerID()); !ok || connects.Load() != 2 {
			t.Errorf("did not return (%d connects)", connects.Load())
		}
		table.Penalize(k.PeerID(), 10*time.Minute)
		time.Sleep(9 * time.Minute)
		if len(table.Connected()) != 0 {
			t.Error("connected while it is banned")
		}
		time.Sleep(2 * time.Minute)
		if len(table.Connected()) != 1 {
			t.Error("not connected after its ban")
		}
	})
}

// TestWhoCallsIsAskedAtOnce: a peer that was silent and calls again is connected at once, not after the pause that its silence earned;
// calls alone, without an answer, do not bring more dials than the budget of a host.
func TestWhoCallsIsAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		k := key(t, "a")
		var up atomic.Bool
		w.script["10.0.0.1:1"] = func(c string) (*canon.Object, error) {
			if !up.Load() {
				return nil, errSilent
			}
			return answer(k, c, nil), nil
		}
		table := w.join(t, "10.0.0.2", 1, func(c *Config) { c.Bootstrap, c.Announce = []string{"10.0.0.1:1"}, nil })
		defer run(t, table)()
		time.Sleep(3 * time.Minute)
		before := w.count("10.0.0.1:1")
		for range 100 {
			_ = table.Learn("10.0.0.1", 1, k.PeerID())
			time.Sleep(10 * time.Millisecond)
		}
		if more := w.count("10.0.0.1:1") - before; more < 1 || more > callerBurst+2 {
			t.Errorf("100 calls in a second brought %d dials, want 1 to %d", more, int(callerBurst)+2)
		}
		time.Sleep(time.Minute)
		up.Store(true)
		if err := table.Learn("10.0.0.1", 1, k.PeerID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		if _, ok := table.Lookup(k.PeerID()); !ok {
			t.Error("who answers again and calls is not connected after 100 ms")
		}
	})
}

func TestOneIDAtTwoEndpointsIsOnePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		k := key(t, "a")
		reply := func(c string) (*canon.Object, error) { return answer(k, c, nil), nil }
		w.script["10.0.0.1:1"], w.script["10.0.0.1:2"] = reply, reply
		table := w.join(t, "10.0.0.2", 1, func(c *Config) {
			c.Bootstrap, c.Announce = []string{"named.example:1", "10.0.0.1:2"}, nil
			c.Resolve = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
			}
		})
		defer run(t, table)()
		time.Sleep(5 * time.Second)
		p := table.Connected()
		if len(p) != 1 || p[0].Host != "10.0.0.1" {
			t.Fatalf("Connected() = %+v, want one, at its address", p)
		}
		first := p[0].Endpoint()
		w.mu.Lock()
		delete(w.script, first)
		w.mu.Unlock()
		time.Sleep(10 * time.Minute) // the other endpoint takes over
		if p = table.Connected(); len(p) != 1 || p[0].Endpoint() == first {
			t.Errorf("Connected() = %+v, want the other endpoint", p)
		}
	})
}

func TestPeersObject(t *testing.T) {
	table := newWorld().join(t, "10.0.0.2", 8470, nil)
	k := table.cfg.Key
	o, err := table.PeersObject("")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"self": {"peer_id": "` + k.PeerID() + `", "port": 8470, "public_key": "` + k.PublicKey() +
		`", "network_id": "test-network"}, "peers": []}`
	if got := string(canon.Default(o)); got != want {
		t.Errorf("PeersObject() = %s, want %s", got, want)
	}
	for _, bad := range []string{"x", strings.Repeat("A", 32), strings.Repeat("a", 31), strings.Repeat("a", 33)} {
		if _, err := table.PeersObject(bad); !errors.Is(err, ErrChallenge) {
			t.Errorf("PeersObject(%q) = %v, want ErrChallenge", bad, err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{Interval: -1, MaxKnown: -1}, nil)
	for _, want := range []string{"key", "port", "clock", "resolver", "interval", "lifetime", "max known", "max failures"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
	cfg := DefaultConfig()
	cfg.Key, cfg.Port, cfg.Bootstrap = key(t, "a"), 1, []string{"nonsense"}
	if _, err := New(cfg, nil); !errors.Is(err, ErrEndpoint) {
		t.Errorf("New(bootstrap nonsense) = %v, want ErrEndpoint", err)
	}
}

func FuzzReadHello(f *testing.F) {
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Key, cfg.Network, cfg.Port, cfg.AllowUnproven = k, network, 1, true
	table, err := New(cfg, nil)
	if err != nil {
		f.Fatal(err)
	}
	other, _ := identity.FromSeed("other")
	f.Add(canon.Default(answer(other, strings.Repeat("0", 32), nil, canon.NewObject("address", "1.2.3.4"))))
	f.Add([]byte(`{"self": {"peer_id": 1}, "peers": [[]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := canon.ParseObject(body)
		if err != nil {
			return
		}
		h, err := table.readHello(o, strings.Repeat("0", 32))
		if err == nil && !identity.IsPeerID(h.id) {
			t.Fatalf("accepted the id %q", h.id)
		}
	})
}

// TestOneHostIsNotTheNetwork: one public host with 64 ports and keys, and a /16 of hosts, get few places; who is honest gets in, and
// a bootstrap entry that was down always does.
func TestOneHostIsNotTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var named []any
		evil := func(name, host string, port int) {
			k := key(t, name)
			named = append(named, canon.NewObject("peer_id", k.PeerID(), "address", host, "port", int64(port)))
			w.script[join(host, port)] = func(c string) (*canon.Object, error) { return answer(k, c, nil, named...), nil }
		}
		for i := range 64 {
			evil(fmt.Sprint("evil ", i), "203.0.113.9", 9000+i)
		}
		for i := range 24 {
			evil(fmt.Sprint("evil net ", i), fmt.Sprintf("198.18.0.%d", i), 9000)
		}
		victim := w.join(t, "198.51.100.1", 8470, func(c *Config) { c.Bootstrap = []string{"198.51.100.2:8470"} })
		stop := run(t, victim)
		defer stop()
		for i := range 24 {
			_ = victim.Learn("203.0.113.9", 9000+i, key(t, fmt.Sprint("evil ", i)).PeerID())
			_ = victim.Learn(fmt.Sprintf("198.18.0.%d", i), 9000, "")
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Minute)
		count := func() (evil, honest int, boot bool) {
			for _, p := range victim.Connected() {
				switch {
				case strings.HasPrefix(p.Host, "203.0."), strings.HasPrefix(p.Host, "198.18."):
					evil++
				default:
					honest++
				}
				boot = boot || p.Host == "198.51.100.2"
			}
			return evil, honest, boot
		}
		if evil, _, _ := count(); evil > 4+16 {
			t.Errorf("%d peers of one host and one /16 are connected, want at most 20", evil)
		}
		var honest []*Table
		for i := range 10 {
			honest = append(honest, w.join(t, fmt.Sprintf("192.0.%d.1", 2+i), 8470, nil))
		}
		honest = append(honest, w.join(t, "198.51.100.2", 8470, nil))
		stopHonest := run(t, honest...)
		defer stopHonest()
		for i := range 10 {
			if err := victim.Learn(fmt.Sprintf("192.0.%d.1", 2+i), 8470, ""); err != nil {
				t.Errorf("an honest caller: %v", err)
			}
		}
		time.Sleep(4 * time.Minute)
		if evil, good, boot := count(); good < 11 || !boot {
			t.Errorf("%d enemies, %d honest peers connected, the bootstrap entry %v", evil, good, boot)
		}
	})
}

// TestPlacesAreKept: who comes in numbers from everywhere leaves places for a bootstrap entry and for peers that were good for
// long, when those come back.
func TestPlacesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		victim := w.join(t, "198.51.100.1", 8470, func(c *Config) {
			c.Bootstrap, c.MaxConnected, c.Reserved, c.MaxInbound = []string{"198.51.100.2:8470"}, 12, 3, 12
		})
		stop := run(t, victim)
		defer stop()
		friend := w.join(t, "192.0.2.1", 8470, nil)
		if err := victim.Learn("192.0.2.1", 8470, friend.cfg.Key.PeerID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		w.mu.Lock()
		delete(w.tables, "192.0.2.1:8470") // it goes away for a while
		w.mu.Unlock()
		time.Sleep(3 * time.Minute)
		for i := range 60 {
			host := fmt.Sprintf("11.%d.0.1", i)
			k := key(t, fmt.Sprint("crowd ", i))
			w.mu.Lock()
			w.script[join(host, 1)] = func(c string) (*canon.Object, error) { return answer(k, c, nil), nil }
			w.mu.Unlock()
			_ = victim.Learn(host, 1, k.PeerID())
			time.Sleep(time.Second)
		}
		w.mu.Lock()
		w.tables["192.0.2.1:8470"] = friend
		w.mu.Unlock()
		boot := w.join(t, "198.51.100.2", 8470, nil)
		stopBoot := run(t, boot)
		defer stopBoot()
		time.Sleep(10 * time.Minute)
		var hosts []string
		for _, p := range victim.Connected() {
			hosts = append(hosts, p.Host)
		}
		if !slices.Contains(hosts, "192.0.2.1") || !slices.Contains(hosts, "198.51.100.2") || len(hosts) > 12 {
			t.Errorf("connected are %v, want the old friend and the bootstrap entry among at most 12", hosts)
		}
	})
}

// TestNobodyIsDialledByHearsay: an enemy names ports of a third host without end.
func TestNobodyIsDialledByHearsay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		k := key(t, "evil")
		n := 0
		w.script["203.0.113.9:9000"] = func(c string) (*canon.Object, error) {
			var named []any
			for i := range 256 {
				named = append(named, canon.NewObject("peer_id", fmt.Sprintf("%040x", n*1000+i), "address", "192.0.2.77", "port", int64(1+(n*256+i)%60000)))
			}
			n++
			return answer(k, c, nil, named...), nil
		}
		victim := w.join(t, "198.51.100.1", 8470, nil)
		stop := run(t, victim)
		defer stop()
		_ = victim.Learn("203.0.113.9", 9000, k.PeerID())
		time.Sleep(time.Hour)
		total := 0
		w.mu.Lock()
		for endpoint, c := range w.asked {
			if strings.HasPrefix(endpoint, "192.0.2.77:") {
				total += c
			}
		}
		w.mu.Unlock()
		if total == 0 || total > 10 {
			t.Errorf("a third host was dialled %d times in an hour, want at most 10", total)
		}
		// And the host's own node, which calls, gets in all the same.
		third := w.join(t, "192.0.2.77", 8470, nil)
		if err := victim.Learn("192.0.2.77", 8470, third.cfg.Key.PeerID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, ok := victim.Lookup(third.cfg.Key.PeerID()); !ok {
			t.Error("the node of the named host is not connected")
		}
	})
}

// TestTwinIsNoticed: another machine with our key is told from ourselves, by both, and not by a stranger's word.
func TestTwinIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		told := map[string][]string{}
		var mu sync.Mutex
		twin := func(own, other string) *Table {
			return w.join(t, own, 8470, func(c *Config) {
				c.Key, c.Bootstrap = key(t, "twins"), []string{own + ":8470", other + ":8470", "10.0.0.9:1"}
				c.Twin = func(endpoint string) {
					mu.Lock()
					defer mu.Unlock()
					told[own] = append(told[own], endpoint)
				}
			})
		}
		w.script["10.0.0.9:1"] = func(string) (*canon.Object, error) { // has heard of the id, and no more
			return canon.NewObject("self", canon.NewObject("peer_id", key(t, "twins").PeerID(), "network_id", network, "proof", "00"), "peers", []any{}), nil
		}
		a, b := twin("10.0.0.1", "10.0.0.2"), twin("10.0.0.2", "10.0.0.1")
		stop := run(t, a, b)
		time.Sleep(time.Minute)
		stop()
		if fmt.Sprint(told) != "map[10.0.0.1:[10.0.0.2:8470] 10.0.0.2:[10.0.0.1:8470]]" {
			t.Errorf("told of twins: %v", told)
		}
		if s := a.Stats(); s.Connected != 0 || s.BadProof == 0 {
			t.Errorf("%+v, want nobody connected and the stranger's proof refused", s)
		}
	})
}
