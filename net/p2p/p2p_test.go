package p2p

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"doin.network/node/chain/identity"
)

// inbox is a Consumer that keeps what it accepts.
type inbox struct {
	verdict func(body []byte) Verdict

	mu     sync.Mutex
	bodies map[string]int
	wake   chan struct{}
}

func newInbox() *inbox { return &inbox{bodies: make(map[string]int), wake: make(chan struct{}, 1)} }

func (b *inbox) Take(_ context.Context, _ Peer, topic string, body []byte) Verdict {
	if b.verdict != nil {
		if v := b.verdict(body); v != Accept {
			return v
		}
	}
	b.mu.Lock()
	b.bodies[topic+" "+string(body)]++
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return Accept
}

// await waits until a body is there.
func (b *inbox) await(t *testing.T, topic, body string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		n := b.bodies[topic+" "+body]
		b.mu.Unlock()
		if n > 0 {
			return
		}
		select {
		case <-b.wake:
		case <-timeout:
			t.Fatalf("%.20q on %s did not come within 20 s", body, topic)
		}
	}
}

func key(t testing.TB, seed string) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// started is a running node with its inbox.
type started struct {
	*Node
	in   *inbox
	stop func()
}

// start runs a node on loopback until the test ends.
func start(t *testing.T, seed string, change func(*Config)) *started {
	t.Helper()
	in := newInbox()
	c := DefaultConfig()
	c.Key, c.Network, c.Topics, c.Consumer = key(t, seed), "test", []string{"claims", "blocks"}, in
	c.Listen = []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}
	if change != nil {
		change(&c)
	}
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	var once sync.Once
	s := &started{Node: n, in: in, stop: func() {
		once.Do(func() {
			cancel()
			n.Close()
			if err := <-done; err != nil {
				t.Errorf("Run = %v", err)
			}
		})
	}}
	t.Cleanup(s.stop)
	return s
}

// until waits until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func linked(t *testing.T, a, b *started) {
	t.Helper()
	until(t, "both see each other", func() bool {
		_, ok1 := a.Lookup(b.cfg.Key.PeerID())
		_, ok2 := b.Lookup(a.cfg.Key.PeerID())
		return ok1 && ok2
	})
}

func to(n *started) func(*Config) {
	return func(c *Config) { c.Bootstrap = n.Addresses()[:1] }
}

// TestMessages: a short message and one that is announced reach a node that is not linked with its author, once.
func TestMessages(t *testing.T) {
	a := start(t, "a", nil)
	b := start(t, "b", to(a))
	linked(t, a, b)
	c := start(t, "c", to(b))
	linked(t, b, c)
	for n, peers := range map[*started]int{a: 1, b: 2, c: 1} {
		until(t, "neighbours are in the meshes", func() bool { m := n.Stats().Mesh; return m["claims"] == peers && m["blocks"] == peers })
	}
	long := strings.Repeat("long ", 40_000) // 200 kB
	if err := a.Publish("claims", []byte("short")); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish("blocks", []byte(long)); err != nil {
		t.Fatal(err)
	}
	c.in.await(t, "claims", "short")
	c.in.await(t, "blocks", long)
	until(t, "both are counted", func() bool { return c.Stats().Accepted == 2 })
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	for what, n := range c.in.bodies {
		if n != 1 {
			t.Errorf("%.20q came %d times", what, n)
		}
	}
	if s := b.Stats(); s.SentBytes > 100_000 {
		t.Errorf("%d bytes were gossiped by who only announces %d", s.SentBytes, len(long))
	}
	if s := c.Stats(); s.Fetched != 1 || s.Accepted != 2 || s.Connected != 1 {
		t.Errorf("stats = %+v", s)
	}
	for _, body := range [][]byte{nil, make([]byte, c.cfg.MaxBody+1)} {
		if err := a.Publish("claims", body); err == nil {
			t.Errorf("%d bytes were published", len(body))
		}
	}
	if err := a.Publish("nothing", []byte("x")); err == nil {
		t.Error("published on a topic that there is not")
	}
}

// TestIdentity: peers are known by the ids that their keys have everywhere else, whoever has dialled.
func TestIdentity(t *testing.T) {
	t.Run("tcp", func(t *testing.T) { identities(t, "/ip4/127.0.0.1/tcp/0") })
	t.Run("quic", func(t *testing.T) { identities(t, "/ip4/127.0.0.1/udp/0/quic-v1") })
}

func identities(t *testing.T, listen string) {
	a := start(t, "a", func(c *Config) { c.Listen = []string{listen} })
	b := start(t, "b", func(c *Config) {
		c.Listen = []string{listen}
		to(a)(c)
	})
	linked(t, a, b)
	pa, _ := b.Lookup(a.cfg.Key.PeerID())
	pb, _ := a.Lookup(b.cfg.Key.PeerID())
	if want, _ := HostID(a.cfg.Key); pa.Host != want || a.HostID() != want {
		t.Errorf("host id = %s, %s, want %s", pa.Host, a.HostID(), want)
	}
	if pa.Inbound || !pb.Inbound || pa.Relayed || !pa.Address.Addr().IsLoopback() {
		t.Errorf("peers = %+v, %+v", pa, pb)
	}
	if got := b.Bootstrap(); len(got) != 1 || !got[0].Connected {
		t.Errorf("bootstrap = %+v", got)
	}
}

