package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/stack/program"
)

// TestHelp: every command says what it does, and shows how.
func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s: Short %q, Example %q, want both", c.CommandPath(), c.Short, c.Example)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(command())
}

// call runs a command line, and returns what it printed and the status that it ends with.
func call(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(io.Discard)
	err := c.ExecuteContext(t.Context())
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String(), program.ExitCode(err, false)
}

// TestConfigCommands: a file is shown with its defaults, its schema is JSON, and what is wrong ends with 2.
func TestConfigCommands(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "node.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(want int, says string, args ...string) {
		t.Helper()
		out, code := call(t, args...)
		if code != want || !strings.Contains(out, says) {
			t.Errorf("doin-node %q ends with %d and %.300q, want %d and %q", args, code, out, want, says)
		}
	}
	good, bad, broken := write(`{"port": 9}`), write(`{"prot": 9}`), write("{\n\"port\": 9,\n}")
	f(0, `"port": 9`, "config", "show", good)
	f(0, `"penalty_points": 100`, "config", "show")
	f(2, `"port"`, "config", "show", bad)
	f(0, "has no fault", "config", "validate", good)
	f(2, `the nearest known one is "port"`, "config", "validate", bad)
	f(2, "line 3, column 1", "config", "validate", broken)
	out, code := call(t, "config", "schema")
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal([]byte(out), &schema); err != nil || code != 0 || schema.Properties["port"] == nil {
		t.Errorf("config schema ends with %d, %v, and describes %d keys", code, err, len(schema.Properties))
	}
	f(0, "__start_doin-node", "completion", "bash")
}

// TestBackupOfNothing: a backup of a directory that is not there is refused, as is a restoration over another node.
func TestBackupOfNothing(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "node.json")
	if err := os.WriteFile(config, []byte(`{"data_dir": "`+filepath.Join(dir, "none")+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "b.tar")
	if said, code := call(t, "backup", "--config", config, "--out", out); code != 2 {
		t.Errorf("backup of nothing ends with %d: %s", code, said)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*b.tar*")); len(left) > 0 {
		t.Errorf("backup of nothing leaves %q", left)
	}
	if err := os.WriteFile(out, []byte("no tar"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, code := call(t, "restore", out, "--data-dir", dir); code != 2 || !strings.Contains(said, "not empty") {
		t.Errorf("restore over something ends with %d: %s", code, said)
	}
	if said, code := call(t, "restore", out, "--data-dir", filepath.Join(dir, "new")); code != 1 || !strings.Contains(said, "not a whole backup") {
		t.Errorf("restore of nothing ends with %d: %s", code, said)
	}
}
