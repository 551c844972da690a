package supervised

import "doin.network/node/compute/closed"

// ensemble is the weighted mean of models. It is immutable and safe for concurrent use.
type ensemble struct {
	members []Fitted // nil: a network that diverged, with the weight 0
	weights []int    // of the members, ≥ 0, not all of them 0
}

var _ Fitted = (*ensemble)(nil)

// Predict implements Fitted. Where a member with a weight does not cover the cases, those that do have theirs; if they have
// none, the networks have equal ones.
func (e *ensemble) Predict(c Cases, out []float32) {
	weights := e.covering(c)
	list := make([][]float32, len(e.members))
	for i, w := range weights {
		if w > 0 {
			list[i] = predictions(e.members[i], c)
		}
	}
	closed.Combine(weights, list, out)
}

// covering returns the weights of the members that cover cases.
func (e *ensemble) covering(c Cases) []int {
	weights, all := make([]int, len(e.weights)), 0
	for i, m := range e.members {
		if m != nil && covers(m, c) {
			weights[i] = e.weights[i]
			all += weights[i]
		}
	}
	if all > 0 {
		return weights
	}
	for i, m := range e.members {
		if _, ok := m.(trained); ok {
			weights[i] = 1
		}
	}
	return weights
}

// covers reports whether a model can predict cases.
func covers(m Fitted, c Cases) bool {
	p, ok := m.(Partial)
	return !ok || p.Covers(c)
}

// Coefficients implements Fitted: those of all members, in their order.
func (e *ensemble) Coefficients() (all []float64) {
	for _, m := range e.members {
		all = append(all, m.Coefficients()...)
	}
	return all
}
