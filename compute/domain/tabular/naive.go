package tabular

import (
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// newNaive returns the baseline model: the frequencies of the classes in training, or the median of its targets.
func (d *Domain) newNaive() *model {
	outputs := []float32{d.data.median}
	if d.config.Task == Classification {
		outputs = d.data.prior()
	}
	m := &model{domain: d, status: "naive", predictor: func() predict { return constant(outputs) }}
	m.measureParts()
	return m
}

// constant is a model that ignores its inputs.
func constant(outputs []float32) predict {
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

// measureBaselines returns the metrics of the models that ignore their inputs.
func (d *Domain) measureBaselines() *canon.Object {
	o := canon.NewObject()
	for i, p := range d.data.parts {
		if d.config.Task == Regression {
			o.Set(partNames[i]+"_mean_mae", d.units(p.measure(constant([]float32{0})).loss))
			o.Set(partNames[i]+"_median_mae", d.units(p.measure(constant([]float32{d.data.median})).loss))
			continue
		}
		m := p.measure(constant(d.data.prior()))
		o.Set(partNames[i]+"_prior_cross_entropy", d.units(m.loss))
		o.Set(partNames[i]+"_majority_accuracy", p.accuracy(m))
	}
	return o
}
