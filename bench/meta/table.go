package meta

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/ga/meta"
)

// task is a table of trials that a search looks up instead of training.
type task struct {
	name   string
	points []meta.Point
	// filled are the points with ½ for inactive genes: what distances are measured on.
	filled [][]float64
	scores []float64 // lower is better
	// best and median of the scores; regret is measured between them.
	best, median float64
}

// table is tasks of one space.
type table struct {
	name  string
	tasks []*task
	genes int
}

// readTables reads every CSV file of a folder but curves, in the order of their names.
func readTables(dir string) ([]*table, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []*table
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".csv")
		if strings.HasSuffix(base, "_curves") {
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		t, err := readTable(base, file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no tables", dir)
	}
	return out, nil
}

// readTable reads lines of task, score and genes. A first line whose second field is no number is a heading; an empty gene is
// inactive; a score that is no number is worst.
func readTable(name string, r io.Reader) (*table, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	t := &table{name: name}
	byName := map[string]*task{}
	for n, line := range lines {
		if len(line) < 3 {
			return nil, fmt.Errorf("line %d: %d fields, want task, score and genes", n+1, len(line))
		}
		score, err := strconv.ParseFloat(strings.TrimSpace(line[1]), 64)
		if err != nil && n == 0 {
			continue
		}
		if err != nil || score-score != 0 {
			score = math.Inf(1)
		}
		p := meta.Point{X: make([]float64, len(line)-2), Active: make([]bool, len(line)-2)}
		for i, text := range line[2:] {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if p.Active[i] = err == nil && v == v; p.Active[i] {
				p.X[i] = v
			} else if text = strings.ToLower(strings.TrimSpace(text)); text != "" && text != "nan" && text != "na" {
				return nil, fmt.Errorf("line %d: gene %d: %.40q is no number", n+1, i, text)
			}
		}
		k := byName[line[0]]
		if k == nil {
			k = &task{name: line[0]}
			byName[line[0]] = k
			t.tasks = append(t.tasks, k)
		}
		k.points, k.scores, t.genes = append(k.points, p), append(k.scores, score), len(p.X)
	}
	if len(t.tasks) < 2 {
		return nil, fmt.Errorf("%d tasks: must be 2 at least", len(t.tasks))
	}
	for _, k := range t.tasks {
		if err := k.finish(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// finish computes what follows from the lines.
func (k *task) finish() error {
	sorted := slices.Sorted(slices.Values(k.scores))
	k.best, k.median = sorted[0], sorted[len(sorted)/2]
	if k.best-k.best != 0 {
		return fmt.Errorf("task %q: no finite score", k.name)
	}
	if !(k.median > k.best) || math.IsInf(k.median, 0) { // half are the best, or have none
		finite := sorted[:sortedFinite(sorted)]
		k.median = finite[len(finite)-1]
	}
	for i := range k.points {
		x := slices.Clone(k.points[i].X)
		for j := range x {
			if !k.points[i].Active[j] {
				x[j] = 0.5
			}
		}
		k.filled = append(k.filled, x)
	}
	return nil
}

// sortedFinite returns how many of ascending scores are finite.
func sortedFinite(s []float64) int {
	n, _ := slices.BinarySearchFunc(s, math.Inf(1), cmp.Compare)
	return n
}

// regret is 0 for the best score of a task and 1 for the median.
func (k *task) regret(score float64) float64 {
	if k.median == k.best {
		return 0
	}
	return min((score-k.best)/(k.median-k.best), 10)
}

// nearest returns the line nearest to x that is not used, −1 if all are.
func (k *task) nearest(x []float64, used []bool) int {
	best, at := math.Inf(1), -1
	for i, p := range k.filled {
		if used[i] {
			continue
		}
		d := 0.0
		for j, v := range p {
			d += (v - x[j]) * (v - x[j])
		}
		if d < best {
			best, at = d, i
		}
	}
	return at
}
