//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/internal/canon"
)

// TestOtherNetwork starts a node on the data of another network, and a second node on the data of a running one.
func TestOtherNetwork(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 2, settings(quadratic()))
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "a block", higher(hosts[0], 0))
	mentions(t, failed(t, hosts[0].dir, "--config", "node.json", "--port", fmt.Sprint(freePort(t))), "chain")

	hosts[0].stop(syscall.SIGTERM)
	blocks := hosts[1].mustGet("/chain/status")
	other := newNetwork(t, 1, settings(quadratic()))[0]
	genesis, err := canon.ParseObject(read(t, other.file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	path, err := genesis.String("genesis_file")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := canon.ParseObject(read(t, hosts[0].file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	write(t, hosts[0].file("other.json"), canon.Default(cfg.Clone().Set("genesis_file", path)))
	mentions(t, failed(t, hosts[0].dir, "--config", "other.json"), "network")
	// It has not been touched: the right configuration goes on where it was.
	hosts[0].run()
	eventually(t, "the tips agree", agree(hosts))
	if n, err := blocks.Int("tip_index"); err != nil || n < 1 {
		t.Errorf("tip_index = %d, %v", n, err)
	}
}

// TestDamagedChain flips bytes in the files of a chain: the node either repairs what is damaged, with the help of its
// peer, or says what is wrong; it never serves a chain that is not one.
func TestDamagedChain(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 2, settings(quadratic()))
	for _, h := range hosts {
		h.run()
	}
	h := hosts[0]
	eventually(t, "three blocks", higher(h, 2))
	h.stop(syscall.SIGTERM)
	files, err := filepath.Glob(h.file("chain/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, f := range files {
		data := read(t, f)
		used := len(bytes.TrimRight(data, "\x00"))
		if used < 64 || !strings.HasSuffix(f, ".sst") && !strings.HasSuffix(f, ".vlog") && !strings.HasSuffix(f, ".mem") {
			continue
		}
		for i := used / 4; i < used; i += max(used/7, 1) {
			data[i] ^= 0x55
		}
		write(t, f, data)
		damaged++
	}
	if damaged == 0 {
		t.Fatalf("nothing to damage in %v", files)
	}
	p := start(t, "damaged", h.dir, "--config", "node.json")
	h.process = p
	serves := func() error {
		select {
		case <-p.done:
			return nil
		default:
		}
		_, err := h.get("/chain/status")
		return err
	}
	eventually(t, "the damaged node serves or gives up", serves)
	if p.exited() {
		if p.cmd.ProcessState.ExitCode() == 0 {
			t.Error("a node without a readable chain ended without an error")
		}
		mentions(t, p.out.String(), "chain")
		if strings.Contains(p.out.String(), "goroutine ") {
			t.Error("it panicked")
		}
		// What it says has to work.
		mentions(t, p.out.String(), "reset-chain")
		h.run("--reset-chain")
	}
	eventually(t, "the tips agree", agree(hosts))
	if _, err := h.blocks(); err != nil { // checks every hash
		t.Error(err)
	}
}
