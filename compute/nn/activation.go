package nn

import "doin.network/node/compute/vec"

// activation is one row of the table of activations.
type activation struct {
	value func(z float32) float32
	// scale returns d·f′ for a hidden unit with input z and value y.
	scale func(d, z, y float32) float32
	// saturates selects Glorot's initial weights instead of He's.
	saturates bool
}

var activations = map[Activation]activation{
	ReLU: {value: vec.ReLU, scale: func(d, _, y float32) float32 {
		if y > 0 {
			return d
		}
		return 0
	}},
	Tanh:    {value: vec.Tanh, scale: func(d, _, y float32) float32 { return float32(d * vec.TanhGrad(y)) }, saturates: true},
	Sigmoid: {value: vec.Sigmoid, scale: func(d, _, y float32) float32 { return float32(d * vec.SigmoidGrad(y)) }, saturates: true},
	GELU:    {value: vec.GELU, scale: func(d, z, _ float32) float32 { return float32(d * vec.GELUGrad(z)) }},
	SiLU:    {value: vec.SiLU, scale: func(d, z, _ float32) float32 { return float32(d * vec.SiLUGrad(z)) }},
}
