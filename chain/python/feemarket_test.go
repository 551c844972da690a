package python

import (
	"fmt"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorFeeMarket(t *testing.T, c golden.Case) {
	switch c.Kind {
	case "base_fee":
		vectorBaseFee(t, c)
	case "stakes":
		m := NewFeeMarket(DefaultFees())
		for _, step := range objects(c.Expected, "steps") {
			id := str(step, "optimae_id")
			if stake := val(step, "stake"); stake != nil {
				m.Stake(id, must(canon.AsFloat(stake)))
			}
			same(t, "refund of "+id, m.Resolve(id, flag(step, "accepted")), num(step, "refund"))
			same(t, "burned after "+id, m.Burned(), num(step, "total_burned"))
		}
		identical(t, "stats", m.Stats(), val(c.Expected, "stats"))
	case "mempool":
		vectorFeePool(t, c)
	case "rate_limit":
		vectorRateLimit(t, c)
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
}

func vectorBaseFee(t *testing.T, c golden.Case) {
	in, cfg := obj(c.Inputs, "config"), DefaultFees()
	cfg.MinBaseFee = must(in.FloatOr("min_base_fee", cfg.MinBaseFee))
	cfg.MaxBaseFee = must(in.FloatOr("max_base_fee", cfg.MaxBaseFee))
	cfg.TargetBlockSize = must(in.IntOr("target_block_size", cfg.TargetBlockSize))
	cfg.ChangeDenom = must(in.IntOr("base_fee_change_denom", cfg.ChangeDenom))
	cfg.StakeMultiplier = must(in.FloatOr("optimae_stake_multiplier", cfg.StakeMultiplier))
	m := NewFeeMarket(cfg)
	var fees []float64
	for _, n := range list(c.Inputs, "block_tx_counts") {
		fees = append(fees, m.OnBlock(must(canon.AsInt(n))))
	}
	same(t, "base fees", fees, val(c.Expected, "base_fees"))
	suggested := canon.NewObject()
	for _, priority := range obj(c.Expected, "suggested").Keys() {
		suggested.Set(priority, m.Suggest(priority))
	}
	same(t, "suggested", suggested, val(c.Expected, "suggested"))
	for _, v := range list(c.Expected, "validate") {
		row := must(canon.AsList(v))
		ok, reason := m.Validate(must(canon.AsFloat(row[0])), must(canon.AsBool(row[1])))
		same(t, fmt.Sprintf("validate %v", row), []any{ok, reason}, row[2:])
	}
}

func vectorFeePool(t *testing.T, c golden.Case) {
	m := NewFeeMarket(DefaultFees())
	for _, add := range objects(c.Expected, "adds") {
		ok, reason := m.AddToPool(PooledTx{
			ID: str(add, "tx_id"), Type: str(add, "tx_type"), Fee: num(add, "fee"), Arrival: num(add, "time"),
		}, "")
		same(t, str(add, "tx_id"), []any{ok, reason}, []any{val(add, "ok"), val(add, "reason")})
	}
	var block []any
	for _, tx := range m.TakeBlock(4) {
		block = append(block, canon.NewObject("tx_type", tx.Type, "fee", tx.Fee, "tx_id", tx.ID))
	}
	same(t, "first block", block, val(c.Expected, "first_block_of_4"))
	same(t, "left", m.PoolSize(), val(c.Expected, "left"))
}

// vectorRateLimit plays the times that the inputs describe in words: one transaction a second,
// and an optimae every ten seconds, of which the last comes 15 s late.
func vectorRateLimit(t *testing.T, c golden.Case) {
	const start = 1.7e9
	m := NewFeeMarket(DefaultFees())
	for i, want := range list(c.Expected, "tx_ok") {
		ok, _ := m.CheckRate("p", false, start+float64(i))
		same(t, fmt.Sprintf("transaction %d", i), ok, want)
	}
	want := list(c.Expected, "optimae_ok")
	for i := range want {
		at := float64(10 * i)
		if i == len(want)-1 {
			at = 75
		}
		ok, _ := m.CheckRate("p", true, start+at)
		same(t, fmt.Sprintf("optimae at %v s", at), ok, want[i])
	}
}

func TestFeePoolLimits(t *testing.T) {
	m := NewFeeMarket(DefaultFees())
	for i := range MempoolLimit {
		if ok, reason := m.AddToPool(PooledTx{ID: fmt.Sprint(i), Fee: 0.002, Arrival: float64(i)}, ""); !ok {
			t.Fatal(reason)
		}
	}
	if ok, reason := m.AddToPool(PooledTx{ID: "same", Fee: 0.002, Arrival: -1}, ""); ok || reason != "Mempool full and fee too low" {
		t.Errorf("equal fee into a full pool: %v %q", ok, reason)
	}
	if ok, _ := m.AddToPool(PooledTx{ID: "better", Fee: 0.003}, ""); !ok || m.PoolSize() != MempoolLimit {
		t.Errorf("higher fee into a full pool: %v, %d waiting", ok, m.PoolSize())
	}
	if first := m.TakeBlock(0); len(first) != 200 || first[0].ID != "better" || first[1].ID != "0" {
		t.Errorf("first block has %d transactions", len(first))
	}
	m.ReturnToPool([]PooledTx{{ID: "back", Fee: 9}}, 5)
	if got := m.TakeBlock(1); got[0].ID != "back" || got[0].Arrival != 5 {
		t.Errorf("TakeBlock after ReturnToPool = %v", got)
	}
	for i := range MaxTxRate + 1 {
		ok, reason := m.AddToPool(PooledTx{Fee: 1, Arrival: 100}, "p")
		if want := "Rate limit exceeded: 20 transactions in 60.0s (limit: 20)"; !ok != (i == MaxTxRate) || !ok && reason != want {
			t.Errorf("submission %d: %v %q", i, ok, reason)
		}
	}
}
