package chain_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

const network = "4e19257e8941caec2ec6a4d581a981a533ab5728c11e58c3d13040049e3cd6d5"

var when = timestamp.FromMicro(1_767_323_045_678_901)

func key(t testing.TB, seed string) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newTx(n int) *chain.Tx {
	tx := &chain.Tx{
		Type: chain.TxOptimaeAccepted, DomainID: "co2", Timestamp: when,
		Payload: canon.NewObject("optimae_id", strings.Repeat("a", 64), "performance", -0.25, "n", n),
	}
	return tx
}

// signedBlock returns a valid block of n signed transactions.
func signedBlock(t testing.TB, k *identity.Key, n int) *chain.Block {
	t.Helper()
	b := &chain.Block{
		Header: chain.Header{Index: 1, PreviousHash: chain.GenesisHash, Timestamp: when, WeightedPerformanceSum: 0.5, Threshold: 0.05},
		Ext:    &chain.Ext{StateRoot: strings.Repeat("e", 64)},
	}
	for i := range n {
		tx := newTx(i)
		if err := chain.SignTx(tx, k, network); err != nil {
			t.Fatal(err)
		}
		b.Transactions = append(b.Transactions, tx)
	}
	b.Header.GeneratorID = k.PeerID()
	b.Seal()
	if err := chain.SignBlock(b, k, network); err != nil {
		t.Fatal(err)
	}
	return b
}

func newVote(k *identity.Key) *chain.Vote {
	h := func(c string) string { return strings.Repeat(c, 64) }
	return &chain.Vote{
		OptimaeID: h("1"), DomainID: "co2", EvaluatorID: k.PeerID(), Anchor: h("2"), Digest: h("3"),
		VerifiedPerformance: -0.5, SyntheticScore: 0.25, IncumbentScore: 0.3, SyntheticDataHash: h("4"), Base: h("6"),
		Sums: chain.Sums{S1: 30, S2: "100", N: 10},
	}
}

func newMessage(k *identity.Key) *chain.Message {
	return &chain.Message{
		Type: chain.MsgOptimaeCommit, SenderID: k.PeerID(), Timestamp: when, TTL: 7,
		Payload: canon.NewObject("commitment_hash", strings.Repeat("5", 64), "domain_id", "co2"),
	}
}

func verifyBody(b *chain.Block) (err error) {
	for _, tx := range b.Transactions {
		err = errors.Join(err, chain.VerifyTx(tx, network))
	}
	return err
}

func TestBlockRoundTrip(t *testing.T) {
	b := signedBlock(t, key(t, "g"), 5)
	if err := errors.Join(b.ValidateBasic(), chain.VerifyBlock(b, network), verifyBody(b)); err != nil {
		t.Fatal(err)
	}
	text := canon.Default(b.Object())
	o, err := canon.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	back, err := chain.BlockFromObject(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := canon.Default(back.Object()); string(got) != string(text) {
		t.Errorf("round trip:\n%s\n%s", text, got)
	}
	if err := errors.Join(back.ValidateBasic(), chain.VerifyBlock(back, network), verifyBody(back)); err != nil {
		t.Error(err)
	}
	g := chain.GenesisBlock()
	if err := g.ValidateBasic(); err != nil || g.Hash != chain.GenesisHash {
		t.Errorf("genesis: %v, %s", err, g.Hash)
	}
}

func TestBlockValidateBasic(t *testing.T) {
	k := key(t, "g")
	f := func(name string, change func(b *chain.Block), want error) {
		t.Helper()
		b := signedBlock(t, k, 4)
		change(b)
		err := b.ValidateBasic()
		if !errors.Is(err, want) || !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: ValidateBasic() = %v, want %v", name, err, want)
		}
	}
	inv := chain.ErrInvalid
	f("negative index", func(b *chain.Block) { b.Header.Index = -1; b.Seal() }, inv)
	f("previous hash", func(b *chain.Block) { b.Header.PreviousHash = "x"; b.Seal() }, inv)
	f("upper-case hash", func(b *chain.Block) { b.Header.PreviousHash = strings.ToUpper(chain.GenesisHash); b.Seal() }, inv)
	f("no generator", func(b *chain.Block) { b.Header.GeneratorID = ""; b.Seal() }, inv)
	f("no time", func(b *chain.Block) { b.Header.Timestamp = timestamp.Time{}; b.Seal() }, inv)
	f("infinite sum", func(b *chain.Block) { b.Header.WeightedPerformanceSum = math.Inf(1); b.Seal() }, inv)
	f("NaN threshold", func(b *chain.Block) { b.Header.Threshold = math.NaN(); b.Seal() }, inv)
	f("NaN payload", func(b *chain.Block) { b.Transactions[0].Payload.Set("x", []any{math.NaN()}); b.Seal() }, inv)
	f("hash", func(b *chain.Block) { b.Hash = strings.Repeat("0", 64) }, inv)
	f("root", func(b *chain.Block) { b.Header.MerkleRoot = chain.ZeroHash; b.Hash = b.Header.ComputeHash() }, inv)
	f("order", func(b *chain.Block) {
		b.Transactions[0], b.Transactions[1] = b.Transactions[1], b.Transactions[0]
	}, inv)
	f("payload behind a kept id", func(b *chain.Block) { b.Transactions[1].Payload.Set("performance", 1.0) }, inv)
	f("claimed id", func(b *chain.Block) { b.Transactions[1].ID = strings.Repeat("0", 64) }, inv)
	f("state root", func(b *chain.Block) { b.Ext.StateRoot = "x" }, inv)
	f("half a seal", func(b *chain.Block) { b.Ext.Signature = "" }, inv)
	f("duplicate", func(b *chain.Block) { b.Transactions[3] = b.Transactions[2]; b.Seal() }, chain.ErrDuplicateTx)
	f("repeated tail", func(b *chain.Block) {
		// Three leaves and the same with the last repeated have one root: a body no honest node made.
		b.Transactions = b.Transactions[:3]
		b.Seal()
		hash := b.Hash
		b.Transactions = append(b.Transactions, b.Transactions[2])
		b.Seal()
		if b.Hash != hash {
			t.Error("the repeated tail must give the same hash for this test to mean something")
		}
	}, chain.ErrDuplicateTx)
	f("duplicate under another claimed id", func(b *chain.Block) {
		clone := *b.Transactions[2]
		clone.ID = strings.Repeat("7", 64)
		b.Transactions[3] = &clone
	}, inv)
	f("too many", func(b *chain.Block) { b.Transactions = make([]*chain.Tx, chain.MaxBlockTxs+1) }, inv)

	b := signedBlock(t, k, 2)
	b.Hash = strings.Repeat("0", 64)
	var he *chain.HashError
	if err := b.ValidateBasic(); !errors.As(err, &he) || he.What != "block hash" || he.Want != b.ComputeHash() {
		t.Errorf("HashError = %+v", he)
	}
	var fe *chain.FieldError
	b.Transactions[1].DomainID = ""
	if err := b.ValidateBasic(); !errors.As(err, &fe) || fe.Field != "transactions[1]" {
		t.Errorf("FieldError = %+v", fe)
	}
}

