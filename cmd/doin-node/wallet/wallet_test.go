package wallet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

const network = "a network"

// fakeNode is a chain with one account, behind the routes that a wallet asks.
type fakeNode struct {
	t    *testing.T
	peer string

	mu         sync.Mutex
	balance    int64
	nonce      int64
	pending    []*chain.Tx
	included   map[string]int64 // heights by transaction
	registered int64            // height, 0: it is no evaluator
	refuses    string           // the reason for which POST is refused
	drops      bool             // POST takes the transaction, and the connection breaks
	signing    string           // of a network of protocol 2; "": it is of protocol 1
	posts      int
}

func (f *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case strings.HasPrefix(r.URL.Path, "/balance/"):
		w.Write(canon.Default(f.account()))
	case r.Method == http.MethodPost && r.URL.Path == "/transactions":
		f.post(w, r)
	default:
		status, o := f.find(strings.TrimPrefix(r.URL.Path, "/transactions/"))
		w.WriteHeader(status)
		w.Write(canon.Default(o))
	}
}

func (f *fakeNode) account() *canon.Object {
	locked, waiting := int64(0), []any{}
	for _, tx := range f.pending {
		t, _ := consensus.Transfer(tx)
		locked, waiting = locked+t.Amount+t.Fee, append(waiting, tx.ID)
	}
	o := canon.NewObject("peer_id", f.peer, "balance", ledger.FormatAmount(f.balance), "locked", ledger.FormatAmount(locked),
		"nonce", f.nonce, "next_nonce", f.nonce+int64(len(f.pending))+1, "reputation", 0.0,
		"evaluator", canon.NewObject("registered", f.registered > 0, "eligible", false, "reason", "it is not registered", "remedy", "register"),
		"waiting", waiting, "base_fee", "0.001", "stake", "0.005", "height", int64(7), "tip_hash", "h", "network_id", network)
	if f.signing != "" {
		o.Set("protocol", chain.Certified).Set("signing_id", f.signing)
	}
	if f.registered > 0 {
		o.Set("registered_at", f.registered)
	}
	return o
}

func (f *fakeNode) find(id string) (int, *canon.Object) {
	if h, ok := f.included[id]; ok {
		return http.StatusOK, canon.NewObject("id", id, "status", "included", "height", h)
	}
	for _, tx := range f.pending {
		if tx.ID == id {
			return http.StatusOK, canon.NewObject("id", id, "status", "pending")
		}
	}
	return http.StatusNotFound, canon.NewObject("detail", "no such transaction")
}

func (f *fakeNode) post(w http.ResponseWriter, r *http.Request) {
	f.posts++
	var body bytes.Buffer
	body.ReadFrom(r.Body)
	o, err := canon.ParseObject(body.Bytes())
	if err != nil {
		f.t.Fatal(err)
	}
	tx, err := chain.TxFromObject(o)
	if err == nil {
		err = chain.VerifyTx(tx, network)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if f.refuses != "" {
		w.WriteHeader(http.StatusConflict)
		w.Write(canon.Default(canon.NewObject("status", "error", "reason", f.refuses)))
		return
	}
	if status, _ := f.find(tx.ID); status == http.StatusNotFound {
		f.pending = append(f.pending, tx)
	}
	if f.drops {
		panic(http.ErrAbortHandler)
	}
	_, answer := f.find(tx.ID)
	w.Write(canon.Default(answer))
}

// block includes what waits.
func (f *fakeNode) block() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, tx := range f.pending {
		t, _ := consensus.Transfer(tx)
		f.balance, f.nonce, f.included[tx.ID] = f.balance-t.Amount-t.Fee, t.Nonce, 8
	}
	f.pending = nil
}

// seen is what the node has, of one moment.
type seen struct {
	balance, nonce int64
	posts, waiting int
}

func (f *fakeNode) seen() (s seen) {
	f.set(func() { s = seen{f.balance, f.nonce, f.posts, len(f.pending)} })
	return s
}

// set changes the node.
func (f *fakeNode) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

