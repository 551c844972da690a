package flood

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
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

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// message returns a signed message by k.
func message(t testing.TB, k *identity.Key, edit func(*chain.Message)) *chain.Message {
	t.Helper()
	m := &chain.Message{
		Type: chain.MsgOptimaeCommit, Timestamp: timestamp.FromTime(noon), TTL: chain.DefaultTTL,
		Payload: canon.NewObject("commitment_hash", strings.Repeat("ab", 32), "domain_id", "d"),
	}
	if edit != nil {
		edit(m)
	}
	if m.SenderID == "" || m.SenderID == k.PeerID() {
		if err := chain.SignMessage(m, k, network); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func encode(m *chain.Message) []byte { return canon.Default(m.Object()) }

// inbox is a handler that keeps what it gets.
type inbox struct {
	mu   sync.Mutex
	got  []*chain.Message
	from []Peer
	err  error
}

func (i *inbox) handle(_ context.Context, m *chain.Message, from Peer) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return i.err
	}
	i.got, i.from = append(i.got, m), append(i.from, from)
	return nil
}

func (i *inbox) len() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.got)
}

// fixture is one flood with a fixed clock, its inbox and what it would send.
type fixture struct {
	*Flood
	inbox
	now  time.Time
	sent chan string // "endpoint body"
}

type senderFunc func(ctx context.Context, endpoint string, body []byte) error

func (f senderFunc) PostMessage(ctx context.Context, endpoint string, body []byte) error {
	return f(ctx, endpoint, body)
}

func newFixture(t testing.TB, edit func(*Config), peers ...Peer) *fixture {
	t.Helper()
	f := &fixture{now: noon, sent: make(chan string, 1000)}
	cfg := DefaultConfig()
	cfg.Signer, cfg.Network, cfg.Port, cfg.Now = key(t, "self"), network, 8470, func() time.Time { return f.now }
	if edit != nil {
		edit(&cfg)
	}
	var err error
	f.Flood, err = New(cfg, PeersFunc(func() []Peer { return peers }),
		senderFunc(func(_ context.Context, endpoint string, body []byte) error {
			f.sent <- endpoint + " " + string(body)
			return nil
		}), f.handle)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}

func TestThreeFormsOfTheBody(t *testing.T) {
	m := string(encode(message(t, key(t, "a"), nil)))
	f := func(body string, delivered int) {
		t.Helper()
		g := newFixture(t, nil)
		if err := g.Receive(t.Context(), "127.0.0.1", []byte(body)); err != nil {
			t.Errorf("Receive(%.60s) = %v", body, err)
		}
		if g.len() != delivered {
			t.Errorf("Receive(%.60s) delivered %d, want %d", body, g.len(), delivered)
		}
	}
	f(m, 1)
	f(`{"type": "message", "data": `+m+`}`, 1)
	f(`{"type": "control", "control": "GRAFT", "topic": "optimae", "from": "x"}`, 0)
	f(strings.Replace(m, "{", `{"type": "other", `, 1), 1)   // "type" says nothing else
	f(strings.Replace(m, "{", `{"type": "message", `, 1), 1) // without data it is plain
}