func TestTxValidateBasic(t *testing.T) {
	k := key(t, "a")
	f := func(name string, ok bool, change func(tx *chain.Tx)) {
		t.Helper()
		tx := newTx(1)
		tx.PeerID = k.PeerID()
		change(tx)
		if tx.Payload != nil {
			tx.ID = tx.ComputeID()
		}
		if err := tx.ValidateBasic(); (err == nil) != ok || err != nil && !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: ValidateBasic() = %v", name, err)
		}
	}
	f("plain", true, func(tx *chain.Tx) {})
	f("transfer without domain", true, func(tx *chain.Tx) { tx.Type, tx.DomainID = chain.TxTransfer, "" })
	f("no domain", false, func(tx *chain.Tx) { tx.DomainID = "" })
	f("type", false, func(tx *chain.Tx) { tx.Type = "x" })
	f("no author", false, func(tx *chain.Tx) { tx.PeerID = "" })
	f("long author", false, func(tx *chain.Tx) { tx.PeerID = strings.Repeat("a", 1000) })
	f("nil payload", false, func(tx *chain.Tx) { tx.Payload = nil })
	f("key without signature", false, func(tx *chain.Tx) { tx.PublicKey = k.PublicKey() })
	f("long signature", false, func(tx *chain.Tx) {
		tx.PublicKey, tx.Signature = k.PublicKey(), strings.Repeat("0", 1000)
	})
}

func TestVoteValidateBasic(t *testing.T) {
	k := key(t, "v")
	f := func(name string, ok bool, change func(v *chain.Vote)) {
		t.Helper()
		v := newVote(k)
		change(v)
		if err := v.ValidateBasic(); (err == nil) != ok || err != nil && !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: ValidateBasic() = %v", name, err)
		}
	}
	f("plain", true, func(v *chain.Vote) {})
	f("no synthetic data", true, func(v *chain.Vote) { v.SyntheticDataHash = "" })
	f("negative error", false, func(v *chain.Vote) { v.SyntheticScore = -1e-9 })
	f("negative incumbent", false, func(v *chain.Vote) { v.IncumbentScore = -1 })
	f("NaN", false, func(v *chain.Vote) { v.IncumbentScore = math.NaN() })
	f("infinite", false, func(v *chain.Vote) { v.VerifiedPerformance = math.Inf(-1) })
	f("digest", false, func(v *chain.Vote) { v.Digest = "" })
	f("anchor", false, func(v *chain.Vote) { v.Anchor = "x" })
	f("evaluator", false, func(v *chain.Vote) { v.EvaluatorID = "localhost:8470" })
	f("data hash", false, func(v *chain.Vote) { v.SyntheticDataHash = "x" })
	f("no base", true, func(v *chain.Vote) { v.Base = "" })
	f("base", false, func(v *chain.Vote) { v.Base = "x" })
	f("no cases", true, func(v *chain.Vote) { v.Sums = chain.Sums{} })
	f("sums of nothing", false, func(v *chain.Vote) { v.Sums.S2 = "89" })

	v := newVote(k)
	if err := chain.SignVote(v, k, network); err != nil {
		t.Fatal(err)
	}
	back, err := chain.VoteFromObject(v.Object())
	if err != nil || *back != *v {
		t.Errorf("round trip = %+v, %v", back, err)
	}
}