type bench struct {
	*wallet
	t    *testing.T
	node *fakeNode
	out  *bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	key, err := identity.FromSeed("wallet")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeNode{t: t, peer: key.PeerID(), balance: 10 * ledger.Unit, included: map[string]int64{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	endpoint, err := endpointOf(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	n := connect(endpoint)
	t.Cleanup(n.client.Close)
	out := new(bytes.Buffer)
	now := time.UnixMicro(1e15)
	return &bench{t: t, node: f, out: out, wallet: &wallet{node: n, key: key, journal: journalOf(filepath.Join(t.TempDir(), "identity.json")),
		out: out, every: time.Millisecond, now: func() time.Time { now = now.Add(time.Second); return now }}}
}

var to = strings.Repeat("ab", 20)

func (b *bench) left() int {
	b.t.Helper()
	list, err := b.journal.unfinished(b.key.PeerID(), network)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(list)
}

// want demands an error, "" for none, what was printed, and how many transactions wait here and there.
func (b *bench) want(err error, reason, printed string, waiting, unfinished int) {
	b.t.Helper()
	if reason == "" && err != nil || reason != "" && (err == nil || !strings.Contains(err.Error(), reason)) {
		b.t.Errorf("error %v, want %q", err, reason)
	}
	if !strings.Contains(b.out.String(), printed) {
		b.t.Errorf("printed %q, want %q in it", b.out, printed)
	}
	if there := b.node.seen(); there.waiting != waiting || b.left() != unfinished {
		b.t.Errorf("%d wait at the node and %d in the journal, want %d and %d", there.waiting, b.left(), waiting, unfinished)
	}
	b.out.Reset()
}

func TestSend(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	five := order{to: to, amount: 5 * ledger.Unit}
	b.want(b.send(ctx, five), "", "sent: transfer of 5 DOIN to "+to+" (fee 0.0015, nonce 1", 1, 0)
	b.want(b.send(ctx, five), "more than the 4.9985 that", "", 1, 0)
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit}), "", "nonce 2", 2, 0)
	b.want(b.send(ctx, order{to: "x", amount: 1}), "is no account", "", 2, 0)
	b.want(b.send(ctx, order{to: b.key.PeerID(), amount: 1}), "own account", "", 2, 0)
	b.want(b.send(ctx, order{to: to}), "above 0", "", 2, 0)
	b.want(b.send(ctx, order{to: to, amount: 1, fee: 1}), "below the base fee", "", 2, 0)
	b.node.set(func() { b.node.refuses = "wrong nonce" })
	b.want(b.send(ctx, order{to: to, amount: 1}), "does not take it: wrong nonce", "", 2, 0)
	b.network = "another"
	b.want(b.send(ctx, order{to: to, amount: 1}), "is of network a network, the configuration's is another", "", 2, 0)
}

// TestSigning: in a network of protocol 2 that was recovered, nothing is signed for what the node says but this machine's files do not.
func TestSigning(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	b.network, b.signing = network, network
	b.node.set(func() { b.node.signing = "another" })
	b.want(b.send(ctx, order{to: to, amount: 1}), "signs for another, this machine for a network", "", 0, 0)
	b.signing = "another"
	b.node.set(func() { b.node.signing = "" })
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit}), "", "sent: ", 1, 0)
}

// TestSendOnce: whatever is killed or breaks, and however often the same is asked for, one transfer is sent; a second one only when
// it is said.
func TestSendOnce(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	b.node.set(func() { b.node.balance = 100 * ledger.Unit })
	two := order{to: to, amount: 2 * ledger.Unit}
	// The node takes it, and the connection breaks: the command cannot know.
	b.node.set(func() { b.node.drops = true })
	b.want(b.send(ctx, two), "it is not known whether the node has taken", "", 1, 1)
	b.want(b.send(ctx, two), "it is not known whether the node has taken", "", 1, 1)
	b.node.set(func() { b.node.drops = false })
	b.want(b.send(ctx, two), "", "it is not sent twice: transfer of 2 DOIN", 1, 0)

	// Killed before the node heard of it: the next command of another transfer brings both on their way.
	b.begin(order{to: to, amount: 3 * ledger.Unit}, 2)
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit}), "", "has begun this: transfer of 3 DOIN", 3, 0)
	// Killed after it was included.
	b.begin(two, 4)
	b.want(b.send(ctx, two), "", "it waits for a block", 4, 0)
	b.node.block()
	b.begin(order{to: to, amount: ledger.Unit / 2}, 4) // another one had its nonce
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit / 2}), "", "its nonce 4 has been spent since", 0, 0)
	// One that the node refuses was not sent, and is done with.
	b.begin(two, 5)
	b.node.set(func() { b.node.refuses = "no money" })
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit}), "no money", "and it was not sent", 0, 0)
	b.node.set(func() { b.node.refuses = "" })
	// The same again, on purpose.
	b.begin(order{to: to, amount: ledger.Unit}, 5)
	b.want(b.send(ctx, order{to: to, amount: ledger.Unit, second: true}), "", "nonce 6", 2, 0)
	if there := b.node.seen(); there.balance < 0 {
		t.Errorf("balance %d", there.balance)
	}
}