func TestRefusals(t *testing.T) {
	a := key(t, "a")
	f := func(why Reason, body []byte) {
		t.Helper()
		g := newFixture(t, func(c *Config) { c.MaxBytes = 20_000 })
		err := g.Receive(t.Context(), "127.0.0.1", body)
		var r *Refusal
		if !errors.As(err, &r) || r.Why != why || r.Status() != 400 || !errors.Is(err, ErrRefused) {
			t.Errorf("Receive(%.80s) = %v, want a 400 for %s", body, err, why)
		}
		if s := g.Stats(); s.Refused[why] != 1 || s.Received != 1 || s.Accepted != 0 || s.Seen != 0 || g.len() != 0 {
			t.Errorf("Receive(%.80s): %+v, %d delivered; want one refusal and nothing else", body, s, g.len())
		}
	}
	edit := func(e func(*chain.Message)) []byte { return encode(message(t, a, e)) }
	object := func(e func(*canon.Object)) []byte {
		o := message(t, a, nil).Object()
		e(o)
		return canon.Default(o)
	}
	good := string(encode(message(t, a, nil)))

	f(ReasonTooLarge, make([]byte, 20_001))
	for _, s := range []string{"", "{", "null", "[]", `"x"`, "1", good + "}", "\xff\xfe", strings.Repeat("[", 1000),
		`{"msg_type": NaN}`, strings.Replace(good, `"d"`, "NaN", 1), strings.Replace(good, `"d"`, "1e999", 1)} {
		f(ReasonJSON, []byte(s))
	}
	for _, s := range []string{"{}", `{"type": "message", "data": 1}`, `{"type": "message", "data": {}}`, `{"type": "message"}`} {
		f(ReasonForm, []byte(s))
	}
	f(ReasonForm, object(func(o *canon.Object) { o.Set("msg_type", "nonsense") }))
	f(ReasonForm, object(func(o *canon.Object) { o.Delete("sender_id") }))
	f(ReasonForm, object(func(o *canon.Object) { o.Set("payload", []any{}) }))
	f(ReasonForm, object(func(o *canon.Object) { o.Set("payload", nil) }))
	f(ReasonForm, object(func(o *canon.Object) { o.Set("timestamp", "yesterday") }))
	f(ReasonForm, object(func(o *canon.Object) { o.Set("ttl", "many") }))
	f(ReasonForm, object(func(o *canon.Object) { o.Set("signature", 7) }))

	for _, ttl := range []int{-5, -1, 16, 1 << 40} {
		f(ReasonTTL, object(func(o *canon.Object) { o.Set("ttl", int64(ttl)) }))
	}
	f(ReasonTTL, object(func(o *canon.Object) { o.Set("ttl", int64(0)) }))
	f(ReasonTime, edit(func(m *chain.Message) { m.Timestamp = timestamp.FromTime(noon.Add(-601 * time.Second)) }))
	f(ReasonTime, edit(func(m *chain.Message) { m.Timestamp = timestamp.FromTime(noon.Add(601 * time.Second)) }))
	f(ReasonTime, object(func(o *canon.Object) { o.Delete("timestamp") }))

	f(ReasonUnsigned, object(func(o *canon.Object) { o.Delete("signature"); o.Delete("public_key") }))
	f(ReasonSignature, object(func(o *canon.Object) {
		p, _ := o.Object("payload")
		p.Set("domain_id", "changed")
	}))
	f(ReasonSignature, object(func(o *canon.Object) { o.Set("msg_type", chain.MsgTaskClaimed) }))
	f(ReasonSignature, object(func(o *canon.Object) { o.Set("sender_id", key(t, "b").PeerID()) }))
	f(ReasonSignature, object(func(o *canon.Object) { o.Set("public_key", key(t, "b").PublicKey()) }))
	other := &chain.Message{Type: chain.MsgOptimaeCommit, Timestamp: timestamp.FromTime(noon), TTL: 7, Payload: canon.NewObject()}
	if err := chain.SignMessage(other, a, "another-network"); err != nil {
		t.Fatal(err)
	}
	f(ReasonSignature, encode(other))
}

func TestWindowEndsAreInside(t *testing.T) {
	for _, d := range []time.Duration{-600 * time.Second, 600 * time.Second} {
		g := newFixture(t, nil)
		m := message(t, key(t, "a"), func(m *chain.Message) { m.Timestamp = timestamp.FromTime(noon.Add(d)) })
		if err := g.Receive(t.Context(), "::1", encode(m)); err != nil {
			t.Errorf("timestamp %v from now: %v", d, err)
		}
	}
}

