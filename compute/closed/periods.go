package closed

import (
	"math"
	"slices"

	"doin.network/node/compute/f64"
)

// Frequency is how often the rows of a series come, as far as a calendar knows.
type Frequency int

// The frequencies that have seasons of their own, and Unknown for all else: integers, seconds.
const (
	Unknown Frequency = iota
	Yearly
	Quarterly
	Monthly
	Weekly
	Daily
	Hourly
)

// Seasons returns the periods that a calendar gives the frequency, ascending.
func (f Frequency) Seasons() []int {
	switch f {
	case Quarterly:
		return []int{4}
	case Monthly:
		return []int{12}
	case Weekly:
		return []int{52}
	case Daily:
		return []int{7, 365}
	case Hourly:
		return []int{24, 168}
	}
	return nil
}

const (
	shortest   = 12 // rows
	maxPeriods = 3
	maxLag     = 800
	alike      = 0.25 // the least correlation of what is one period apart
	nearly     = 0.75 // how alike a smaller lag must be, in parts of the most alike, to go before it
)

// Periods returns the periods of y, ascending, three at most; none for a yearly series, for one shorter than three periods,
// and where nothing repeats. The calendar's seasons of the frequency are tried; without a calendar one or two lags of 800 at
// most, those at which the changes of y resemble themselves.
//
// A period p holds if the correlation of y at p rows apart, y less its centred mean over p rows and less the periods found
// before, is at least ¼ and twice what chance allows; if p is a multiple of a period found, it must be above those of the
// multiples beside it.
func Periods(y []float64, frequency Frequency) []int {
	if frequency != Unknown {
		return PeriodsOf(y, frequency.Seasons())
	}
	if len(y) < shortest {
		return nil
	}
	z := scaled(y)
	return holding(z, candidates(z))
}

// PeriodsOf is Periods of a calendar with other seasons, which are tried in their order.
func PeriodsOf(y []float64, seasons []int) []int {
	if len(y) < shortest {
		return nil
	}
	return holding(scaled(y), seasons)
}

// scaled returns y divided by a power of two.
func scaled(y []float64) []float64 {
	scale := scaleOf(y)
	z := make([]float64, len(y))
	for i, v := range y {
		z[i] = float64(v * scale)
	}
	return z
}

// holding returns those of the candidates that hold, in the order given, each on what those before it left.
func holding(z []float64, candidates []int) []int {
	var found []int
	for _, p := range candidates {
		if len(found) == maxPeriods || p < 2 || len(z) < 3*p {
			continue
		}
		d := detrended(z, p)
		r := correlation(d, p)
		chance := 2 / math.Sqrt(float64(len(d)))
		if !(r >= max(alike, chance)) || !peak(z, d, p, r, found) {
			continue
		}
		found = append(found, p)
		z = withoutSeasons(z, seasonsOf(z, p))
	}
	slices.Sort(found)
	return found
}

// peak reports whether p stands out among the multiples of the periods found.
func peak(z, d []float64, p int, r float64, found []int) bool {
	for _, q := range found {
		if p%q == 0 && (correlation(d, p-q) >= r || correlation(d, p+q) >= r) {
			return false
		}
	}
	return true
}

// detrended returns z less its centred mean over p rows, without the rows at both ends that have none.
func detrended(z []float64, p int) []float64 {
	half := p / 2
	d := make([]float64, 0, len(z))
	for t := half; t+half < len(z); t++ {
		m := f64.Sum(z[t-half : t+half+1])
		if p%2 == 0 {
			m -= float64(0.5 * (z[t-half] + z[t+half]))
		}
		d = append(d, z[t]-m/float64(p))
	}
	return d
}

// correlation returns Σ d[t]·d[t+lag] ÷ Σ d[t]², the first scaled to as many terms as the second; 0 without any.
func correlation(d []float64, lag int) float64 {
	if lag <= 0 || lag >= len(d) {
		return 0
	}
	all := f64.Dot(d, d)
	if !(all > 0) {
		return 0
	}
	return float64(f64.Dot(d[:len(d)-lag], d[lag:])*float64(len(d))) / float64(all*float64(len(d)-lag))
}

// candidates returns the lags to try without a calendar: the peak at which the changes of z resemble themselves most, the
// smaller of equals; before it, the smallest peak that is at least ¾ as alike. nil where no lag is more alike than chance.
func candidates(z []float64) []int {
	d := changesOf(z)
	mean := f64.Sum(d) / float64(len(d))
	for i := range d {
		d[i] -= mean
	}
	longest := min(len(z)/3, maxLag)
	r := make([]float64, longest+2)
	for lag := 1; lag < len(r); lag++ {
		r[lag] = correlation(d, lag)
	}
	least := max(alike, 3/math.Sqrt(float64(len(d)))) // many lags are looked at: more than chance allows one
	isPeak := func(p int) bool { return r[p] >= least && r[p] >= r[p-1] && r[p] >= r[p+1] }
	best := 0
	for p := 2; p <= longest; p++ {
		if isPeak(p) && (best == 0 || r[p] > r[best]) {
			best = p
		}
	}
	for p := 2; p < best; p++ {
		if isPeak(p) && r[p] >= float64(nearly*r[best]) {
			return []int{p, best}
		}
	}
	if best == 0 {
		return nil
	}
	return []int{best}
}
