package mempool

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

const second = 1_000_000

func TestOrder(t *testing.T) {
	p := newPool(t, DefaultConfig())
	for _, v := range []struct {
		id       string
		fee, now int64
	}{{"c", 5, 2}, {"b", 5, 2}, {"a", 5, 3}, {"d", 9, 4}, {"e", 0, 1}, {"f", -1, 0}} {
		if err := p.Add(transfer(v.id, v.id), "", v.fee, v.now); err != nil {
			t.Fatal(err)
		}
	}
	if got := idsOf(p); got != "d b c a e f" {
		t.Errorf("Pending = %s, want d b c a e f", got)
	}
	if n := p.Remove("b", "zz", "f"); n != 2 || p.Len() != 4 || p.Has("b") {
		t.Errorf("Remove = %d, %d left", n, p.Len())
	}
	if tx, ok := p.Get("d"); !ok || tx.ID != "d" {
		t.Errorf("Get = %v, %v", tx, ok)
	}
	if _, ok := p.Get("b"); ok {
		t.Error("Get finds a removed transaction")
	}
	p.Remove("a", "c", "d", "e")
	if p.Bytes() != 0 || p.Len() != 0 {
		t.Errorf("an emptied pool has %d bytes", p.Bytes())
	}
}

func TestKeys(t *testing.T) {
	p := newPool(t, DefaultConfig())
	f := func(id, key string, want error) {
		t.Helper()
		if err := p.Add(transfer(id, id), key, 1, 0); !errors.Is(err, want) {
			t.Errorf("Add(%s, %q) = %v, want %v", id, key, err, want)
		}
	}
	f("a", "optimae:1", nil)
	f("a", "optimae:2", ErrKnown)
	f("b", "optimae:1", ErrDuplicateKey)
	f("c", "", nil)
	f("d", "", nil)
	if p.HasKey("") || !p.HasKey("optimae:1") || p.RemoveKey("") || p.RemoveKey("optimae:2") {
		t.Error("keys that nobody has are found")
	}
	if !p.RemoveKey("optimae:1") || p.Has("a") {
		t.Error("RemoveKey did not remove")
	}
	f("b", "optimae:1", nil)
}

func TestFull(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxTx = 3
	p := newPool(t, cfg)
	f := func(id string, fee int64, want error, pending string) {
		t.Helper()
		if err := p.Add(transfer(id, id), "key:"+id, fee, 0); !errors.Is(err, want) {
			t.Errorf("Add(%s) = %v, want %v", id, err, want)
		}
		if got := idsOf(p); got != pending {
			t.Errorf("Pending = %s, want %s", got, pending)
		}
	}
	f("a", 2, nil, "a")
	f("b", 2, nil, "a b")
	f("c", 3, nil, "c a b")
	f("d", 2, ErrFull, "c a b") // an equal fee
	f("e", 1, ErrFull, "c a b")
	f("g", 3, nil, "c g a") // the last of the lowest goes
	if p.HasKey("key:b") {
		t.Error("the key of an evicted transaction is still taken")
	}
}