func TestDuplicatesAndReplays(t *testing.T) {
	g := newFixture(t, nil)
	a := key(t, "a")
	m := message(t, a, nil)
	body := encode(m)
	forged := m.Object().Set("signature", message(t, a, func(m *chain.Message) { m.Payload = canon.NewObject() }).Signature)
	if err := g.Receive(t.Context(), "127.0.0.1", canon.Default(forged)); !errors.Is(err, identity.ErrBadSignature) {
		t.Fatalf("forged copy: %v, want a bad signature", err)
	}
	for range 3 { // the forged copy must not have shut out the true one
		if err := g.Receive(t.Context(), "127.0.0.1", body); err != nil {
			t.Fatal(err)
		}
	}
	relayed := m.Object() // another hop: other ttl, other metadata, same message
	p := m.Payload.Clone().Set(chain.MetaForwarderID, "f").Set(chain.MetaSenderPort, int64(9))
	relayed.Set("ttl", int64(3)).Set("payload", p)
	if err := g.Receive(t.Context(), "127.0.0.2", canon.Default(relayed)); err != nil {
		t.Fatal(err)
	}
	if s := g.Stats(); g.len() != 1 || s.Duplicates != 3 || s.Accepted != 1 {
		t.Fatalf("%d delivered, %+v; want 1 delivered, 3 duplicates", g.len(), s)
	}
	// However late the copy comes, it is either still known or too old.
	for d := time.Duration(0); d < time.Hour; d += 30 * time.Second {
		g.now = noon.Add(d)
		_ = g.Receive(t.Context(), "127.0.0.1", body)
	}
	if g.len() != 1 {
		t.Errorf("a replay was delivered")
	}
	if s := g.Stats(); s.Seen != 0 {
		t.Errorf("%d ids kept after an hour, want 0", s.Seen)
	}
}

func TestOwnMessagesComingBackAreDuplicates(t *testing.T) {
	g := newFixture(t, nil)
	if err := g.Receive(t.Context(), "127.0.0.1", encode(message(t, key(t, "self"), nil))); err != nil || g.len() != 0 {
		t.Errorf("own message: %v, %d delivered; want nil, 0", err, g.len())
	}
}

// TestTwinIsNoticed: a message that our key has signed since the start, and that is not ours, is another machine's; our own that come
// back, those of an earlier life, and forged ones are not.
func TestTwinIsNoticed(t *testing.T) {
	told := 0
	g := newFixture(t, func(c *Config) { c.Twin = func(string) { told++ } })
	g.now = noon.Add(time.Minute)
	f := func(what string, m *canon.Object, refused bool, want int) {
		t.Helper()
		before := told
		if err := g.Receive(t.Context(), "192.0.2.1", canon.Default(m)); (err != nil) != refused || told-before != want {
			t.Errorf("%s: %v, told %d times, want refused %v and %d", what, err, told-before, refused, want)
		}
	}
	self := key(t, "self")
	at := func(d time.Duration) *chain.Message {
		return message(t, self, func(m *chain.Message) { m.Timestamp = timestamp.FromTime(noon.Add(d)) })
	}
	own := at(30 * time.Second)
	if err := g.Broadcast(own); err != nil {
		t.Fatal(err)
	}
	f("our own", own.Object(), false, 0)
	f("of an earlier life", at(-time.Minute).Object(), false, 0)
	f("forged", at(40*time.Second).Object().Set("signature", own.Signature), true, 0)
	f("another machine's", at(50*time.Second).Object(), false, 1)
	f("the same again", at(50*time.Second).Object(), false, 0)
	if g.len() != 0 {
		t.Errorf("%d were delivered", g.len())
	}
}

