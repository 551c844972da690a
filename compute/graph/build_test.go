package graph

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// TestBuildCommittedTasks builds every committed task for one sample: each is a graph whose learnables are the task's
// parameters and whose output and loss have the promised shapes; those with dropout, which no graph says, are refused.
func TestBuildCommittedTasks(t *testing.T) {
	files, err := filepath.Glob("../nn/testdata/tasks/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d tasks, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		o, err := canon.ParseObject(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		task, err := nn.ParseTask(o)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		c := task.Config
		m, err := Build(c, make([]float32, c.Parameters()), make([]float32, c.Inputs), make([]float32, c.Outputs))
		if slices.ContainsFunc(c.Layers, drops) {
			if err == nil {
				t.Errorf("Build(%s) = nil error, want dropout refused", file)
			}
			continue
		}
		if err != nil {
			t.Errorf("Build(%s): %v", file, err)
			continue
		}
		parameters := 0
		for _, p := range m.Parameters {
			parameters += p.Shape().TotalSize()
		}
		if parameters != c.Parameters() {
			t.Errorf("Build(%s): %d parameters, want %d", file, parameters, c.Parameters())
		}
		if s := m.Output.Shape(); len(s) != 2 || s[0] != 1 || s[1] != c.Outputs || !m.Loss.IsScalar() {
			t.Errorf("Build(%s): output %v, loss %v, want (1, %d) and a scalar", file, s, m.Loss.Shape(), c.Outputs)
		}
	}
}