func TestMessageFromObject(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		m, err := chain.MessageFromObject(o)
		if err == nil {
			err = m.ValidateBasic()
		}
		if (err == nil) != ok || err != nil && !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: %v", text, err)
		}
	}
	f(`{"msg_type":"vote","sender_id":"a","timestamp":"2026-01-02T03:04:05Z","future":1}`, true)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1700000000,"ttl":"3","payload":{}}`, true)
	f(`{"msg_type":"vote","sender_id":"a"}`, false)
	f(`{"msg_type":"nothing","sender_id":"a","timestamp":1}`, false)
	f(`{"msg_type":1,"sender_id":"a","timestamp":1}`, false)
	f(`{"msg_type":"vote","timestamp":1}`, false)
	f(`{"msg_type":"vote","sender_id":"","timestamp":1}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":null}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"payload":null}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"payload":[]}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"ttl":1.5}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"ttl":16}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"ttl":-9223372036854775808}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"signature":"00"}`, false)
	f(`{"msg_type":"vote","sender_id":"a","timestamp":1,"public_key":7}`, false)
	m, err := chain.MessageFromObject(canon.NewObject("msg_type", "vote", "sender_id", "a"))
	if err != nil || m.TTL != chain.DefaultTTL || !m.Timestamp.IsZero() || m.Payload.Len() != 0 {
		t.Errorf("defaults = %+v, %v", m, err)
	}
}

func TestMicro(t *testing.T) {
	f := func(x float64, want int64) {
		t.Helper()
		if got, err := chain.Micro(x); err != nil || got != want {
			t.Errorf("Micro(%v) = %d, %v, want %d", x, got, err, want)
		}
	}
	f(0, 0)
	f(math.Copysign(0, -1), 0)
	f(1, 1_000_000)
	f(0.005, 5000)
	f(0.05, 50_000)
	f(1e-6, 1)
	f(-2.5, -2_500_000)
	f(1.0/(1<<7), 7812)           // 7812.5: half to even
	f(3.0/(1<<7), 23438)          // 23437.5
	f(-1.0/(1<<7), -7812)         // symmetric
	f(-3.0/(1<<7), -23438)        //
	f(5e-7, 0)                    // the double lies below the half
	f(math.Nextafter(5e-7, 1), 1) // and the next above it
	f(5e-324, 0)
	f(9.2e12, 9_200_000_000_000_000_000)
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 9.3e12, -1e300} {
		if got, err := chain.Micro(x); !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("Micro(%v) = %d, %v", x, got, err)
		}
	}
	back := func(v int64) {
		t.Helper()
		if got, err := chain.Micro(chain.MicroToFloat(v)); err != nil || got != v {
			t.Errorf("Micro(MicroToFloat(%d)) = %d, %v", v, got, err)
		}
	}
	for v := int64(1); v < 1<<52; v = v*3 + 1 {
		back(v)
		back(-v)
	}
	back(1 << 52)
	back(0)
	if got := chain.MicroToFloat(100_000); got != 0.1 {
		t.Errorf("MicroToFloat(100000) = %v", got)
	}
}

func FuzzBlock(f *testing.F) {
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(canon.Default(signedBlock(f, k, 2).Object()))
	f.Add(canon.Default(chain.GenesisBlock().Object()))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		b, err := chain.BlockFromObject(o)
		if err != nil {
			if !errors.Is(err, chain.ErrInvalid) {
				t.Fatalf("%v does not match ErrInvalid", err)
			}
			return
		}
		valid := b.ValidateBasic()
		_ = chain.VerifyBlock(b, network)
		again, err := chain.BlockFromObject(b.Object())
		if err != nil || fmt.Sprint(again.ValidateBasic()) != fmt.Sprint(valid) {
			t.Fatalf("round trip: %v, %v, want %v", err, again, valid)
		}
		if valid == nil && again.ComputeHash() != b.Hash {
			t.Fatalf("hash changed over a round trip of %s", data)
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"msg_type":"vote","sender_id":"a","timestamp":1,"payload":{"vote":{}},"ttl":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		if v, err := chain.VoteFromObject(o); err == nil {
			_ = v.ValidateBasic()
			_ = chain.VerifyVote(v, network)
		}
		m, err := chain.MessageFromObject(o)
		if err != nil {
			return
		}
		_ = m.ValidateBasic()
		_ = chain.VerifyMessage(m, network)
		if m.Timestamp.IsZero() {
			return
		}
		again, err := chain.MessageFromObject(m.Object())
		if err != nil || chain.FloodID(again) != chain.FloodID(m) || chain.GossipID(again) != chain.GossipID(m) {
			t.Fatalf("round trip of %s: %v", data, err)
		}
	})
}