func TestHandlerDecides(t *testing.T) {
	body := encode(message(t, key(t, "a"), nil))
	g := newFixture(t, nil, Peer{ID: "p", Endpoint: "p:1"})
	g.run(t)

	g.err = fmt.Errorf("queue: %w", ErrBusy)
	err := g.Receive(t.Context(), "127.0.0.1", body)
	var r *Refusal
	if !errors.As(err, &r) || r.Status() != 503 || !errors.Is(err, ErrBusy) {
		t.Errorf("busy handler: %v, want a 503", err)
	}
	g.err = nil // the repetition succeeds
	if err := g.Receive(t.Context(), "127.0.0.1", body); err != nil || g.len() != 1 {
		t.Errorf("after busy: %v, %d delivered", err, g.len())
	}
	<-g.sent

	g.err = errors.New("unknown domain")
	second := encode(message(t, key(t, "b"), nil))
	if err := g.Receive(t.Context(), "127.0.0.1", second); !errors.As(err, &r) || r.Why != ReasonHandler || r.Status() != 400 {
		t.Errorf("refusing handler: %v, want a 400", err)
	}
	g.err = nil // refused for good: a repetition is a duplicate
	if err := g.Receive(t.Context(), "127.0.0.1", second); err != nil || g.len() != 1 {
		t.Errorf("after refusal: %v, %d delivered, want nil, 1", err, g.len())
	}
	select {
	case s := <-g.sent:
		t.Errorf("forwarded a refused message: %.80s", s)
	default:
	}
}

func TestRateLimits(t *testing.T) {
	a := key(t, "a")
	numbered := func(n int) []byte {
		return encode(message(t, a, func(m *chain.Message) { m.Payload.Set("n", int64(n)) }))
	}
	g := newFixture(t, func(c *Config) { c.AddressRate, c.AddressBurst = 1, 2 })
	f := func(host string, n int, limited bool) {
		t.Helper()
		err := g.Receive(t.Context(), host, numbered(n))
		var r *Refusal
		if got := errors.Is(err, ErrRateLimited); got != limited || (limited && (!errors.As(err, &r) || r.Status() != 429)) {
			t.Errorf("message %d from %s: %v, want rate limited = %v", n, host, err, limited)
		}
	}
	f("10.0.0.1", 1, false)
	f("10.0.0.1", 2, false)
	f("10.0.0.1", 3, true)
	f("10.0.0.2", 3, false)
	g.now = g.now.Add(time.Second)
	f("10.0.0.1", 4, false)
	f("10.0.0.1", 5, true)

	g = newFixture(t, func(c *Config) { c.AuthorRate, c.AuthorBurst = 1, 2 })
	f("10.0.0.1", 1, false)
	f("10.0.0.2", 2, false)
	f("10.0.0.2", 1, false) // a duplicate costs the author nothing
	f("10.0.0.3", 3, true)
	g.now = g.now.Add(time.Second)
	f("10.0.0.3", 3, false) // and was not marked as seen
}

// TestLargeMessagesCountAsMany: what a message costs its address and its author follows its size, and one that is larger than all
// there can be passes when nothing else does.
func TestLargeMessagesCountAsMany(t *testing.T) {
	a := key(t, "a")
	f := func(edit func(*Config), sizes []int, taken int) {
		t.Helper()
		g := newFixture(t, edit)
		for i, size := range sizes {
			body := encode(message(t, a, func(m *chain.Message) { m.Payload.Set("n", int64(i)).Set("x", strings.Repeat("x", size)) }))
			if err := g.Receive(t.Context(), "10.0.0.1", body); (err == nil) != (i < taken) {
				t.Errorf("message %d of %d bytes: %v, want %d to be taken", i, len(body), err, taken)
			}
		}
	}
	address := func(c *Config) { c.AddressRate, c.AddressBurst = 1, 10 }
	author := func(c *Config) { c.AuthorRate, c.AuthorBurst = 1, 10 }
	for _, edit := range []func(*Config){address, author} {
		f(edit, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 10)
		f(edit, []int{39_000, 39_000, 39_000}, 2)
		f(edit, []int{200_000, 1}, 1)
	}
}

