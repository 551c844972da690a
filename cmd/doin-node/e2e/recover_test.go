//go:build unix

package e2e

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRecover: half of a network of protocol 2 is lost, and it stands still. The operators who are left have it go on: one names who signs,
// the other takes the file, and so does who comes back later; a wallet pays, the chain of both times verifies, and a newcomer has it with the
// two files.
func TestRecover(t *testing.T) {
	t.Parallel()
	s := certified()
	hosts := newNetwork(t, 4, s)
	for _, h := range hosts {
		h.run()
	}
	for _, h := range hosts {
		eventually(t, h.name+" has a block with an accepted claim", accepted(h))
	}
	for _, h := range hosts[2:] {
		h.kill()
	}
	level := func() error { // what three had signed is final at both, or at neither
		a, _, err := hosts[0].tip()
		if err != nil {
			return err
		}
		b, _, err := hosts[1].tip()
		if err != nil || a != b {
			return fmt.Errorf("heights %d and %d, %w", a, b, err)
		}
		return nil
	}
	slots(t, hosts[0], 12)
	eventually(t, "those who are left have the same", level)
	before, _, err := hosts[0].tip()
	if err != nil {
		t.Fatal(err)
	}
	slots(t, hosts[0], 12)
	if after, _, err := hosts[0].tip(); err != nil || after != before {
		t.Fatalf("half of a network goes on: %d, then %d, %v", before, after, err)
	}

	hosts[0].refuses(2, "recover", "--config", hosts[0].file("node.json")) // while it runs
	for _, h := range hosts[:2] {
		h.stop(syscall.SIGTERM)
	}
	hosts[0].do("recover", "--config", hosts[0].file("node.json"))
	hosts[0].refuses(2, "recover", "--config", hosts[0].file("node.json"), "--evaluators", "somebody")
	hosts[0].do("recover", "--config", hosts[0].file("node.json"), "--evaluators", hosts[0].key.PeerID()+","+hosts[1].key.PeerID())
	file := filepath.Join(hosts[0].dir, "recovery.json")
	for _, h := range hosts[1:3] {
		h.do("recover", "--config", h.file("node.json"), "--from", file)
	}
	for _, h := range hosts[:2] {
		h.run()
	}
	for _, h := range hosts[:2] {
		eventually(t, h.name+" goes on", higher(h, before+10))
	}
	hosts[2].run()
	eventually(t, "who comes back signs", signs(hosts[2]))
	if code := hosts[0].wallet("send", hosts[1].key.PeerID(), "0.01", "--wait").exit(); code != 0 {
		t.Errorf("wallet send ended with %d", code)
	}
	archive := filepath.Join(t.TempDir(), "chain.doin2")
	hosts[1].do("chain", "export", "--data-dir", hosts[1].dir, "--out", archive)
	hosts[1].do("chain", "verify", "--recovery", file, archive)
	hosts[1].refuses(1, "chain", "verify", archive)

	late := newHost(t, "late", s)
	late.configure(s, "genesis_file", hosts[1].genesis(), "bootstrap_peers", []any{hosts[1].endpoint()})
	late.do("recover", "--config", late.file("node.json"), "--from", file)
	late.run()
	now, _, err := hosts[1].tip()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a newcomer has the chain of both times", higher(late, now))
	prefix(t, append(hosts[:3:3], late))
	if n, err := member(t, late.mustGet("/status"), "certified").Int("recoveries"); n != 1 || err != nil {
		t.Errorf("status shows %d recoveries, %v", n, err)
	}
}
