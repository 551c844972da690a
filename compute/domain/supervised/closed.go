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
	members, view := d.problem.Members(), d.problem.View(nil)
	folds := d.spec.Folds
	c.folds, c.predictions = make([][]Fitted, folds+1), make([][][]float32, folds+1)
	for fold := range c.folds {
		c.folds[fold], c.predictions[fold] = make([]Fitted, len(members)), make([][]float32, len(members))
	}
	err := each.Or()(ctx, (folds+1)*len(members), func(ctx context.Context, i int) error {
		fold, k := i/len(members), i%len(members)
		m, err := members[k].Fit(ctx, fold)
		if err != nil {
			return err
		}
		cases := view.Test()
		if fold < folds {
			cases = view.Validation(fold)
		}
		c.folds[fold][k], c.predictions[fold][k] = m, predictions(m, cases)
		return nil
	})
	if err != nil {
		return err
	}
	c.final, c.test = c.folds[folds], c.predictions[folds]
	c.done = true
	return nil
}
