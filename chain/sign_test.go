package chain_test

import (
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
)

// tampering runs one kind of object through everything that must break its signature.
// fresh makes a signed one; each change is applied to a fresh one.
func tampering[T any](t *testing.T, fresh func() *T, verify func(*T, string) error, changes map[string]func(*T), harmless map[string]func(*T)) {
	t.Helper()
	if err := verify(fresh(), network); err != nil {
		t.Fatalf("untouched: %v", err)
	}
	for _, other := range []string{"", "f" + network[1:], network + "0"} {
		if err := verify(fresh(), other); !errors.Is(err, identity.ErrBadSignature) || !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("replayed in network %.8q: %v, want ErrBadSignature", other, err)
		}
	}
	for name, change := range changes {
		x := fresh()
		change(x)
		if err := verify(x, network); !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	for name, change := range harmless {
		x := fresh()
		change(x)
		if err := verify(x, network); err != nil {
			t.Errorf("%s: %v, want no error", name, err)
		}
	}
}

func TestTxSignature(t *testing.T) {
	k, other := key(t, "a"), key(t, "b")
	otherSignature := newTx(1)
	if err := chain.SignTx(otherSignature, other, network); err != nil {
		t.Fatal(err)
	}
	fresh := func() *chain.Tx {
		tx := newTx(1)
		if err := chain.SignTx(tx, k, network); err != nil {
			t.Fatal(err)
		}
		if err := tx.ValidateBasic(); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	tampering(t, fresh, chain.VerifyTx, map[string]func(*chain.Tx){
		"type":       func(tx *chain.Tx) { tx.Type = chain.TxOptimaeRejected },
		"domain":     func(tx *chain.Tx) { tx.DomainID = "x" },
		"author":     func(tx *chain.Tx) { tx.PeerID = other.PeerID() },
		"payload":    func(tx *chain.Tx) { tx.Payload.Set("n", 1.0) },
		"time":       func(tx *chain.Tx) { tx.Timestamp = chain.GenesisBlock().Header.Timestamp },
		"key":        func(tx *chain.Tx) { tx.PublicKey = other.PublicKey() },
		"signature":  func(tx *chain.Tx) { tx.Signature = otherSignature.Signature },
		"both":       func(tx *chain.Tx) { tx.PublicKey, tx.Signature = other.PublicKey(), otherSignature.Signature },
		"unsigned":   func(tx *chain.Tx) { tx.PublicKey, tx.Signature = "", "" },
		"no key":     func(tx *chain.Tx) { tx.PublicKey = "" },
		"one nibble": func(tx *chain.Tx) { tx.Signature = flip(tx.Signature) },
	}, map[string]func(*chain.Tx){
		"claimed id": func(tx *chain.Tx) { tx.ID = "kept" }, // ValidateBasic's business
	})
	tx := fresh()
	tx.PublicKey, tx.Signature = "", ""
	if err := chain.VerifyTx(tx, network); !errors.Is(err, chain.ErrUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
	if err := chain.SignTx(tx, other, network); err == nil || tx.Signature != "" {
		t.Error("SignTx signs for another author")
	}
}

// flip changes the last hex digit.
func flip(s string) string {
	last := byte('0')
	if s[len(s)-1] == '0' {
		last = '1'
	}
	return s[:len(s)-1] + string(last)
}

func TestMessageSignature(t *testing.T) {
	k, other := key(t, "a"), key(t, "b")
	fresh := func() *chain.Message {
		m := newMessage(k)
		if err := chain.SignMessage(m, k, network); err != nil {
			t.Fatal(err)
		}
		if err := m.ValidateBasic(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	tampering(t, fresh, chain.VerifyMessage, map[string]func(*chain.Message){
		"type":     func(m *chain.Message) { m.Type = chain.MsgOptimaeReveal },
		"sender":   func(m *chain.Message) { m.SenderID = other.PeerID() },
		"time":     func(m *chain.Message) { m.Timestamp = chain.GenesisBlock().Header.Timestamp },
		"payload":  func(m *chain.Message) { m.Payload.Set("domain_id", "x") },
		"added":    func(m *chain.Message) { m.Payload.Set("_other", 1) },
		"removed":  func(m *chain.Message) { m.Payload.Delete("domain_id") },
		"unsigned": func(m *chain.Message) { m.PublicKey, m.Signature = "", "" },
		"nibble":   func(m *chain.Message) { m.Signature = flip(m.Signature) },
		"as a transaction": func(m *chain.Message) {
			m.Signature, _ = k.Sign(identity.KindTransaction, network, m.SigningBody())
		},
	}, map[string]func(*chain.Message){
		"ttl": func(m *chain.Message) { m.TTL-- },
		"metadata": func(m *chain.Message) {
			m.Payload.Set("_sender_port", 1).Set("_component_versions", nil).Set("_plugin_configs", nil).Set("_forwarder_id", "x")
		},
	})
	m := newMessage(k)
	m.SenderID = ""
	if err := chain.SignMessage(m, k, network); err != nil || m.SenderID != k.PeerID() {
		t.Errorf("an empty sender must be filled: %q, %v", m.SenderID, err)
	}
}

func TestVoteSignature(t *testing.T) {
	k, other := key(t, "a"), key(t, "b")
	fresh := func() *chain.Vote {
		v := newVote(k)
		if err := chain.SignVote(v, k, network); err != nil {
			t.Fatal(err)
		}
		return v
	}
	tampering(t, fresh, chain.VerifyVote, map[string]func(*chain.Vote){
		"optimae":     func(v *chain.Vote) { v.OptimaeID = flip(v.OptimaeID) },
		"domain":      func(v *chain.Vote) { v.DomainID += "x" },
		"evaluator":   func(v *chain.Vote) { v.EvaluatorID = other.PeerID() },
		"anchor":      func(v *chain.Vote) { v.Anchor = flip(v.Anchor) },
		"digest":      func(v *chain.Vote) { v.Digest = flip(v.Digest) },
		"performance": func(v *chain.Vote) { v.VerifiedPerformance = 0 },
		"synthetic":   func(v *chain.Vote) { v.SyntheticScore = 0 },
		"incumbent":   func(v *chain.Vote) { v.IncumbentScore = 0 },
		"data":        func(v *chain.Vote) { v.SyntheticDataHash = "" },
		"key":         func(v *chain.Vote) { v.PublicKey = other.PublicKey() },
		"unsigned":    func(v *chain.Vote) { v.PublicKey, v.Signature = "", "" },
		"nibble":      func(v *chain.Vote) { v.Signature = flip(v.Signature) },
	}, nil)
	if a, b := fresh(), newVote(k); a.ComputeID() != b.ComputeID() {
		t.Error("the id of a vote must not depend on its signature")
	}
}

func TestBlockSignature(t *testing.T) {
	k, other := key(t, "a"), key(t, "b")
	fresh := func() *chain.Block { return signedBlock(t, k, 3) }
	tampering(t, fresh, chain.VerifyBlock, map[string]func(*chain.Block){
		"index":      func(b *chain.Block) { b.Header.Index++ },
		"previous":   func(b *chain.Block) { b.Header.PreviousHash = chain.ZeroHash },
		"root":       func(b *chain.Block) { b.Header.MerkleRoot = chain.ZeroHash },
		"generator":  func(b *chain.Block) { b.Header.GeneratorID = other.PeerID() },
		"sum":        func(b *chain.Block) { b.Header.WeightedPerformanceSum++ },
		"threshold":  func(b *chain.Block) { b.Header.Threshold++ },
		"state root": func(b *chain.Block) { b.Ext.StateRoot = flip(b.Ext.StateRoot) },
		"key":        func(b *chain.Block) { b.Ext.PublicKey = other.PublicKey() },
		"no ext":     func(b *chain.Block) { b.Ext = nil },
		"unsigned":   func(b *chain.Block) { b.Ext.Signature = "" },
		"nibble":     func(b *chain.Block) { b.Ext.Signature = flip(b.Ext.Signature) },
		"taken over": func(b *chain.Block) {
			b.Ext.PublicKey = other.PublicKey()
			b.Ext.Signature, _ = other.Sign(identity.KindBlock, network, b.SigningBody())
		},
	}, map[string]func(*chain.Block){
		"claimed hash": func(b *chain.Block) { b.Hash = chain.ZeroHash }, // ValidateBasic's business
	})
	b := fresh()
	b.Transactions[1].Payload.Set("performance", 9.0)
	if err := verifyBody(b); !errors.Is(err, identity.ErrBadSignature) {
		t.Errorf("VerifyTx of a changed transaction = %v", err)
	}
	shared := fresh()
	ext := &chain.Ext{StateRoot: shared.Ext.StateRoot}
	shared.Ext = ext
	if err := chain.SignBlock(shared, k, network); err != nil || ext.Signature != "" {
		t.Errorf("SignBlock must not write into the caller's ext: %+v, %v", ext, err)
	}
}
