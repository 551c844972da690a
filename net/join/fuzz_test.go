package join

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// FuzzRequest: no body panics, and only what a key has signed for the draft is taken.
func FuzzRequest(f *testing.F) {
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	o := requestBody(chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	signature, err := k.Sign(kindJoin, "draft", canon.Canonical(o))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(canon.Default(o.Clone().Set("signature", signature)))
	f.Add(canon.Default(o))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := readRequest(body, "draft")
		if err == nil && (e.PeerID != k.PeerID() || e.PublicKey != k.PublicKey()) {
			t.Errorf("%q is taken as a request of %s", body, e.PeerID)
		}
	})
}

// FuzzOffer: no answer of a room panics, and what is taken is a draft of this program's format.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(`{"have": 1, "want": 2, "genesis": {"protocol": 1, "format": 2, "parameters": {"start_time": "2026-01-02T03:04:05Z"}, "domains": [{"domain_id": "d"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := waiting("host", body)
		if err == nil && (!o.Draft || o.Genesis.CheckFormat() != nil || len(o.Genesis.Evaluators) > 0) {
			t.Errorf("%q is taken as %+v", body, o)
		}
	})
}
