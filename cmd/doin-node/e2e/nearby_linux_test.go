package e2e

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// TestLANFindsItself: five nodes on a LAN that know no address at all find each other by multicast DNS, and make blocks; the cable of
// one is pulled and put back, and it is there again.
func TestLANFindsItself(t *testing.T) {
	t.Parallel()
	s := settings(quadratic()).Set("network", "p2p").Set("host", "0.0.0.0").Set("dht", false).Set("nat_traversal", false)
	l := newLAN(t, 5)
	hosts := make([]*host, len(l.ports))
	for i := range hosts {
		hosts[i] = newHost(t, fmt.Sprintf("node-%d", i), s)
		hosts[i].lan = &l.ports[i].port
	}
	join(t, hosts, s)
	for _, h := range hosts {
		forget(t, h)
		h.run()
	}
	began := time.Now()
	for _, h := range hosts {
		eventually(t, h.name+" has found the four others", linkedWith(h, 4))
	}
	t.Logf("five nodes found each other in %v", time.Since(began).Round(time.Millisecond))
	for _, h := range hosts {
		eventually(t, h.name+" has a block with an accepted claim", accepted(h))
	}
	l.split(1, 0, 0, 0, 0)
	eventually(t, "the node without a cable has no peers", linkedWith(hosts[0], 0))
	before := heightsOf(t, hosts[1:])
	l.heal()
	began = time.Now()
	eventually(t, "the node has its peers again", linkedWith(hosts[0], 4))
	t.Logf("with the cable in its place it has its peers after %v", time.Since(began).Round(time.Millisecond))
	eventually(t, "blocks go on", grown(hosts[1:], before, 1))
	eventually(t, "the tips agree", agree(hosts))
}

// forget takes the bootstrap peers out of a node's configuration.
func forget(t *testing.T, h *host) {
	t.Helper()
	path := h.file("node.json")
	o, err := canon.ParseObject(read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, canon.AppendIndent(nil, o.Set("bootstrap_peers", []any{})))
}
