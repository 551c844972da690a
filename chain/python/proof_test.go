package python

import (
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
)

func vectorAccumulate(t *testing.T, c golden.Case) {
	p := NewProof(600, num(c.Inputs, "threshold"), 0)
	domains := obj(c.Inputs, "domains")
	for _, id := range domains.Keys() {
		p.RegisterDomain(id, num(domains, id))
	}
	for i, step := range objects(c.Expected, "steps") {
		var verified *float64 // null: not verified, the reported value counts
		if val(step, "verified") != nil {
			v := num(step, "verified")
			verified = &v
		}
		tx, err := p.Record(Acceptance{
			OptimaeID: str(obj(step, "tx_payload"), "optimae_id"), DomainID: str(step, "domain"), OptimizerID: "p",
			Reported: num(c.Inputs, "reported"), Verified: verified, Increment: num(step, "increment"),
		}, timestamp.FromMicro(int64(i)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "weighted sum", p.WeightedSum(), num(step, "weighted_sum"))
		same(t, "can generate", p.CanGenerate(), flag(step, "can_generate"))
		identical(t, "payload", tx.Payload, obj(step, "tx_payload"))
		if tx.ID != tx.ComputeID() {
			t.Errorf("transaction id %s does not match its content", tx.ID)
		}
	}
}

func vectorThresholdAdjust(t *testing.T, c golden.Case) {
	p := NewProof(num(c.Inputs, "target_block_time"), num(c.Inputs, "threshold"), 0)
	p.AdjustThreshold(num(c.Inputs, "elapsed"))
	same(t, "threshold", p.Threshold, num(c.Expected, "threshold"))
}

func TestProofGenerate(t *testing.T) {
	start := timestamp.FromMicro(1_700_000_000_000_000)
	p := NewProof(600, 1, 1_700_000_000)
	p.RegisterDomain("a", 1)
	if _, err := p.Record(Acceptance{DomainID: "b", Increment: 1}, start); !errors.Is(err, ErrUnknownDomain) {
		t.Errorf("Record of an unknown domain = %v, want ErrUnknownDomain", err)
	}
	genesis := chain.GenesisBlock()
	if b := p.Generate(genesis, "g", start); b != nil {
		t.Fatalf("Generate below the threshold = %v, want nil", b)
	}
	tx, err := p.Record(Acceptance{OptimaeID: "o", DomainID: "a", OptimizerID: "p", Increment: 1.5}, start)
	if err != nil {
		t.Fatal(err)
	}
	at := timestamp.FromMicro(1_700_000_060_000_000)
	b := p.Generate(genesis, "g", at)
	if b == nil {
		t.Fatal("Generate at the threshold = nil")
	}
	if err := CheckAppend(1, genesis.Hash, b, func(string) bool { return false }); err != nil {
		t.Errorf("CheckAppend of the generated block: %v", err)
	}
	h := b.Header
	if h.Index != 1 || h.WeightedPerformanceSum != 1.5 || h.Threshold != 1 || len(b.Transactions) != 1 || b.Transactions[0] != tx {
		t.Errorf("generated block = %+v", b)
	}
	if want := 1.2903225806451613; p.Threshold != want {
		t.Errorf("threshold after a block at a tenth of the target = %v, want %v", p.Threshold, want)
	}
	if p.WeightedSum() != 0 || len(p.Pending()) != 0 || p.LastBlockTime != 1_700_000_060 {
		t.Errorf("after a block: sum %v, %d pending, last %v", p.WeightedSum(), len(p.Pending()), p.LastBlockTime)
	}
}
