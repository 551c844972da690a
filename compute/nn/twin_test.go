package nn

import "math"

// twin64 is the model and its mean loss in float64, written independently of the engine: the function whose
// finite differences the gradients are compared with.
type twin64 struct {
	cfg    *Config
	layers []layer
}

func (m twin64) loss(w []float64, x, y []float32, rows int) float64 {
	sum := 0.0
	for r := range rows {
		v := make([]float64, m.cfg.Inputs)
		for k := range v {
			v[k] = float64(x[r*m.cfg.Inputs+k])
		}
		for i, l := range m.layers {
			next := make([]float64, l.out)
			for c := range next {
				next[c] = w[l.offset+l.in*l.out+c]
				for k := range v {
					next[c] += v[k] * w[l.offset+k*l.out+c]
				}
				if i < len(m.layers)-1 {
					next[c] = activate64(m.cfg.Activation, next[c])
				}
			}
			v = next
		}
		for c, p := range v {
			sum += loss64(m.cfg.Loss, p-float64(y[r*m.cfg.Outputs+c]))
		}
	}
	return sum / float64(rows*m.cfg.Outputs)
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
	}
	panic("unknown activation")
}

func loss64(l Loss, e float64) float64 {
	switch l {
	case MSE:
		return e * e
	case MAE:
		return math.Abs(e)
	case Huber:
		if math.Abs(e) <= 1 {
			return e * e / 2
		}
		return math.Abs(e) - 0.5
	}
	panic("unknown loss")
}
