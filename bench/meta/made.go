package meta

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doin.network/node/compute/rng"
)

// The tables that Make writes.
const (
	// Order is of tasks that share an order: nearly the same point is the best in all.
	Order = "order"
	// Conditional is of fifty tasks of a space in which one gene decides whether two others count.
	Conditional = "conditional"
	// Nothing is of tasks of which each has an optimum and weights of its own: nothing transfers.
	Nothing = "nothing"
)

// made are the tables: so many lines of each task, and what makes one: its score and genes, NaN for an inactive one.
var made = []struct {
	name                string
	tasks, lines, genes int
	draw                func(q *rng.Seq, task int) (score float64, x []float64)
}{
	{Order, 9, 90, 3, drawOrder},
	{Conditional, 50, 80, 4, drawConditional},
	{Nothing, 9, 90, 3, drawNothing},
}

// Make writes tables with known properties into a folder, which is there.
func Make(dir string) error {
	for _, m := range made {
		q := rng.NewSeq(rng.KeyFromBytes([]byte(m.name + "........")[:8]), rng.Probe, 0)
		var b strings.Builder
		b.WriteString("task,score" + strings.Repeat(",gene", m.genes) + "\n")
		for task := range m.tasks {
			for range m.lines {
				score, x := m.draw(q, task)
				fmt.Fprintf(&b, "t%d,%g", task, score)
				for _, v := range x {
					if b.WriteString(","); v == v {
						fmt.Fprintf(&b, "%g", v)
					}
				}
				b.WriteString("\n")
			}
		}
		if err := os.WriteFile(filepath.Join(dir, m.name+".csv"), []byte(b.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// uniform draws n numbers.
func uniform(q *rng.Seq, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(q.Uniform())
	}
	return x
}

func square(v float64) float64 { return v * v }

func drawOrder(q *rng.Seq, task int) (float64, []float64) {
	x, d := uniform(q, 3), 0.0
	for i, c := range [3]float64{0.2, 0.7, 0.4} {
		d += square(x[i] - c - float64(task)/200)
	}
	return d, x
}

func drawConditional(q *rng.Seq, task int) (float64, []float64) {
	x, shift := uniform(q, 4), float64(task%10)/50
	d := square(x[0] - 0.3 - shift)
	if x[1] < 0.5 {
		x[2], x[3] = math.NaN(), math.NaN()
		return d + 0.2, x
	}
	return d + square(x[2]-0.6) + square(x[3]-0.2-shift), x
}

func drawNothing(q *rng.Seq, task int) (float64, []float64) {
	own := uniform(rng.NewSeq(rng.Key{uint32(task), 5}, rng.Probe, 0), 6)
	x, d := uniform(q, 3), 0.0
	for i := range x {
		d += (0.2 + own[3+i]) * (1 - math.Cos(2*math.Pi*(x[i]-own[i]))) // around a circle: no middle is good in all
	}
	return d, x
}

// Verdict is what is wanted of a table that Make wrote, and what was measured.
type Verdict struct {
	Table string `json:"table"`
	What  string `json:"what"`
	Got   int    `json:"got"`
	Most  int    `json:"most"`
}

// Holds reports whether it is as wanted.
func (v *Verdict) Holds() bool { return v.Got <= v.Most }

// Judge compares L3 with the GA on the tables that Make wrote: where something transfers it takes at most half as many trials, and at
// most a tenth more where nothing does, or where its prior takes the worst for the best.
func (r *Report) Judge() (out []Verdict) {
	for i := range r.Tables {
		t := &r.Tables[i]
		add := func(what string, got, most int) { out = append(out, Verdict{t.Name, what, got, most}) }
		m := t.Methods[methodL3]
		if t.Name == Nothing {
			add("trials of L3 to GA@40", m.EvalsToGA["40"], 44)
			add("trials of L3 to GA@50", m.EvalsToGA["50"], 55)
		} else {
			add("trials of L3 to GA@50", m.EvalsToGA["50"], 25)
			add("upper end of the 95 % interval", m.CIHigh, 49)
			add("tasks for which the gate is shut", t.Tasks-t.Offline.Open, t.Tasks/10)
		}
		add("with a negated prior, to GA@40", t.Negated.EvalsToGA["40"], 44)
		add("with a negated prior, to GA@50", t.Negated.EvalsToGA["50"], 55)
	}
	return out
}

// WriteMarkdown writes the committed form of a report on the tables that Make wrote.
func (r *Report) WriteMarkdown(w io.Writer, command string, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# L3 on tables that were made\n\nMeasured by `%s` on %s: leave-one-task-out, %d seeds, %d trials a search. *%s*: %s. *%s*: %s. *%s*: %s.\n\n",
		command, now.UTC().Format(time.DateOnly), r.Seeds, Budget, Order, "tasks share an order", Conditional,
		"fifty tasks of a space in which one gene decides whether two others count", Nothing, "every task has an optimum and weights of its own")
	b.WriteString("| table | | measured | at most | |\n|---|---|---:|---:|---|\n")
	for _, v := range r.Judge() {
		verdict := "holds"
		if !v.Holds() {
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", v.Table, v.What, v.Got, v.Most, verdict)
	}
	b.WriteString("\n```\n")
	if err := r.WriteText(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, strings.TrimSpace(b.String())+"\n```\n")
	return err
}
