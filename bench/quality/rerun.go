package quality

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed anchors.R
var scriptR []byte

//go:embed anchors.py
var scriptPython []byte

// others are the programs that make anchors, and what says whether they can.
var others = []struct {
	name   string
	argv   []string // of an interpreter, before the script
	probe  []string // succeeds where the libraries are there
	script []byte
	kind   string
}{
	{"R", []string{"Rscript"}, []string{"Rscript", "-e", "library(forecast)"}, scriptR, Forecast},
	{"Python", []string{"python3"}, []string{"python3", "-c", "import sklearn"}, scriptPython, Tabular},
}

// rerun makes the anchors of the sets with the programs that are installed, and puts them over those known. A program that
// is not there is said, not an error.
func rerun(ctx context.Context, c *Config, sets []*set, known anchors) error {
	dir, err := os.MkdirTemp("", "doin-quality-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, other := range others {
		if err := exec.CommandContext(ctx, other.probe[0], other.probe[1:]...).Run(); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.say("%s or its library is not installed: the anchors of the file stand", other.name)
			continue
		}
		path := filepath.Join(dir, "anchors-"+other.name)
		if err := os.WriteFile(path, other.script, 0o600); err != nil {
			return err
		}
		for _, s := range sets {
			if s.kind() != other.kind {
				continue
			}
			c.say("%s: anchors of %s", other.name, s.name)
			if err := anchorsBy(ctx, append(other.argv, path), c.Data, s, known); err != nil {
				return fmt.Errorf("%s: %s: %w", other.name, s.name, err)
			}
		}
	}
	return nil
}

// anchorsBy runs a script for one set: its arguments say what there is, its output is a table as anchors.csv.
func anchorsBy(ctx context.Context, argv []string, dir string, s *set, known anchors) error {
	args := append(argv[1:], s.arguments(dir)...)
	cmd := exec.CommandContext(ctx, argv[0], args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: %.1000s", err, words.String())
	}
	return known.read(bytes.NewReader(out))
}

// arguments are those of a script: NAME FILE VALUE_COLUMN PERIOD HORIZON,…, or NAME FILE TEST_FILE TASK TARGET CATEGORICAL,….
func (s *set) arguments(dir string) []string {
	if s.kind() == Forecast {
		horizons := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Horizons), " ", ","), "[]")
		return []string{s.name, filepath.Join(dir, s.File), s.Value, fmt.Sprint(max(s.Period, 1)), horizons}
	}
	return []string{s.name, filepath.Join(dir, s.File), filepath.Join(dir, s.TestFile), s.Task, s.Target, strings.Join(s.Categorical, ",")}
}
