package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// The limits of the node under attack, low enough that a short test reaches them.
const (
	attackedConns   = 200
	attackedPerAddr = 60
	attackedTimeout = 2 // seconds to receive a request
	attackedRate    = 100
	attackedAuthor  = 20
	attackedPoints  = 40
	attackedPenalty = 4 // seconds
	attackedPeers   = 40
	attackedMemory  = 400 << 20 // bytes in all
	honestPatience  = 5 * time.Second
)

// TestAttack lets one enemy after another loose on a node of a working network, each from an address of its own
// (127.0.0.0/8 is all loopback). Meanwhile an honest client is answered in time, memory stays bounded, and the network
// makes blocks; whoever breaks the rules is cut off, and no longer than configured.
func TestAttack(t *testing.T) {
	t.Parallel()
	friend, err := identity.FromSeed("a registered evaluator that turns bad")
	if err != nil {
		t.Fatal(err)
	}
	hosts := newNetwork(t, 2, settings(endless()).Set("network", "http").Set("target_block_time", 1).Set("max_connections", attackedConns).
		Set("max_connections_per_address", attackedPerAddr).Set("request_timeout", attackedTimeout).Set("idle_timeout", 2*attackedTimeout).
		Set("messages_per_second", attackedRate).Set("author_messages_per_second", attackedAuthor).
		Set("penalty_points", attackedPoints).Set("penalty_time", attackedPenalty).Set("max_peers", attackedPeers), friend)
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "a block", higher(hosts[0], 0))
	network, err := hosts[0].mustGet("/chain/status").String("network_id")
	if err != nil {
		t.Fatal(err)
	}
	before := heightsOf(t, hosts)
	watch := watchVictim(t, hosts[0])
	for i, attack := range []struct {
		name string
		run  func(*testing.T, *enemy)
	}{
		{"garbage", attackGarbage}, {"forgery", attackForgery}, {"sybils", attackSybils}, {"commits", attackCommits}, {"replay", attackReplay},
		{"slow bodies", attackSlow}, {"headers", attackHeaders}, {"bombs", attackBombs}, {"lists", attackLists}, {"idle connections", attackIdle},
		{"oddities", attackOddities}, {"readers", attackReaders}, {"poisoned peers", attackPeers}, {"answers", attackAnswers},
	} {
		t.Run(attack.name, func(t *testing.T) {
			own := *hosts[0]
			own.t = t
			e := newEnemy(t, &own, fmt.Sprintf("127.0.1.%d", i+1), friend, network)
			began := watch.mark()
			attack.run(t, e)
			watch.check(t, began)
		})
	}
	watch.stop()
	eventually(t, "blocks after the attacks", grown(hosts, before, 1))
	eventually(t, "the tips agree", agree(hosts))
	if strings.Contains(hosts[0].out.String(), "panic") {
		t.Error("something panicked")
	}
	if s := scoreOf(t, hosts[1], "address", "127.0.0.1"); s < attackedPoints {
		t.Errorf("the honest nodes' address has lost points at the other node: %v", s)
	}
}

// victim watches the node under attack as its honest users see it.
type victim struct {
	t    *testing.T
	h    *host
	done chan struct{}
	wait sync.WaitGroup
	base int64 // resident bytes before

	mu     sync.Mutex
	peak   int64
	slow   time.Duration // the slowest honest answer since the mark
	asked  int
	failed []error
}

// watchVictim asks the node, on a new connection every time, and measures its memory until stop.
func watchVictim(t *testing.T, h *host) *victim {
	w := &victim{t: t, h: h, done: make(chan struct{})}
	w.base = resident(t, h.cmd.Process.Pid)
	c := &http.Client{Timeout: honestPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	w.wait.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-w.done:
				return
			case <-tick.C:
			}
			path := []string{"/health", "/chain/status", "/status", "/chain/blocks", "/peers"}[n%5]
			begin := time.Now()
			res, err := c.Get("http://" + h.endpoint() + path)
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					err = fmt.Errorf("GET %s: %d", path, res.StatusCode)
				}
			}
			now := resident(t, h.cmd.Process.Pid)
			w.mu.Lock()
			w.asked++
			w.peak, w.slow = max(w.peak, now), max(w.slow, time.Since(begin))
			if err != nil {
				w.failed = append(w.failed, err)
			}
			w.mu.Unlock()
		}
	})
	t.Cleanup(w.stop)
	return w
}

