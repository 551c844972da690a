package engine

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// FuzzMessage gives an engine messages of any content. It must not panic, and what it records must be valid.
func FuzzMessage(f *testing.F) {
	hash := chain.Commitment(params(1, 2), "n")
	for _, p := range []string{
		`{"commitment_hash": "` + hash + `", "domain_id": "q"}`,
		`{"commitment_hash": "` + hash + `", "domain_id": "q", "optimae_id": "o", "parameters": {"x": [1.0, 2.0]}, "reported_performance": -16, "nonce": "n", "champion_metrics": null}`,
		`{"task_id": "t", "task_type": "optimae_verification", "domain_id": "q", "requester_id": "r", "parameters": {"x": []}, "optimae_id": "o", "priority": 0}`,
		`{"task_id": "t", "evaluator_id": "e", "domain_id": "q", "verified_performance": 1e308, "result": {}, "optimae_id": "o"}`,
		`{"block_index": 3, "block_hash": "` + chain.GenesisHash + `"}`,
		`{"domain_id": "q", "request_id": "r", "parameters": {"x": [1, 2]}, "performance": 1, "has_champion": true}`,
		`{"tx_id": "` + hash + `", "domain_id": "q", "peer_id": "p", "candidate_data": {"_shared_claim": true}, "timestamp": "2026-01-01"}`,
	} {
		for kind := range uint8(12) {
			f.Add(kind, []byte(p))
		}
	}
	kinds := []string{chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgOptimaeAnnouncement, chain.MsgTaskCreated, chain.MsgTaskClaimed,
		chain.MsgTaskCompleted, chain.MsgBlockAnnouncement, chain.MsgChampionRequest, chain.MsgChampionResponse, chain.MsgStageComplete,
		chain.MsgCandidateEvaluation, chain.MsgPeerDiscovery}
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	d := domainConfig()
	f.Fuzz(func(t *testing.T, kind uint8, payload []byte) {
		o, err := canon.ParseObject(payload)
		if err != nil || len(payload) > 1<<16 {
			return
		}
		d.Validate = kind&0x80 != 0
		e, err := New(testConfig(d), k, &memory{[]*chain.Block{chain.GenesisBlock()}}, start)
		if err != nil {
			t.Fatal(err)
		}
		e.Step(start, protocol.Tick{Peers: []string{"a", "b"}})
		e.Step(start, protocol.Received{Message: &chain.Message{Type: chain.MsgOptimaeCommit, SenderID: "s", Payload: canon.NewObject(
			"commitment_hash", hash, "domain_id", "q")}})
		now := int64(start)
		for range 3 {
			now += Second
			out := e.Step(now, protocol.Received{Message: &chain.Message{Type: kinds[int(kind&0x7f)%len(kinds)], SenderID: "s", Payload: o}})
			for _, f := range find[protocol.Evaluate](out) {
				out = append(out, e.Step(now, protocol.Evaluated{Job: f.Job, Outcome: protocol.Outcome{Performance: -16}})...)
			}
			for _, c := range find[protocol.Commit](out) {
				for _, b := range blocksOf(c) {
					if err := b.ValidateBasic(); err != nil {
						t.Errorf("block: %v", err)
					}
				}
			}
		}
		for _, tx := range e.pending.proof.Pending() {
			if err := tx.ValidateBasic(); err != nil {
				t.Errorf("pending transaction: %v", err)
			}
		}
	})
}
