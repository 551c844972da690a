package nn

import (
	"math"
	"slices"

	"doin.network/node/compute/rng"
)

// twin64 is the model and its mean loss in float64, written independently of the engine: the function whose
// finite differences the gradients are compared with. Where dropout is not nil it is the draws of a training step.
type twin64 struct {
	cfg     *Config
	dropout *rng.Stream
}

// evaluation is one sample on its way through the twin.
type evaluation struct {
	twin64
	weights   []float64 // those not used yet
	row, rows int
	dropped   int // elements of dropout layers passed
}

func (m twin64) loss(w []float64, x, y []float32, rows int) float64 {
	sum := 0.0
	for r := range rows {
		e := &evaluation{twin64: m, weights: w, row: r, rows: rows}
		s := m.cfg.input()
		v := make([][]float64, s.steps)
		for i := range v {
			for k := range s.channels {
				v[i] = append(v[i], float64(x[r*m.cfg.Inputs+i*s.channels+k]))
			}
		}
		for _, l := range m.cfg.layers() {
			v = e.layer(l, v)
		}
		v = e.convolve(v, m.cfg.Outputs, 1, 1, None)
		if len(v) != 1 || len(e.weights) != 0 {
			panic("the twin and the configuration do not fit")
		}
		sum += loss64(m.cfg.Loss, v[0], y[r*m.cfg.Outputs:][:m.cfg.Outputs])
	}
	if m.cfg.Loss == SoftmaxCrossEntropy {
		return sum / float64(rows)
	}
	return sum / float64(rows*m.cfg.Outputs)
}

func (e *evaluation) layer(l Layer, v [][]float64) [][]float64 {
	switch l.Kind {
	case Dense:
		return e.convolve(v, l.Width, 1, 1, l.Activation)
	case Conv1D:
		return e.convolve(v, l.Width, l.Kernel, l.Dilation, l.Activation)
	case TCN:
		h := e.drop(e.convolve(v, l.Width, l.Kernel, l.Dilation, l.Activation), l.Rate)
		h = e.drop(e.convolve(h, l.Width, l.Kernel, l.Dilation, l.Activation), l.Rate)
		if len(v[0]) != l.Width {
			v = e.convolve(v, l.Width, 1, 1, None)
		}
		for t := range h {
			for c := range h[t] {
				h[t][c] = activate64(l.Activation, h[t][c]+v[t][c])
			}
		}
		return h
	case Flatten:
		return [][]float64{slices.Concat(v...)}
	case LastStep:
		return v[len(v)-1:]
	case LayerNorm:
		return e.normalize(v)
	case Dropout:
		return e.drop(v, l.Rate)
	}
	panic("unknown layer")
}

// convolve is y[t][o] = bias[o] + Σ x[t − (kernel−1−tap)·dilation][c]·w[tap][c][o].
func (e *evaluation) convolve(x [][]float64, width, kernel, dilation int, a Activation) [][]float64 {
	in := len(x[0])
	w, bias := e.weights[:kernel*in*width], e.weights[kernel*in*width:][:width]
	e.weights = e.weights[len(w)+width:]
	y := make([][]float64, len(x))
	for t := range y {
		for o := range width {
			sum := bias[o]
			for tap := range kernel {
				if at := t - (kernel-1-tap)*dilation; at >= 0 {
					for c, v := range x[at] {
						sum += v * w[(tap*in+c)*width+o]
					}
				}
			}
			y[t] = append(y[t], activate64(a, sum))
		}
	}
	return y
}

func (e *evaluation) normalize(x [][]float64) [][]float64 {
	n := len(x[0])
	gain, bias := e.weights[:n], e.weights[n:2*n]
	e.weights = e.weights[2*n:]
	y := make([][]float64, len(x))
	for t := range x {
		mean, variance := 0.0, 0.0
		for _, v := range x[t] {
			mean += v / float64(n)
		}
		for _, v := range x[t] {
			variance += (v - mean) * (v - mean) / float64(n)
		}
		for c, v := range x[t] {
			y[t] = append(y[t], (v-mean)/math.Sqrt(variance+normEpsilon)*gain[c]+bias[c])
		}
	}
	return y
}

func (e *evaluation) drop(x [][]float64, rate float32) [][]float64 {
	if e.dropout == nil || rate == 0 {
		return x
	}
	size := len(x) * len(x[0])
	y := make([][]float64, len(x))
	for t := range x {
		for c, v := range x[t] {
			index := e.rows*e.dropped + e.row*size + t*len(x[t]) + c
			if e.dropout.Uniform(uint32(index)) < rate {
				v = 0
			}
			y[t] = append(y[t], v/(1-float64(rate)))
		}
	}
	e.dropped += size
	return y
}

func activate64(a Activation, z float64) float64 {
	switch a {
	case ReLU:
		return math.Max(z, 0)
	case Tanh:
		return math.Tanh(z)
	case Sigmoid:
		return 1 / (1 + math.Exp(-z))
	case GELU:
		return 0.5 * z * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
	case SiLU:
		return z / (1 + math.Exp(-z))
	case None:
		return z
	}
	panic("unknown activation")
}

// loss64 is the sum of the loss over the outputs of one sample.
func loss64(l Loss, p []float64, target []float32) float64 {
	sum, partition := 0.0, 0.0
	for _, v := range p {
		partition += math.Exp(v)
	}
	for c, v := range p {
		t := float64(target[c])
		e := v - t
		switch l {
		case MSE:
			sum += e * e
		case MAE:
			sum += math.Abs(e)
		case Huber:
			if math.Abs(e) <= 1 {
				sum += e * e / 2
			} else {
				sum += math.Abs(e) - 0.5
			}
		case SoftmaxCrossEntropy:
			sum -= t * math.Log(math.Exp(v)/partition)
		case BinaryCrossEntropy:
			q := 1 / (1 + math.Exp(-v))
			sum -= t*math.Log(q) + (1-t)*math.Log(1-q)
		default:
			panic("unknown loss")
		}
	}
	return sum
}