// TestOtherNetwork: a node of another network is turned away, and says nothing to us.
func TestOtherNetwork(t *testing.T) {
	a := start(t, "a", nil)
	b := start(t, "b", func(c *Config) {
		c.Network = "another"
		to(a)(c)
	})
	until(t, "the stranger is shut out", func() bool { return a.Stats().ShutOut == 1 || b.Stats().ShutOut == 1 })
	if got := append(a.Peers(), b.Peers()...); len(got) != 0 {
		t.Errorf("peers = %+v, want none", got)
	}
}

// TestRejected: who sends what no honest peer forwards is shut out after a few, and its messages go no further.
func TestRejected(t *testing.T) {
	refuse := func(c *Config) {
		c.Consumer.(*inbox).verdict = func(body []byte) Verdict {
			if bytes.HasPrefix(body, []byte("bad")) {
				return Reject
			}
			return Accept
		}
	}
	a := start(t, "a", refuse)
	liar := start(t, "liar", to(a))
	honest := start(t, "honest", to(a))
	linked(t, a, liar)
	linked(t, a, honest)
	until(t, "the liar is in the topic", func() bool { return len(liar.topics["claims"].ListPeers()) > 0 })
	for i := range 5 {
		if err := liar.Publish("claims", []byte{'b', 'a', 'd', byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the liar is gone", func() bool {
		_, ok := a.Lookup(liar.cfg.Key.PeerID())
		return !ok && a.Stats().ShutOut == 1
	})
	if _, ok := a.Lookup(honest.cfg.Key.PeerID()); !ok {
		t.Error("the honest peer was shut out, too")
	}
	if s := honest.Stats(); s.Accepted != 0 {
		t.Errorf("the honest peer had %d of the liar's messages", s.Accepted)
	}
}

// TestAnnouncedByALiar: who announces a body that it does not deliver pays for it, and the body comes from another.
func TestAnnouncedByALiar(t *testing.T) {
	a := start(t, "a", func(c *Config) { c.FetchTimeout = 4 * time.Second })
	liar := start(t, "liar", to(a))
	honest := start(t, "honest", to(a))
	linked(t, a, liar)
	linked(t, a, honest)
	for _, n := range []*started{liar, honest} {
		until(t, "a topic has a", func() bool { return len(n.topics["claims"].ListPeers()) > 0 })
	}
	body := bytes.Repeat([]byte("x"), 100_000)
	if err := liar.topics["claims"].Publish(t.Context(), announce(body).append(nil)); err != nil {
		t.Fatal(err)
	}
	until(t, "the liar was asked", func() bool { return a.Stats().FetchErrors > 0 })
	if err := honest.Publish("claims", body); err != nil {
		t.Fatal(err)
	}
	a.in.await(t, "claims", string(body))
	host, _ := a.hostOf(liar.cfg.Key.PeerID())
	if r := a.reputation(host); r >= 0 {
		t.Errorf("the liar's reputation = %v, want below 0", r)
	}
}

// TestStreams: requests go to a peer by its id, and the answerer sees the address of the link.
func TestStreams(t *testing.T) {
	a := start(t, "a", nil)
	b := start(t, "b", to(a))
	linked(t, a, b)
	go func() {
		for {
			c, err := a.Listener().Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, c.RemoteAddr().String()+"\n")
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	c, err := b.Dial(t.Context(), a.cfg.Key.PeerID()+":80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, "hello\n")
	_ = c.(conn).CloseWrite()
	got, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(got), "\nhello\n") || !strings.HasPrefix(string(got), "127.0.0.1:") {
		t.Errorf("answer = %q, %v", got, err)
	}
	if _, err := b.Dial(t.Context(), key(t, "nobody").PeerID()); err == nil {
		t.Error("a stream to a peer that is not connected was opened")
	}
	_ = a.Listener().Close()
	if _, err := a.Listener().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close = %v", err)
	}
}

// TestBootstrapByHTTP: an entry host:port is asked for its multiaddresses, again at each attempt.
func TestBootstrapByHTTP(t *testing.T) {
	a := start(t, "a", nil)
	asked := 0
	b := start(t, "b", func(c *Config) {
		c.Bootstrap = []string{"127.0.0.1:8470"}
		c.Ask = func(_ context.Context, endpoint string) ([]string, error) {
			if asked++; asked == 1 {
				return nil, errors.New("not yet")
			}
			return a.Addresses(), nil
		}
	})
	linked(t, a, b)
}

// TestRestart: a node that dies without a word and comes back with its key is a peer again, whichever of the two dials.
func TestRestart(t *testing.T) {
	a := start(t, "a", nil)
	port := ""
	b := start(t, "b", func(c *Config) {
		c.Listen = c.Listen[:1]
		to(a)(c)
	})
	linked(t, a, b)
	port = b.Addresses()[0]
	port = port[:strings.Index(port, "/p2p/")]
	b.stop()
	until(t, "a has noticed", func() bool { return len(a.Peers()) == 0 })
	b = start(t, "b", func(c *Config) { c.Listen = []string{port} }) // without a bootstrap peer
	linked(t, a, b)
}

// TestGate: what is never dialled, and how often one address is.
func TestGate(t *testing.T) {
	g := newGate(false, nil)
	f := func(address string, want bool) {
		t.Helper()
		list, err := parseAll([]string{address})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.InterceptAddrDial("", list[0]); got != want {
			t.Errorf("dial %s = %v, want %v", address, got, want)
		}
	}
	f("/ip4/127.0.0.1/tcp/1", false)
	f("/ip4/0.0.0.0/tcp/1", false)
	f("/ip4/169.254.169.254/tcp/80", false)
	f("/ip6/::ffff:169.254.169.254/tcp/80", false)
	f("/ip4/224.0.0.251/udp/5353/quic-v1", false)
	f("/ip6/fe80::1/tcp/1", false)
	f("/ip4/10.1.2.3/tcp/1", true)
	for range dialsPerHost {
		f("/ip4/203.0.113.5/tcp/1", true)
	}
	f("/ip4/203.0.113.5/tcp/2", false)
	now := time.Now()
	g.now = func() time.Time { return now.Add(dialPeriod) }
	f("/ip4/203.0.113.5/tcp/2", true)
	if g := newGate(false, []string{"localhost:8470"}); !g.loopback {
		t.Error("a bootstrap peer on loopback does not allow loopback")
	}
}

// TestNear: where a node's multiaddresses are looked for.
func TestNear(t *testing.T) {
	f := func(endpoint, address, want string) {
		t.Helper()
		const id = "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"
		info, err := answered(t.Context(), endpoint, []string{address + id})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range info.Addrs {
			got = append(got, a.String())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s at %s = %s, want %s", address, endpoint, s, want)
		}
	}
	f("127.0.0.1:1", "/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1/tcp/2")
	f("203.0.113.9:1", "/ip4/127.0.0.1/tcp/2", "/ip4/203.0.113.9/tcp/2")
	f("203.0.113.9:1", "/ip4/10.0.0.5/udp/2/quic-v1", "/ip4/10.0.0.5/udp/2/quic-v1 /ip4/203.0.113.9/udp/2/quic-v1")
	f("203.0.113.9:1", "/ip6/2a00::5/tcp/2", "/ip6/2a00::5/tcp/2")
}

// TestForeignKey: a key that is none of a node's has no id.
func TestForeignKey(t *testing.T) {
	h, err := libp2p.New(libp2p.NoListenAddrs) // an Ed25519 key
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if id, err := nodeID(h.Peerstore().PubKey(h.ID())); !errors.Is(err, errKey) {
		t.Errorf("id = %q, %v", id, err)
	}
	if _, err := nodeID(nil); !errors.Is(err, errKey) {
		t.Errorf("id without a key: %v", err)
	}
	a := start(t, "a", nil)
	h.SetStreamHandler(a.protocols.http, func(s network.Stream) { _ = s.Reset() })
	info, err := peer.AddrInfoFromString(a.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	_ = h.Connect(t.Context(), *info)
	until(t, "it is shut out", func() bool { return a.Stats().ShutOut == 1 })
	if got := a.Peers(); len(got) != 0 {
		t.Errorf("peers = %+v", got)
	}
}

// TestConfig: every problem is reported at once.
func TestConfig(t *testing.T) {
	c := DefaultConfig()
	c.MaxInline, c.Bootstrap = 1<<20, []string{"nowhere", "/ip4/1.2.3.4/tcp/1", "host:1"}
	err := c.Validate()
	for _, want := range []string{"no key", "no network", "no topics", "no consumer", "max inline", `"nowhere"`, `"/ip4/1.2.3.4/tcp/1"`, "no way to ask"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want it to say %q", err, want)
		}
	}
}

// FuzzFrame: no frame panics, and what is read is what was written.
func FuzzFrame(f *testing.F) {
	f.Add(appendBody(nil, []byte("body")))
	f.Add(announce(make([]byte, 100)).append(nil))
	f.Fuzz(func(t *testing.T, frame []byte) {
		body, a, err := parseFrame(frame, 64, 1<<10)
		if err != nil {
			return
		}
		again := a.append(nil)
		if body != nil {
			again = appendBody(nil, body)
		}
		if !bytes.Equal(again, frame) {
			t.Fatalf("%x became %x", frame, again)
		}
	})
}
