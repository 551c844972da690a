package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// TestTwoNATs: two nodes at public addresses, and two in private networks of the same numbers, each behind a router of its own that
// forwards no port. They learn of each other, open a link, and the network makes blocks.
func TestTwoNATs(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("NOT TESTED: two NATs. There is no nft to make routers with")
	}
	l := newLANOf(t, []string{"44.7.0.1", "44.7.0.2", "44.7.0.3", "44.7.0.4"}, 24)
	s := settings(quadratic()).Set("network", "p2p").Set("host", "0.0.0.0").Set("lan_discovery", false).Set("port_mapping", false).Set("discovery_interval", 5)
	hosts := make([]*host, 4)
	for i := range hosts {
		hosts[i] = newHost(t, []string{"public", "left", "right", "another"}[i], s)
		hosts[i].lan = &l.ports[i].port
	}
	for i := range 2 {
		hosts[i+1].lan = natted(t, l.ports[i+1], i)
	}
	join(t, hosts, s)
	forget(t, hosts[0])
	for _, h := range hosts {
		h.run()
	}
	reach := func(h *host, want ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("%s is %q", h.name, want), func() error {
			got, err := h.p2p().String("reachability")
			for _, w := range want {
				if got == w {
					return nil
				}
			}
			return fmt.Errorf("%q, %v", got, err)
		})
	}
	began := time.Now()
	reach(hosts[0], "public")
	reach(hosts[3], "public")
	reach(hosts[1], "private", "relayed")
	reach(hosts[2], "private", "relayed")
	t.Logf("all know how they are reached after %v", time.Since(began).Round(time.Millisecond))
	const relay, direct = "through a relay", "directly"
	way := ""
	linked := func() error {
		for _, p := range objects(t, hosts[1].mustGet("/peers"), "peers") {
			if id, _ := p.String("peer_id"); id == hosts[2].key.PeerID() {
				at, _ := p.String("link")
				if way = relay; strings.HasPrefix(at, "44.7.0.3:") {
					way = direct
				}
				return nil
			}
		}
		return fmt.Errorf("left has no link with right; it says %s", canon.Default(hosts[1].p2p()))
	}
	eventually(t, "the two behind routers have a link", linked)
	t.Logf("they have a link %s after %v", way, time.Since(began).Round(time.Millisecond))
	eventually(t, "the link is direct", func() error {
		if err := linked(); err != nil || way != direct {
			return fmt.Errorf("it is %s, %v", way, err)
		}
		return nil
	})
	t.Logf("it is a direct one after %v", time.Since(began).Round(time.Millisecond))
	for _, h := range hosts {
		eventually(t, h.name+" has a block with an accepted claim", accepted(h))
	}
	eventually(t, "the tips agree", agree(hosts))
}

// p2p is what a node says of libp2p.
func (h *host) p2p() *canon.Object { h.t.Helper(); return member(h.t, h.mustGet("/status"), "p2p") }

// natted makes a private network behind a port, which becomes its router: it gives outgoing connections its own address, and drops
// what belongs to none.
func natted(t *testing.T, router *lanPort, number int) *port {
	t.Helper()
	name := fmt.Sprintf("doin-nat-%d-%d", os.Getpid(), lans.Add(1))
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: two NATs. %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	run("ip", "netns", "add", name)
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "delete", name).CombinedOutput(); err != nil {
			t.Errorf("ip netns delete %s: %v: %s", name, err, out)
		}
	})
	p := &lanPort{port: port{namespace: name, address: "10.1.0.2"}, bits: 24}
	var err error
	if p.inside, err = os.Open("/run/netns/" + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.inside.Close() })
	p.client = p.clientFrom("")
	t.Cleanup(p.client.CloseIdleConnections)
	out := router.namespace
	run("ip", "link", "add", "in0", "netns", out, "type", "veth", "peer", "name", "out0", "netns", name)
	run("ip", "-n", out, "address", "add", "10.1.0.1/24", "dev", "in0")
	run("ip", "-n", out, "link", "set", "in0", "up")
	run("ip", "-n", name, "address", "add", "10.1.0.2/24", "dev", "out0")
	run("ip", "-n", name, "link", "set", "out0", "up")
	run("ip", "-n", name, "link", "set", "lo", "up")
	run("ip", "-n", name, "route", "add", "default", "via", "10.1.0.1")
	run("ip", "netns", "exec", out, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	run("ip", "netns", "exec", out, "nft", `
table ip router {
	chain nat { type nat hook postrouting priority 100; oifname "lan0" masquerade; }
	chain in { type filter hook input priority 0; iifname "lan0" ct state != { established, related } drop; }
	chain through { type filter hook forward priority 0; iifname "lan0" ct state != { established, related } drop; }
}`)
	return &p.port
}
