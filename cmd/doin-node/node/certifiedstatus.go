package node

import (
	"context"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/replica"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var _ api.Node = certifiedView{}

// certifiedView fills GET /status and /fees.
type certifiedView struct{ n *Certified }

// Fees implements api.Node.
func (v certifiedView) Fees(context.Context) (*api.Fees, error) {
	if !v.n.cfg.Fees.Enabled {
		return nil, nil
	}
	view := v.n.loop.View()
	tip := ledger.Tip(view.BaseFee, "normal")
	return &api.Fees{BaseFee: doin(view.BaseFee), MempoolSize: view.Pending, MempoolLimit: v.n.cfg.Limits.MaxPending,
		TotalBurned: doin(view.Burned), StakedOptimae: view.Quorums, TotalStaked: doin(int64(view.Quorums) * view.Deposit),
		SuggestedTip: doin(tip), SuggestedTotal: doin(view.BaseFee + tip), SuggestedStake: doin(view.Deposit)}, nil
}

// Status implements api.Node.
func (v certifiedView) Status(ctx context.Context) (*api.Status, error) {
	n, view := v.n, v.n.loop.View()
	fees, err := v.Fees(ctx)
	if err != nil {
		return nil, err
	}
	rules := n.network.Rules()
	st := n.stack.Status(ctx, func(dc *config.Domain, line *api.DomainStatus, o *canon.Object) {
		describeCertified(view.Domains[dc.ID], line, o)
		approximate(n.entry(dc.ID).Agreement, o)
		if c := view.Champions[dc.ID]; c != nil && line.Best == nil {
			line.Best = &c.Performance // this node's own: nobody has verified it
		}
	}, canon.NewObject("protocol", chain.Certified, "alone", view.Alone, "solo", rules.Solo, "reputation", chain.MicroToFloat(view.Reputation),
		"evaluator", standingObject(engine.Standing(view.Standing)), "certified", certifiedObject(view, rules.SlotTime, n.network.Recoveries())))
	st.Security.ReputationPeers = len(view.Electorate)
	st.Coin = api.CoinStatus{TotalSupply: doin(view.Supply), MyBalance: doin(view.Balance)}
	d := view.Controller // of blocks that pay
	st.Difficulty = api.DifficultyStatus{Threshold: chain.MicroToFloat(d.Threshold), TargetBlockTime: seconds(rules.TargetTime),
		EMABlockTime: float64(d.EMA) / engine.Second, BlocksInEpoch: d.InEpoch, EpochLength: consensus.EpochLength, TotalAdjustments: d.Adjustments,
		Deviation: float64(d.EMA) / float64(rules.TargetTime)}
	st.FeeMarket = fees
	return st, nil
}

// certifiedObject is where the certified chain stands. The chain of GET /chain is what is final of it.
func certifiedObject(v *replica.View, slotTime int64, recoveries int) *canon.Object {
	return canon.NewObject("slot", v.Slot, "slot_seconds", seconds(slotTime), "height", v.Certified, "tip", v.CertifiedTip, "final_height", v.Height,
		"electorate", len(v.Electorate), "paying_blocks", v.Paying, "recoveries", int64(recoveries), "deposit", ledger.FormatAmount(v.Deposit), "stake", ledger.FormatAmount(v.Stake))
}

// describeCertified adds what the chain says of a domain.
func describeCertified(d replica.DomainView, line *api.DomainStatus, o *canon.Object) {
	o.Set("accepted", d.Accepted).Set("rejected", d.Rejected).Set("open_claims", d.Open)
	if !d.HasBest {
		return
	}
	best := d.Best
	line.Best = &best
	o.Set("verified_best", best).Set("chain_champion", canon.NewObject("optimae_id", d.Champion))
}
