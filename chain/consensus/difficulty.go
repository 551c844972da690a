package consensus

// Constants of the difficulty controller (Difficulty).
const (
	EpochLength  = 100    // blocks
	stepLimit    = 20_000 // ±2 % per block
	minThreshold = 1
	maxThreshold = 1_000_000_000 * Micro
	minElapsed   = 1_000 // 1 ms, in µs
	// EmptyAfter is how many target block times must pass before a block without acceptance is valid.
	EmptyAfter = 20
)

// Difficulty is the controller of the block threshold, the reference's in integers: an exponential moving
// average of block times (α = 0.1) corrects the threshold by at most 2 % a block, and each epoch of 100
// blocks by a factor between ¼ and 4. Times are µs, the threshold is 10⁻⁶.
type Difficulty struct {
	Threshold   int64
	EMA         int64
	Last        int64
	EpochStart  int64
	InEpoch     int64
	Adjustments int64
}

// NewDifficulty starts the controller at time start.
func NewDifficulty(threshold, target, start int64) Difficulty {
	return Difficulty{Threshold: clamp(threshold, minThreshold, maxThreshold), EMA: target, Last: start, EpochStart: start}
}

// Required returns the threshold that a block at time t must reach: the controller's, halved for each full
// target time since the parent.
func (d Difficulty) Required(t, target int64) int64 {
	n := max(0, t-d.Last) / target
	if n >= 62 {
		return 0
	}
	return d.Threshold >> uint(n)
}

// Next returns the controller after a block at time t > d.Last.
func (d Difficulty) Next(t, target int64) Difficulty {
	elapsed := max(minElapsed, t-d.Last)
	d.EMA = (elapsed + 9*d.EMA) / 10
	if d.EMA > 0 {
		diff := target - d.EMA
		var c int64
		if diff >= 0 {
			c = min(MulDiv(diff, Micro, d.EMA), stepLimit)
		} else {
			c = -min(MulDiv(-diff, Micro, d.EMA), stepLimit)
		}
		d.Threshold = d.scaled(Micro+c, Micro)
	}
	d.InEpoch++
	d.Last = t
	if d.InEpoch >= EpochLength {
		actual, wanted := max(minElapsed, t-d.EpochStart), EpochLength*target
		switch {
		case wanted >= 4*actual:
			d.Threshold = d.scaled(4, 1)
		case actual >= 4*wanted:
			d.Threshold = d.scaled(1, 4)
		default:
			d.Threshold = d.scaled(wanted, actual)
		}
		d.EpochStart, d.InEpoch = t, 0
		d.Adjustments++
	}
	return d
}

func (d Difficulty) scaled(num, den int64) int64 {
	return clamp(MulDiv(d.Threshold, num, den), minThreshold, maxThreshold)
}
