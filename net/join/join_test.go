package join_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/join"
	"doin.network/node/net/transport"
)

func key(t *testing.T, seed string) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func evaluator(k *identity.Key) chain.Evaluator {
	return chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()}
}

func draft(evaluators ...chain.Evaluator) *chain.Genesis {
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(),
		Domains: []chain.Domain{chain.DefaultDomain("co2")}, Evaluators: evaluators}
	g.Parameters.StartTime = timestamp.FromMicro(1e15)
	return g
}

func client(t *testing.T) *join.Client {
	c := join.NewClient()
	t.Cleanup(c.Close)
	return c
}

// serve serves a room, and returns where.
func serve(t *testing.T, room *join.Room) string {
	t.Helper()
	ln, err := transport.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- transport.NewServer(transport.DefaultServerConfig(), room.Serve).Run(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return ln.Addr().String()
}

// TestInvitation: where peers are named, no other takes a place, however early it comes, and each of them is told of once.
func TestInvitation(t *testing.T) {
	var came, refused []string
	own, one, two, stranger := key(t, "own"), key(t, "one"), key(t, "two"), key(t, "stranger")
	room := join.NewRoom(draft(), evaluator(own), join.Invitation{Wait: 2, Only: []string{one.PeerID(), two.PeerID()},
		Came:    func(e chain.Evaluator, _ string, _ int) { came = append(came, e.PeerID) },
		Refused: func(peerID, host string) { refused = append(refused, peerID+" "+host) }})
	at, c := serve(t, room), client(t)
	for range 2 {
		if err := c.Request(t.Context(), at, stranger, draft()); !errors.Is(err, join.ErrRefused) || !strings.Contains(err.Error(), stranger.PeerID()) {
			t.Errorf("a stranger's request: %v, want ErrRefused with its id", err)
		}
	}
	for n := range 150 { // strangers do not fill the log
		if err := c.Request(t.Context(), at, key(t, fmt.Sprint(n)), draft()); !errors.Is(err, join.ErrRefused) {
			t.Fatal(err)
		}
	}
	for _, k := range []*identity.Key{two, one} {
		if err := c.Request(t.Context(), at, k, draft()); err != nil {
			t.Fatal(err)
		}
	}
	all, err := room.Wait(t.Context())
	if err != nil || len(all) != 3 || all[1] != evaluator(two) || all[2] != evaluator(one) {
		t.Errorf("Wait() = %v, %v", all, err)
	}
	if len(came) != 2 || len(refused) != 100 || refused[0] != stranger.PeerID()+" 127.0.0.1" {
		t.Errorf("told of %q that came and of %d strangers, %.2q…, want 2 and 100", came, len(refused), refused)
	}
}

// TestRoom: who signs the draft gets a place, once; the genesis file is the draft with all of them.
func TestRoom(t *testing.T) {
	var came []string
	own, one, two, late := key(t, "own"), key(t, "one"), key(t, "two"), key(t, "late")
	room := join.NewRoom(draft(), evaluator(own), join.Invitation{Wait: 2, Came: func(e chain.Evaluator, host string, have int) {
		came = append(came, fmt.Sprintf("%d %s %s", have, e.PeerID, host))
	}})
	ctx, at, c := t.Context(), serve(t, room), client(t)
	f := func(have int) {
		t.Helper()
		o, err := c.Offer(ctx, at)
		if err != nil || !o.Draft || o.Have != have || o.Want != 3 || o.Genesis.NetworkID() != draft().NetworkID() {
			t.Errorf("Offer = %+v, %v, want %d of 3", o, err, have)
		}
	}
	f(1)
	other := draft()
	other.Parameters.Name = "other"
	if err := c.Request(ctx, at, one, other); !errors.Is(err, join.ErrAnswer) {
		t.Errorf("a request for another network: %v", err)
	}
	for range 2 {
		if err := c.Request(ctx, at, one, draft()); err != nil {
			t.Fatal(err)
		}
	}
	f(2)
	if err := c.Request(ctx, at, two, draft()); err != nil {
		t.Fatal(err)
	}
	f(3)
	if err := c.Request(ctx, at, late, draft()); !errors.Is(err, join.ErrRefused) {
		t.Errorf("a request that is too late: %v", err)
	}
	all, err := room.Wait(ctx)
	if err != nil || len(all) != 3 || all[0] != evaluator(own) || len(came) != 2 || came[0] != "2 "+one.PeerID()+" 127.0.0.1" {
		t.Fatalf("Wait = %v, %v; came %q", all, err, came)
	}
	g := draft(all...)
	if err := join.Follows(g, draft(), two.PeerID()); err != nil {
		t.Error(err)
	}
	if err := join.Follows(g, draft(), late.PeerID()); !errors.Is(err, join.ErrAnswer) {
		t.Errorf("Follows without an own place = %v", err)
	}
	if err := join.Follows(g, other, two.PeerID()); !errors.Is(err, join.ErrAnswer) {
		t.Errorf("Follows of another draft = %v", err)
	}
	for _, body := range []string{"", "[]", `{"peer_id": 1}`, strings.Repeat(" ", join.MaxRequestBytes+1) + "{}"} {
		res, err := http.Post("http://"+at+"/join", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 400 {
			t.Errorf("POST /join %.20q = %d, want 400", body, res.StatusCode)
		}
	}
}

// host is a node that says what it is told to.
type host struct {
	genesis, network string
	status           int
	key              *identity.Key
	mute             bool
}

func (h host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/genesis":
		w.WriteHeader(h.status)
		io.WriteString(w, h.genesis)
	case "/chain/status":
		w.Write(canon.Default(canon.NewObject("network_id", h.network)))
	case "/peers":
		self := canon.NewObject("peer_id", h.key.PeerID(), "public_key", h.key.PublicKey())
		if proof, err := h.key.Sign(identity.KindChallenge, h.network, []byte(r.URL.Query().Get("challenge"))); err == nil && !h.mute {
			self.Set("proof", proof)
		}
		w.Write(canon.Default(canon.NewObject("self", self)))
	}
}

// endless writes until nobody listens.
type endless struct{}

func (endless) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for _, err := w.Write([]byte(`{"x": "`)); err == nil; {
		_, err = w.Write(bytes.Repeat([]byte("x"), 1<<16))
	}
}

