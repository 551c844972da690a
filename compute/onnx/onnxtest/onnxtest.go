// Package onnxtest executes exported models with ONNX Runtime, where that is installed: make onnxruntime puts it, for Node.js, where
// [Run] looks for it. Tests are left out, and say so, where it is not.
package onnxtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Place is the variable of the environment that says where it is installed, a folder with node_modules; else it is doin/onnxruntime in
// the user's cache.
const Place = "DOIN_ONNXRUNTIME"

//go:embed run.cjs
var script []byte

// Input is a tensor of a question: numbers, nil for not a number, or texts.
type Input struct {
	Type string `json:"type"` // "double" or "string"
	Dims []int  `json:"dims"`
	Data any    `json:"data"`
}

// Output is a tensor of an answer.
type Output struct {
	Dims []int           `json:"dims"`
	Data json.RawMessage `json:"data"`
}

// Answer maps names of outputs to tensors; Error is the runtime's, of a question that it refuses.
type Answer struct {
	Outputs map[string]Output
	Error   string
}

// Numbers are the elements of an output.
func (a *Answer) Numbers(t testing.TB, name string) (out []float64) {
	t.Helper()
	if err := json.Unmarshal(a.Outputs[name].Data, &out); err != nil {
		t.Fatalf("output %q: %v (error %q)", name, err, a.Error)
	}
	return out
}

// Texts are the elements of an output.
func (a *Answer) Texts(t testing.TB, name string) (out []string) {
	t.Helper()
	if err := json.Unmarshal(a.Outputs[name].Data, &out); err != nil {
		t.Fatalf("output %q: %v (error %q)", name, err, a.Error)
	}
	return out
}

// Run executes a model for every question.
func Run(t testing.TB, model []byte, questions []map[string]Input) []Answer {
	t.Helper()
	node, place := find(t)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var in, out, errs bytes.Buffer
	for _, q := range questions {
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.CommandContext(t.Context(), node, write("run.cjs", script), place, write("model.onnx", model))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ONNX Runtime: %v: %s", err, &errs)
	}
	answers := make([]Answer, 0, len(questions))
	for line := range bytes.Lines(out.Bytes()) {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(line, &all); err != nil {
			t.Fatalf("answer %q: %v", line, err)
		}
		a := Answer{Outputs: map[string]Output{}}
		for name, raw := range all {
			var o Output
			if err := json.Unmarshal(raw, &o); err == nil {
				a.Outputs[name] = o
			} else if err := json.Unmarshal(raw, &a.Error); err != nil {
				t.Fatalf("answer %q: %v", line, err)
			}
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// find returns the program and the place, or leaves the test out.
func find(t testing.TB) (node, place string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("LEFT OUT: no ONNX Runtime to compare with: there is no node (Node.js) on PATH")
	}
	if place = os.Getenv(Place); place == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip("LEFT OUT: no ONNX Runtime to compare with: ", err)
		}
		place = filepath.Join(cache, "doin", "onnxruntime")
	}
	if _, err := os.Stat(filepath.Join(place, "node_modules", "onnxruntime-node")); err != nil {
		t.Skipf("LEFT OUT: no ONNX Runtime to compare with in %s: make onnxruntime installs it", place)
	}
	return node, place
}
