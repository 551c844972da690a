package pyrand

import (
	"math"
	"math/big"
)

// Words returns |seed| as 32-bit words, least significant first: the form in which CPython and numpy take a seed. Zero
// gives one zero word.
func Words(seed *big.Int) []uint32 {
	var words []uint32
	rest := new(big.Int).Abs(seed)
	mask := big.NewInt(math.MaxUint32)
	for low := new(big.Int); rest.Sign() > 0; rest.Rsh(rest, 32) {
		words = append(words, uint32(low.And(rest, mask).Uint64()))
	}
	if words == nil {
		return []uint32{0}
	}
	return words
}

// Random is CPython's random.Random.
type Random struct {
	mt     mt19937
	cached float64 // the second value of the last Box–Muller pair
	filled bool
}

// NewRandom returns random.Random(seed). CPython ignores the sign of an integer seed, and so does NewRandom.
func NewRandom(seed *big.Int) *Random {
	r := new(Random)
	r.mt.seedArray(Words(seed))
	return r
}

// Uint32 returns getrandbits(32).
func (r *Random) Uint32() uint32 { return r.mt.uint32() }

// Float64 returns random(): a uniform double in [0, 1).
func (r *Random) Float64() float64 { return r.mt.float64() }

// Gauss returns gauss(mu, sigma): a normal by the Box–Muller method. Every second call returns the sine half of the
// pair that the call before computed.
func (r *Random) Gauss(mu, sigma float64) float64 {
	z := r.cached
	if r.filled {
		r.filled = false
	} else {
		angle := float64(r.mt.float64() * (2 * math.Pi))
		radius := math.Sqrt(float64(-2 * math.Log(1-r.mt.float64())))
		z = float64(math.Cos(angle) * radius)
		r.cached, r.filled = float64(math.Sin(angle)*radius), true
	}
	return mu + float64(z*sigma)
}

// Legacy is numpy's global generator as np.random.seed leaves it.
type Legacy struct{ mt mt19937 }

// NewLegacy returns the generator after np.random.seed(seed).
func NewLegacy(seed uint32) *Legacy {
	l := new(Legacy)
	l.mt.seedWord(seed)
	return l
}

// Uniform returns np.random.uniform(low, high).
func (l *Legacy) Uniform(low, high float64) float64 {
	return low + float64((high-low)*l.mt.float64())
}
