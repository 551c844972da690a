package node

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// rich is the state of a network that grants 10 DOIN to a key, which is no evaluator.
func rich(t *testing.T) (*consensus.State, *identity.Key) {
	t.Helper()
	key, err := identity.FromSeed("rich")
	if err != nil {
		t.Fatal(err)
	}
	other, err := identity.FromSeed("evaluator")
	if err != nil {
		t.Fatal(err)
	}
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("d")},
		Evaluators: []chain.Evaluator{{PeerID: other.PeerID(), PublicKey: other.PublicKey()}},
		Grants:     []chain.Grant{{PeerID: key.PeerID(), Amount: "10"}}}
	g.Parameters.StartTime = timestamp.FromMicro(1e15)
	s, err := consensus.NewState(g)
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func transfer(t *testing.T, s *consensus.State, key *identity.Key, amount, nonce int64) *chain.Tx {
	t.Helper()
	tx := &chain.Tx{Type: consensus.TxTransfer, Timestamp: timestamp.FromMicro(1e15 + nonce), Payload: consensus.TransferPayload(ledger.Transfer{
		Sender: key.PeerID(), Recipient: s.Registered()[0], Amount: amount, Fee: ledger.MinBaseFee, Nonce: nonce})}
	if err := chain.SignTx(tx, key, s.Rules().Network); err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestAccount(t *testing.T) {
	s, key := rich(t)
	text := func(o *canon.Object, k string) any { v, _ := o.Get(k); return v }
	f := func(locked string, next int64, waiting ...*chain.Tx) {
		t.Helper()
		o := account(s, key.PeerID(), waiting, false)
		if text(o, "balance") != "10" || text(o, "locked") != locked || text(o, "next_nonce") != next || text(o, "nonce") != int64(0) || text(o, "stake") != "0.005" {
			t.Errorf("account with %d waiting = %s, want locked %s, next nonce %d", len(waiting), canon.Default(o), locked, next)
		}
	}
	one, two, four := transfer(t, s, key, ledger.Unit, 1), transfer(t, s, key, 2*ledger.Unit, 2), transfer(t, s, key, ledger.Unit, 4)
	f("0", 1)
	f("1.001", 2, one)
	f("3.002", 3, one, two)
	f("2.002", 2, one, four)
	f("1.001", 2, one, transfer(t, s, key, 3*ledger.Unit, 1))
	evaluator, err := account(s, key.PeerID(), nil, true).Object("evaluator")
	if err != nil || text(evaluator, "registered") != false || text(evaluator, "remedy") != "none needed: it is registering by itself" {
		t.Errorf("evaluator = %s, %v", canon.Default(evaluator), err)
	}
	stranger := account(s, s.Registered()[0], nil, false)
	if e, _ := stranger.Object("evaluator"); text(e, "eligible") != true || e.Has("reason") {
		t.Errorf("account of an evaluator = %s", canon.Default(stranger))
	}
}

// TestOutbox: what is put is there after a start, what is spent goes, and another network's file counts as empty.
func TestOutbox(t *testing.T) {
	s, key := rich(t)
	path := filepath.Join(t.TempDir(), "outbox.json")
	open := func(network string) *outbox {
		t.Helper()
		o, err := openOutbox(path, network)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	ids := func(o *outbox) (out []string) {
		for _, tx := range o.waiting() {
			out = append(out, tx.ID)
		}
		return out
	}
	network := s.Rules().Network
	o := open(network)
	one, two := transfer(t, s, key, 1, 1), transfer(t, s, key, 1, 2)
	for _, tx := range []*chain.Tx{one, two, one} {
		if err := o.put(tx, s); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := ids(open(network)), []string{two.ID, one.ID}; !slices.Equal(got, want) {
		t.Errorf("after a start %v wait, want %v", got, want)
	}
	if got := ids(open("another")); len(got) != 0 {
		t.Errorf("for another network %v wait", got)
	}
	if err := o.drop(two.ID); err != nil || !slices.Equal(ids(open(network)), []string{one.ID}) {
		t.Errorf("after drop %v wait, %v", ids(open(network)), err)
	}
	if spent(one, s) {
		t.Error("a transfer that is to come counts as spent")
	}
	late := *s
	late.Ledger = new(ledger.Ledger)
	if err := late.Ledger.Restore(key.PeerID(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if !spent(one, &late) || spent(two, &late) {
		t.Errorf("after nonce 1: spent(1) = %v, spent(2) = %v, want true, false", spent(one, &late), spent(two, &late))
	}
	if err := o.put(two, &late); err != nil || !slices.Equal(ids(o), []string{two.ID}) {
		t.Errorf("put drops the spent: %v wait, %v", ids(o), err)
	}
	for _, text := range []string{"", "{", `{"network_id": "` + network + `"}`, `{"network_id": "` + network + `", "transactions": [1]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openOutbox(path, network); err == nil {
			t.Errorf("openOutbox(%q) succeeds", text)
		}
	}
}
