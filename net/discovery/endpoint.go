package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ErrEndpoint is returned (wrapped) for an endpoint nobody should dial.
var ErrEndpoint = errors.New("bad endpoint")

// SplitEndpoint splits "host:port" at the last colon, as the reference does, and
// checks both parts. A bracketed IPv6 address loses its brackets.
func SplitEndpoint(s string) (host string, port int, err error) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return "", 0, fmt.Errorf("discovery: %w %q: want host:port", ErrEndpoint, s)
	}
	host = s[:i]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	port, err = strconv.Atoi(s[i+1:])
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("discovery: %w %q: port must be in [1, 65535]", ErrEndpoint, s)
	}
	if !validHost(host) {
		return "", 0, fmt.Errorf("discovery: %w %q: bad host", ErrEndpoint, s)
	}
	return host, port, nil
}

// validHost accepts addresses and the letters of host names, so that a host can
// stand in a URL as it is.
func validHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	if a, err := netip.ParseAddr(h); err == nil {
		return a.Zone() == ""
	}
	for _, c := range []byte(h) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

func join(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// reserved are ranges that no peer is reached at: special use, and those by which an IPv4 address of any kind is written as IPv6.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("::/96"),
}

// shared is the range behind carriers' and overlay networks' translators: as near or far as a private one.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func local(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || shared.Contains(a) }

// hostOf is what counts as one host: an IPv4 address, or a /64 of IPv6.
func hostOf(a netip.Addr) netip.Prefix { return prefix(a, 32, 64) }

// netOf is what counts as one network: a /16 of IPv4, a /32 of IPv6.
func netOf(a netip.Addr) netip.Prefix { return prefix(a, 16, 32) }

func prefix(a netip.Addr, four, six int) netip.Prefix {
	bits := six
	if a.Is4() {
		bits = four
	}
	p, _ := a.Prefix(bits) // of a valid address without a zone
	return p
}

// dialable returns the canonical text of an address that a peer may be reached
// at: no unspecified, multicast or link-local one.
func dialable(host string) (netip.Addr, error) {
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("discovery: %w: %q is not an ip address", ErrEndpoint, host)
	}
	a = a.Unmap()
	if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || !a.IsLoopback() && slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return netip.Addr{}, fmt.Errorf("discovery: %w: %s cannot be a peer", ErrEndpoint, a)
	}
	return a, nil
}

// mayName reports whether a peer at from may make us dial to: an address only
// reaches as far as the peer itself does.
func mayName(from, to netip.Addr) bool {
	switch {
	case to.IsLoopback():
		return from.IsLoopback()
	case local(to):
		return local(from)
	}
	return true
}

// resolve is the default Config.Resolve: IPv4 first, since nodes listen on
// 0.0.0.0 by default.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs, nil
}
