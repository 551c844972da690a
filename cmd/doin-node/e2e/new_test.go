//go:build unix

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/internal/canon"
)

// TestNew: two commands from a file to a champion that answers with the times of the file, as somebody does who has nothing but
// the programs.
func TestNew(t *testing.T) {
	t.Parallel()
	const name = "us_macro_quarterly"
	h := newHost(t, "node", canon.NewObject())
	cmd := exec.CommandContext(t.Context(), nodeExe, "new", filepath.Join(root, "compute", "domain", "inspect", "testdata", name+".csv"), "--target", "unemp",
		"--out", h.file("new.json"))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), " --config "+h.file("new.json")) {
		t.Fatalf("doin-node new: %v: %s", err, out)
	}
	c, err := canon.ParseObject(read(t, h.file("new.json")))
	if err != nil {
		t.Fatal(err)
	}
	h = newHost(t, "alone", c.Set("host", "127.0.0.1").Set("data_dir", ".").Set("discovery_enabled", false))
	h.run()
	eventually(t, "a champion answers", func() error {
		a, err := h.ask("POST", "/inference", []byte(`{"domain_id": "`+name+`", "input_data": {"steps": 2}, "wait": 10}`))
		if err != nil {
			return err
		}
		o, err := a.object()
		if err != nil {
			return err
		}
		result, err := o.Object("result")
		if err != nil {
			return err
		}
		if times, err := result.List("times"); err != nil || len(times) != 2 || times[0] != "2009Q4" || times[1] != "2010Q1" {
			t.Errorf("times %v, %v, want 2009Q4 and 2010Q1", times, err)
		}
		return nil
	})
	h.stop(syscall.SIGTERM)
}
