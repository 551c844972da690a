package supervised

import (
	"context"
	"fmt"
	"math"

	"doin.network/node/compute/closed"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

var _ domain.Model = (*model)(nil)

// What becomes of a claim.
const (
	completed = "completed"
	diverged  = "diverged"
	naive     = "naive"
)

// model is the ensemble of a claim, what is left of one of which every member diverged, or the baseline.
type model struct {
	domain *Domain
	genome genome.Genome
	view   View
	// ensemble is what answers, fitted on everything before the test part; nil: diverged.
	ensemble   *ensemble
	status     string
	parameters int
	steps      int        // of all trainings
	best       int        // of the final trainings, the lower median
	alive      int        // networks that did not diverge
	measures   [3]Measure // as Parts: training and test of the final models, validation of those of the folds
	cases      []int64    // errors of the validation cases; nil: diverged
	digest     string
}

// count fills in what is said of the trainings.
func (m *model) count(members []member) {
	var best member
	for i := range members {
		for _, r := range members[i].folds {
			m.steps += r.stopStep
		}
		if f := members[i].final; members[i].alive() {
			m.steps += f.stopStep
			m.alive++
			best.folds = append(best.folds, f)
		}
	}
	if m.alive > 0 {
		m.best, _ = best.steps()
	}
}

// measure fills in measures and cases from the members' predictions of the validation cases, [fold][member], and of the
// test cases. A combined error that is not finite makes the model a diverged one.
func (m *model) measure(folds []int, lists [][][]float32, tests [][]float32) {
	var errors []float32
	m.measures[validation], errors = m.domain.pooled(m.view, folds, lists, m.ensemble.weights)
	if !vec.IsFinite(m.measures[validation].Loss) {
		m.status, m.ensemble = diverged, nil
		return
	}
	m.cases = m.domain.caseErrors(errors)
	out := make([]float32, m.view.Test().Len()*m.view.Test().Width())
	closed.Combine(m.ensemble.weights, tests, out)
	m.measures[test], _ = measure(m.view.Test(), out)
	m.measures[training], _ = measure(m.view.Learning(), predictions(m.ensemble, m.view.Learning()))
}

// caseErrors are errors of cases as domain.Model has them.
func (d *Domain) caseErrors(errors []float32) []int64 {
	out := make([]int64, len(errors))
	for i, e := range errors {
		out[i] = domain.CaseError(e / d.unit)
	}
	return out
}

// scaled returns an error in units of the performance.
func (d *Domain) scaled(loss float32) float64 { return float64(loss) / float64(d.unit) }

// Performance implements domain.Model: the negative scaled error over the validation cases of all folds.
func (m *model) Performance() float64 { return -m.domain.scaled(m.measures[validation].Loss) }

// Digest implements domain.Model. It is empty for the baseline, which was not trained.
func (m *model) Digest() string { return m.digest }

// Cases implements domain.Model.
func (m *model) Cases() []int64 { return m.cases }

// Metrics implements domain.Model: status, the steps of all trainings, best_step of the final ones (the lower median),
// parameters_count of a network, networks (those that did not diverge), of each of Parts the error in the unit of the data
// and in that of the performance and, where the problem says so, the accuracy, the weights of the ensemble's members, and the
// baselines. A number that does not exist is absent.
func (m *model) Metrics() *canon.Object {
	s := &m.domain.spec
	o := canon.NewObject("status", m.status, "stop_step", m.steps, "best_step", m.best,
		"parameters_count", m.parameters, "networks", m.alive)
	lens := m.lens()
	for i, part := range Parts {
		loss := m.measures[i].Loss
		if !vec.IsFinite(loss) {
			continue
		}
		o.Set(part+"_"+s.Loss, s.Units(loss)).Set(part+"_"+s.Performance, m.domain.scaled(loss))
		if s.Accuracy {
			o.Set(part+"_accuracy", float64(m.measures[i].Correct)/float64(lens[i]))
		}
	}
	if m.ensemble != nil && m.status != naive {
		o.Set("weights", m.weights())
	}
	for key, v := range m.domain.baselines.All() {
		o.Set(key, v)
	}
	return o
}

// weights are those of the ensemble's members that have one, by name; networks are called network_0 and so on, by seed.
func (m *model) weights() *canon.Object {
	o := canon.NewObject()
	closedForms := m.domain.problem.Members()
	networks := len(m.ensemble.weights) - len(closedForms)
	for i, w := range m.ensemble.weights {
		switch {
		case w == 0:
		case i < networks:
			o.Set(fmt.Sprintf("network_%d", i), w)
		default:
			o.Set(closedForms[i-networks].Name(), w)
		}
	}
	return o
}

// Score implements domain.Model: the error on synthetic data, in units of the performance.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	cases, err := m.view.Synthetic(s.Series)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", domain.ErrSynthetic, err)
	}
	if m.ensemble == nil {
		return 0, domain.ErrDiverged
	}
	out, _ := measure(cases, predictions(m.ensemble, cases))
	v := m.domain.scaled(out.Loss)
	if !(v <= math.MaxFloat32) { // of data far from the real ones
		v = math.MaxFloat32
	}
	return v, nil
}

// Infer implements domain.Model. A diverged model answers like the baseline.
func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	if m.ensemble == nil {
		m = m.domain.naive
	}
	out, err := m.view.Answer(ctx, input, m.ensemble)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", domain.ErrInput, err)
	}
	return out, err
}
