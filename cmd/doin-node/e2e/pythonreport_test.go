//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// The tests of the profile "reference" write their figures into the directory that DOIN_PYTHON_OUT names: python.json,
// a section for each test, and python.md made of it. Without the variable they write nothing.

const pythonCommand = "DOIN_PYTHON_OUT=$PWD/bench/results go test ./cmd/doin-node/e2e -run TestPython -count=1"

const standIn = "The Python side is cmd/doin-node/e2e/testdata/python_peer.py, and early_peer.py for the first revision, a scripted peer written from the specification. " +
	"It stands in because no node of the reference is at hand: nothing here was measured against one."

var pythonFiles sync.Mutex // guards the files

// figures writes the section of a test that has passed so far.
func figures(t *testing.T, section string, o *canon.Object) {
	t.Helper()
	dir := os.Getenv("DOIN_PYTHON_OUT")
	if dir == "" || t.Failed() {
		return
	}
	pythonFiles.Lock()
	defer pythonFiles.Unlock()
	path := filepath.Join(dir, "python.json")
	all := canon.NewObject()
	data, err := os.ReadFile(path)
	if err == nil {
		all, err = canon.ParseObject(data)
	} else if errors.Is(err, os.ErrNotExist) {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.CommandContext(t.Context(), "python3", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	all.Set("command", pythonCommand).Set("stand_in", standIn).Set("time", time.Now().UTC().Format(time.RFC3339)).
		Set("machine", fmt.Sprintf("%s, %d cores, %s, %s", cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.Version())).
		Set("python", strings.TrimSpace(string(version))).Set(section, o)
	write(t, path, append(canon.AppendIndent(nil, all), '\n'))
	write(t, filepath.Join(dir, "python.md"), []byte(pythonTable(all)))
}

// pythonTable is the report for readers.
func pythonTable(all *canon.Object) string {
	var b strings.Builder
	head := func(key string) string { s, _ := all.String(key); return s } // our own file
	fmt.Fprintf(&b, "# Among Python nodes\n\n%s\n\nMade by `%s` on %s (%s), %s.\n", head("stand_in"), head("command"), head("machine"), head("python"), head("time"))
	for section, v := range all.All() {
		o, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| | |\n|---|---|\n", section)
		for k, v := range o.All() {
			fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(k, "_", " "), canon.Default(v))
		}
	}
	return b.String()
}

// chainFigures says who made the blocks and whose results they record.
func chainFigures(blocks []*chain.Block) *canon.Object {
	var byNodes, byPython, cross, back int64
	results := map[bool]int64{}
	for _, b := range blocks[1:] {
		python := b.Header.GeneratorID == pythonID
		if python {
			byPython++
		} else {
			byNodes++
		}
		for _, tx := range b.Transactions {
			if tx.Type != chain.TxOptimaeAccepted || !tx.Payload.Has("parameters") {
				continue
			}
			theirs := tx.PeerID == pythonID
			results[theirs]++
			switch {
			case python && !theirs:
				cross++
			case !python && theirs:
				back++
			}
		}
	}
	return canon.NewObject("blocks", int64(len(blocks)-1), "blocks_made_by_nodes", byNodes, "blocks_made_by_the_python_peer", byPython,
		"results_of_nodes_on_the_chain", results[false], "results_of_the_python_peer_on_the_chain", results[true],
		"results_of_nodes_in_blocks_of_the_python_peer", cross, "results_of_the_python_peer_in_blocks_of_nodes", back)
}
