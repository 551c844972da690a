package draft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// Options say what is drafted.
type Options struct {
	// File is the data file.
	File string
	// Out is the configuration to be written; empty: the data file's name with .json, in the current directory. It must not
	// exist.
	Out string
	// Arguments are further ones of doin-worker inspect: --task, --target, --set.
	Arguments []string
	// WorkerPath is the worker program; empty: it is looked for beside Exe and on PATH.
	WorkerPath string
	// Exe is the running program, Command the name by which it was called, which the next command repeats.
	Exe, Command string
	// Stdout gets what is to be told, Stderr what the worker says while it reads.
	Stdout, Stderr io.Writer
}

// Write drafts a configuration and writes it.
func Write(ctx context.Context, o Options) error {
	name := nameOf(o.File)
	if o.Out == "" {
		o.Out = name + ".json"
	}
	if _, err := os.Lstat(o.Out); err == nil {
		return fmt.Errorf("%s exists: name another file by --out", o.Out)
	}
	report, err := o.inspect(ctx)
	if err != nil {
		return err
	}
	c, err := Config(name, report)
	if err != nil {
		return err
	}
	if err := o.relocate(report); err != nil {
		return err
	}
	text := append(canon.AppendIndent(nil, c), '\n')
	if _, _, err := config.Parse(o.Out, text); err != nil {
		return fmt.Errorf("the configuration drafted: %w", err)
	}
	f, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return o.tell(name, report)
}

// relocate writes the data file's path as it is seen from the configuration.
func (o *Options) relocate(report *canon.Object) error {
	inner, err := report.Object("config")
	if err != nil {
		return err
	}
	path, err := inner.String("data")
	if err != nil || filepath.IsAbs(path) {
		return err
	}
	from, err := filepath.Abs(filepath.Dir(o.Out))
	if err != nil {
		return err
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if seen, err := filepath.Rel(from, path); err == nil {
		path = seen
	}
	inner.Set("data", path)
	return nil
}

// inspect asks the worker.
func (o *Options) inspect(ctx context.Context) (*canon.Object, error) {
	found, err := worker.FindWorker(ctx, worker.FindOptions{Path: o.WorkerPath, Dir: filepath.Dir(o.Exe), Device: worker.DeviceCPU,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, found.Path, append([]string{"inspect", "--json"}, append(o.Arguments, "--", o.File)...)...)
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if f, ok := o.Stderr.(*os.File); ok { // a bar, where somebody looks
		cmd.Stderr = f
	}
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(failure.String()); text != "" {
			return nil, errors.New(strings.TrimPrefix(text, "doin-worker: "))
		}
		return nil, fmt.Errorf("%s: %w", found.Path, err)
	}
	report, err := canon.ParseObject(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", found.Path, err)
	}
	return report, nil
}

// Config returns the configuration of a node for what a worker reports of a file: one domain, of the given name.
func Config(name string, report *canon.Object) (*canon.Object, error) {
	inner, err := report.Object("config")
	if err != nil {
		return nil, err
	}
	plugin, err := report.String("plugin")
	if err != nil {
		return nil, err
	}
	task, _ := report.StringOr("task", "")
	notes, _ := report.ListOr("notes", nil)
	domain := canon.NewObject("domain_id", name, "optimize", true, "evaluate", true, "optimization_plugin", plugin, "has_synthetic_data", true)
	if len(notes) > 0 {
		domain.Set("$notes", notes)
	}
	domain.Set("$optimization_config", about(task)).Set("optimization_config", inner)
	doc := fmt.Sprintf("A node that searches for a better model (%s) of %s. What it was when this was written: %s.", task, name, summary(report))
	return canon.NewObject("$doc", doc, "node_label", name, "format", 2, "data_dir", "./"+name+"-data",
		"$solo", "While nobody else verifies, this node's own re-run of a claim counts, and every such acceptance is marked.", "solo", true,
		"domains", []any{domain}), nil
}

// about says which settings are worth a look.
func about(task string) string {
	if task == "forecast" {
		return "horizon: how many values are forecast at once. period: rows after which the series resembles itself. gaps: error, interpolate, carry, mask. docs/data.md has all keys"
	}
	return "target_column is predicted from the others; ignored_columns leaves some out. docs/data.md has all keys"
}

// summary is the file in a clause.
func summary(report *canon.Object) string {
	rows, _ := report.IntOr("rows", 0)
	columns, _ := report.ListOr("columns", nil)
	hash, _ := report.StringOr("data_hash", "")
	return fmt.Sprintf("%d rows, %d columns, data_hash %.16s", rows, len(columns), hash)
}

// tell says what was written and what comes next.
func (o *Options) tell(name string, report *canon.Object) error {
	var b strings.Builder
	task, _ := report.StringOr("task", "")
	fmt.Fprintf(&b, "%s: %s, %s\n", o.File, task, summary(report))
	notes, _ := report.ListOr("notes", nil)
	for _, n := range notes {
		fmt.Fprintf(&b, "note: %v\n", n)
	}
	input, _ := report.Get("input")
	fmt.Fprintf(&b, "wrote %s\n\nnext:  %s --config %s\nthen:  curl -s localhost:8470/inference -d %s\n", o.Out, quoted(o.Command), quoted(o.Out),
		quoted(string(canon.Default(canon.NewObject("domain_id", name, "input_data", input)))))
	_, err := io.WriteString(o.Stdout, b.String())
	return err
}

// quoted writes a word for a shell.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%") == "" && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// maxName bounds the name of a domain, which has other bounds in its network.
const maxName = 64

// nameOf makes a domain's name of a file's: without folder and endings, letters, digits, dots, dashes and underscores.
func nameOf(file string) string {
	name := filepath.Base(file)
	for _, ending := range []string{".gz", ".zst", ".zip", ".bz2", ".csv", ".tsv", ".txt", ".parquet", ".arrow", ".feather", ".data"} {
		name = strings.TrimSuffix(name, ending)
	}
	name = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
			return r
		}
		return '_'
	}, name)
	name = strings.Trim(name[:min(len(name), maxName)], "._")
	if name == "" {
		return "data"
	}
	return name
}
