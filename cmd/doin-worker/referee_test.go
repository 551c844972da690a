package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/vec"
)

const tasksFolder = "../../compute/nn/testdata/tasks/"

// lastLine is the last line that the command line prints.
func lastLine(t *testing.T, args ...string) string {
	t.Helper()
	out, err := output(t, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return lines[len(lines)-1]
}

// TestDigestOfCommittedTasks: the command prints the committed roots, whatever the instruction set and the workers.
func TestDigestOfCommittedTasks(t *testing.T) {
	data, err := os.ReadFile(tasksFolder + "../roots.json")
	if err != nil {
		t.Fatal(err)
	}
	roots := map[string]string{}
	if err := json.Unmarshal(data, &roots); err != nil {
		t.Fatal(err)
	}
	t.Setenv(vec.ISAVariable, "") // restored after what --isa sets
	for _, name := range []string{"mlp-gelu-softmax_cross_entropy", "tcn-relu", "segment-0", "diverged-tanh-1"} {
		for _, isa := range vec.Supported() {
			for _, workers := range []string{"1", "3"} {
				got := lastLine(t, "digest", "--task", tasksFolder+name+".json", "--isa", string(isa), "--workers", workers)
				if got != roots[name] {
					t.Errorf("%s: %s with %s workers prints %s, want %s", name, isa, workers, got, roots[name])
				}
			}
		}
	}
	for _, bad := range [][]string{{"--isa", "mmx"}, {"--workers", "0"}, {"more"}} {
		if out, err := output(t, append([]string{"digest", "--task", tasksFolder + "tcn-relu.json"}, bad...)...); err == nil {
			t.Errorf("%v succeeded: %q", bad, out)
		}
		t.Setenv(vec.ISAVariable, "")
	}
}

func TestReferee(t *testing.T) {
	t.Setenv(vec.ISAVariable, "")
	folder := t.TempDir()
	honest, cheat := filepath.Join(folder, "honest.json"), filepath.Join(folder, "cheat.json")
	task := tasksFolder + "tcn-relu.json"
	root := lastLine(t, "digest", "--task", task, "--leaves", honest)
	data, err := os.ReadFile(honest)
	if err != nil {
		t.Fatal(err)
	}
	// The last hash of the file is the result leaf: claim another digit.
	i := strings.LastIndex(string(data), `"`) - 1
	changed := []byte(string(data))
	changed[i] ^= 1
	if changed[i] < '0' || changed[i] > '9' && changed[i] < 'a' || changed[i] > 'f' {
		changed[i] = '0'
	}
	if err := os.WriteFile(cheat, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lastLine(t, "referee", "--task", task, "--a", cheat, "--b", honest); got != "b" {
		t.Errorf("the referee says %q, want b", got)
	}
	if got := lastLine(t, "referee", "--task", task, "--a", honest, "--b", honest); got != "agreed" {
		t.Errorf("the referee says %q for root %s twice, want agreed", got, root)
	}
	for _, bad := range [][]string{{}, {"--a", honest}, {"--a", honest, "--b", "nowhere.json"}, {"--a", honest, "--b", task}} {
		if out, err := output(t, append([]string{"referee", "--task", task}, bad...)...); err == nil {
			t.Errorf("%v succeeded: %q", bad, out)
		}
	}
}
