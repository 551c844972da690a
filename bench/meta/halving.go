package meta

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The rungs of successive halving: after so many epochs, the best third goes on. One epoch says next to nothing.
const (
	firstRung = 3
	eta       = 3
)

// Halving is what stopping early saves on a table with curves: how many epochs the mean regret of RandomTrials full random
// trainings takes.
type Halving struct {
	RandomTrials int     `json:"random_trials"`
	Regret       float64 `json:"regret"`
	RandomEpochs float64 `json:"random_epochs"`
	Epochs       float64 `json:"epochs"`
	Configs      int     `json:"configs"` // of the bracket that reaches it
	Ratio        float64 `json:"ratio"`
}

// halving measures a table's curves; nil without them.
func halving(dir string, t *table, seeds int) (*Halving, error) {
	curves, err := readCurves(filepath.Join(dir, t.name+"_curves.csv.gz"), t)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	epochs := len(curves[0][0])
	h := &Halving{RandomTrials: 50, RandomEpochs: float64(50 * epochs)}
	least := len(curves[0])
	for i := range t.tasks {
		least = min(least, len(curves[i]))
	}
	h.Regret, _ = bracket(t, curves, min(50, least), seeds, true)
	for n := eta; n <= least; n++ {
		regret, cost := bracket(t, curves, n, seeds, false)
		if regret <= h.Regret {
			h.Configs, h.Epochs, h.Ratio = n, cost, h.RandomEpochs/cost
			break
		}
	}
	return h, nil
}

// bracket draws n configurations a seed and task, halves them, or trains all, and returns the mean regret and cost.
func bracket(t *table, curves [][][]float64, n, seeds int, whole bool) (regret, cost float64) {
	for i, k := range t.tasks {
		for seed := range seeds {
			alive := newSearch(k, uint64(seed+1)).some(newSearch(k, uint64(seed+1)).sequence("halving"), n)
			last, spent := len(curves[i][0]), 0
			for rung := firstRung; !whole && rung < last && len(alive) > 1; rung *= eta {
				cost += float64((rung - spent) * len(alive))
				spent = rung
				slices.SortStableFunc(alive, func(a, b int) int { return cmp.Compare(curves[i][a][rung-1], curves[i][b][rung-1]) })
				alive = alive[:max((len(alive)+eta-1)/eta, 1)]
			}
			cost += float64((last - spent) * len(alive))
			best := 10.0
			for _, j := range alive {
				best = min(best, k.regret(k.scores[j]))
			}
			regret += best
		}
	}
	runs := float64(len(t.tasks) * seeds)
	return regret / runs, cost / runs
}

// readCurves reads the losses after each epoch, one line for each of the table's, in their order; not a number is worst.
func readCurves(name string, t *table) ([][][]float64, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	index := map[string]int{}
	for i, k := range t.tasks {
		index[k.name] = i
	}
	out := make([][][]float64, len(t.tasks))
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	width := 0
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",")
		i, ok := index[fields[0]]
		if !ok {
			continue // a heading
		}
		curve := make([]float64, len(fields)-1)
		for e, text := range fields[1:] {
			if curve[e], err = strconv.ParseFloat(text, 64); err != nil || curve[e] != curve[e] {
				curve[e] = 1e300
			}
		}
		if width == 0 {
			width = len(curve)
		}
		if len(curve) != width || width < firstRung {
			return nil, fmt.Errorf("%s: a curve of %d epochs among those of %d", name, len(curve), width)
		}
		out[i] = append(out[i], curve)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, k := range t.tasks {
		if len(out[i]) != len(k.scores) {
			return nil, fmt.Errorf("%s: %d curves of task %q, the table has %d lines", name, len(out[i]), k.name, len(k.scores))
		}
	}
	return out, nil
}
