package meta

import (
	"context"
	"fmt"
	"math"
)

// The gates.
const (
	OfflineTau   = 0.2 // what a family's left-out tasks must reach on average
	OfflineTasks = 8   // and how many they must be
	OnlineTau    = 0.1 // what the prior must stay above in a search
	OnlineTrials = 8   // after so many trials, which alternate
	offlineFolds = 5
)

// Kendall returns Kendall's τ-b of two equally long lists: 1 for the same order, 0 for none; 0 where one is constant.
func Kendall(a, b []float64) float64 {
	sum, na, nb := 0.0, 0.0, 0.0
	for i := range a {
		for j := range i {
			x, y := sign(a[i]-a[j]), sign(b[i]-b[j])
			sum += x * y
			na += x * x
			nb += y * y
		}
	}
	if na == 0 || nb == 0 {
		return 0
	}
	return sum / math.Sqrt(na*nb)
}

// Decision is what the offline gate found.
type Decision struct {
	On    bool
	Tau   float64 // mean over tasks
	Tasks int
}

// Offline leaves tasks out, a fold of them at a time and each once, trains one network on the others and compares its order with
// theirs. A family is on where that agrees by OfflineTau on average over OfflineTasks tasks or more.
func Offline(ctx context.Context, rows []Row, seed uint64) (d Decision, err error) {
	var tasks []string
	fold := map[string]int{}
	for i := range rows {
		if _, ok := fold[rows[i].Task]; !ok {
			fold[rows[i].Task] = len(tasks) % offlineFolds
			tasks = append(tasks, rows[i].Task)
		}
	}
	if d.Tasks = len(tasks); d.Tasks < OfflineTasks {
		return d, nil
	}
	z := Targets(rows)
	for f := range offlineFolds {
		var rest []Row
		for i := range rows {
			if fold[rows[i].Task] != f {
				rest = append(rest, rows[i])
			}
		}
		p, err := train(ctx, rest, seed, 1)
		if err != nil {
			return d, fmt.Errorf("meta: fold %d: %w", f, err)
		}
		for _, task := range tasks {
			if fold[task] != f {
				continue
			}
			var truth, guess []float64
			for i := range rows {
				if rows[i].Task == task {
					mu, _ := p.Predict(&rows[i].Point, rows[i].LogBudget, rows[i].Features, nil)
					truth, guess = append(truth, z[i]), append(guess, mu)
				}
			}
			d.Tau += Kendall(truth, guess)
		}
	}
	d.Tau /= float64(d.Tasks)
	d.On = d.Tau >= OfflineTau
	return d, nil
}

// sign is −1, 0 or 1.
func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