// TestMessagesHaveTheSizeOfTheirKind: what a network has no use for, and what is padded, is refused and not passed on.
func TestMessagesHaveTheSizeOfTheirKind(t *testing.T) {
	a := key(t, "a")
	f := func(kind string, size int, why Reason) {
		t.Helper()
		g := newFixture(t, func(c *Config) {
			c.MaxBytesOf = func(kind string) int {
				return map[string]int{chain.MsgOptimaeCommit: 2000, chain.MsgTransaction: 1 << 30}[kind]
			}
		}, Peer{ID: "p", Endpoint: "p:1"})
		body := encode(message(t, a, func(m *chain.Message) { m.Type = kind; m.Payload.Set("x", strings.Repeat("x", size)) }))
		err := g.Receive(t.Context(), "10.0.0.1", body)
		var r *Refusal
		if (err == nil) != (why == "") || err != nil && (!errors.As(err, &r) || r.Why != why || r.cost() == 0) {
			t.Errorf("a %s of %d bytes: %v, want %q", kind, len(body), err, why)
		}
		if passed := g.Stats().Queued; (passed > 0) != (why == "") {
			t.Errorf("a %s of %d bytes is passed on to %d", kind, len(body), passed)
		}
	}
	f(chain.MsgOptimaeCommit, 100, "")
	f(chain.MsgOptimaeCommit, 2000, ReasonTooLarge)
	f(chain.MsgTransaction, 400_000, "")
	f(chain.MsgTransaction, 600_000, ReasonTooLarge)
	f(chain.MsgChainStatus, 1, ReasonForm)
}

func TestBucketsStayBounded(t *testing.T) {
	b := newBuckets(1, 5, noon)
	b.max = 10
	for i := range 1000 {
		b.take(fmt.Sprint(i), 1, noon)
	}
	if len(b.byName) != 10 {
		t.Errorf("%d buckets, want 10", len(b.byName))
	}
	if b.take("late", 1, noon) {
		t.Error("strangers beyond the bound share one bucket, which is empty")
	}
	if !b.take("late", 1, noon.Add(time.Hour)) {
		t.Error("after an hour the idle ones make room")
	}
}

func TestSeenStaysBounded(t *testing.T) {
	s := newSeen(10*seenEntryBytes, time.Minute)
	id := func(i int) (k [32]byte) { k[0], k[1] = byte(i), byte(i>>8); return k }
	for i := range 1000 {
		if !s.add(id(i), noon.Add(time.Duration(i))) {
			t.Fatalf("id %d is not new", i)
		}
	}
	if s.len() != 10 || len(s.ring) != 10 || s.lost != 990 {
		t.Errorf("len %d, ring %d, lost %d; want 10, 10, 990", s.len(), len(s.ring), s.lost)
	}
	if !s.has(id(999), noon) || s.has(id(5), noon) {
		t.Error("the newest must be there, the oldest not")
	}
	s.remove(id(999))
	if !s.add(id(999), noon.Add(time.Millisecond)) {
		t.Error("a removed id is new again")
	}
	for i := range 20 { // its stale ring cell must not take the new entry along
		s.add(id(2000+i), noon.Add(time.Millisecond))
		if i < 8 && !s.has(id(999), noon) {
			t.Fatalf("id 999 vanished after %d more", i+1)
		}
	}
	if s.has(id(2019), noon.Add(2*time.Minute)) || s.len() != 0 {
		t.Errorf("%d entries outlived their time", s.len())
	}
}

func TestBroadcastBytes(t *testing.T) {
	g := newFixture(t, func(c *Config) {
		c.ComponentVersions = canon.NewObject("doin-core", "v0.1.0")
		c.PluginConfigs = canon.NewObject()
	}, Peer{ID: "p", Endpoint: "10.0.0.1:1"})
	g.run(t)
	m := &chain.Message{Type: chain.MsgTaskClaimed, Payload: canon.NewObject("task_id", "t", "z", 1.0)}
	if err := g.Broadcast(m); err != nil {
		t.Fatal(err)
	}
	k := key(t, "self")
	want := `10.0.0.1:1 {"msg_type": "task_claimed", "sender_id": "` + k.PeerID() + `", "timestamp": "2026-01-02T12:00:00Z", "ttl": 7, ` +
		`"payload": {"task_id": "t", "z": 1.0, "_sender_port": 8470, "_component_versions": {"doin-core": "v0.1.0"}, "_plugin_configs": {}}, ` +
		`"public_key": "` + k.PublicKey() + `", "signature": "` + m.Signature + `"}`
	if got := <-g.sent; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	if m.Payload.Len() != 2 {
		t.Error("Broadcast changed the caller's payload")
	}
	// Another node takes it, without the metadata.
	o := newFixture(t, func(c *Config) { c.Signer = key(t, "other") })
	if err := o.Receive(t.Context(), "10.0.0.9", []byte(strings.TrimPrefix(want, "10.0.0.1:1 "))); err != nil {
		t.Fatal(err)
	}
	if got := string(canon.Default(o.got[0].Payload)); got != `{"task_id": "t", "z": 1.0}` {
		t.Errorf("delivered payload %s", got)
	}
	if p := o.from[0]; p.ID != k.PeerID() || p.Endpoint != "10.0.0.9:8470" || p.Port != 8470 {
		t.Errorf("from %+v", p)
	}
}

