//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain/identity"
)

// TestNamedEvaluators makes a network whose evaluators are named: a machine that nobody has named comes first and gets no
// place, the named one gets its own.
func TestNamedEvaluators(t *testing.T) {
	t.Parallel()
	founder := newHost(t, "founder", settings(quadratic()).Set("discovery_enabled", false))
	config := founder.file("node.json")
	dirs := t.TempDir()
	guest, stranger := filepath.Join(dirs, "guest"), filepath.Join(dirs, "stranger")
	ids := map[string]string{}
	for _, dir := range []string{guest, stranger} {
		p := start(t, "init", dirs, "init", "--data-dir", dir)
		if code := p.exit(); code != 0 {
			t.Fatalf("init ends with %d", code)
		}
		key, err := identity.Load(filepath.Join(dir, "identity.json"))
		if err != nil {
			t.Fatal(err)
		}
		ids[dir] = key.PeerID()
		mentions(t, p.out.String(), ids[dir]) // which the founder is told
	}
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{"--evaluators", "0123"}, []string{"0123", "init"}},
		{[]string{"--evaluators", ids[guest] + "," + ids[guest]}, []string{"twice"}},
		{[]string{"--evaluators", ids[guest], "--wait", "2"}, []string{"--wait"}},
		{[]string{"--evaluators", founder.key.PeerID()}, []string{"own node"}},
	} {
		mentions(t, failed(t, founder.dir, append([]string{"genesis", "--no-start", "--config", config}, c.args...)...), c.words...)
	}
	// Where there is no worker, that is what is said, and not that a domain is unknown.
	bare := newHost(t, "bare", settings(quadratic()), "worker_path", filepath.Join(dirs, "none"))
	mentions(t, failed(t, bare.dir, "genesis", "--no-start", "--config", bare.file("node.json")), "none", "no such file")

	made := start(t, "genesis", founder.dir, "genesis", "--no-start", "--config", config, "--evaluators", ids[guest])
	eventually(t, "the founder waits", func() error {
		if !strings.Contains(made.out.String(), "waiting for 1 machine") {
			return fmt.Errorf("it says %q", tail(made.out.String(), 3))
		}
		return nil
	})
	at := fmt.Sprintf("127.0.0.1:%d", founder.port)
	out := failed(t, dirs, "join", at, "--yes", "--no-start", "--data-dir", stranger)
	mentions(t, out, "named", ids[stranger])
	joins := start(t, "join", dirs, "join", at, "--yes", "--no-start", "--patience", "1s", "--data-dir", guest)
	if code := made.exit(); code != 0 {
		t.Fatalf("genesis ends with %d", code)
	}
	joins.kill() // the founder's node, from which it would fetch the genesis file, is not started here
	joins.mute = true
	mentions(t, made.out.String(), "refused: "+ids[stranger], "2 evaluators")
	genesis, err := os.ReadFile(founder.file("genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	mentions(t, string(genesis), ids[guest], founder.key.PeerID())
	if strings.Contains(string(genesis), ids[stranger]) {
		t.Error("the stranger is an evaluator")
	}
}
