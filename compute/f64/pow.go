package f64

import "math"

// Pow returns x^y = Exp(y × Log(x)), the product rounded. x^0 = 1 for every x; NaN for x < 0 and where x or y is NaN;
// 0^y is +0, or +Inf for y < 0. The error is that of y·ln x carried on: about 1 + |y·ln x| ulp.
func Pow(x, y float64) float64 {
	if y == 0 {
		return 1
	}
	if x == 1 && y == y {
		return 1
	}
	return Exp(float64(y * Log(x)))
}

// BoxCox returns (x^λ − 1) ÷ λ, and Log(x) for λ = 0 (Box and Cox, 1964): for x > 0, else NaN.
func BoxCox(x, lambda float64) float64 {
	switch {
	case !(x > 0):
		return math.NaN()
	case lambda == 0:
		return Log(x)
	}
	return (Pow(x, lambda) - 1) / lambda
}

// InverseBoxCox returns x with BoxCox(x, λ) = z: Pow(λ × z + 1, 1 ÷ λ), and Exp(z) for λ = 0. NaN where λ·z + 1 is not
// above 0: no x has that z.
func InverseBoxCox(z, lambda float64) float64 {
	if lambda == 0 {
		return Exp(z)
	}
	base := float64(lambda*z) + 1
	if !(base > 0) {
		return math.NaN()
	}
	return Pow(base, 1/lambda)
}
