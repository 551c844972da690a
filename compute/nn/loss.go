package nn

import "doin.network/node/compute/vec"

// loss is one row of the table of losses, as functions of the error e = prediction − target.
type loss struct {
	value func(e float32) float32
	slope func(e float32) float32
}

var losses = map[Loss]loss{
	MSE: {
		value: func(e float32) float32 { return float32(e * e) },
		slope: func(e float32) float32 { return float32(2 * e) },
	},
	MAE: {value: vec.Abs, slope: func(e float32) float32 {
		if e > 0 {
			return 1
		}
		if e < 0 {
			return -1
		}
		return e // ±0, NaN
	}},
	Huber: {
		value: func(e float32) float32 {
			a := vec.Abs(e)
			if a > 1 {
				return a - 0.5
			}
			return float32(float32(0.5*a) * a)
		},
		slope: func(e float32) float32 {
			if e > 1 {
				return 1
			}
			if e < -1 {
				return -1
			}
			return e
		},
	},
}