// TestOffer: a genesis file is believed when the host's chain has it, and its key says so.
func TestOffer(t *testing.T) {
	k := key(t, "host")
	g := draft(evaluator(k))
	text := string(canon.Default(g.Object()))
	good := host{genesis: text, network: g.NetworkID(), status: 200, key: k}
	f := func(h http.Handler, want string) {
		t.Helper()
		s := httptest.NewServer(h)
		defer s.Close()
		o, err := client(t).Offer(t.Context(), strings.TrimPrefix(s.URL, "http://"))
		if want == "" {
			if err != nil || o.Draft || o.Genesis.NetworkID() != g.NetworkID() {
				t.Errorf("Offer = %+v, %v", o, err)
			}
			return
		}
		if !errors.Is(err, join.ErrAnswer) || !strings.Contains(err.Error(), want) {
			t.Errorf("Offer = %v, want ErrAnswer with %q", err, want)
		}
	}
	f(good, "")
	with := func(edit func(*host)) host {
		h := good
		edit(&h)
		return h
	}
	f(with(func(h *host) {
		h.genesis = strings.Replace(text, `"target_block_time": 600`, `"target_block_time": 601`, 1)
	}), "its chain is of network")
	f(with(func(h *host) { h.mute = true }), "does not prove")
	f(with(func(h *host) { h.genesis = "garbage" }), "genesis file of")
	f(with(func(h *host) { h.genesis = "{}" }), "genesis file of")
	f(with(func(h *host) { h.genesis = strings.Replace(text, `"format": `, `"format": 9`, 1) }), "format")
	f(with(func(h *host) { h.status = 404 }), "no doin-node")
	f(with(func(h *host) { h.status, h.genesis = 500, "oops" }), "oops")
	f(with(func(h *host) { h.status, h.genesis = 302, "" }), "302")
	f(with(func(h *host) { h.status, h.genesis = 202, `{"have": 1, "want": 2}` }), "draft of")
	f(with(func(h *host) { h.status, h.genesis = 202, `{"have": 1, "want": 2, "genesis": `+text+`}` }), "of them named")
	f(with(func(h *host) { h.status, h.genesis = 202, `{"have": 1, "want": 1e9, "genesis": `+text+`}` }), "draft of")
	f(endless{}, "more than")

	silent := make(chan struct{})
	defer close(silent)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silent }))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client(t).Offer(ctx, strings.TrimPrefix(s.URL, "http://")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a host that says nothing: %v", err)
	}
}

