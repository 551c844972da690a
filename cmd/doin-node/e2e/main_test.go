//go:build unix

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	// The programs are built by the tests themselves; so that a change of theirs is a change of these tests, for which
	// no old result counts, their parts are named here.
	_ "doin.network/node/cmd/doin-node/local"
	_ "doin.network/node/cmd/doin-node/node"
	_ "doin.network/node/cmd/doin-pynode/node"
	_ "doin.network/node/cmd/doin-worker/search"
	_ "doin.network/node/compute/domain/open"
)

var (
	// nodeExe, pynodeExe and workerExe are the programs under test.
	nodeExe, pynodeExe, workerExe string
	// root is the module's directory.
	root string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() {
		fmt.Println("e2e: skipped by -short")
		return 0
	}
	dir, err := os.MkdirTemp("", "doin-e2e-bin-")
	if err == nil {
		defer os.RemoveAll(dir)
		root, err = filepath.Abs("../../..")
	}
	if err == nil {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// build makes the programs without cgo, as they are shipped.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/doin-node", "./cmd/doin-pynode", "./cmd/doin-worker")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	nodeExe, pynodeExe, workerExe = filepath.Join(dir, "doin-node"), filepath.Join(dir, "doin-pynode"), filepath.Join(dir, "doin-worker")
	return nil
}
