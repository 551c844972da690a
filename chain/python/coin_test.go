package python

import (
	"math/rand/v2"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorCoin(t *testing.T, c golden.Case) {
	switch c.Kind {
	case "reward":
		height := whole(c.Inputs, "block_index")
		same(t, "reward", canon.NewObject("block_reward", BlockReward(height), "total_supply_at", Supply(height)), c.Expected)
	case "distribute":
		vectorDistribute(t, c)
	case "transfers":
		vectorTransfers(t, c)
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
}

func vectorDistribute(t *testing.T, c golden.Case) {
	var contributions []Contribution
	for _, o := range objects(c.Inputs, "contributors") {
		contributions = append(contributions, Contribution{
			PeerID: str(o, "peer_id"), Role: str(o, "role"), DomainID: must(o.StringOr("domain_id", "")),
			EffectiveIncrement: must(o.FloatOr("effective_increment", 0)), RewardFraction: must(o.FloatOr("reward_fraction", 0)),
			Agreed: must(o.BoolOr("agreed_with_quorum", true)), Evaluations: must(o.IntOr("evaluations_completed", 0)),
		})
	}
	got := Distribute(whole(c.Inputs, "block_index"), str(c.Inputs, "generator_id"), contributions, num(c.Inputs, "tx_fees"))
	outputs := []any{}
	for _, o := range got.Outputs {
		outputs = append(outputs, []any{o.Recipient, o.Amount, o.Reason, o.DomainID})
	}
	same(t, "coinbase", canon.NewObject("block_reward", got.BlockReward, "outputs", outputs,
		"total_distributed", got.Total(), "id", got.ID()), c.Expected)
}

func vectorTransfers(t *testing.T, c golden.Case) {
	a := NewAccounts()
	initial, coinbase := obj(c.Inputs, "initial"), Coinbase{}
	for _, peer := range initial.Keys() {
		coinbase.Outputs = append(coinbase.Outputs, Output{Recipient: peer, Amount: num(initial, peer)})
	}
	coinbase.BlockReward = coinbase.Total()
	a.Mint(coinbase)
	transfers := list(c.Inputs, "transfers_sender_recipient_amount_fee_nonce")
	for i, step := range objects(c.Expected, "steps") {
		row := must(canon.AsList(transfers[i]))
		ok, reason := a.Transfer(Transfer{
			Sender: must(canon.AsString(row[0])), Recipient: must(canon.AsString(row[1])),
			Amount: must(canon.AsFloat(row[2])), Fee: must(canon.AsFloat(row[3])), Nonce: must(canon.AsInt(row[4])),
		})
		balances, nonces := canon.NewObject(), canon.NewObject()
		for _, peer := range a.order {
			balances.Set(peer, a.Balance(peer))
			if n := a.Nonce(peer); n > 0 {
				nonces.Set(peer, n)
			}
		}
		same(t, "step", canon.NewObject("ok", ok, "reason", reason, "balances", balances, "nonces", nonces), step)
	}
	same(t, "supply", a.Minted(), num(c.Expected, "total_supply"))
	want := list(c.Expected, "top_holders")
	top := []any{}
	for _, h := range a.Top(len(want)) {
		top = append(top, []any{h.PeerID, h.Balance})
	}
	same(t, "top holders", top, want)
}

// Without fees and negative increments a block pays what it mints, but for rounding, as long as
// the generator's share is not below the smallest amount.
func TestDistributeConserves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var all []Contribution
		for range rng.IntN(6) {
			c := Contribution{PeerID: string(rune('a' + rng.IntN(4))), Role: RoleOptimizer, EffectiveIncrement: rng.Float64(), RewardFraction: rng.Float64()}
			if rng.IntN(2) == 0 {
				c.Role, c.Agreed, c.Evaluations = RoleEvaluator, rng.IntN(3) > 0, rng.Int64N(4)
			}
			all = append(all, c)
		}
		height := rng.Int64N(5_000_000)
		got := Distribute(height, "g", all, 0)
		if diff := got.Total() - got.BlockReward; diff > 1e-12 || diff < -3*SmallestAmount {
			t.Fatalf("height %d, %+v: pays %v of %v", height, all, got.Total(), got.BlockReward)
		}
	}
}

func TestSumCompensates(t *testing.T) {
	if got := sum([]float64{1e16, 1, -1e16}); got != 1 {
		t.Errorf("sum = %v, want 1", got)
	}
	if got := sum(nil); got != 0 {
		t.Errorf("sum of nothing = %v", got)
	}
}
