package bbob

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed best.csv
var bestFile string

// Row is a function in a dimension.
type Row struct {
	Dimension int `json:"dim"`
	Function  int `json:"function"`
	// Solved is in how many of Runs the target was reached; ERT the expected evaluations until then, nil where it never was.
	Solved int      `json:"solved"`
	Runs   int      `json:"runs"`
	ERT    *float64 `json:"ert"`
	// Goptuna is the same of goptuna's, where it was measured.
	Goptuna *Peer `json:"goptuna,omitempty"`
	// Best2009 is the least expected running time of 2009's entries to BestTarget, which COCO has recorded; nil where none reached it.
	Best2009 *float64 `json:"best2009"`
}

// Peer is another solver's part of a Row.
type Peer struct {
	Solved int      `json:"solved"`
	Runs   int      `json:"runs"`
	ERT    *float64 `json:"ert"`
}

// Count is how many functions of a dimension a solver has solved: in some run, and in every one.
type Count struct {
	Dimension int    `json:"dim"`
	Solver    string `json:"solver"`
	Some      int    `json:"some"`
	Every     int    `json:"every"`
	Of        int    `json:"of"`
	Runs      int    `json:"runs"` // solved, of all functions
}

// Report is what was measured.
type Report struct {
	Budget    float64 `json:"budget"` // evaluations for each dimension
	Target    float64 `json:"target"`
	Instances int     `json:"instances"`
	BBOB      []Row   `json:"bbob"`
	Counts    []Count `json:"counts"`
}

// Add appends what was measured of other dimensions with the same budget and instances.
func (r *Report) Add(o *Report) {
	r.BBOB, r.Counts = append(r.BBOB, o.BBOB...), append(r.Counts, o.Counts...)
}

// expected returns successes and expected running time of runs.
func expected(runs []*Run) (solved int, ert *float64) {
	spent := 0.0
	for _, r := range runs {
		if spent += float64(r.Evaluations); r.Solved {
			solved++
		}
	}
	if solved > 0 {
		v := spent / float64(solved)
		ert = &v
	}
	return solved, ert
}

// report makes the rows of the runs that were asked for.
func report(c *Config, runs []*Run) (*Report, error) {
	best, err := bestOf2009(bestFile)
	if err != nil {
		return nil, err
	}
	sorted(runs)
	of := func(solver string, n, id int) []*Run {
		return slices.DeleteFunc(slices.Clone(runs), func(r *Run) bool {
			return r.Solver != solver || r.Dimension != n || r.Function != id || r.Instance > c.Instances
		})
	}
	out := &Report{Budget: c.Budget, Target: Target, Instances: c.Instances}
	for _, n := range c.Dimensions {
		counts := map[string]*Count{}
		for _, id := range c.Functions {
			row := Row{Dimension: n, Function: id, Best2009: best[[2]int{id, n}]}
			for _, s := range c.Solvers {
				mine := of(s, n, id)
				solved, ert := expected(mine)
				if counts[s] == nil {
					counts[s] = &Count{Dimension: n, Solver: s}
				}
				counts[s].add(solved, len(mine))
				if s == Ours {
					row.Solved, row.Runs, row.ERT = solved, len(mine), ert
				} else {
					row.Goptuna = &Peer{solved, len(mine), ert}
				}
			}
			out.BBOB = append(out.BBOB, row)
		}
		for _, s := range c.Solvers {
			if counts[s] != nil {
				out.Counts = append(out.Counts, *counts[s])
			}
		}
	}
	return out, nil
}

func (c *Count) add(solved, runs int) {
	if runs == 0 {
		return
	}
	c.Of++
	c.Runs += solved
	if solved > 0 {
		c.Some++
	}
	if solved == runs {
		c.Every++
	}
}

// bestOf2009 reads the least expected running time to the smallest target there is, Target or above, by function and dimension.
func bestOf2009(text string) (map[[2]int]*float64, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("bbob: best.csv: %w", err)
	}
	out, targets := map[[2]int]*float64{}, map[[2]int]float64{}
	for _, row := range rows[1:] {
		id, err1 := strconv.Atoi(row[0])
		n, err2 := strconv.Atoi(row[1])
		target, err3 := strconv.ParseFloat(row[2], 64)
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("bbob: best.csv: %q", row)
		}
		key := [2]int{id, n}
		if before, ok := targets[key]; ok && before <= target || target < Target*0.99 {
			continue
		}
		targets[key], out[key] = target, nil
		if ert, err := strconv.ParseFloat(row[3], 64); err == nil && ert-ert == 0 {
			out[key] = &ert
		}
	}
	return out, nil
}

// WriteText writes the table as Markdown, which reads as text.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, c := range r.Counts {
		fmt.Fprintf(&b, "%d-D, %s: %d of %d functions in some run, %d in every one, %d runs solved\n", c.Dimension, c.Solver, c.Some, c.Of, c.Every, c.Runs)
	}
	fmt.Fprintf(&b, "\n| D | function | solved | ERT | goptuna | ERT | best 2009 |\n|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range r.BBOB {
		x := &r.BBOB[i]
		peer := "– | –"
		if x.Goptuna != nil {
			peer = fmt.Sprintf("%d/%d | %s", x.Goptuna.Solved, x.Goptuna.Runs, whole(x.Goptuna.ERT))
		}
		fmt.Fprintf(&b, "| %d | f%d | %d/%d | %s | %s | %s |\n", x.Dimension, x.Function, x.Solved, x.Runs, whole(x.ERT), peer, whole(x.Best2009))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the committed form.
func (r *Report) WriteMarkdown(w io.Writer, command string, now time.Time) error {
	_, err := fmt.Fprintf(w, "# BBOB\n\nMeasured by `%s` on %s: the 24 noiseless functions, %d instances, at most %g·D evaluations a run, solved is %g above the best value. "+
		"ERT is the evaluations of all runs over the solved ones. Beside them goptuna v0.9.0's CMA-ES with a doubled population at every restart, in the same program, and "+
		"the best expected running time of 2009's entries to the same target, as COCO's reference data have it.\n\n",
		command, now.UTC().Format(time.DateOnly), r.Instances, r.Budget, r.Target)
	if err != nil {
		return err
	}
	return r.WriteText(w)
}

func whole(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', 0, 64)
}
