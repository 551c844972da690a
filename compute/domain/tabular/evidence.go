package tabular

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

var _ supervised.Evident = (*problem)(nil)

// Evidence implements supervised.Evident: of a regression {"kind": "numbers", "target", "actual", "models": [{"name", "predictions"}]}; of
// classes {"kind": "classes", "target", "classes", "actual", "models": [{"name", "probabilities"}]}, actual being places in classes.
func (p *problem) Evidence(list []supervised.Prediction, most int) *canon.Object {
	d := p.data
	n, width := d.test.Len(), d.test.Width()
	stride := supervised.Stride(n, most)
	actual := []any{}
	for i := 0; i < n; i += stride {
		if len(d.classes) > 0 {
			actual = append(actual, int64(d.test.labels[i]))
		} else {
			actual = append(actual, d.inFile(d.test.targets[i]))
		}
	}
	models := []any{}
	for _, m := range list {
		values := []any{}
		for i := 0; i < n; i += stride {
			if len(d.classes) == 0 {
				values = append(values, d.inFile(m.Values[i]))
				continue
			}
			each := make([]any, width)
			for k, v := range m.Values[i*width:][:width] {
				each[k] = float64(v)
			}
			values = append(values, each)
		}
		key := "predictions"
		if len(d.classes) > 0 {
			key = "probabilities"
		}
		models = append(models, canon.NewObject("name", m.Name, key, values))
	}
	o := canon.NewObject("kind", "numbers", "target", d.target)
	if len(d.classes) > 0 {
		o.Set("kind", "classes").Set("classes", d.classes)
	}
	return o.Set("actual", actual).Set("models", models)
}

// inFile is a scaled target in the unit of the file.
func (d *dataset) inFile(v float32) float64 {
	return supervised.Shift(d.scale.From(float64(v)), d.power)
}
