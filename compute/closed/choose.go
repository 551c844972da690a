package closed

import (
	"math"

	"doin.network/node/compute/f64"
)

// choice is what validation inside the fitting part settles: columns and penalty.
type choice struct {
	take   []int
	lambda float64
}

// choose fits every group of columns and every penalty on the first part of the series and takes the pair with the least mean
// absolute error over the rest, the first of equals. A few steps stand for all.
func (f *fitting) choose(all *features, sums []float64) (choice, error) {
	n := len(f.z)
	from := all.first(f.horizon)
	hold := max(n/4, f.horizon+2)
	cut := max(n-hold, from+4)
	steps := stepsOf(f.horizon)
	groups := groupsOf(all, n)
	errs := make([][]float64, len(groups))
	for i := range errs {
		errs[i] = make([]float64, len(lambdas))
	}
	x := make([]float64, all.columns())
	for _, k := range steps {
		if cut-1-k < from+minTraining {
			continue // too short for this step: shorter ones decide, and without any the first group does
		}
		m := newMoments(f.z, sums, all, k, from, cut-1-k, len(steps))
		first, step := origins(cut-1, n-1, k+1, validationOrigins)
		var rows, targets []float64
		for o := first; o+1+k < n; o += step {
			all.fill(x, f.z, sums, o, k)
			rows = append(rows, x...)
			targets = append(targets, f.z[o+1+k]-f.z[o])
		}
		for i, g := range groups {
			if err := f.ctx.Err(); err != nil {
				return choice{}, err
			}
			for j, lambda := range lambdas {
				w := m.solve(all.take(g), lambda)
				for r, target := range targets {
					p := w[0] + f64.Dot(rows[r*len(x):][:len(x)], w[1:])
					errs[i][j] += math.Abs(p - target)
				}
			}
		}
	}
	best, found := choice{all.take(groups[0]), lambdas[len(lambdas)-1]}, math.Inf(1)
	for i, g := range groups {
		for j, lambda := range lambdas {
			if errs[i][j] < found {
				best, found = choice{all.take(g), lambda}, errs[i][j]
			}
		}
	}
	return best, nil
}

// minTraining is how few rows a choice is trained on.
const minTraining = 4

// validationOrigins is how many origins a choice is validated on, at most.
const validationOrigins = 300

// stepsOf returns the steps that stand for a horizon: four at most, the last among them.
func stepsOf(horizon int) []int {
	var steps []int
	n := min(horizon, 4)
	for i := range n {
		steps = append(steps, (i+1)*horizon/n-1)
	}
	return steps
}

// groupsOf returns the groups of columns that are tried, small ones first.
func groupsOf(all *features, n int) []group {
	var groups []group
	for _, season := range []group{{}, {waves: true}, {waves: true, seasons: true}, {seasons: true}} {
		if season.waves && len(all.waves) == 0 || season.seasons && len(all.seasons) == 0 {
			continue
		}
		for _, lags := range []int{0, 1, 2, 4, 8, 13, 25, 38} {
			if lags > all.lags && lags > 1 {
				break
			}
			season.lags = lags
			season.mean = 0
			groups = append(groups, season)
			if len(all.means) > 0 {
				season.mean = all.means[len(all.means)-1]
				groups = append(groups, season)
			}
		}
	}
	return groups
}
