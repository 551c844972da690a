package rows

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

func TestBlockRow(t *testing.T) {
	vote := func(who, digest string) *canon.Object {
		return canon.NewObject("evaluator_id", who, "digest", digest, "verified_performance", -0.5)
	}
	accepted := canon.NewObject("optimae_id", "o1", "digest", "aa", "verified_performance", -0.5, "reported_performance", -0.5,
		"votes", []any{vote("v1", "aa"), vote("v2", "bb")})
	reveal := canon.NewObject("sender_id", "liar", "payload", canon.NewObject("digest", "cc", "reported_performance", -0.1))
	rejected := canon.NewObject("optimae_id", "o2", "reason", "digest", "reveal", reveal, "votes", []any{vote("v1", "dd")})
	transfer := canon.NewObject("sender", "v1", "recipient", "v2", "amount", 5, "fee", 1)
	b := &chain.Block{Header: chain.Header{Index: 3, GeneratorID: "g", Timestamp: timestamp.FromMicro(1e6)}, Hash: "h", Transactions: []*chain.Tx{
		{ID: "t1", Type: chain.TxOptimaeAccepted, DomainID: "d", PeerID: "p", Payload: accepted},
		{ID: "t2", Type: chain.TxOptimaeRejected, DomainID: "d", PeerID: "p", Payload: rejected},
		{ID: "t3", Type: chain.TxTransfer, PeerID: "v1", Payload: transfer}}}
	receipts := canon.NewObject("block_reward", 50, "fees", 1, "supply", 150, "outputs", []any{canon.NewObject("recipient", "g", "amount", 50, "reason", "generator")})
	row := blockRow(b, receipts, "now")
	if err := (&olap.Row{Block: row}).Validate(); err != nil {
		t.Fatal(err)
	}
	if len(row.Decisions) != 2 || len(row.Votes) != 3 || len(row.Money) != 4 || len(row.Nodes) != 4 || *row.Reward != 50 || *row.Supply != 150 {
		t.Fatalf("blockRow = %+v", row)
	}
	if d := row.Decisions[0]; !d.Accepted || d.Agree != 1 || d.Votes != 2 || d.OptimizerID != "p" || *d.Reported != -0.5 {
		t.Errorf("accepted: %+v", d)
	}
	if d := row.Decisions[1]; d.Accepted || d.Reason != "digest" || d.OptimizerID != "liar" || *d.Reported != -0.1 || d.Agree != 0 {
		t.Errorf("rejected: %+v", d)
	}
	sum := int64(0)
	for i, m := range row.Money {
		if sum += m.Amount; m.Index != int64(i) || m.BlockHeight != 3 {
			t.Errorf("money %d: %+v", i, m)
		}
	}
	if sum != 49 {
		t.Errorf("the block moved %d, want reward less fee 49", sum)
	}
	blockRow(&chain.Block{Transactions: []*chain.Tx{{Type: chain.TxOptimaeAccepted, Payload: canon.NewObject("votes", 1)}}}, nil, "") // no panic
}
