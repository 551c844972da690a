package node

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var _ api.Node = statusView{}

// statusView fills GET /status and /fees.
type statusView struct{ n *Node }

// doin shows base units as DOIN.
func doin(units int64) float64 { return float64(units) / ledger.Unit }

// Fees implements api.Node.
func (v statusView) Fees(context.Context) (*api.Fees, error) {
	if !v.n.cfg.Fees.Enabled {
		return nil, nil
	}
	view := v.n.loop.View()
	fee := view.State.BaseFee
	tip := ledger.Tip(fee, "normal")
	return &api.Fees{BaseFee: doin(fee), MempoolSize: view.Pending, MempoolLimit: v.n.cfg.Limits.MaxPending,
		TotalBurned: doin(view.State.Ledger.Burned()), StakedOptimae: view.Quorums, TotalStaked: doin(int64(view.Quorums) * ledger.Stake(fee)),
		SuggestedTip: doin(tip), SuggestedTotal: doin(fee + tip), SuggestedStake: doin(ledger.Stake(fee))}, nil
}

// Status implements api.Node.
func (v statusView) Status(ctx context.Context) (*api.Status, error) {
	n, view := v.n, v.n.loop.View()
	s, d, own := view.State, view.State.Difficulty, v.n.PeerID()
	fees, err := v.Fees(ctx)
	if err != nil {
		return nil, err
	}
	st := n.stack.Status(ctx, func(dc *config.Domain, line *api.DomainStatus, o *canon.Object) {
		describe(s.Domains[dc.ID], line, o)
		approximate(n.rule(dc.ID).Agreement, o)
		if c := view.Champions[dc.ID]; c != nil && line.Best == nil {
			line.Best = &c.Performance // this node's own: nobody has verified it
		}
	}, canon.NewObject("alone", view.Alone, "solo", n.rules.Solo, "reputation", chain.MicroToFloat(s.Reputation(own)),
		"evaluator", standingObject(engine.StandingOf(s, own, n.cfg.Register))))
	st.Security.ReputationPeers = len(s.Peers)
	st.Coin = api.CoinStatus{TotalSupply: doin(s.Ledger.Supply()), MyBalance: doin(s.Ledger.Balance(own)), TopHolders: topHolders(s)}
	st.Difficulty = api.DifficultyStatus{Threshold: chain.MicroToFloat(d.Threshold), TargetBlockTime: seconds(n.rules.TargetBlockTime),
		EMABlockTime: float64(d.EMA) / engine.Second, BlocksInEpoch: d.InEpoch, EpochLength: consensus.EpochLength,
		TotalAdjustments: d.Adjustments, Deviation: float64(d.EMA) / float64(n.rules.TargetBlockTime)}
	st.FeeMarket = fees
	return st, nil
}

// standingObject shows what the node is to quorums and, if it is in none, why and what its owner can do.
func standingObject(s engine.Standing) *canon.Object {
	o := canon.NewObject("registered", s.Registered, "eligible", s.Eligible)
	if s.Reason != "" {
		o.Set("reason", s.Reason).Set("remedy", s.Remedy)
	}
	return o
}

// describe adds what the chain says of a domain.
func describe(d *consensus.Domain, line *api.DomainStatus, o *canon.Object) {
	if d == nil {
		return
	}
	o.Set("accepted", d.Accepted).Set("improved", d.Improved).Set("rejected", d.Rejected)
	if !d.HasBest {
		return
	}
	best := d.Best
	line.Best = &best
	c := canon.NewObject("optimae_id", d.OptimaeID, "optimizer_id", d.OptimizerID, "height", d.BestHeight, "digest", d.Digest)
	if d.Sums.N > 0 {
		d.Sums.AppendTo(c)
	}
	if d.Solo {
		c.Set("solo", true)
	}
	o.Set("verified_best", best).Set("chain_champion", c)
}

// mostStandings bounds the peers that the dashboard lists.
const mostStandings = 200

// standings lists what the chain says of peers, the highest reputation first.
func (n *Node) standings() []any {
	s := n.loop.View().State
	ids := slices.Collect(maps.Keys(s.Peers))
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Reputation(b), s.Reputation(a)), cmp.Compare(a, b))
	})
	out := []any{}
	for _, id := range ids[:min(len(ids), mostStandings)] {
		p := s.Peers[id]
		out = append(out, canon.NewObject("peer_id", id, "reputation", chain.MicroToFloat(s.Reputation(id)), "balance", doin(s.Ledger.Balance(id)),
			"accepted", p.Accepted, "rejected", p.Rejected, "agreed", p.Agreed, "divergent", p.Divergent, "evaluator", p.PublicKey != ""))
	}
	return out
}

// approximate says of a domain whose votes agree within a share that what is verified is verified to that.
func approximate(by agreement.Agreement, o *canon.Object) {
	if by.Exact() {
		return
	}
	o.Set("approximate", true).Set("agreement", by.Value())
	for _, key := range []string{"chain_champion", "champion"} {
		if c, err := o.ObjectOr(key, nil); err == nil && c != nil {
			o.Set(key, c.Set("approximate", true))
		}
	}
}

// topHolders returns the five richest, ties by id.
func topHolders(s *consensus.State) (out []api.Holder) {
	ids := s.Ledger.Peers()
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(s.Ledger.Balance(b), s.Ledger.Balance(a)) })
	for _, id := range ids[:min(5, len(ids))] {
		out = append(out, api.Holder{PeerID: id, Balance: doin(s.Ledger.Balance(id))})
	}
	return out
}

// seconds shows whole seconds as an integer, as they were configured.
func seconds(us int64) any {
	if us%engine.Second == 0 {
		return us / engine.Second
	}
	return float64(us) / engine.Second
}
