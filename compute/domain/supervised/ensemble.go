package supervised

// ensemble is the weighted mean of models. It is immutable and safe for concurrent use.
type ensemble struct {
	members []Fitted
	weights []int // of the members, ≥ 0, not all of them 0
}

var _ Fitted = (*ensemble)(nil)

// Predict implements Fitted.
func (e *ensemble) Predict(c Cases, out []float32) {
	list := make([][]float32, len(e.members))
	for i, m := range e.members {
		if e.weights[i] > 0 {
			list[i] = predictions(m, c)
		}
	}
	combine(out, list, e.weights)
}

// Coefficients implements Fitted: those of all members, in their order.
func (e *ensemble) Coefficients() (all []float64) {
	for _, m := range e.members {
		all = append(all, m.Coefficients()...)
	}
	return all
}

// combine writes the weighted mean of predictions: the members ascending, one chain of binary32 additions of weight ×
// prediction from the first whose weight is not 0 on, then one division by the sum of the weights. Members of weight 0 are
// not read.
func combine(out []float32, predictions [][]float32, weights []int) {
	total, begun := 0, false
	for m, p := range predictions {
		w := weights[m]
		if w == 0 {
			continue
		}
		total += w
		for i := range out {
			term := float32(float32(w) * p[i])
			if begun {
				term = out[i] + term
			}
			out[i] = term
		}
		begun = true
	}
	for i := range out {
		out[i] /= float32(total)
	}
}
