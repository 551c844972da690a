package closed

// smoothing is exponential smoothing in its error correction form. With forecast p and error e = z − p of a step:
//
//	additive        p = l + φb + s         l += φb + αe     b = φb + αβe     s += γ(1−α)e
//	multiplicative  p = (l + φb)·s         l += φb + αe/s   b = φb + αβe/s   s += γ(1−α)e/(l + φb)
//
// Simple smoothing has b = 0 and s = 0; a season of one step is s = 0 too.
type smoothing struct {
	alpha, beta, gamma, phi float64
	trend, multiplicative   bool
	period                  int // 1: no seasons
	start                   state
}

// state is what smoothing carries from step to step. The season of step t is season[t mod period].
type state struct {
	level, slope float64
	season       []float64
}

func (s *smoothing) coefficients() []float64 {
	c := []float64{s.alpha, s.beta, s.gamma, s.phi, float64(s.period), s.start.level, s.start.slope}
	return append(c, s.start.season...)
}

func (s *smoothing) walk(z []float64, first, horizon int, out []float64) {
	w := s.begin(nil)
	for t, v := range z {
		s.step(&w, t, v)
		if t+1 >= first {
			s.forecast(&w, t+1, out[(t+1-first)*horizon:][:horizon])
		}
	}
}

// begin returns the state before step 0; its season is laid into buffer, where that is long enough.
func (s *smoothing) begin(buffer []float64) state {
	w := s.start
	w.season = append(buffer[:0], s.start.season...)
	return w
}

// step takes value v of step t into the state.
func (s *smoothing) step(w *state, t int, v float64) {
	change := float64(s.phi * w.slope)
	base := w.level + change
	at, season := 0, 0.0
	if s.period > 1 {
		at = t % s.period
		season = w.season[at]
	}
	if s.multiplicative {
		e := v - float64(base*season)
		part := e / season
		w.level = base + float64(s.alpha*part)
		w.slope = change + float64(float64(s.alpha*s.beta)*part)
		w.season[at] = season + float64(float64(s.gamma*(1-s.alpha))*(e/base))
		if !(w.season[at] > leastSeason) {
			w.season[at] = leastSeason
		}
		if !(w.level > leastSeason) {
			w.level = leastSeason
		}
		return
	}
	e := v - (base + season)
	w.level = base + float64(s.alpha*e)
	if s.trend {
		w.slope = change + float64(float64(s.alpha*s.beta)*e)
	}
	if s.period > 1 {
		w.season[at] = season + float64(float64(s.gamma*(1-s.alpha))*e)
	}
}

// leastSeason keeps multiplicative levels and seasons off zero.
const leastSeason = 0x1p-40

// forecast writes the steps t, t+1, … to row.
func (s *smoothing) forecast(w *state, t int, row []float64) {
	slope, damp := 0.0, 1.0
	at := t % s.period
	for k := range row {
		damp = float64(damp * s.phi)
		slope += float64(damp * w.slope)
		v := w.level + slope
		if s.multiplicative {
			v = float64(v * w.season[at])
		} else if s.period > 1 {
			v += w.season[at]
		}
		row[k] = v
		if at++; at == s.period {
			at = 0
		}
	}
}
