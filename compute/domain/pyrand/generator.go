package pyrand

import (
	"math"
	"math/big"
	"math/bits"
)

// The 128-bit multiplier of PCG64.
const (
	pcgMultHigh = 0x2360ed051fc65da4
	pcgMultLow  = 0x4385df649fccf645
)

// Constants of the ziggurat: the start of the tail and its inverse.
const (
	ziggR    = 3.6541528853610087963519472518
	ziggInvR = 0.27366123732975827203338247596
)

// uint128 is a number modulo 2¹²⁸.
type uint128 struct{ high, low uint64 }

func (a uint128) add(b uint128) uint128 {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, _ := bits.Add64(a.high, b.high, carry)
	return uint128{high, low}
}

func (a uint128) mul(b uint128) uint128 {
	high, low := bits.Mul64(a.low, b.low)
	return uint128{high + a.high*b.low + a.low*b.high, low}
}

// Generator is numpy.random.default_rng(seed): PCG64 with the ziggurat normals of numpy's Generator.
type Generator struct{ state, increment uint128 }

// NewGenerator returns default_rng(seed) for an integer seed ≥ 0 (the sign is ignored).
func NewGenerator(seed *big.Int) *Generator {
	w := NewSeedSequence(seed).Uint64s(4)
	g := &Generator{increment: uint128{w[2]<<1 | w[3]>>63, w[3]<<1 | 1}}
	g.step()
	g.state = g.state.add(uint128{w[0], w[1]})
	g.step()
	return g
}

func (g *Generator) step() {
	g.state = g.state.mul(uint128{pcgMultHigh, pcgMultLow}).add(g.increment)
}

// Uint64 returns the next output of PCG64.
func (g *Generator) Uint64() uint64 {
	g.step()
	return bits.RotateLeft64(g.state.high^g.state.low, -int(g.state.high>>58))
}

// Float64 returns a uniform double in [0, 1) made of 53 random bits.
func (g *Generator) Float64() float64 { return float64(g.Uint64()>>11) / (1 << 53) }

// Uniform returns uniform(low, high).
func (g *Generator) Uniform(low, high float64) float64 {
	return low + float64((high-low)*g.Float64())
}

// Normal returns normal(mu, sigma).
func (g *Generator) Normal(mu, sigma float64) float64 {
	return mu + float64(sigma*g.standardNormal())
}

// standardNormal draws from the ziggurat. Only its rejections (1.5 % of the draws) use the math library.
func (g *Generator) standardNormal() float64 {
	for {
		u := g.Uint64()
		layer := u & 0xff
		u >>= 8
		negative := u&1 != 0
		mantissa := u >> 1 & 0x000fffffffffffff
		x := float64(float64(mantissa) * ziggW[layer])
		if negative {
			x = -x
		}
		if mantissa < ziggK[layer] {
			return x
		}
		if layer == 0 {
			return g.tail(mantissa>>8&1 != 0)
		}
		height := float64((ziggF[layer-1]-ziggF[layer])*g.Float64()) + ziggF[layer]
		if height < math.Exp(float64(-0.5*x)*x) {
			return x
		}
	}
}

// tail draws beyond the last layer.
func (g *Generator) tail(negative bool) float64 {
	for {
		xx := float64(-ziggInvR * math.Log1p(-g.Float64()))
		yy := -math.Log1p(-g.Float64())
		if yy+yy > float64(xx*xx) {
			if negative {
				return -(ziggR + xx)
			}
			return ziggR + xx
		}
	}
}
