package quality

import "math"

// students are the 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond, the normal one is close.
var students = [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
	2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042}

// mean returns the mean of samples, NaN of none.
func mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// deviation returns the standard deviation with n − 1, 0 of fewer than two.
func deviation(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	m, s := mean(x), 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return math.Sqrt(s / float64(len(x)-1))
}

// interval returns the mean of samples with its 95 % interval by Student's t; of one sample it is the sample.
func interval(x []float64) (low, at, high float64) {
	at = mean(x)
	if len(x) < 2 {
		return at, at, at
	}
	t := 1.96
	if n := len(x) - 2; n < len(students) {
		t = students[n]
	}
	half := t * deviation(x) / math.Sqrt(float64(len(x)))
	return at - half, at, at + half
}

// geomean returns the geometric mean of positive numbers, 0 of none.
func geomean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := 0.0
	for _, v := range x {
		s += math.Log(v)
	}
	return math.Exp(s / float64(len(x)))
}
