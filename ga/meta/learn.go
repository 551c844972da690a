package meta

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// Bounds of what a family learns from.
const (
	MaxPerAuthor = 256 // rows of an author in a task
	MaxPerTask   = 1024
	MaxTasks     = 512
)

// Families returns the names of the families of trials, sorted.
func Families(trials []prior.Trial) (out []string) {
	for i := range trials {
		out = append(out, trials[i].Family)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// known is a trial with what a family's rows are made of.
type known struct {
	trial  *prior.Trial
	values map[string]prior.Value
	order  [32]byte // of its recipe: as good as drawn
}

// Rows returns a family's trials as rows, and their columns: of each task the verified ones first, at most MaxPerAuthor of an author
// and MaxPerTask of all, nobody deciding alone what a task teaches because he reports most. Tasks of fewer than prior.MinTrials are left
// out. What is returned does not depend on the order of trials.
func Rows(trials []prior.Trial, family string) ([]Row, []prior.Column) {
	byTask := map[string][]known{}
	for i := range trials {
		t := &trials[i]
		if t.Family == family && t.Validate() == nil {
			byTask[t.Task] = append(byTask[t.Task], known{t, prior.Values(t.Recipe), sha256.Sum256(canon.Canonical(t.Recipe))})
		}
	}
	var kept []known
	for _, task := range slices.Sorted(maps.Keys(byTask))[:min(len(byTask), MaxTasks)] {
		if list := byTask[task]; len(list) >= prior.MinTrials {
			kept = append(kept, capped(list)...)
		}
	}
	var recipes []map[string]prior.Value
	for i := range kept {
		recipes = append(recipes, kept[i].values)
	}
	columns := prior.Columns(recipes)
	out := make([]Row, len(kept))
	for i := range kept {
		t := kept[i].trial
		out[i] = Row{Task: t.Task, Author: t.Author, LogBudget: t.Budget, Fitness: t.Performance}
		out[i].Point.X, out[i].Point.Active = prior.Encode(columns, kept[i].values)
	}
	return out, columns
}

// capped returns what a task keeps of its trials.
func capped(list []known) (out []known) {
	slices.SortFunc(list, func(a, b known) int {
		return cmp.Or(verified(b.trial)-verified(a.trial), bytes.Compare(a.order[:], b.order[:]), cmp.Compare(a.trial.Author, b.trial.Author),
			cmp.Compare(a.trial.Performance, b.trial.Performance))
	})
	of := map[string]int{}
	for _, k := range list {
		if of[k.trial.Author]++; of[k.trial.Author] <= MaxPerAuthor && len(out) < MaxPerTask {
			out = append(out, k)
		}
	}
	return out
}

func verified(t *prior.Trial) int {
	if t.Verified {
		return 1
	}
	return 0
}

// Learn trains the networks of every family of trials, and looks at each whether it predicts tasks that it has not seen. The same
// trials, in whatever order, and the same seed give the same file on every machine. A family whose rows teach nothing has no networks.
func Learn(ctx context.Context, trials []prior.Trial, seed uint64) (*prior.File, error) {
	out := &prior.File{}
	for _, family := range Families(trials) {
		rows, columns := Rows(trials, family)
		if len(columns) == 0 || len(rows) < 2 {
			continue
		}
		if len(out.Families) == prior.MaxFamilies {
			return nil, fmt.Errorf("meta: more than %d families", prior.MaxFamilies)
		}
		d, err := Offline(ctx, rows, seed)
		if err != nil {
			return nil, fmt.Errorf("meta: family %q: %w", family, err)
		}
		p, err := Train(ctx, rows, seed)
		if err != nil {
			return nil, fmt.Errorf("meta: family %q: %w", family, err)
		}
		f := p.Family(family, columns)
		f.Evidence = prior.Evidence{Tau: d.Tau, Tasks: d.Tasks, Rows: len(rows), Authors: authors(rows), On: d.On}
		out.Families = append(out.Families, f)
	}
	if len(out.Families) == 0 {
		return nil, errors.New("meta: no task has enough trials to learn from")
	}
	return out, nil
}

func authors(rows []Row) int {
	seen := map[string]bool{}
	for i := range rows {
		seen[rows[i].Author] = true
	}
	return len(seen)
}

// Family returns the prior's networks as a file has them.
func (p *Prior) Family(name string, columns []prior.Column) prior.Family {
	f := prior.Family{Name: name, Columns: columns, Count: len(p.nets)}
	for i := range p.nets {
		f.Weights = append(f.Weights, p.nets[i].weights)
	}
	return f
}

// FromFamily returns the prior of a family's networks, which it keeps.
func FromFamily(f *prior.Family) *Prior {
	p := &Prior{genes: len(f.Columns), sign: 1}
	for _, w := range f.Weights {
		p.nets = append(p.nets, network{2*len(f.Columns) + 1, w})
	}
	p.seal()
	return p
}
