package closed

import (
	"fmt"
	"slices"
)

// Kind is a form of model. Its number is part of no digest, its name is.
type Kind int

// The kinds, cheap ones first.
const (
	Last                      Kind = iota // the last value
	Seasonal                              // the value one period ago
	Drift                                 // the last value and the mean change so far
	Median                                // the median of the fitting part
	SeasonalMean                          // the mean change of the past periods over the same steps
	Simple                                // simple exponential smoothing
	Damped                                // Holt's, with a damped trend
	HoltWinters                           // Holt–Winters, additive seasons
	HoltWintersMultiplicative             // Holt–Winters, multiplicative seasons
	Theta                                 // smoothing with half the slope, on what is left without the seasons
	AR                                    // autoregression of the levels, iterated
	ARChanges                             // autoregression of the changes, iterated
	Ridge                                 // ridge regression of the change on changes
	RidgeLevel                            // and on the level: forecasts return to a mean
	ARIMA                                 // ARIMA(1,1,1), with a period (1,1,1)(0,1,1)ₛ
)

var kindNames = [...]string{
	"last", "seasonal", "drift", "median", "seasonal_mean", "ses", "holt_damped", "holt_winters", "holt_winters_multiplicative", "theta",
	"ar", "ar_changes", "ridge", "ridge_level", "arima",
}

// Spec is one member: a kind, on levels or on logarithms, with a period where the kind has one.
type Spec struct {
	Kind   Kind
	Log    bool // fitted on ln y, forecasts are exponentials: positive series only
	Period int  // of the seasonal kinds; 0 for the others
}

// String returns the member's name, as "holt_winters.12" or "ridge.log".
func (s Spec) String() string {
	name := fmt.Sprintf("kind%d", int(s.Kind))
	if s.Kind >= 0 && int(s.Kind) < len(kindNames) {
		name = kindNames[s.Kind]
	}
	if s.Period > 0 {
		name += fmt.Sprintf(".%d", s.Period)
	}
	if s.Log {
		name += ".log"
	}
	return name
}

// MinRows is the shortest series that anything but the last value is fitted on.
const MinRows = 8

// Specs returns the members that apply to a series of which y is the shortest part that any will be fitted on, with its
// periods (Periods), in a fixed order, cheap ones first. [Last] is always the first. horizon ≥ 1.
//
// A member on logarithms applies where all of y is above 0 and the largest is at least 1.5 times the smallest; a seasonal one
// where y holds two periods and more. Those that need further rows are left out where y has them not.
func Specs(y []float64, periods []int, horizon int) []Spec {
	specs := []Spec{{Kind: Last}}
	if len(y) < max(MinRows, horizon+4) {
		return specs
	}
	add := func(kind Kind, log bool, period int) {
		specs = append(specs, Spec{Kind: kind, Log: log, Period: period})
	}
	periods = usable(periods, len(y))
	log := logs(y)
	for _, p := range periods {
		add(Seasonal, false, p)
	}
	add(Drift, false, 0)
	add(Median, false, 0)
	for _, p := range periods {
		if len(y) >= 3*p+horizon {
			add(SeasonalMean, false, p)
		}
	}
	season := 0
	if len(periods) > 0 {
		season = periods[0]
	}
	add(Simple, false, season)
	add(Damped, false, season)
	if log {
		add(Damped, true, season)
	}
	if season > 0 {
		add(HoltWinters, false, season)
		if log {
			add(HoltWinters, true, season)
			add(HoltWintersMultiplicative, false, season)
		}
	}
	add(Theta, false, season)
	if log {
		add(Theta, true, season)
	}
	for _, kind := range []Kind{AR, ARChanges} {
		add(kind, false, season)
		if log {
			add(kind, true, season)
		}
	}
	if len(y) >= arimaRows(season, horizon) {
		add(ARIMA, false, season)
		if log {
			add(ARIMA, true, season)
		}
	}
	for _, kind := range []Kind{Ridge, RidgeLevel} {
		add(kind, false, 0)
		if log {
			add(kind, true, 0)
		}
	}
	return specs
}

// usable returns the periods above 1 of which n rows hold two and a bit, ascending.
func usable(periods []int, n int) []int {
	var use []int
	for _, p := range periods {
		if p > 1 && 2*p+2 <= n && !slices.Contains(use, p) {
			use = append(use, p)
		}
	}
	slices.Sort(use)
	return use
}

// logs reports whether logarithms of y say something that y does not.
func logs(y []float64) bool {
	low, high := slices.Min(y), slices.Max(y)
	return low > 0 && float64(1.5*low) <= high
}
