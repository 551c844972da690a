package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"doin.network/node/cmd/doin-node/config"
)

// reachability asks the node that runs here whether others reach it, where it speaks libp2p.
func (e *examination) reachability(ctx context.Context) {
	n := &e.cfg.Network
	if !e.running || n.Transport != config.P2P || n.Port == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	is, at, err := askReach(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(n.Port)))
	port := n.P2PPort
	if port == 0 {
		port = n.Port + config.P2PPortOffset
	}
	mend := fmt.Sprintf("forward port %d, TCP and UDP, to this machine in the router, or let it answer UPnP; docs/lan.md", port)
	switch {
	case err != nil:
		e.note("reachability", fmt.Sprintf("the node that runs here does not say how it is reached: %v", err), "a node that nobody reaches has only the peers that it calls", "look at /status, p2p")
	case is == "public":
		e.ok("reachability", "others reach the node from outside, at %s", strings.Join(at, ", "))
	case is == "relayed":
		e.note("reachability", "others reach the node through relays: "+strings.Join(at, ", "), "they meet there and go on directly where both routers allow it", mend)
	case is == "private":
		e.note("reachability", "nobody reaches the node from outside", "it has only the peers that it calls, which is enough to take part", mend)
	default:
		e.ok("reachability", "nobody has tried yet to reach the node from outside; on a LAN without a public address nobody does")
	}
}

// askReach asks a node how it is reached, and at which addresses.
func askReach(ctx context.Context, endpoint string) (is string, at []string, err error) {
	client := http.Client{Transport: &http.Transport{}} // never by a proxy
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+endpoint+"/status", nil)
	if err != nil {
		return "", nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer res.Body.Close()
	var answer struct {
		P2P *struct {
			Reachability      string
			Confirmed, Relays []string
		}
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil || res.StatusCode != http.StatusOK || answer.P2P == nil {
		return "", nil, fmt.Errorf("%s answers %s, without p2p", endpoint, res.Status)
	}
	return answer.P2P.Reachability, append(answer.P2P.Confirmed, answer.P2P.Relays...), nil
}
