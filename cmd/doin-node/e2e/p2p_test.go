//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain"
)

// TestNetworkOverLibp2p: three nodes over libp2p make blocks with accepted claims; one of them, the one that the others have
// begun with, is killed and started again, and is back with its identity within ten seconds.
func TestNetworkOverLibp2p(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 3, settings(quadratic()).Set("network", "p2p"))
	for _, h := range hosts {
		h.run()
	}
	for _, h := range hosts {
		eventually(t, h.name+" has its peers", linkedWith(h, 2))
		eventually(t, h.name+" has a block with an accepted claim", accepted(h))
	}
	eventually(t, "the tips agree", agree(hosts))

	victim := hosts[0]
	before, _, err := victim.tip()
	if err != nil {
		t.Fatal(err)
	}
	victim.kill()
	victim.run()
	began := time.Now()
	eventually(t, "the killed node has two peers", linkedWith(victim, 2))
	for _, h := range hosts[1:] {
		eventually(t, h.name+" has the killed node as a peer", linkedWith(h, 2))
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the killed node was back after %v, want within 10 s", took)
	} else {
		t.Logf("the killed node was back after %v", took)
	}
	eventually(t, "the killed node goes on with the chain", higher(victim, before))
	eventually(t, "the tips agree after the kill", agree(hosts))
	for _, h := range hosts {
		st := h.mustGet("/status")
		p2p, err := st.Object("p2p")
		if err != nil {
			t.Fatal(err)
		}
		rejected, _ := p2p.Int("rejected")
		accepted, _ := p2p.Int("accepted")
		if protocol, _ := st.String("network_protocol"); protocol != "gossipsub" || rejected != 0 || accepted == 0 {
			t.Errorf("%s: %s, %d messages accepted and %d rejected", h.name, protocol, accepted, rejected)
		}
	}
}

// linkedWith is satisfied when h has n peers over libp2p.
func linkedWith(h *host, n int) func() error {
	return func() error {
		o, err := h.get("/peers")
		if err != nil {
			return err
		}
		list, err := o.List("peers")
		if err != nil || len(list) != n {
			return fmt.Errorf("%d peers, %v", len(list), err)
		}
		return nil
	}
}

// accepted is satisfied when a claim was accepted in h's chain.
func accepted(h *host) func() error {
	return func() error {
		blocks, err := h.blocks()
		if err != nil {
			return err
		}
		for _, b := range blocks {
			for _, tx := range b.Transactions {
				if tx.Type == chain.TxOptimaeAccepted {
					return nil
				}
			}
		}
		return errors.New("no accepted claim yet")
	}
}
