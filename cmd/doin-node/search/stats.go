package search

import "slices"

// maxTimes bounds the generations whose times are kept.
const maxTimes = 4096

// fewest is how many generations of each kind a ratio needs.
const fewest = 3

// Announce is how long generations took with and without a claim made while they were bred.
type Announce struct {
	// With and Without count the generations looked at, the latest 4096 at most.
	With, Without int
	// SecondsWith and SecondsWithout are the medians, 0 of none.
	SecondsWith, SecondsWithout float64
	// Ratio is the first over the second; nil with fewer than 3 of either kind.
	Ratio *float64
}

// times is a ring of the latest generations' times.
type times struct {
	seconds []float64
	claimed []bool
	at      int
}

func (t *times) add(seconds float64, claimed bool) {
	if len(t.seconds) < maxTimes {
		t.seconds, t.claimed = append(t.seconds, seconds), append(t.claimed, claimed)
		return
	}
	t.seconds[t.at], t.claimed[t.at] = seconds, claimed
	t.at = (t.at + 1) % maxTimes
}

func (t *times) announce() (a Announce) {
	var with, without []float64
	for i, s := range t.seconds {
		if t.claimed[i] {
			with = append(with, s)
		} else {
			without = append(without, s)
		}
	}
	a.With, a.Without = len(with), len(without)
	a.SecondsWith, a.SecondsWithout = median(with), median(without)
	if a.With >= fewest && a.Without >= fewest && a.SecondsWithout > 0 {
		r := a.SecondsWith / a.SecondsWithout
		a.Ratio = &r
	}
	return a
}

// median sorts x.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	m := len(x) / 2
	if len(x)%2 == 1 {
		return x[m]
	}
	return (x[m-1] + x[m]) / 2
}
