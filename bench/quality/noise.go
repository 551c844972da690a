package quality

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/bench/report"
)

// noiseRows is the length of a series and of a table of noise, noiseTest how many more rows test a table.
const (
	noiseRows   = 300
	noiseTest   = 50
	noiseInputs = 5
)

// NoiseReport is what is accepted where there is nothing to learn.
type NoiseReport struct {
	Runs []*Run `json:"runs"`
	// After counts the acceptances after the first of each run; wanted: at most 3 in 20 runs of 2,000 trials.
	After int `json:"acceptances_after_the_first"`
	// Lost counts the runs whose champion's test error is above that of the best naive model.
	Lost int `json:"worse_than_naive_on_test"`
}

// CheckNoise runs searches on targets of pure noise, series and tables by turns, that are written into dir.
func CheckNoise(ctx context.Context, c Config, runs int, dir string) (*NoiseReport, error) {
	if err := writeNoise(dir, runs); err != nil {
		return nil, err
	}
	c.Data, c.Sets, c.Seeds = dir, nil, 1
	r, err := Measure(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &NoiseReport{}
	for i := range r.Sets {
		for _, run := range r.Sets[i].runs {
			out.Runs = append(out.Runs, run)
			out.After += max(0, run.Accepted-1)
			if run.Test > r.Sets[i].naive {
				out.Lost++
			}
		}
	}
	return out, nil
}

// writeNoise writes sets of standard normal numbers, the same ones in every call.
func writeNoise(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	sets := map[string]map[string]any{}
	for i := range n {
		random := rand.New(rand.NewPCG(20260101, uint64(i)))
		name := fmt.Sprintf("noise_%02d", i)
		s := map[string]any{"file": name + ".csv", "rows": noiseRows, "task": Forecast, "time_column": "t", "value_column": "y", "horizons": []int{1}}
		var err error
		if i%2 == 0 {
			err = writeRows(filepath.Join(dir, name+".csv"), "t,y", noiseRows, func(row int) string {
				return fmt.Sprintf("%d,%.6f", row, random.NormFloat64())
			})
		} else {
			s = map[string]any{"file": name + ".csv", "test_file": name + ".test.csv", "rows": noiseRows + noiseTest, "rows_test": noiseTest,
				"task": "regression", "target_column": "y"}
			row := func(int) string {
				cells := make([]string, noiseInputs+1)
				for k := range cells {
					cells[k] = fmt.Sprintf("%.6f", random.NormFloat64())
				}
				return strings.Join(cells, ",")
			}
			if err = writeRows(filepath.Join(dir, name+".csv"), "a,b,c,d,e,y", noiseRows, row); err == nil {
				err = writeRows(filepath.Join(dir, name+".test.csv"), "a,b,c,d,e,y", noiseTest, row)
			}
		}
		if err != nil {
			return err
		}
		sets[name] = s
	}
	data, err := json.MarshalIndent(sets, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, setsFile), data, 0o644)
}

func writeRows(path, header string, n int, row func(int) string) error {
	lines := []string{header}
	for i := range n {
		lines = append(lines, row(i))
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// WriteMarkdown writes a table for people.
func (r *NoiseReport) WriteMarkdown(w io.Writer) error {
	p := report.Printer{W: w}
	p.Printf("| run | evaluations | claims | accepted | performance | test error | naive |\n|---|---|---|---|---|---|---|\n")
	for _, run := range r.Runs {
		p.Printf("| %s | %d | %d | %d | %.6g | %.6g | %.6g |\n", run.Set, run.Evaluations, run.Claims, run.Accepted, run.Performance, run.Test, run.Baselines[lowest(naive(run.Baselines))])
	}
	p.Printf("\n%d acceptances after the first in %d runs; %d champions worse than the best naive model on test.\n", r.After, len(r.Runs), r.Lost)
	return p.Err
}
