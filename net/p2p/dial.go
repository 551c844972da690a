package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Pauses and bounds of dialling.
const (
	redial    = time.Second // after the first failure; doubled with each
	maxRedial = time.Minute
	maxKnown  = 512 // peers that are remembered
	// maxAddresses is how many addresses of one answer are tried.
	maxAddresses = 16
	// maxFailures is the number of failures in a row after which a peer that is no bootstrap peer is forgotten.
	maxFailures = 10
	maxDials    = 8 // at one time
)

// errSelf is the error of a bootstrap entry that leads to this node.
var errSelf = errors.New("p2p: entry leads to this node")

// IsMultiaddr reports whether a bootstrap entry is meant to be a multiaddress.
func IsMultiaddr(s string) bool { return strings.HasPrefix(s, "/") }

// CheckBootstrap says what is wrong with a bootstrap entry.
func CheckBootstrap(entry string) error {
	_, err := parseBootstrap(entry)
	return err
}

// parseBootstrap reads an entry; host is "" for a multiaddress.
func parseBootstrap(entry string) (host string, err error) {
	if IsMultiaddr(entry) {
		if _, err := peer.AddrInfoFromString(entry); err != nil {
			return "", fmt.Errorf("p2p: bootstrap peer %q: want a multiaddress that ends in /p2p/ and the peer's id: %w", entry, err)
		}
		return "", nil
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil {
		return "", fmt.Errorf("p2p: bootstrap peer %q: want host:port or a multiaddress: %w", entry, err)
	}
	if p, err := strconv.Atoi(port); err != nil || p < 1 || p > 65535 || host == "" {
		return "", fmt.Errorf("p2p: bootstrap peer %q: want host:port or a multiaddress", entry)
	}
	return host, nil
}

func isLoopback(entry string) bool {
	if IsMultiaddr(entry) {
		a, err := multiaddr.NewMultiaddr(entry)
		return err == nil && manet.IsIPLoopback(a)
	}
	host, _, err := net.SplitHostPort(entry)
	if host == "localhost" {
		return err == nil
	}
	at, perr := netip.ParseAddr(host)
	return err == nil && perr == nil && at.IsLoopback()
}

func parseAll(texts []string) (out []multiaddr.Multiaddr, err error) {
	var errs []error
	for _, s := range texts {
		a, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("p2p: address %q: %w", s, err))
			continue
		}
		out = append(out, a)
	}
	return out, errors.Join(errs...)
}

// target is somebody to be connected with. A bootstrap entry is asked for anew at each attempt.
type target struct {
	entry    string  // of a bootstrap peer
	host     peer.ID // "" until it is known
	failures int
	err      error // the last failure
	next     time.Time
	dialing  bool
	own      bool // it leads to this node
}

// Entry is a bootstrap entry and how it fares, as a copy.
type Entry struct {
	// Text is the entry as it was configured; Host and Port are where it leads to, "" and 0 where it does not say.
	Text string
	Host string
	Port int
	// Failures counts failures in a row, Err is the last of them. Connected says that its peer is.
	Failures  int
	Err       error
	Connected bool
}

// Bootstrap returns the bootstrap entries that do not lead to this node.
func (n *Node) Bootstrap() (out []Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.entries {
		if !t.own {
			host, port := placeOf(t.entry)
			out = append(out, Entry{Text: t.entry, Host: host, Port: port, Failures: t.failures, Err: t.err, Connected: n.peers[t.host] != nil})
		}
	}
	return out
}

// placeOf is the host and the port in a bootstrap entry.
func placeOf(entry string) (host string, port int) {
	if !IsMultiaddr(entry) {
		host, text, _ := net.SplitHostPort(entry)
		port, _ = strconv.Atoi(text)
		return host, port
	}
	a, err := multiaddr.NewMultiaddr(entry)
	if err != nil {
		return "", 0
	}
	multiaddr.ForEach(a, func(c multiaddr.Component) bool {
		switch c.Protocol().Code {
		case multiaddr.P_IP4, multiaddr.P_IP6, multiaddr.P_DNS, multiaddr.P_DNS4, multiaddr.P_DNS6, multiaddr.P_DNSADDR:
			host = c.Value()
		case multiaddr.P_TCP, multiaddr.P_UDP:
			port, _ = strconv.Atoi(c.Value())
		}
		return true
	})
	return host, port
}

// remember keeps a peer, to be dialled again when too few are connected.
func (n *Node) remember(host peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.known[host]; t != nil {
		t.failures = 0
		return
	}
	if len(n.known) < maxKnown {
		n.known[host] = &target{host: host}
	}
}

// due makes the dial of a peer that is gone due soon. The caller holds mu.
func (n *Node) due(host peer.ID) {
	next := time.Now().Add(redial)
	if t := n.known[host]; t != nil {
		t.next = next
	}
	for _, t := range n.entries {
		if t.host == host {
			t.next = next
		}
	}
}

