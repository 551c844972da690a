package python

import "doin.network/node/internal/canon"

// Constants of the difficulty controller.
const (
	EpochLength        = 100 // blocks
	MaxEpochChange     = 4.0 // ×4 or ÷4 per epoch
	EMAAlpha           = 0.1
	MinThreshold       = 1e-6
	MaxThreshold       = 1e9
	PerBlockCorrection = 0.02 // ±2 % per block
	minBlockInterval   = 0.001
)

// Difficulty steers the threshold of Proof so that own blocks come at the target interval: a
// correction of at most 2 % per block from a moving average, and a larger one per epoch.
// Only locally generated blocks feed it and it is not persisted: every node has its own.
type Difficulty struct {
	Threshold   float64
	Target      float64 // seconds between blocks
	EMA         float64 // moving average of the interval, seconds
	LastBlock   float64 // Unix seconds
	EpochStart  float64 // Unix seconds
	EpochLength int64   // blocks
	InEpoch     int64   // blocks since EpochStart
	Adjustments int64   // epoch corrections so far
}

// NewDifficulty returns a controller constructed at now (Unix seconds).
func NewDifficulty(target, threshold float64, epochLength int64, now float64) *Difficulty {
	return &Difficulty{
		Threshold: threshold, Target: target, EMA: target,
		LastBlock: now, EpochStart: now, EpochLength: epochLength,
	}
}

// OnBlock takes note of an own block and returns the threshold of the next. A timestamp of 0
// means now; both are Unix seconds. An interval of 0 or less counts as 1 ms.
func (d *Difficulty) OnBlock(timestamp, now float64) float64 {
	if timestamp != 0 {
		now = timestamp
	}
	elapsed := max(minBlockInterval, now-d.LastBlock)
	d.EMA = float64(EMAAlpha*elapsed) + float64((1-EMAAlpha)*d.EMA)
	if d.EMA > 0 {
		c := clamp(d.Target/d.EMA-1, -PerBlockCorrection, PerBlockCorrection)
		d.Threshold = clamp(float64(d.Threshold*(1+c)), MinThreshold, MaxThreshold)
	}
	d.InEpoch++
	d.LastBlock = now
	if d.InEpoch >= d.EpochLength {
		d.closeEpoch(now)
	}
	return d.Threshold
}

func (d *Difficulty) closeEpoch(now float64) {
	actual, wanted := now-d.EpochStart, float64(float64(d.EpochLength)*d.Target)
	if actual > 0 && wanted > 0 {
		r := clamp(wanted/actual, 1/MaxEpochChange, MaxEpochChange)
		d.Threshold = clamp(float64(d.Threshold*r), MinThreshold, MaxThreshold)
		d.Adjustments++
	}
	d.EpochStart, d.InEpoch = now, 0
}

// Deviation returns the moving average over the target, 0 without a positive target.
func (d *Difficulty) Deviation() float64 {
	if d.Target > 0 {
		return d.EMA / d.Target
	}
	return 0
}

// Stats returns the object that the status page shows.
func (d *Difficulty) Stats() *canon.Object {
	return canon.NewObject(
		"threshold", d.Threshold,
		"target_block_time", d.Target,
		"ema_block_time", d.EMA,
		"blocks_in_epoch", d.InEpoch,
		"epoch_length", d.EpochLength,
		"total_adjustments", d.Adjustments,
		"deviation", d.Deviation(),
	)
}