func TestBytes(t *testing.T) {
	size := int64(len(canon.Default(transfer("a", "p").Object())))
	cfg := DefaultConfig()
	cfg.MaxBytes, cfg.MaxTxBytes = 3*size, 2*size
	p := newPool(t, cfg)
	big := func(id string, extra int) *chain.Tx {
		tx := transfer(id, id)
		tx.Payload = canon.NewObject("x", strings.Repeat("x", extra))
		return tx
	}
	if err := p.Add(big("z", int(2*size)), "", 9, 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Add of a large transaction = %v, want ErrTooLarge", err)
	}
	for i, id := range []string{"a", "b", "c"} {
		if err := p.Add(transfer(id, id), "", int64(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	// It needs the place of two, of which one pays as much.
	if err := p.Add(big("d", int(size/2)), "", 1, 0); !errors.Is(err, ErrFull) || idsOf(p) != "c b a" {
		t.Errorf("Add = %v, pending %s", err, idsOf(p))
	}
	if err := p.Add(big("d", int(size/2)), "", 2, 0); err != nil || idsOf(p) != "c d" || p.Bytes() > cfg.MaxBytes {
		t.Errorf("Add = %v, pending %s, %d bytes", err, idsOf(p), p.Bytes())
	}
}

func TestRate(t *testing.T) {
	p := newPool(t, DefaultConfig())
	n := 0
	f := func(peer, kind string, now int64, want error) {
		t.Helper()
		n++
		tx := transfer(fmt.Sprint(n), peer)
		tx.Type = kind
		if err := p.Add(tx, "", 1, now); !errors.Is(err, want) {
			t.Errorf("Add of %s at %d s = %v, want %v", kind, now/second, err, want)
		}
	}
	for i := range 20 {
		f("p", chain.TxTransfer, int64(i)*second, nil)
	}
	f("p", chain.TxTransfer, 20*second, ErrRateLimited)
	f("q", chain.TxTransfer, 20*second, nil)
	for i := range 5 {
		f("p", chain.TxOptimaeAccepted, int64(20+i)*second, nil)
	}
	f("p", chain.TxOptimaeRejected, 25*second, ErrRateLimited)
	f("p", chain.TxTransfer, 60*second-1, ErrRateLimited)
	f("p", chain.TxTransfer, 60*second, nil) // the first is exactly a window old
	f("p", chain.TxTransfer, 60*second, ErrRateLimited)
	if err := p.Readd(transfer("back", "p"), "", 1, 60*second); err != nil {
		t.Errorf("Readd = %v", err)
	}
	if err := p.Readd(transfer("back", "p"), "", 1, 60*second); !errors.Is(err, ErrKnown) {
		t.Errorf("second Readd = %v, want ErrKnown", err)
	}
}

func TestRateForgetsIdleAuthors(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxPeers = 3
	p := newPool(t, cfg)
	n := 0
	f := func(peer string, now int64, want error) {
		t.Helper()
		n++
		if err := p.Add(transfer(fmt.Sprint(n), peer), "", 1, now*second); !errors.Is(err, want) {
			t.Errorf("Add by %s at %d s = %v, want %v", peer, now, err, want)
		}
		if len(p.rate.peers) > 3 {
			t.Errorf("%d authors are remembered", len(p.rate.peers))
		}
	}
	f("a", 0, nil)
	f("b", 10, nil)
	f("c", 20, nil)
	f("d", 30, ErrRateLimited)
	f("a", 40, nil)
	f("d", 69, ErrRateLimited)
	f("d", 70, nil) // in the place of b
	f("b", 75, ErrRateLimited)
	f("b", 80, nil) // in the place of c
	f("e", 99, ErrRateLimited)
	f("e", 100, nil) // in the place of a
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}); err == nil || strings.Count(err.Error(), "must be") != 7 {
		t.Errorf("New with no bounds = %v", err)
	}
	cfg := DefaultConfig()
	cfg.Window = time.Nanosecond
	if _, err := New(cfg); err == nil {
		t.Error("New with a window below 1 µs succeeds")
	}
}

func newPool(t testing.TB, cfg Config) *Pool {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func transfer(id, peer string) *chain.Tx {
	return &chain.Tx{ID: id, Type: chain.TxTransfer, PeerID: peer, Payload: canon.NewObject(), Timestamp: timestamp.FromMicro(0)}
}

func idsOf(p *Pool) string {
	var ids []string
	for _, tx := range p.Pending() {
		ids = append(ids, tx.ID)
	}
	return strings.Join(ids, " ")
}

func BenchmarkAdd(b *testing.B) {
	cfg := DefaultConfig()
	p := newPool(b, cfg)
	n := int64(0)
	for b.Loop() {
		n++
		id := fmt.Sprint(n)
		if err := p.Readd(transfer(id, id), "", n, n); err != nil {
			b.Fatal(err)
		}
	}
}