// poke makes dial look again.
func (n *Node) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// dial keeps the links to bootstrap peers, and with few peers those of before, until ctx ends.
func (n *Node) dial(ctx context.Context) error {
	done := make(chan struct{}, maxDials)
	running := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			for range running {
				<-done
			}
			return nil
		case <-done:
			running--
		case <-n.wake:
		case <-timer.C:
		}
		list, wait := n.targets(maxDials - running)
		for _, t := range list {
			running++
			go func() {
				n.try(ctx, t)
				done <- struct{}{}
			}()
		}
		timer.Reset(wait)
	}
}

// targets marks at most max targets as being dialled and returns them, with the time to wait for the next.
func (n *Node) targets(max int) (out []*target, wait time.Duration) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	wait = maxRedial
	consider := func(t *target) {
		switch {
		case t.dialing, t.own, t.host != "" && n.peers[t.host] != nil:
		case t.next.After(now):
			wait = min(wait, t.next.Sub(now))
		case len(out) < max:
			t.dialing = true
			out = append(out, t)
		}
	}
	for _, t := range n.entries {
		consider(t)
	}
	if len(n.peers) < n.cfg.MinPeers {
		for host, t := range n.known {
			if t.failures >= maxFailures && n.peers[host] == nil {
				delete(n.known, host)
				continue
			}
			consider(t)
		}
	}
	return out, wait
}

// try dials a target once.
func (n *Node) try(ctx context.Context, t *target) {
	ctx, cancel := context.WithTimeout(ctx, 2*n.cfg.DialTimeout)
	defer cancel()
	info, err := n.resolve(ctx, t)
	if err == nil {
		n.gate.pardon(info.ID)
		err = n.host.Connect(ctx, info)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stats.Dials++
	t.dialing, t.err = false, err
	switch {
	case err == nil:
		t.host, t.failures, t.next = info.ID, 0, time.Now().Add(redial)
	case errors.Is(err, errSelf):
		t.own = true
	default:
		n.stats.DialErrors++
		t.failures++
		t.next = time.Now().Add(min(redial<<min(t.failures-1, 8), maxRedial))
		n.cfg.Log.Debug("peer not reached", "entry", t.entry, "host", t.host, "failures", t.failures, "err", err)
	}
}

// resolve returns where a target is.
func (n *Node) resolve(ctx context.Context, t *target) (info peer.AddrInfo, err error) {
	switch {
	case t.entry == "":
		return peer.AddrInfo{ID: t.host}, nil // the host remembers its addresses
	case IsMultiaddr(t.entry):
		one, err := peer.AddrInfoFromString(t.entry)
		if err != nil {
			return info, err
		}
		info = *one
	default:
		texts, err := n.cfg.Ask(ctx, t.entry)
		if err != nil {
			return info, err
		}
		if info, err = answered(ctx, t.entry, texts); err != nil {
			return info, err
		}
	}
	if info.ID == n.host.ID() {
		return info, errSelf
	}
	return info, nil
}

// answered reads the multiaddresses that a node at endpoint has named, all of one id. Where none of them is at the address
// that it was asked at, its ports are tried there, too: a node behind a translator does not know that address.
func answered(ctx context.Context, endpoint string, texts []string) (info peer.AddrInfo, err error) {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return info, err
	}
	at, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return info, err
	}
	for _, s := range texts[:min(len(texts), maxAddresses)] {
		one, err := peer.AddrInfoFromString(s)
		if err != nil || info.ID != "" && one.ID != info.ID {
			return info, fmt.Errorf("p2p: %s answered %.80q, which is no multiaddress of it", endpoint, s)
		}
		info.ID = one.ID
		for _, a := range one.Addrs {
			info.Addrs = appendNew(info.Addrs, near(a, at)...)
		}
	}
	if info.ID == "" {
		return info, fmt.Errorf("p2p: %s answered no multiaddress", endpoint)
	}
	return info, nil
}

// near returns an address as it is, unless it is a loopback one of a node elsewhere, and the same port at the addresses at
// which the node was asked.
func near(a multiaddr.Multiaddr, at []netip.Addr) (out []multiaddr.Multiaddr) {
	ip, err := manet.ToIP(a)
	if err != nil {
		return []multiaddr.Multiaddr{a}
	}
	local := slices.ContainsFunc(at, func(a netip.Addr) bool { return a.Unmap().IsLoopback() })
	if !ip.IsLoopback() || local {
		out = append(out, a)
	}
	_, rest := multiaddr.SplitFirst(a)
	for _, to := range at {
		to = to.Unmap()
		if to.Is4() != (ip.To4() != nil) {
			continue
		}
		if head, err := manet.FromIP(to.AsSlice()); err == nil {
			out = append(out, head.Encapsulate(rest))
		}
	}
	return out
}

func appendNew(list []multiaddr.Multiaddr, more ...multiaddr.Multiaddr) []multiaddr.Multiaddr {
	for _, a := range more {
		if !slices.ContainsFunc(list, a.Equal) {
			list = append(list, a)
		}
	}
	return list
}
