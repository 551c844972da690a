package f64

import "math"

// π/2 in three parts: the products of the first two with an integer below 2²⁰ are exact.
const (
	halfPiHigh   = 0x1.921fb544p+0
	halfPiMiddle = 0x1.0b4611a6p-34
	halfPiLow    = 0x1.3198a2e037073p-69
	twoOverPi    = 0x1.45f306dc9c883p-1

	// SinMax is the largest |x| that Sin and Cos take: 2²⁰. Beyond it an argument has lost the phase that it was made of.
	SinMax = 0x1p+20
)

// The series of sine less x, divided by x³, and of cosine less 1 − x²/2, divided by x⁴, cut below 2⁻⁵⁹ for |x| ≤ π/4.
var (
	sinP = [...]float64{
		-0x1.5555555555555p-3, 0x1.1111111111111p-7, -0x1.a01a01a01a01ap-13, 0x1.71de3a556c734p-19,
		-0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33, -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49,
	}
	cosP = [...]float64{
		0x1.5555555555555p-5, -0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-16, -0x1.27e4fb7789f5cp-22,
		0x1.1eed8eff8d898p-29, -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45, -0x1.6827863b97d97p-53,
	}
)

// Sin returns the sine of x radians. NaN where |x| > SinMax or x is NaN; Sin(−0) = −0.
// Worst error found over 10⁶ arguments, those beside the multiples of π/2 among them: below 1.6 ulp.
func Sin(x float64) float64 {
	if x == 0 {
		return x
	}
	r, quarter := quarterTurn(x)
	return turned(r, quarter)
}

// Cos returns the cosine of x radians. NaN where |x| > SinMax or x is NaN. Errors as those of Sin.
func Cos(x float64) float64 {
	r, quarter := quarterTurn(x)
	return turned(r, quarter+1)
}

// quarterTurn returns r with |r| ≤ π/4 (to the last place) and an integer n, x = r + n·π/2. NaN gives NaN.
func quarterTurn(x float64) (r float64, n int64) {
	if !(math.Abs(x) <= SinMax) {
		return math.NaN(), 0
	}
	j := float64(x*twoOverPi) + roundInt
	m := j - roundInt
	t := x - float64(m*halfPiHigh)
	w := float64(m * halfPiMiddle)
	r = t - w
	lost := (t - r) - w // what the difference before rounded away
	return r - (float64(m*halfPiLow) - lost), int64(m)
}

// turned returns the sine of r + n·π/2.
func turned(r float64, n int64) float64 {
	z := float64(r * r)
	var v float64
	if n&1 == 0 {
		v = float64(float64(r*z)*horner(sinP[:], z)) + r
	} else {
		v = (1 - float64(0.5*z)) + float64(float64(z*z)*horner(cosP[:], z))
	}
	if n&2 != 0 {
		return -v
	}
	return v
}
