package closed

import "math"

// arima is the ARIMA(1,1,1) model or, with a period s, the ARIMA(1,1,1)(0,1,1)ₛ model (Box, Jenkins, Reinsel, Time Series Analysis, 3rd
// edition, chapters 5 and 9), of the airline model's family. w is the change of the values, with a period less that of a period ago:
//
//	e[t] = w[t] − φw[t−1] + θe[t−1] + Θe[t−s] − θΘe[t−s−1]
//
// with e = 0 where w or its predecessor is not known. Forecasts are the same equation with e = 0 from the origin on.
type arima struct {
	phi, theta, seasonal float64
	period               int // 0: none
}

// The grids of arima's parameters, ascending.
var (
	arimaPhis      = []float64{-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 0.9}
	arimaThetas    = []float64{-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 0.9}
	arimaSeasonals = []float64{0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95}
)

func (a *arima) coefficients() []float64 {
	return []float64{a.phi, a.theta, a.seasonal, float64(a.period)}
}

// lead is the first t of which w is known.
func (a *arima) lead() int { return 1 + a.period }

// change returns w[t].
func (a *arima) change(z []float64, t int) float64 {
	d := z[t] - z[t-1]
	if a.period > 0 {
		d -= z[t-a.period] - z[t-a.period-1]
	}
	return d
}

// next is what the equation expects of w[t] beside φw[t−1], from the errors before t; those from end on are 0.
func (a *arima) next(e []float64, t, end int) float64 {
	var v float64
	if t-1 < end {
		v -= float64(a.theta * e[t-1])
	}
	if p := a.period; p > 0 && t-p-1 >= 0 {
		if t-p < end {
			v -= float64(a.seasonal * e[t-p])
		}
		if t-p-1 < end {
			v += float64(float64(a.theta*a.seasonal) * e[t-p-1])
		}
	}
	return v
}

// errors fills in e of z.
func (a *arima) errors(z, e []float64) {
	clear(e)
	first := a.lead() + 1
	if first > len(z) {
		return
	}
	w := a.change(z, first-1)
	for t := first; t < len(z); t++ {
		expected := float64(a.phi*w) + a.next(e, t, t)
		w = a.change(z, t)
		e[t] = w - expected
	}
}

// forecast writes the steps t, t+1, … of which t values are known; past is a buffer that grows to period + 1 + len(row).
func (a *arima) forecast(z, e []float64, t int, past, row []float64) {
	reach := a.lead()
	past = append(past[:0], z[t-reach:t]...)
	w := 0.0
	if t > reach {
		w = a.change(z, t-1)
	}
	for k := range row {
		w = float64(a.phi*w) + a.next(e, t+k, t)
		v := past[len(past)-1] + w
		if p := a.period; p > 0 {
			v += past[len(past)-p] - past[len(past)-p-1]
		}
		past = append(past, v)
		row[k] = v
	}
}

func (a *arima) walk(z []float64, first, horizon int, out []float64) {
	e := make([]float64, len(z))
	a.errors(z, e)
	past := make([]float64, 0, a.lead()+horizon)
	for t := first; t <= len(z); t++ {
		a.forecast(z, e, t, past, out[(t-first)*horizon:][:horizon])
	}
}

// arimaRows is the shortest series that it is fitted on: one origin has two periods behind it.
func arimaRows(period, horizon int) int { return 2*period + 4 + horizon }

// arima takes the point of the grids with the least mean absolute error over all steps, the first of equals.
func (f *fitting) arima(period int) (core, error) {
	seasonals := arimaSeasonals
	if period == 0 {
		seasonals = []float64{0}
	}
	first, step := origins(max(len(f.z)/5, 2*period+2, 4), len(f.z), f.horizon, gridOrigins)
	var best arima
	least := math.Inf(1)
	e := make([]float64, len(f.z))
	past, row := make([]float64, 0, period+1+f.horizon), make([]float64, f.horizon)
	for _, phi := range arimaPhis {
		for _, theta := range arimaThetas {
			if err := f.ctx.Err(); err != nil {
				return nil, err
			}
			for _, seasonal := range seasonals {
				a := arima{phi, theta, seasonal, period}
				a.errors(f.z, e)
				var sum float64
				for t := first; t+f.horizon <= len(f.z); t += step {
					a.forecast(f.z, e, t, past, row)
					for k, p := range row {
						sum += math.Abs(p - f.z[t+k])
					}
				}
				if sum < least {
					best, least = a, sum
				}
			}
		}
	}
	return &best, nil
}