func TestForwarding(t *testing.T) {
	author, relay := key(t, "a").PeerID(), key(t, "r").PeerID()
	peers := []Peer{
		{ID: author, Host: "127.0.0.1", Endpoint: "127.0.0.1:1"},
		{ID: relay, Host: "127.0.0.1", Endpoint: "127.0.0.1:2"},
		{ID: "third", Host: "127.0.0.1", Endpoint: "127.0.0.1:3"}, // same address, another node
	}
	var learned []string
	g := newFixture(t, func(c *Config) {
		c.Learn = func(host string, port int, id string) { learned = append(learned, fmt.Sprint(host, port, id)) }
	}, peers...)
	g.run(t)
	m := message(t, key(t, "a"), nil)
	o := m.Object()
	o.Set("ttl", int64(2)).Set("payload", m.Payload.Clone().
		Set(chain.MetaForwarderID, relay).Set(chain.MetaSenderPort, int64(2)).Set(chain.MetaComponentVersions, canon.NewObject("x", "y")))
	if err := g.Receive(t.Context(), "127.0.0.1", canon.Default(o)); err != nil {
		t.Fatal(err)
	}
	endpoint, body, _ := strings.Cut(<-g.sent, " ")
	if endpoint != "127.0.0.1:3" {
		t.Errorf("forwarded to %s, want only to the third", endpoint)
	}
	want := m.Object().Set("ttl", int64(1)).Set("payload", m.Payload.Clone().
		Set(chain.MetaForwarderID, key(t, "self").PeerID()).Set(chain.MetaSenderPort, int64(8470)))
	if body != string(canon.Default(want)) {
		t.Errorf("forwarded\n%s\nwant\n%s", body, canon.Default(want))
	}
	if len(learned) != 1 || learned[0] != fmt.Sprint("127.0.0.1", 2, relay) {
		t.Errorf("learned %v, want the relay", learned)
	}
	// The next hop takes it and forwards no further.
	n := newFixture(t, func(c *Config) { c.Signer = key(t, "next") }, Peer{ID: "x", Endpoint: "x:1"})
	n.run(t)
	if err := n.Receive(t.Context(), "127.0.0.1", []byte(body)); err != nil || n.len() != 1 {
		t.Fatalf("next hop: %v, %d delivered", err, n.len())
	}
	if s := n.Stats(); s.Queued != 0 || s.Sent != 0 {
		t.Errorf("a message with ttl 1 was forwarded: %+v", s)
	}
	select {
	case s := <-g.sent:
		t.Errorf("sent once more: %.60s", s)
	default:
	}
}

