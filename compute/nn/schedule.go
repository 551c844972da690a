package nn

import "doin.network/node/compute/vec"

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

// scheduleTable returns the scalars of every step; element t−1 is step t. They are computed once, in binary64 with
// + − × ÷ only, and rounded to float32, so that a device receives them as bits.
func scheduleTable(c *Config) []vec.AdamW {
	table := make([]vec.AdamW, c.MaxSteps)
	power1, power2 := 1.0, 1.0
	rate := float64(c.LearningRate)
	for i := range table {
		power1 = float64(power1 * float64(c.Beta1))
		power2 = float64(power2 * float64(c.Beta2))
		lr := rate
		switch {
		case i < c.WarmupSteps:
			lr = float64(rate*float64(i+1)) / float64(c.WarmupSteps)
		case c.Schedule == Cosine:
			f := cosine(float64(halfPi*float64(i-c.WarmupSteps)) / float64(c.MaxSteps-c.WarmupSteps))
			lr = float64(float64(rate*f) * f)
		}
		table[i] = vec.AdamW{
			Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon, WeightDecay: c.WeightDecay,
			Rate: float32(lr), Correct1: float32(1 / (1 - power1)), Correct2: float32(1 / (1 - power2)),
		}
	}
	return table
}
