package supervised

import (
	"context"

	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// measureBaselines fits the naive models, chooses the baseline among them and fills in the metrics of all, and of those shown
// beside them: of each of Parts and each model PART_NAME_ERROR and, where the problem says so, PART_NAME_accuracy. What a
// model cannot be measured on is absent.
func (d *Domain) measureBaselines() error {
	d.baselines, d.unit = canon.NewObject(), 1
	var best float32
	var errors []float32
	for _, member := range d.problem.Baselines() {
		m, e, err := d.newNaive(member)
		if err != nil {
			return err
		}
		if loss := m.measures[validation].Loss; d.naive == nil || loss < best {
			d.naive, best, errors = m, loss, e
		}
		d.tell(member, m)
	}
	for _, member := range d.problem.Shown() {
		m, _, err := d.newNaive(member)
		if err != nil {
			return err
		}
		d.tell(member, m)
	}
	if d.spec.Relative && best > 0 {
		d.unit = best
	}
	d.naive.cases = d.caseErrors(errors)
	for fold := range d.spec.Folds { // the errors are in the order of the folds
		n := d.naive.view.Validation(fold).Len()
		var sum vec.Summer
		sum.Add(errors[:n])
		d.naiveErrors, errors = append(d.naiveErrors, float64(sum.Mean())), errors[n:]
	}
	return nil
}

// tell adds the metrics of a model without networks to the baselines'.
func (d *Domain) tell(member Member, m *model) {
	lens := m.lens()
	for i, part := range Parts {
		loss := m.measures[i].Loss
		if !vec.IsFinite(loss) {
			continue
		}
		d.baselines.Set(part+"_"+member.Name()+"_"+d.spec.Loss, d.spec.Units(loss))
		if d.spec.Accuracy {
			d.baselines.Set(part+"_"+member.Name()+"_accuracy", float64(m.measures[i].Correct)/float64(lens[i]))
		}
	}
}

// newNaive returns a model without networks, and its errors of the validation cases.
func (d *Domain) newNaive(member Member) (*model, []float32, error) {
	m := &model{domain: d, view: d.problem.View(nil), status: naive}
	var folds []int
	var lists [][][]float32
	for fold := range d.spec.Folds + 1 {
		fitted, err := d.fits.of(context.Background(), d, member, fold)
		if err != nil {
			return nil, nil, err
		}
		if fold == d.spec.Folds {
			m.ensemble = &ensemble{members: []Fitted{fitted.model}, weights: []int{1}}
			continue
		}
		folds, lists = append(folds, fold), append(lists, [][]float32{fitted.predictions})
	}
	var errors []float32
	m.measures[validation], errors = d.pooled(m.view, folds, lists, m.ensemble.weights)
	m.measures[training] = gone
	if known := m.view.Learning(); covers(m.ensemble.members[0], known) {
		m.measures[training], _ = measure(known, predictions(m.ensemble, known))
	}
	m.measures[test], _ = measure(m.view.Test(), predictions(m.ensemble, m.view.Test()))
	return m, errors, nil
}

// lens are the numbers of cases behind the measures.
func (m *model) lens() [3]int {
	return [3]int{m.view.Learning().Len(), m.domain.cases, m.view.Test().Len()}
}
