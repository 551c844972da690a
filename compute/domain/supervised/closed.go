package supervised

import (
	"context"
	"sync"

	"doin.network/node/compute/domain"
)

// closedForms are the fitted members without networks of a domain: the same for every recipe, fitted by the first claim.
type closedForms struct {
	mu   sync.Mutex // guards done, and what follows until it is set
	done bool

	folds [][]Fitted // of each fold, as Members
	final []Fitted   // of what precedes the test part
	// predictions are those of the validation cases of each fold, and of the test cases, of each member.
	predictions [][][]float32
	test        [][]float32
}

// fit fits the members on every fold, once. What it fills in is read only afterwards.
func (c *closedForms) fit(ctx context.Context, d *Domain, each domain.Each) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return nil
	}
	members := d.problem.Members()
	folds := d.spec.Folds
	c.folds, c.predictions = make([][]Fitted, folds+1), make([][][]float32, folds+1)
	for fold := range c.folds {
		c.folds[fold], c.predictions[fold] = make([]Fitted, len(members)), make([][]float32, len(members))
	}
	err := each.Or()(ctx, (folds+1)*len(members), func(ctx context.Context, i int) error {
		fold, k := i/len(members), i%len(members)
		f, err := d.fits.of(ctx, d, members[k], fold)
		c.folds[fold][k], c.predictions[fold][k] = f.model, f.predictions
		return err
	})
	if err != nil {
		return err
	}
	c.final, c.test = c.folds[folds], c.predictions[folds]
	c.done = true
	return nil
}

// fits remembers the models without networks that were fitted, those told as baselines and those of the ensembles alike.
type fits struct {
	mu   sync.Mutex // guards made
	made map[fitKey]fit
}

type fitKey struct {
	name string
	fold int
}

// fit is a fitted model with its predictions of the cases that it has not seen.
type fit struct {
	model       Fitted
	predictions []float32
}

// of returns the fit of a member on a fold.
func (f *fits) of(ctx context.Context, d *Domain, m Member, fold int) (fit, error) {
	key := fitKey{m.Name(), fold}
	f.mu.Lock()
	out, ok := f.made[key]
	f.mu.Unlock()
	if ok {
		return out, nil
	}
	model, err := m.Fit(ctx, fold)
	if err != nil {
		return fit{}, err
	}
	view := d.problem.View(nil)
	cases := view.Test()
	if fold < d.spec.Folds {
		cases = view.Validation(fold)
	}
	out = fit{model, predictions(model, cases)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[key] = out
	return out, nil
}
