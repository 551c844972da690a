//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// domain runs "doin-node domain" of the host's node.
func (h *host) domain(args ...string) (out string, code int) {
	h.t.Helper()
	p := start(h.t, "domain of "+h.name, h.dir, slices.Concat([]string{"domain"}, args, []string{"--config", "node.json"})...)
	code = p.exit()
	return p.out.String(), code
}

// accepted reports whether the node's chain has an accepted claim of a domain.
func (h *host) accepted(domain string) error {
	blocks, err := h.blocks()
	if err != nil {
		return err
	}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if tx.DomainID == domain && tx.Type == "optimae_accepted" {
				return nil
			}
		}
	}
	return fmt.Errorf("no accepted claim of %s in %d blocks", domain, len(blocks))
}

// TestAddedDomain: a domain with a data file is added to a running network of three. One node takes it up by itself, one when it is
// told to; both get the file from the author, and its claims are accepted by them. Killed and started again they still take part. When
// the author closes it, its deposit is back and nobody searches for it any more.
func TestAddedDomain(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 3, settings(quadratic()))
	author, willing, asked := hosts[0], hosts[1], hosts[2]
	willing.configure(settings(quadratic()), "genesis_file", mustRaw(t, willing, "genesis_file"), "bootstrap_peers", mustRaw(t, willing, "bootstrap_peers"), "added_domains", "builtin")
	for _, h := range hosts {
		h.run()
	}
	second := forecast().Set("domain_id", "second")
	if err := os.WriteFile(author.file("second.json"), canon.Default(canon.NewObject("format", 2, "worker_path", workerExe, "domains", []any{second})), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := author.domain("add", "second.json")
	if code != 2 {
		t.Errorf("adding a domain without money ends with %d, want 2: %s", code, out)
	}
	mentions(t, out, "adding a domain locks 5 DOIN")
	units := func() int64 {
		text, err := author.balance(author.key.PeerID(), "balance")
		if err != nil {
			return 0
		}
		n, _ := ledger.ParseAmount(fmt.Sprint(text))
		return n
	}
	eventually(t, "money is earned", func() error {
		if n := units(); n < 6*ledger.Unit {
			return fmt.Errorf("balance %d", n)
		}
		return nil
	})
	if out, code = author.domain("add", "second.json", "--wait"); code != 0 {
		t.Fatalf("domain add ended with %d: %s", code, out)
	}
	eventually(t, "the third says how to take part", func() error {
		if !strings.Contains(asked.out.String(), "doin-node domain take second") {
			return errors.New(tail(asked.out.String(), 2))
		}
		return nil
	})
	if out, code = asked.domain("take", "second"); code != 0 {
		t.Fatalf("domain take ended with %d: %s", code, out)
	}
	for _, h := range hosts {
		eventually(t, h.name+" has an accepted claim of it", func() error { return h.accepted("second") })
		if names, err := filepath.Glob(h.file("files/*-mauna_loa_co2_monthly.csv")); err != nil || len(names) != 1 {
			t.Errorf("%s keeps the files %q, %v, want the domain's", h.name, names, err)
		}
	}
	willing.mute = true
	willing.kill()
	willing.run()
	eventually(t, "who was killed takes part again", func() error {
		o, err := willing.get("/domains")
		if err != nil {
			return err
		}
		list, err := o.List("domains")
		if err != nil || len(list) != 2 {
			return fmt.Errorf("%s, %v", canon.Default(o), err)
		}
		if d := string(canon.Default(list[1])); !strings.Contains(d, `"domain_id": "second"`) || !strings.Contains(d, `"optimize": true, "evaluate": true`) {
			return errors.New(d)
		}
		return nil
	})
	if out, code = willing.domain("list"); code != 0 {
		t.Errorf("domain list ended with %d", code)
	}
	mentions(t, out, "by the genesis file", "at height", author.key.PeerID())
	if out, code = willing.domain("close", "second"); code != 2 {
		t.Errorf("closing another's domain ends with %d, want 2: %s", code, out)
	}
	before := units()
	if out, code = author.domain("close", "second", "--wait"); code != 0 {
		t.Fatalf("domain close ended with %d: %s", code, out)
	}
	if after := units(); after < before+5*ledger.Unit {
		t.Errorf("balance %d after closing, %d before: the deposit is not back", after, before)
	}
	eventually(t, "nobody searches for it", func() error {
		for _, h := range hosts {
			if p, err := h.get("/status"); err != nil || strings.Contains(string(canon.Default(member(t, p, "progress"))), `"second":`) {
				return fmt.Errorf("%s still does, %v", h.name, err)
			}
		}
		return nil
	})
}

// mustRaw is a member of a host's configuration file.
func mustRaw(t *testing.T, h *host, name string) any {
	t.Helper()
	data, err := os.ReadFile(h.file("node.json"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := o.Get(name)
	return v
}