func TestSlowPeerStallsNobody(t *testing.T) {
	slow := make(chan struct{})
	fast := make(chan string, 1000)
	var reports sync.Map
	cfg := DefaultConfig()
	cfg.Signer, cfg.Network, cfg.Port = key(t, "self"), network, 1
	cfg.QueueMessages, cfg.SendTimeout = 10, time.Minute
	cfg.Report = func(p Peer, err error) { reports.Store(p.Endpoint, err) }
	g, err := New(cfg, PeersFunc(func() []Peer { return []Peer{{ID: "slow", Endpoint: "slow:1"}, {ID: "fast", Endpoint: "fast:1"}} }),
		senderFunc(func(ctx context.Context, endpoint string, body []byte) error {
			if endpoint == "slow:1" {
				select {
				case <-slow:
				case <-ctx.Done():
				}
				return ctx.Err()
			}
			fast <- string(body)
			return nil
		}), (&inbox{}).handle)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- g.Run(ctx) }()
	for i := range 100 {
		m := &chain.Message{Type: chain.MsgTaskClaimed, Payload: canon.NewObject("n", int64(i))}
		if err := g.Broadcast(m); err != nil {
			t.Fatal(err)
		}
		select {
		case <-fast:
		case <-time.After(5 * time.Second):
			t.Fatalf("message %d: the fast peer waits for the slow one", i)
		}
	}
	if s := g.Stats(); s.Dropped < 85 || s.Queued > 11 {
		t.Errorf("%+v: want the slow peer's queue bounded by 10", s)
	}
	cancel() // ends the running send, too
	select {
	case err := <-end:
		if err != nil {
			t.Errorf("Run() = %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run() waits for the slow peer")
	}
	if v, ok := reports.Load("fast:1"); !ok || v != nil {
		t.Errorf("report on the fast peer: %v, %v", v, ok)
	}
}

// flood connects n gossips by links and counts deliveries.
func TestFloodReachesEveryNodeOnOneAddress(t *testing.T) {
	const n = 8
	nodes := map[string]*Flood{}
	boxes := make([]*inbox, n)
	ids := make([]string, n)
	for i := range n {
		ids[i] = key(t, fmt.Sprint(i)).PeerID()
	}
	deliver := senderFunc(func(ctx context.Context, endpoint string, body []byte) error {
		return nodes[endpoint].Receive(ctx, "127.0.0.1", body)
	})
	endpoint := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", 1000+i) }
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range n {
		boxes[i] = &inbox{}
		var links []Peer
		for _, j := range []int{(i + 1) % n, (i + n - 1) % n} { // a ring
			links = append(links, Peer{ID: ids[j], Host: "127.0.0.1", Endpoint: endpoint(j)})
		}
		cfg := DefaultConfig()
		cfg.Signer, cfg.Network, cfg.Port = key(t, fmt.Sprint(i)), network, 1000+i
		g, err := New(cfg, PeersFunc(func() []Peer { return links }), deliver, boxes[i].handle)
		if err != nil {
			t.Fatal(err)
		}
		nodes[endpoint(i)] = g
	}
	for _, g := range nodes {
		wg.Go(func() { _ = g.Run(ctx) })
	}
	m := &chain.Message{Type: chain.MsgTaskClaimed, Payload: canon.NewObject("task_id", "t")}
	if err := nodes[endpoint(0)].Broadcast(m); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for i := 1; i < n; i++ {
		for boxes[i].len() == 0 {
			if time.Now().After(deadline) {
				t.Fatalf("node %d never got the message", i)
			}
			time.Sleep(time.Millisecond)
		}
	}
	cancel()
	wg.Wait()
	for i := range n {
		if want := min(i, 1); boxes[i].len() != want {
			t.Errorf("node %d got it %d times, want %d", i, boxes[i].len(), want)
		}
	}
}

