package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

const tasksFolder = "../../../compute/nn/testdata/tasks/"

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

// TestRefereeOfRecipes: each training of a claim of a domain is settled like the tasks of nn.
func TestRefereeOfRecipes(t *testing.T) {
	t.Setenv(vec.ISAVariable, "")
	for plugin, config := range map[string]string{"forecast": forecastConfig, "tabular": tabularConfig} {
		folder := t.TempDir()
		write := func(name string, o *canon.Object) string {
			path := filepath.Join(folder, name+".json")
			if err := os.WriteFile(path, canon.Default(o), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		settings := object(t, config).Set("max_steps", 120)
		d, err := open.New(plugin, settings)
		if err != nil {
			t.Fatal(err)
		}
		recipe := d.Parameters(d.Describe().Space.Random(func() float32 { return 0.25 }))
		training, err := d.(open.Trainee).Training(recipe, 5, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := nn.Train(t.Context(), training.Config, training.Key, training.Train, training.Validation)
		if err != nil {
			t.Fatal(err)
		}
		root := fmt.Sprintf("%x", r.Root)
		task := write("task", recipe.Clone().Set("seed", 5).Set("fold", 1).Set("config", settings))
		var files [2]string
		for i, isa := range []vec.ISA{vec.Generic, vec.Best()} {
			files[i] = filepath.Join(folder, string(isa)+fmt.Sprint(i))
			got := lastLine(t, "digest", "--task", task, "--isa", string(isa), "--workers", "2", "--leaves", files[i], "--steps-from", "50")
			if got != root {
				t.Errorf("%s: %s prints %s, want %s", plugin, isa, got, root)
			}
		}
		if got := lastLine(t, "referee", "--task", task, "--a", files[0], "--b", files[1]); got != "agreed" {
			t.Errorf("%s: the referee says %q, want agreed", plugin, got)
		}

		claim := func() *canon.Object {
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			return object(t, string(data))
		}
		hash := strings.Repeat("00", 32)
		leaves, err := claim().List("leaves")
		if err != nil {
			t.Fatal(err)
		}
		right := leaves[1]
		leaves = slices.Clone(leaves)
		leaves[1] = hash
		for _, c := range []struct {
			cheat *canon.Object
			want  string
		}{
			{claim().Set("leaves", leaves), fmt.Sprintf(`{"part": "training", "leaf": 1, "from_step": 50, "to_step": 100, "right_leaf": "%s"}`, right)},
		} {
			for i, want := range []string{"a", "b"} {
				parties := [2]string{write("cheat", c.cheat), write("cheat", c.cheat)}
				parties[i] = files[1]
				out, err := output(t, "referee", "--task", task, "--a", parties[0], "--b", parties[1])
				if err != nil || out != c.want+"\n"+want+"\n" {
					t.Errorf("%s: the referee says %q, %v, want %s and %s", plugin, out, err, c.want, want)
				}
			}
		}
		whole := write("whole", recipe.Clone().Set("seeds", []any{int64(5), int64(6)}).Set("config", settings))
		m, err := d.Claim(t.Context(), recipe, []uint64{5, 6}, nil)
		if got := lastLine(t, "digest", "--task", whole, "--workers", "2"); err != nil || got != m.Digest() {
			t.Errorf("%s: a claim prints %s, want %s (%v)", plugin, got, m.Digest(), err)
		}
		if out, err := output(t, "digest", "--task", whole, "--leaves", files[0]); err == nil || !strings.Contains(err.Error(), "fold: missing") {
			t.Errorf("%s: leaves of a claim: %q, %v", plugin, out, err)
		}
	}
	quadratic := filepath.Join(t.TempDir(), "task.json")
	text := `{"domain": "quadratic", "genome": {"x": [0.0, 0.0, 0.0, 0.0]}, "seed": 0, "config": ` + quadraticConfig + `}`
	if err := os.WriteFile(quadratic, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"digest", "--task", quadratic, "--leaves", quadratic + ".leaves"},
		{"referee", "--task", quadratic, "--a", quadratic, "--b", quadratic}} {
		if out, err := output(t, args...); err == nil || !strings.Contains(err.Error(), "train no network") {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
}
