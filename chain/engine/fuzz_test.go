package engine

import (
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// FuzzDecode: no message panics, or is changed, and what is refused has no payload.
func FuzzDecode(f *testing.F) {
	f.Add(chain.MsgOptimaeCommit, []byte(`{"commitment_hash":"ab","domain_id":"d","anchor":"cd"}`))
	f.Add(chain.MsgTaskCompleted, []byte(`{"vote":{"optimae_id":"ab","verified_performance":-1.5}}`))
	f.Add(chain.MsgTransaction, []byte(`{"transaction":{"tx_type":"transfer","payload":{}}}`))
	f.Add(chain.MsgBlockAnnouncement, []byte(`{"block_index":3,"block_hash":"ab"}`))
	f.Add(chain.MsgOptimaeReveal, []byte(`{"parameters":{"x":[1.5]},"nonce":"00"}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		m := &chain.Message{Type: kind, SenderID: "s", Payload: o, TTL: 1}
		before := canon.Canonical(o)
		if p, err := Decode(m, "n"); err != nil && p != nil {
			t.Fatalf("Decode(%s) = %v, %v", data, p, err)
		}
		if !slices.Equal(canon.Canonical(o), before) {
			t.Fatalf("the payload %s was changed", data)
		}
	})
}
