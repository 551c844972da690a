//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// wallet runs "doin-node wallet" of the host's key.
func (h *host) wallet(args ...string) *process {
	h.t.Helper()
	return start(h.t, "wallet of "+h.name, h.dir, slices.Concat([]string{"wallet"}, args, []string{"--config", "node.json"})...)
}

// balance is a member of GET /balance.
func (h *host) balance(id, member string) (any, error) {
	o, err := h.get("/balance/" + id)
	if err != nil {
		return nil, err
	}
	v, _ := o.Get(member)
	return v, nil
}

// voted reports whether a block of the node's chain counts a vote of an evaluator.
func (h *host) voted(evaluator string) error {
	blocks, err := h.blocks()
	if err != nil {
		return err
	}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if strings.Contains(string(canon.Default(tx.Payload)), `"evaluator_id": "`+evaluator+`"`) {
				return nil
			}
		}
	}
	return fmt.Errorf("no vote in %d blocks", len(blocks))
}

// TestWallet: a node that is no evaluator says so, is sent money by one that has earned some, registers by itself, and its vote is
// counted. The command that sends and the node that it has sent to are killed between send and block: nothing is lost, and the same
// command again sends nothing twice.
func TestWallet(t *testing.T) {
	t.Parallel()
	s := settings(quadratic()).Set("quorum_min_evaluators", 3)
	hosts := newNetwork(t, 2, s)
	rich := hosts[0]
	data, err := os.ReadFile(rich.file("node.json"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	genesis, _ := file.Get("genesis_file")
	poor := newHost(t, "newcomer", settings(quadratic().Set("optimize", false)), "genesis_file", genesis,
		"bootstrap_peers", []any{rich.endpoint(), hosts[1].endpoint()}, "register", true)
	for _, h := range append(hosts, poor) {
		h.run()
	}
	id := poor.key.PeerID()
	eventually(t, "the newcomer says what it lacks", func() error {
		if n := strings.Count(poor.out.String(), "this node is no evaluator"); n != 1 {
			return fmt.Errorf("it says so %d times", n)
		}
		return nil
	})
	mentions(t, string(canon.Default(member(t, poor.mustGet("/status"), "evaluator"))), `"eligible": false`, "wallet send "+id)
	eventually(t, "money is earned", func() error {
		text, err := rich.balance(rich.key.PeerID(), "balance")
		if err != nil {
			return err
		}
		if units, err := ledger.ParseAmount(fmt.Sprint(text)); err != nil || units < 2*ledger.Unit {
			return fmt.Errorf("balance %v, %v", text, err)
		}
		return nil
	})

	refused := rich.wallet("send", id, "1000000")
	if code := refused.exit(); code != 2 {
		t.Errorf("sending more than there is ends with %d, want 2", code)
	}
	mentions(t, refused.out.String(), "are more than the")

	send := rich.wallet("send", id, "1", "--wait")
	send.mute = true
	eventually(t, "the transfer is sent", func() error {
		if !strings.Contains(send.out.String(), "sent: transfer of 1 DOIN to "+id) {
			return errors.New(tail(send.out.String(), 3))
		}
		return nil
	})
	send.kill()
	rich.mute = true
	rich.kill()
	rich.run()
	again := rich.wallet("send", id, "1", "--wait")
	if code := again.exit(); code != 0 {
		t.Fatalf("the same send again ended with %d: %s", code, again.out)
	}
	mentions(t, again.out.String(), "block")

	eventually(t, "the newcomer is an evaluator", func() error {
		o, err := hosts[1].get("/balance/" + id)
		if err != nil {
			return err
		}
		if e := member(t, o, "evaluator"); !strings.Contains(string(canon.Default(e)), `"eligible": true`) {
			return fmt.Errorf("%s", canon.Default(o))
		}
		return nil
	})
	eventually(t, "its vote is counted", func() error { return hosts[1].voted(id) })
	if nonce, err := hosts[1].balance(rich.key.PeerID(), "nonce"); err != nil || nonce != int64(1) {
		t.Errorf("the sender has made %v transfers, %v, want 1", nonce, err)
	}
	blocks, err := hosts[1].blocks()
	if err != nil {
		t.Fatal(err)
	}
	transfers := 0
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if tx.Type == "transfer" {
				transfers++
			}
		}
	}
	if transfers != 1 {
		t.Errorf("%d transfers are in the chain, want 1", transfers)
	}
}
