package ledger

// The fee market (EIP-1559's shape): the base fee rises while blocks hold more transactions than the
// target and falls while they hold fewer, by at most one eighth per target-full difference.
const (
	MinBaseFee      = Unit / 1000 // 0.001 DOIN
	MaxBaseFee      = 100 * Unit
	TargetBlockSize = 100 // transactions
	MaxBlockSize    = 200 // transactions
	feeChangeDenom  = 8
	StakeMultiplier = 5  // an optimae stakes 5 × base fee
	BurnPercent     = 20 // of the stake, burned on rejection
)

// NextBaseFee returns the base fee after a block of count transactions.
func NextBaseFee(fee int64, count int) int64 {
	c := int64(count)
	switch {
	case c > TargetBlockSize:
		change := max(mulDiv(fee, min(c-TargetBlockSize, TargetBlockSize*feeChangeDenom), TargetBlockSize*feeChangeDenom), 1)
		return min(MaxBaseFee, fee+change)
	case c < TargetBlockSize:
		return max(MinBaseFee, fee-mulDiv(fee, TargetBlockSize-c, TargetBlockSize*feeChangeDenom))
	}
	return fee
}

// Tip returns the suggested tip on top of a base fee for an urgency: "low" 10 %, "normal" (and any
// other word) 50 %, "high" 100 %, "urgent" 200 %.
func Tip(fee int64, urgency string) int64 {
	switch urgency {
	case "low":
		return fee / 10
	case "high":
		return fee
	case "urgent":
		return 2 * fee
	}
	return fee / 2
}

// Stake returns what an optimae puts at risk, and StakeBurn the part of it a rejection burns.
func Stake(baseFee int64) int64 { return StakeMultiplier * baseFee }

// StakeBurn returns the part of a stake that a rejection burns.
func StakeBurn(baseFee int64) int64 { return Stake(baseFee) * BurnPercent / 100 }
