package tabular

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// naive is the baseline model: the frequencies of the classes in training, or the median of its targets.
func (p *problem) naive() supervised.Predict {
	if p.config.Task == Classification {
		return constant(p.data.prior())
	}
	return constant([]float32{p.data.median})
}

// constant is a model that ignores its inputs.
func constant(outputs []float32) supervised.Predict {
	return func(_, out []float32) { copy(out, outputs) }
}

// prior returns the logits of the classes' frequencies in training: the logarithms of the counts, or their difference
// where there are two classes.
func (d *dataset) prior() []float32 {
	var logits []float32
	for _, n := range d.parts[train].counts() {
		logits = append(logits, vec.Log(float32(n)))
	}
	if len(logits) == 2 {
		return []float32{logits[1] - logits[0]}
	}
	return logits
}

// baselines returns the metrics of the models that ignore their inputs.
func (p *problem) baselines(s *supervised.Spec) *canon.Object {
	o := canon.NewObject()
	for i, rows := range p.data.parts {
		part := supervised.Parts[i]
		m := rows.Measure(s.Naive)
		if p.config.Task == Regression {
			o.Set(part+"_mean_mae", s.Units(rows.Measure(constant([]float32{0})).Loss))
			o.Set(part+"_median_mae", s.Units(m.Loss))
			continue
		}
		o.Set(part+"_prior_cross_entropy", s.Units(m.Loss))
		o.Set(part+"_majority_accuracy", float64(m.Correct)/float64(rows.Len()))
	}
	return o
}