// shelf sends a file as a bad network does: at most most bytes of it in one answer.
type shelf struct {
	content []byte
	most    int
	ranges  *[]string
	zip     bool
	status  int
}

func (s shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	*s.ranges = append(*s.ranges, r.Header.Get("Range"))
	if s.status != 0 {
		w.WriteHeader(s.status)
		io.WriteString(w, `{"reason": "share_data is false"}`)
		return
	}
	if s.zip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(s.content[:min(len(s.content), s.most)])
		z.Flush()
		w.(http.Flusher).Flush()
		if s.most < len(s.content) {
			panic(http.ErrAbortHandler) // what was flushed has gone
		}
		z.Close()
		return
	}
	from := 0
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.content)-1, len(s.content)))
		w.Header().Set("Content-Length", fmt.Sprint(len(s.content)-from))
		w.WriteHeader(206)
	}
	w.Write(s.content[from:min(len(s.content), from+s.most)])
}

// TestFile: a file comes in pieces, through whatever breaks, and is what its hash says or nothing.
func TestFile(t *testing.T) {
	content := []byte(strings.Repeat("1958-03,315.71\n", 1000))
	sum := sha256.Sum256(content)
	file := chain.File{Key: "data", Name: "co2.csv", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}
	f := func(s shelf, file chain.File, before string, want error, text, ranges string) {
		t.Helper()
		var asked []string
		s.ranges = &asked
		server := httptest.NewServer(s)
		defer server.Close()
		path := filepath.Join(t.TempDir(), "co2.csv")
		if before != "" {
			if err := os.WriteFile(path+".part", []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		last := int64(-1)
		err := client(t).File(t.Context(), strings.TrimPrefix(server.URL, "http://"), file, path, func(n int64) { last = n })
		if fmt.Sprintf("%q", asked) != ranges {
			t.Errorf("asked for %q, want %s", asked, ranges)
		}
		if want != nil {
			if _, there := os.Stat(path); !errors.Is(err, want) || !strings.Contains(err.Error(), text) || there == nil {
				t.Errorf("File = %v, want %v with %q and no file", err, want, text)
			}
			return
		}
		got, rerr := os.ReadFile(path)
		if err != nil || rerr != nil || !bytes.Equal(got, content) || last != file.Size {
			t.Errorf("File = %v; %d bytes (%v), last told of %d, want %d", err, len(got), rerr, last, file.Size)
		}
		if _, err := os.Stat(path + ".part"); err == nil {
			t.Error("the part is left")
		}
	}
	all := len(content)
	f(shelf{content: content, most: all}, file, "", nil, "", `[""]`)
	f(shelf{content: content, most: all, zip: true}, file, "", nil, "", `[""]`)
	f(shelf{content: content, most: 9000, zip: true}, file, "", nil, "", `["" "bytes=9000-"]`)
	f(shelf{content: content, most: all}, file, string(content[:100]), nil, "", `["bytes=100-"]`)
	longer := append(bytes.Clone(content), "x"...)
	f(shelf{content: longer, most: all + 1}, file, "", join.ErrAnswer, "more than 15000 bytes", `[""]`)
	f(shelf{content: longer, most: all + 1, zip: true}, file, "", join.ErrAnswer, "more than 15000 bytes", `[""]`)
	f(shelf{content: bytes.ToUpper([]byte(strings.Repeat("x", all))), most: all}, file, "", join.ErrAnswer, "has SHA-256", `[""]`)
	f(shelf{content: content, most: all}, file, "wrong", join.ErrAnswer, "has SHA-256", `["bytes=5-"]`)
	f(shelf{status: 403}, file, "", join.ErrRefused, "share_data is false", `[""]`)
	f(shelf{status: 404}, file, "", join.ErrAnswer, "404", `[""]`)
}
