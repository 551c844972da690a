package python

import (
	"slices"
	"strconv"

	"doin.network/node/internal/canon"
)

// Constants of the fee market that are not configurable.
const (
	MempoolLimit    = 10_000
	RateWindow      = 60.0 // seconds
	MaxTxRate       = 20   // per peer and window
	MaxOptimaeRate  = 5    // per peer and window
	smallestFeeStep = 1e-8
	maxRatePeers    = 1 << 14 // from which idle peers are forgotten; the reference keeps all
)

// FeeConfig is the configurable part of the fee market.
type FeeConfig struct {
	MinBaseFee      float64 // default 0.001
	MaxBaseFee      float64 // default 100
	TargetBlockSize int64   // transactions. Default 100
	MaxBlockSize    int64   // transactions. Default 200
	ChangeDenom     int64   // default 8: at most an eighth per target of surplus
	StakeMultiplier float64 // stake of an optimae in base fees. Default 5
	BurnFraction    float64 // of a rejected stake. Default 0.2
}

// DefaultFees returns the defaults named at the fields.
func DefaultFees() FeeConfig {
	return FeeConfig{
		MinBaseFee: 0.001, MaxBaseFee: 100, TargetBlockSize: 100, MaxBlockSize: 200,
		ChangeDenom: 8, StakeMultiplier: 5, BurnFraction: 0.2,
	}
}

// FeeMarket prices transactions. In the unified node only the base fee and the stakes are
// live, and nothing is ever debited.
type FeeMarket struct {
	cfg     FeeConfig
	baseFee float64
	burned  float64

	staked     map[string]float64 // by optimae id
	stakeOrder []string           // ids in order of their first stake

	pool         []PooledTx // by fee descending, arrival, id
	txTimes      map[string][]float64
	optimaeTimes map[string][]float64
}

// NewFeeMarket returns a market at the minimum base fee.
func NewFeeMarket(cfg FeeConfig) *FeeMarket {
	return &FeeMarket{
		cfg: cfg, baseFee: cfg.MinBaseFee, staked: map[string]float64{},
		txTimes: map[string][]float64{}, optimaeTimes: map[string][]float64{},
	}
}

// BaseFee returns the current base fee.
func (m *FeeMarket) BaseFee() float64 { return m.baseFee }

// Burned returns the total of the burned stakes.
func (m *FeeMarket) Burned() float64 { return m.burned }

// stake returns what an optimae has to put up.
func (m *FeeMarket) stake() float64 { return float64(m.baseFee * m.cfg.StakeMultiplier) }

// OnBlock moves the base fee after a block with count transactions and returns it.
func (m *FeeMarket) OnBlock(count int64) float64 {
	target := m.cfg.TargetBlockSize
	scale := float64(target * m.cfg.ChangeDenom)
	switch {
	case count > target:
		step := float64(m.baseFee*float64(count-target)) / scale
		m.baseFee = min(m.cfg.MaxBaseFee, m.baseFee+max(step, smallestFeeStep))
	case count < target:
		step := float64(m.baseFee*float64(target-count)) / scale
		m.baseFee = max(m.cfg.MinBaseFee, m.baseFee-step)
	}
	return m.baseFee
}

// Suggest returns fees for a priority: "low", "normal" (and any other name), "high", "urgent".
func (m *FeeMarket) Suggest(priority string) *canon.Object {
	factor := 0.5
	switch priority {
	case "low":
		factor = 0.1
	case "high":
		factor = 1
	case "urgent":
		factor = 2
	}
	tip := float64(m.baseFee * factor)
	return canon.NewObject("base_fee", m.baseFee, "tip", tip, "total", m.baseFee+tip, "optimae_stake", m.stake())
}

// Validate judges a fee, or the stake of an optimae; reason is empty if it suffices.
func (m *FeeMarket) Validate(fee float64, optimae bool) (ok bool, reason string) {
	if optimae {
		if least := m.stake(); fee < least {
			return false, "Optimae stake " + fixed(fee, 6) + " below minimum " + fixed(least, 6)
		}
	} else if fee < m.baseFee {
		return false, "Fee " + fixed(fee, 6) + " below base fee " + fixed(m.baseFee, 6)
	}
	return true, ""
}

// CheckRate counts a submission of peer at now (Unix seconds) unless it is one too many for
// the window.
func (m *FeeMarket) CheckRate(peer string, optimae bool, now float64) (ok bool, reason string) {
	tracker, limit, label := m.txTimes, MaxTxRate, "transaction"
	if optimae {
		tracker, limit, label = m.optimaeTimes, MaxOptimaeRate, "optimae"
	}
	cutoff := now - RateWindow
	if _, known := tracker[peer]; !known && len(tracker) >= maxRatePeers {
		forgetIdle(tracker, cutoff)
	}
	recent := slices.DeleteFunc(tracker[peer], func(t float64) bool { return t <= cutoff })
	tracker[peer] = recent
	if n := len(recent); n >= limit {
		return false, "Rate limit exceeded: " + strconv.Itoa(n) + " " + label + "s in " + literal(RateWindow) +
			"s (limit: " + strconv.Itoa(limit) + ")"
	}
	tracker[peer] = append(recent, now)
	return true, ""
}

// forgetIdle drops peers without a submission after cutoff.
func forgetIdle(tracker map[string][]float64, cutoff float64) {
	for peer, times := range tracker {
		if !slices.ContainsFunc(times, func(t float64) bool { return t > cutoff }) {
			delete(tracker, peer)
		}
	}
}

// Stake notes the stake of an optimae.
func (m *FeeMarket) Stake(optimaeID string, stake float64) {
	if _, known := m.staked[optimaeID]; !known {
		m.stakeOrder = append(m.stakeOrder, optimaeID)
	}
	m.staked[optimaeID] = stake
}

// Resolve releases the stake of an optimae and returns the refund: all of it if accepted, the
// part that is not burned if rejected, 0 if it is unknown.
func (m *FeeMarket) Resolve(optimaeID string, accepted bool) float64 {
	stake, known := m.staked[optimaeID]
	if !known {
		return 0
	}
	delete(m.staked, optimaeID)
	m.stakeOrder = slices.DeleteFunc(m.stakeOrder, func(id string) bool { return id == optimaeID })
	switch {
	case stake <= 0:
		return 0
	case accepted:
		return stake
	}
	burn := float64(stake * m.cfg.BurnFraction)
	m.burned += burn
	return stake - burn
}

// Stats returns the object that the fees page shows.
func (m *FeeMarket) Stats() *canon.Object {
	stakes := make([]float64, len(m.stakeOrder))
	for i, id := range m.stakeOrder {
		stakes[i] = m.staked[id]
	}
	o := canon.NewObject(
		"base_fee", m.baseFee,
		"mempool_size", len(m.pool),
		"mempool_limit", MempoolLimit,
		"total_burned", m.burned,
		"staked_optimae", len(m.staked),
		"total_staked", sum(stakes),
		"suggested_fees", m.Suggest("normal"),
	)
	if len(stakes) == 0 {
		o.Set("total_staked", 0) // an integer when there is nothing to add
	}
	return o
}
