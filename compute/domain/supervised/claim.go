package supervised

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// member is one seed of a claim: a network for each fold, and the final one.
type member struct {
	folds []run
	final run // not made where a fold diverged
}

// steps returns how many steps the final training makes, the lower median of the best ones of the folds; false where one
// of them diverged, so that there is none.
func (m *member) steps() (int, bool) {
	var best []int
	for _, r := range m.folds {
		if r.status == nn.Diverged {
			return 0, false
		}
		best = append(best, r.bestStep)
	}
	slices.Sort(best)
	return best[(len(best)-1)/2], true
}

// alive reports whether no training of the member diverged.
func (m *member) alive() bool { return m.final.status != 0 && m.final.status != nn.Diverged }

// Claim implements domain.Domain.
func (d *Domain) Claim(ctx context.Context, parameters *canon.Object, seeds []uint64, each domain.Each) (domain.Model, error) {
	g, err := d.Genome(parameters)
	if err == nil {
		err = domain.CheckSeeds(seeds)
	}
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	members := make([]member, len(seeds))
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error { return d.closed.fit(within, d, each) })
	for i, seed := range seeds {
		group.Go(func() (err error) {
			members[i], err = d.member(within, g, seed, each)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, cause(ctx, err)
	}
	var m *model
	err = each.Once(ctx, func(ctx context.Context) error {
		m = d.assemble(g, members)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// cause returns ctx's error where it has ended.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// member makes the trainings of one seed: those of the folds at once, then the final one.
func (d *Domain) member(ctx context.Context, g genome.Genome, seed uint64, each domain.Each) (member, error) {
	m := member{folds: make([]run, d.spec.Folds)}
	view := d.problem.View(g)
	err := each.Or()(ctx, len(m.folds), func(ctx context.Context, fold int) (err error) {
		if m.folds[fold], err = d.train(ctx, g, d.training(g, seed, fold)); err == nil {
			m.folds[fold].predict(view.Validation(fold))
		}
		m.folds[fold].model = nil // its predictions are all that is wanted of it
		return err
	})
	if err != nil {
		return m, err
	}
	steps, ok := m.steps()
	if !ok {
		return m, nil
	}
	return m, each.Once(ctx, func(ctx context.Context) (err error) {
		if m.final, err = d.train(ctx, g, d.final(g, seed, steps)); err == nil {
			m.final.predict(view.Test())
		}
		return err
	})
}

// assemble makes the model of a claim of its members' trainings.
func (d *Domain) assemble(g genome.Genome, members []member) *model {
	parameters, _, _ := d.size(g) // which Genome has asked for already
	m := &model{domain: d, genome: g, view: d.problem.View(g), status: completed, parameters: parameters, measures: [3]Measure{gone, gone, gone}}
	m.count(members)
	e, alive := &ensemble{}, false
	lists := make([][][]float32, d.spec.Folds) // of predictions: fold, member
	var test [][]float32
	for i := range members {
		e.members = append(e.members, nil)
		ok := members[i].alive()
		if ok {
			e.members[i], alive = members[i].final.model, true
		}
		for fold := range lists {
			var p []float32
			if ok {
				p = members[i].folds[fold].predictions
			}
			lists[fold] = append(lists[fold], p)
		}
		test = append(test, members[i].final.predictions)
	}
	if !alive {
		m.status = diverged
	} else {
		for fold := range lists {
			lists[fold] = append(lists[fold], d.closed.predictions[fold]...)
		}
		e.members = append(e.members, d.closed.final...)
		folds := make([]int, len(lists))
		for i := range folds {
			folds[i] = i
		}
		e.weights = d.weigh(m.view, folds, lists, len(members))
		m.ensemble = e
		m.measure(folds, lists, append(test, d.closed.test...))
	}
	m.digest = d.digest(members, m)
	return m
}
