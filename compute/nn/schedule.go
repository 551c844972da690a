package nn

// halfPi is π/2 rounded to float64.
const halfPi = 0x1.921fb54442d18p+0

// cosTerms are the coefficients (−1)^j/(2j)! of the Taylor series of the cosine, as exact quotients rounded once to
// float64. On [0, π/2] the terms left out are below 10⁻¹⁹.
var cosTerms = [...]float64{
	1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200,
	1.0 / 20922789888000, -1.0 / 6402373705728000, 1.0 / 2432902008176640000, -1.0 / 1124000727777607680000,
}

// cosine evaluates cosTerms by Horner's rule at y in [0, π/2]. It uses binary64 + and × only, each product rounded.
func cosine(y float64) float64 {
	q := float64(y * y)
	c := cosTerms[len(cosTerms)-1]
	for j := len(cosTerms) - 2; j >= 0; j-- {
		c = float64(c*q) + cosTerms[j]
	}
	return c
}

// Rates yields the scalars of one step after another: the rate and the bias corrections. They are computed in
// binary64 with + − × ÷ only, and rounded to float32, so that another device can be given them as bits. It is not safe
// for concurrent use.
type Rates struct {
	cfg            *Config
	step           int // steps yielded
	power1, power2 float64
}

// NewRates returns the schedule of a run of a valid configuration, which is retained, of which some steps are done.
func NewRates(c *Config, done int) *Rates {
	s := &Rates{cfg: c, step: done, power1: 1, power2: 1}
	for range done {
		s.raise()
	}
	return s
}

// negligible is a bound below which a power does not show: 1 − p is 1 for every p up to 2⁻⁵⁴.
const negligible = 0x1p-60

// raise multiplies the powers of the decay rates. Negligible ones become zero, as all behind them would be negligible, before
// they are subnormal, which makes products slow.
func (s *Rates) raise() {
	if s.power1 = float64(s.power1 * float64(s.cfg.Beta1)); s.power1 < negligible {
		s.power1 = 0
	}
	if s.power2 = float64(s.power2 * float64(s.cfg.Beta2)); s.power2 < negligible {
		s.power2 = 0
	}
}

// Next returns the scalars of the next step: the learning rate and the bias corrections of AdamW.
func (s *Rates) Next() (rate, correct1, correct2 float32) {
	s.raise()
	i, c := s.step, s.cfg
	s.step++
	lr := float64(c.LearningRate)
	switch {
	case i < c.WarmupSteps:
		lr = float64(lr*float64(i+1)) / float64(c.WarmupSteps)
	case c.Schedule == Cosine:
		f := cosine(float64(halfPi*float64(i-c.WarmupSteps)) / float64(c.scheduleSteps()-c.WarmupSteps))
		lr = float64(float64(lr*f) * f)
	}
	return float32(lr), float32(1 / (1 - s.power1)), float32(1 / (1 - s.power2))
}
