package meta

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"doin.network/node/compute/rng"
)

// Report is what doin-bench meta writes.
type Report struct {
	Seeds  int     `json:"seeds"`
	Tables []Table `json:"tables"`
}

// Table is one table's.
type Table struct {
	Name    string             `json:"name"`
	Tasks   int                `json:"tasks"`
	Methods map[string]*Method `json:"methods"`
	// Negated is L3 with a prior that takes the worst for the best.
	Negated *Method `json:"negated"`
	// Offline is the mean of τ over the tasks left out, and for how many of them the gate is open.
	Offline struct {
		Tau  float64 `json:"tau"`
		Open int     `json:"open"`
	} `json:"offline"`
	// Halving is there for a table with curves.
	Halving *Halving `json:"halving,omitempty"`
}

// Method is one method's figures on a table.
type Method struct {
	// Regret is the mean regret after so many trials: 0 is the best score of a task, 1 the median.
	Regret map[string]float64 `json:"regret"`
	// EvalsToGA is how many trials the mean regret takes to reach what the GA's has after 30, 40 and 50; Budget + 1: more than
	// were made.
	EvalsToGA map[string]int `json:"evals_to_ga"`
	// CILow and CIHigh are the 95 % interval of EvalsToGA at 50: tasks and seeds drawn again 1000 times.
	CILow  int `json:"ci_low"`
	CIHigh int `json:"ci_high"`
	// Worse10 is the share of tasks on which EvalsToGA at 50 is above 55.
	Worse10 float64 `json:"worse10"`
}

// resamples is how often tasks and seeds are drawn again for an interval.
const resamples = 1000

// mean returns the mean curve of tasks and seeds listed as pairs.
func (c curves) mean(pick [][2]int) []float64 {
	out := make([]float64, Budget)
	for _, p := range pick {
		for i, v := range c[p[0]][p[1]] {
			out[i] += v
		}
	}
	for i := range out {
		out[i] /= float64(len(pick))
	}
	return out
}

// reach returns after how many trials a curve is at most target.
func reach(curve []float64, target float64) int {
	for i, v := range curve {
		if v <= target+1e-12 {
			return i + 1
		}
	}
	return Budget + 1
}

// summarize makes the figures of a table.
func summarize(t *table, all map[string]curves, folds []fold) Table {
	out := Table{Name: t.name, Tasks: len(t.tasks), Methods: map[string]*Method{}}
	for _, f := range folds {
		out.Offline.Tau += f.decision.Tau / float64(len(folds))
		if f.prior != nil {
			out.Offline.Open++
		}
	}
	for _, m := range methods {
		r := figures(all[m], all[methodGA])
		if m == methodNo {
			out.Negated = r
		} else {
			out.Methods[m] = r
		}
	}
	return out
}

// figures compares a method with the GA.
func figures(c, ga curves) *Method {
	m := &Method{Regret: map[string]float64{}, EvalsToGA: map[string]int{}}
	var every [][2]int
	for i := range c {
		var own [][2]int
		for j := range c[i] {
			own = append(own, [2]int{i, j})
		}
		every = append(every, own...)
		if reach(c.mean(own), ga.mean(own)[49]) > 55 {
			m.Worse10 += 1 / float64(len(c))
		}
	}
	mean, base := c.mean(every), ga.mean(every)
	for _, n := range []int{1, 5, 10, 20, 50} {
		m.Regret[strconv.Itoa(n)] = mean[n-1]
	}
	for _, n := range []int{30, 40, 50} {
		m.EvalsToGA[strconv.Itoa(n)] = reach(mean, base[n-1])
	}
	m.CILow, m.CIHigh = interval(c, ga)
	return m
}

// interval resamples tasks, and within them seeds.
func interval(c, ga curves) (low, high int) {
	q := rng.NewSeq(rng.KeyFromBytes([]byte("meta.int")), rng.Bootstrap, 0)
	var list []int
	for range resamples {
		var pick [][2]int
		for range c {
			i := q.Intn(len(c))
			for range c[i] {
				pick = append(pick, [2]int{i, q.Intn(len(c[i]))})
			}
		}
		list = append(list, reach(c.mean(pick), ga.mean(pick)[49]))
	}
	slices.Sort(list)
	return list[resamples*25/1000], list[resamples*975/1000]
}

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var err error
	line := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format+"\n", args...)
		}
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		line("%s: %d tasks, %d seeds, offline τ %.2f, open for %d", t.Name, t.Tasks, r.Seeds, t.Offline.Tau, t.Offline.Open)
		line("%-12s %7s %7s %7s %7s %7s  %6s %6s %6s  %9s %7s", "method", "r@1", "r@5", "r@10", "r@20", "r@50", "GA@30", "GA@40", "GA@50", "95 %", "worse10")
		for _, name := range methods {
			m := t.Methods[name]
			if name == methodNo {
				m = t.Negated
			}
			line("%-12s %7.4f %7.4f %7.4f %7.4f %7.4f  %6d %6d %6d  %4d-%-4d %7.2f", name, m.Regret["1"], m.Regret["5"], m.Regret["10"],
				m.Regret["20"], m.Regret["50"], m.EvalsToGA["30"], m.EvalsToGA["40"], m.EvalsToGA["50"], m.CILow, m.CIHigh, m.Worse10)
		}
		if h := t.Halving; h != nil {
			line("halving: %.0f epochs to regret %.4f, random %.0f: %.2f times fewer", h.Epochs, h.Regret, h.RandomEpochs, h.Ratio)
		}
		line("")
	}
	return err
}