// begin leaves a transfer in the journal, as a command that was killed.
func (b *bench) begin(o order, nonce int64) {
	b.t.Helper()
	if _, err := b.own(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	posts := b.node.seen().posts
	broken := *b.wallet
	broken.node = &node{endpoint: "127.0.0.1:1", client: b.wallet.node.client} // nobody listens
	err := broken.submit(b.t.Context(), consensus.TxTransfer, consensus.TransferPayload(ledger.Transfer{Sender: b.key.PeerID(), Recipient: o.to,
		Amount: o.amount, Fee: ledger.MinBaseFee, Nonce: nonce}), false)
	if err == nil || b.node.seen().posts != posts {
		b.t.Fatalf("a node that is not there took it: %v", err)
	}
}

// TestWait: waiting survives a node that forgets, and a command that is interrupted.
func TestWait(t *testing.T) {
	b := newBench(t)
	o := order{to: to, amount: ledger.Unit, wait: true}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	b.want(b.send(ctx, o), "the same command again goes on waiting", "sent:", 1, 1)
	b.node.set(func() { b.node.pending = nil }) // it was killed
	posts := b.node.seen().posts
	done := make(chan error, 1)
	go func() { done <- b.send(t.Context(), o) }()
	for {
		if there := b.node.seen(); there.posts > posts && there.waiting == 1 {
			break
		}
		select {
		case err := <-done:
			t.Fatalf("send ended: %v", err)
		default:
		}
	}
	b.node.block()
	b.want(<-done, "", "in block 8", 0, 0)
	if there := b.node.seen(); there.nonce != 1 || there.balance != 9*ledger.Unit-150_000 {
		t.Errorf("nonce %d, balance %d after one transfer", there.nonce, there.balance)
	}
}

func TestRegister(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	b.node.set(func() { b.node.balance = 1 })
	b.want(b.register(ctx, false), "a registration burns 0.005 DOIN", "", 0, 0)
	b.node.set(func() { b.node.balance = ledger.Unit })
	b.want(b.register(ctx, false), "", "sent: evaluator registered of "+b.key.PeerID(), 1, 0)
	b.want(b.unregister(ctx, false), "", "is no evaluator; nothing was sent", 1, 0)
	b.node.set(func() { b.node.registered = 5 })
	b.want(b.register(ctx, false), "", "is an evaluator already; nothing was sent", 1, 0)
	b.want(b.unregister(ctx, false), "", "sent: evaluator left of "+b.key.PeerID(), 2, 0)
	var left *chain.Tx
	b.node.set(func() { left = b.node.pending[1] })
	if at, err := left.Payload.Int("registered"); err != nil || at != 5 {
		t.Errorf("it leaves the registration of height %d, %v, want 5", at, err)
	}
}

func TestShow(t *testing.T) {
	b := newBench(t)
	a, err := b.own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := show(b.out, b.key.PeerID(), a); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("account     %s\nbalance     10 DOIN\nlocked      0 DOIN, which transactions that wait for a block will spend\nwaiting     0 transactions\ntransfers   0\nreputation  0\n"+
		"evaluator   no: it is not registered\nremedy      register\nat height   7\nnetwork     a network\n", b.key.PeerID())
	if b.out.String() != want {
		t.Errorf("show = %q, want %q", b.out, want)
	}
}

// TestJournal: what cannot be read is left alone, and other keys' and networks' transactions are not touched.
func TestJournal(t *testing.T) {
	b := newBench(t)
	b.begin(order{to: to, amount: 1}, 1)
	list, err := b.journal.unfinished(b.key.PeerID(), network)
	if err != nil || len(list) != 1 || list[0].nonce() != 1 {
		t.Fatalf("unfinished = %v, %v", list, err)
	}
	for _, other := range [][2]string{{"somebody", network}, {b.key.PeerID(), "another"}} {
		if list, err := b.journal.unfinished(other[0], other[1]); err != nil || len(list) != 0 {
			t.Errorf("unfinished(%v) = %v, %v", other, list, err)
		}
	}
	path := b.journal.path(list[0].tx.ID)
	for _, text := range []string{"", "{", `{"network_id": 1}`, `{"network_id": "a network", "transaction": {}}`, strings.Repeat(" ", maxEntryBytes+1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n := b.left(); n != 0 {
			t.Errorf("a journal file %.20q counts", text)
		}
	}
	if err := errors.Join(b.journal.end(list[0].tx.ID), b.journal.end(list[0].tx.ID)); err != nil {
		t.Error(err)
	}
}

func TestEndpoint(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := endpointOf(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("endpointOf(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	f("http://10.0.0.1:8470", "10.0.0.1:8470")
	f("http://10.0.0.1:8470/", "10.0.0.1:8470")
	f("localhost:8470", "localhost:8470")
	f("http://[::1]:8470", "[::1]:8470")
	f("localhost", "")
	f("https://localhost:1", "")
	f("http://localhost:1/x", "")
	f("http://%", "")
}