func (w *victim) stop() {
	select {
	case <-w.done:
	default:
		close(w.done)
	}
	w.wait.Wait()
}

// mark begins a new measurement and returns how many questions were asked before.
func (w *victim) mark() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow, w.failed = 0, nil
	return w.asked
}

// check demands that honest questions since the mark were answered, and that memory is bounded.
func (w *victim) check(t *testing.T, mark int) {
	t.Helper()
	eventually(t, "honest questions during and after the attack", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if n := w.asked - mark; n < 5 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.failed); n > 0 {
		t.Errorf("%d of %d honest questions were not answered, the first: %v", n, w.asked-mark, w.failed[0])
	}
	if w.peak > attackedMemory {
		t.Errorf("resident memory rose from %d to %d MiB, most is %d", w.base>>20, w.peak>>20, attackedMemory>>20)
	}
	t.Logf("%d honest questions, the slowest answer %v, memory %d of %d MiB before", w.asked-mark, w.slow.Round(time.Millisecond), w.peak>>20, w.base>>20)
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB`)

// resident returns a process's resident bytes, 0 where it has ended.
func resident(t *testing.T, pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(data)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n << 10
}

// scoreOf returns the points that a node gives a name, all of them where it is not on the list of the worst.
func scoreOf(t *testing.T, h *host, kind, name string) float64 {
	t.Helper()
	line := regexp.MustCompile(`(?m)^doin_score\{kind="` + kind + `",name="` + regexp.QuoteMeta(name) + `"\} (\S+)$`)
	m := line.FindSubmatch(h.must("GET", "/metrics", nil).body)
	if m == nil {
		return attackedPoints
	}
	f, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// enemy is one hostile client at an address of its own. The host's own questions come from the honest address.
type enemy struct {
	*host
	address string
	client  *http.Client
	friend  *identity.Key
	network string
}

func newEnemy(t *testing.T, h *host, address string, friend *identity.Key, network string) *enemy {
	e := &enemy{host: h, address: address, friend: friend, network: network}
	e.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			return e.dialer().DialContext(ctx, network, to)
		}}}
	t.Cleanup(e.client.CloseIdleConnections)
	return e
}

func (e *enemy) dialer() *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(e.address)}}
}

// post sends a body to /message from the enemy's address and returns the status, 0 where there was no answer.
func (e *enemy) post(body []byte) int {
	res, err := e.client.Post("http://"+e.endpoint()+"/message", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	return res.StatusCode
}

// flood posts what make returns, n times by four senders, and counts the answers by status.
func (e *enemy) flood(n int, make func(i int) []byte) map[int]int {
	var mu sync.Mutex
	counts := map[int]int{}
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				status := e.post(make(i))
				mu.Lock()
				counts[status]++
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	return counts
}

// isCutOff demands that the enemy's score fell to nothing, that it is not answered, and that it is again when its
// penalty is over.
func (e *enemy) isCutOff(t *testing.T) {
	t.Helper()
	if s := scoreOf(t, e.host, "address", e.address); s >= attackedPoints/2 {
		t.Errorf("%s has %v points after its attack", e.address, s)
	}
	if status := e.post([]byte("{}")); status != 0 && status != http.StatusForbidden {
		t.Errorf("%s is answered %d: not cut off", e.address, status)
	}
	eventually(t, e.address+" is let in again", func() error {
		res, err := e.client.Get("http://" + e.endpoint() + "/health")
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%d", res.StatusCode)
		}
		return nil
	})
}

// attackGarbage floods with bytes that are no messages.
func attackGarbage(t *testing.T, e *enemy) {
	counts := e.flood(3000, func(i int) []byte { return fmt.Appendf(nil, "{garbage %d", i) })
	if counts[http.StatusOK] > 0 || counts[http.StatusBadRequest] < attackedPoints || counts[0]+counts[http.StatusForbidden] == 0 {
		t.Errorf("answers by status %v: want some 400, then none", counts)
	}
	e.isCutOff(t)
}

// attackForgery sends messages and votes of others, with signatures that are not theirs, of another network, or none.
func attackForgery(t *testing.T, e *enemy) {
	_, tip, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	before := scoreOf(t, e.host, "author", e.friend.PeerID())
	forged := func(i int) []byte {
		m := commitMessage(tip, i)
		network, k := e.network, stranger
		if i%3 == 1 {
			network, k = strings.Repeat("0", 64), e.friend // signed for another network
		}
		if i%3 == 2 {
			v := &chain.Vote{OptimaeID: strings.Repeat("ab", 32), DomainID: "quadratic", Anchor: tip, Digest: strings.Repeat("cd", 32), VerifiedPerformance: -1}
			if err := chain.SignVote(v, stranger, e.network); err != nil {
				t.Error(err)
			}
			v.EvaluatorID = e.friend.PeerID()
			m.Type, m.Payload = chain.MsgTaskCompleted, canon.NewObject("task_id", "x", "vote", v.Object())
		}
		if err := chain.SignMessage(m, k, network); err != nil {
			t.Error(err)
		}
		m.SenderID = e.friend.PeerID()
		return canon.Default(m.Object())
	}
	counts := e.flood(300, forged)
	if counts[http.StatusOK] > 0 {
		t.Errorf("answers by status %v: something forged was taken", counts)
	}
	if after := scoreOf(t, e.host, "author", e.friend.PeerID()); after < before {
		t.Errorf("who did not sign lost points: %v, had %v", after, before)
	}
	e.isCutOff(t)
}

// commitMessage is a commitment that nobody has made before.
func commitMessage(tip string, i int) *chain.Message {
	return &chain.Message{Type: chain.MsgOptimaeCommit, TTL: chain.DefaultTTL, Timestamp: timestamp.FromMicro(time.Now().UnixMicro()),
		Payload: canon.NewObject("commitment_hash", fmt.Sprintf("%064x", i), "domain_id", "quadratic", "anchor", tip)}
}

// pendingCommitments is what the node counts.
func pendingCommitments(t *testing.T, h *host) int64 {
	t.Helper()
	o, err := h.mustGet("/status").Object("security")
	if err != nil {
		t.Fatal(err)
	}
	n, err := o.Int("pending_commitments")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// attackSybils floods with well signed commitments, each by a key of its own: the address's rate bounds them.
func attackSybils(t *testing.T, e *enemy) {
	_, tip, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for i := range 1500 {
		k, err := identity.Generate()
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, sign(t, commitMessage(tip, 1_000_000+i), k, e.network))
	}
	was := pendingCommitments(t, e.host)
	counts := e.flood(len(bodies), func(i int) []byte { return bodies[i-1] })
	if counts[http.StatusTooManyRequests]+counts[http.StatusForbidden]+counts[0]+counts[http.StatusServiceUnavailable] == 0 {
		t.Errorf("answers by status %v: no limit was met", counts)
	}
	if n := pendingCommitments(t, e.host) - was; n > 1024 { // a hash each; what is revealed is drawn by lot
		t.Errorf("%d commitments of strangers wait", n)
	}
	t.Logf("answers by status %v", counts)
}

// attackCommits floods with commitments of one registered evaluator: its own rate bounds them, and so does the engine.
func attackCommits(t *testing.T, e *enemy) {
	_, tip, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	was := pendingCommitments(t, e.host)
	counts := e.flood(800, func(i int) []byte { return sign(t, commitMessage(tip, 2_000_000+i), e.friend, e.network) })
	if counts[http.StatusTooManyRequests]+counts[http.StatusForbidden] == 0 {
		t.Errorf("answers by status %v: no limit was met", counts)
	}
	if n := pendingCommitments(t, e.host) - was; n > 100 {
		t.Errorf("%d commitments of one author wait", n)
	}
	t.Logf("answers by status %v, %v points of the author left", counts, scoreOf(t, e.host, "author", e.friend.PeerID()))
}

// attackReplay repeats one good message, as it was and with another time to live: it counts once.
func attackReplay(t *testing.T, e *enemy) {
	_, tip, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	k, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	m := commitMessage(tip, 3_000_000)
	body := sign(t, m, k, e.network)
	was := pendingCommitments(t, e.host)
	counts := e.flood(300, func(i int) []byte {
		return bytes.Replace(body, []byte(`"ttl": 7`), fmt.Appendf(nil, `"ttl": %d`, 1+i%7), 1)
	})
	if n := pendingCommitments(t, e.host) - was; n > 20 { // others commit meanwhile
		t.Errorf("%d more commitments after replays of one", n)
	}
	t.Logf("answers by status %v", counts)
}

// attackSlow opens connections that send a byte now and then: each ends when the time for a request is over.
func attackSlow(t *testing.T, e *enemy) {
	d := e.dialer()
	var conns []net.Conn
	for i := range attackedPerAddr - 10 {
		c, err := d.Dial("tcp", e.endpoint())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		head := "POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
		if i%2 == 0 {
			head = "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "
		}
		if _, err := io.WriteString(c, head); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	begin := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for open := conns; len(open) > 0; <-tick.C {
		if d := time.Since(begin); d > 5*attackedTimeout*time.Second {
			t.Fatalf("%d slow connections are open after %v", len(open), d)
		}
		open = slices.DeleteFunc(open, closed)
		for _, c := range open {
			_, _ = c.Write([]byte("y")) // closed sees what became of it
		}
	}
	t.Logf("all slow connections were ended within %v", time.Since(begin).Round(100*time.Millisecond))
	e.isCutOff(t)
}

// closed reports whether the other side has closed a connection, whatever it said before.
func closed(c net.Conn) bool {
	buffer := make([]byte, 4096)
	for {
		if c.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
			return true
		}
		if _, err := c.Read(buffer); err != nil {
			var timeout net.Error
			return !errors.As(err, &timeout) || !timeout.Timeout()
		}
	}
}

// attackHeaders sends headers without end, and bodies that claim to be huge.
func attackHeaders(t *testing.T, e *enemy) {
	d := e.dialer()
	for i := range 3 * attackedPoints {
		c, err := d.Dial("tcp", e.endpoint())
		if err != nil {
			continue
		}
		_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // a connection just made
		switch i % 3 {
		case 0:
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nX: "+strings.Repeat("y", 1<<20))
		case 1:
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n"+strings.Repeat("X: y\r\n", 20_000)+"\r\n")
		case 2:
			_, _ = io.WriteString(c, "POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n"+strings.Repeat("z", 1<<20))
		}
		if line, _ := bufio.NewReader(c).ReadString('\n'); strings.Contains(line, " 200 ") {
			t.Errorf("answer %q", line)
		}
		c.Close()
	}
	e.isCutOff(t)
}

// attackBombs sends bodies that are small to send and large to read.
func attackBombs(t *testing.T, e *enemy) {
	deep := []byte(`{"payload": ` + strings.Repeat(`[`, 200_000) + strings.Repeat(`]`, 200_000) + `}`)
	keys := bytes.NewBufferString(`{"a": 0`)
	for i := range 30_000 {
		fmt.Fprintf(keys, `, "%d": {}`, i)
	}
	keys.WriteString("}")
	bombs := [][]byte{
		deep, keys.Bytes(),
		[]byte(`{"payload": {"x": 1e999999999}}`),
		[]byte(`{"payload": {"x": ` + strings.Repeat("9", 400_000) + `}}`),
		[]byte(`{"payload": {"x": 0.` + strings.Repeat("1", 400_000) + `e-5}}`),
		[]byte(`{"payload": "` + strings.Repeat(`\u0000`, 80_000) + `"}`),
		[]byte(`{"payload": ` + strings.Repeat(`{"a":`, 50_000) + `1` + strings.Repeat(`}`, 50_000) + `}`),
		bytes.Repeat([]byte("x"), 100<<20),
	}
	for range attackedPoints {
		for _, b := range bombs[:len(bombs)-1] {
			if status := e.post(b); status == http.StatusOK || status >= 500 && status != http.StatusServiceUnavailable {
				t.Errorf("%.30s of %d bytes: %d", b, len(b), status)
			}
		}
	}
	if status := e.post(bombs[len(bombs)-1]); status == http.StatusOK {
		t.Error("100 MiB were taken")
	}
	e.isCutOff(t)
}

// attackIdle opens two thousand connections from many addresses and says nothing: few are kept, and none of them keeps
// an honest client out.
func attackIdle(t *testing.T, e *enemy) {
	const all = 2000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < all+200 {
		t.Skipf("NOT TESTED: %d idle connections. This process may open %d files only (%v)", all, limit.Cur, err)
	}
	var conns []net.Conn
	for i := range all {
		d := e.dialer()
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 2, byte(1+i%20))}
		c, err := d.Dial("tcp", e.endpoint())
		if err != nil {
			continue // refused in the queue already
		}
		defer c.Close()
		conns = append(conns, c)
	}
	// The first look finds what the system accepted and the node has not refused yet; by the second it has.
	open := len(slices.DeleteFunc(slices.DeleteFunc(slices.Clone(conns), closed), closed))
	if open > attackedConns {
		t.Errorf("%d idle connections are open, most is %d", open, attackedConns)
	}
	t.Logf("%d of %d idle connections were kept", open, len(conns))
	for _, h := range conns { // what is left ends by itself
		_ = h.SetReadDeadline(time.Now().Add(10 * attackedTimeout * time.Second))
	}
	eventually(t, "idle connections are ended", func() error {
		if n := len(slices.DeleteFunc(slices.Clone(conns), closed)); n > 0 {
			return fmt.Errorf("%d are open", n)
		}
		return nil
	})
}

// attackPeers is a peer that proves its key and then names peers that are not there: the table stays small, and honest
// peers in it.
func attackPeers(t *testing.T, e *enemy) {
	k, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(e.address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	var asked atomic.Int64
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/peers" {
			http.NotFound(w, r)
			return
		}
		round := asked.Add(1)
		proof, err := k.Sign(identity.KindChallenge, e.network, []byte(r.URL.Query().Get("challenge")))
		if err != nil {
			t.Error(err)
		}
		peers := []any{canon.NewObject("peer_id", "x", "address", "169.254.169.254", "port", 80), // link-local: never dialled
			canon.NewObject("address", "not an address", "port", 1), canon.NewObject("address", 5), "peer"}
		for i := range 1000 {
			peers = append(peers, canon.NewObject("peer_id", fmt.Sprintf("%040x", i), "address", fmt.Sprintf("127.1.%d.%d", round%250, i%250), "port", 1+i%60000))
		}
		self := canon.NewObject("peer_id", k.PeerID(), "port", port, "public_key", k.PublicKey(), "network_id", e.network, "proof", proof)
		_, _ = w.Write(canon.Default(canon.NewObject("self", self, "peers", peers))) // it may have gone
	})}
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	defer func() { server.Close(); <-served }()

	hello := &chain.Message{Type: chain.MsgPeerDiscovery, TTL: 1, Timestamp: timestamp.FromMicro(time.Now().UnixMicro()), Payload: canon.NewObject(chain.MetaSenderPort, port)}
	if err := chain.SignMessage(hello, k, e.network); err != nil {
		t.Fatal(err)
	}
	if status := e.post(canon.Default(hello.Object())); status != http.StatusOK {
		t.Fatalf("hello: %d", status)
	}
	// And it names ports of its own address that nobody listens on.
	e.flood(200, func(i int) []byte {
		m := &chain.Message{Type: chain.MsgPeerDiscovery, TTL: 1, Timestamp: timestamp.FromMicro(time.Now().UnixMicro() + int64(i)), Payload: canon.NewObject(chain.MetaSenderPort, 20000+i)}
		if err := chain.SignMessage(m, k, e.network); err != nil {
			t.Error(err)
		}
		return canon.Default(m.Object())
	})
	eventually(t, "the enemy was asked for its peers several times", func() error {
		if n := asked.Load(); n < 3 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	d, err := e.mustGet("/status").Object("discovery")
	if err != nil {
		t.Fatal(err)
	}
	known, err1 := d.Int("known_peers")
	connected, err2 := d.Int("connected")
	if err := errors.Join(err1, err2); err != nil || known > attackedPeers || connected < 2 {
		t.Errorf("%d peers known (most is %d), %d connected: want the honest one and the enemy, %v", known, attackedPeers, connected, err)
	}
	for _, p := range objects(t, e.mustGet("/peers"), "peers") {
		if a, _ := p.String("address"); strings.HasPrefix(a, "169.254.") || strings.HasPrefix(a, "127.1.") {
			t.Errorf("a peer that is not there is passed on: %s", a)
		}
	}
	t.Logf("asked %d times, %d peers known, %d connected", asked.Load(), known, connected)
}