func TestUnsignedProfile(t *testing.T) {
	g := newFixture(t, func(c *Config) { c.AllowUnsigned = true })
	f := func(body string, want Reason) {
		t.Helper()
		err := g.Receive(t.Context(), "127.0.0.1", []byte(body))
		var r *Refusal
		switch {
		case want == "" && err != nil:
			t.Errorf("Receive(%.70s) = %v", body, err)
		case want != "" && (!errors.As(err, &r) || r.Why != want):
			t.Errorf("Receive(%.70s) = %v, want %s", body, err, want)
		}
	}
	f(`{"msg_type": "task_claimed", "sender_id": "python", "payload": {"n": 1}}`, "") // time of receipt
	f(`{"msg_type": "task_claimed", "sender_id": "python", "timestamp": "2026-01-02T12:00:01Z"}`, "")
	f(`{"msg_type": "task_claimed", "sender_id": "python", "timestamp": "2025-01-02T12:00:01Z"}`, ReasonTime)
	o := message(t, key(t, "a"), nil).Object()
	o.Set("sender_id", key(t, "b").PeerID()) // a signature that is there must be right
	f(string(canon.Default(o)), ReasonSignature)
	if g.len() != 2 {
		t.Errorf("%d delivered, want 2", g.len())
	}
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{Window: -1, AuthorRate: -1}, nil, nil, nil)
	for _, want := range []string{"signer", "port", "clock", "window", "max queues", "author rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
}

func FuzzReceive(f *testing.F) {
	good := encode(message(f, key(f, "a"), nil))
	for _, s := range []string{string(good), "{}", `{"type": "message", "data": ` + string(good) + `}`, `{"type": "control"}`,
		`{"msg_type": "optimae_commit", "sender_id": "x", "ttl": 1e3, "timestamp": 1e300}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, unsigned := range []bool{false, true} {
			g := newFixture(t, func(c *Config) { c.AllowUnsigned = unsigned }, Peer{ID: "p", Endpoint: "p:1"})
			err := g.Receive(t.Context(), "127.0.0.1", body)
			var r *Refusal
			if err != nil && !errors.As(err, &r) {
				t.Fatalf("Receive(%q) = %v, want a *Refusal", body, err)
			}
			for _, m := range g.got {
				if !unsigned && chain.VerifyMessage(m, network) != nil {
					t.Fatalf("delivered a message without a good signature: %q", body)
				}
				if !json.Valid(encode(m)) {
					t.Fatalf("delivered a message that does not encode: %q", body)
				}
			}
		}
	})
}

// TestHeldBytes: what waits for several peers is one body, and all together stay below the bound, whoever does not take them.
func TestHeldBytes(t *testing.T) {
	peers := []Peer{{ID: "a", Endpoint: "a:1"}, {ID: "b", Endpoint: "b:1"}}
	g := newFixture(t, func(c *Config) { c.MaxBytes, c.QueueBytes, c.HeldBytes = 4<<10, 1<<20, 4<<10 }, peers...)
	f := func(sizeBytes, waiting int, dropped uint64) {
		t.Helper()
		if err := g.Broadcast(&chain.Message{Type: chain.MsgPeerDiscovery, Payload: canon.NewObject("x", strings.Repeat("y", sizeBytes))}); err != nil {
			t.Fatal(err)
		}
		if st := g.Stats(); st.Queued != waiting || st.Dropped != dropped {
			t.Errorf("after %d bytes: %d waiting, %d dropped, want %d, %d", sizeBytes, st.Queued, st.Dropped, waiting, dropped)
		}
	}
	f(2<<10, 2, 0)
	f(2<<10, 2, 2)
	f(10, 4, 2)
	g.run(t)
	for range 4 {
		<-g.sent
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		g.Flood.mu.Lock()
		held := g.held
		g.Flood.mu.Unlock()
		if held == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held after everything was sent", held)
		}
		<-time.After(time.Millisecond)
	}

	// So does a message for one peer.
	m := &chain.Message{Type: chain.MsgPeerDiscovery, Payload: canon.NewObject("x", "y")}
	g.Flood.mu.Lock()
	g.held = 4 << 10
	g.Flood.mu.Unlock()
	if err := g.Send(t.Context(), peers[0], m); !errors.Is(err, ErrBusy) {
		t.Errorf("Send() without room: %v, want ErrBusy", err)
	}
	g.Flood.mu.Lock()
	g.held = 0
	g.Flood.mu.Unlock()
	if err := g.Send(t.Context(), peers[0], m); err != nil || g.held != 0 {
		t.Errorf("Send() = %v, %d bytes are held afterwards", err, g.held)
	}
}
