package discovery

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Learn notes that a node called us from address host and listens on port; id
// is who it claims to be, used only to skip ourselves. The endpoint is dialled
// back soon, and is a peer only if the node there proves its key. It refuses
// addresses that cannot be peers, and callers beyond the limits.
func (t *Table) Learn(host string, port int, id string) error {
	if id == t.cfg.Key.PeerID() {
		return ErrSelf
	}
	addr, err := dialable(host)
	if err != nil {
		t.count(func(s *Stats) { s.Refused++ })
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	err = t.add(addr, port, SourceInbound)
	if err == nil {
		t.poke()
	}
	return err
}

// ErrFull is returned by Learn when a limit keeps the endpoint out.
var ErrFull = errors.New("discovery: peer table is full")

// add puts a new record into the table within the limits. A known endpoint is
// no error. The caller holds mu.
func (t *Table) add(addr netip.Addr, port int, source Source) error {
	if port < 1 || port > 65535 {
		t.stats.Refused++
		return fmt.Errorf("discovery: %w: port %d", ErrEndpoint, port)
	}
	host := addr.String()
	key := join(host, port)
	perHost, pending := 0, 0
	for _, r := range t.records {
		if r.key == key || (r.Host == host && r.Port == port) {
			return nil
		}
		if r.Host == host {
			perHost++
		}
		if r.Source == SourceInbound && !r.Connected {
			pending++
		}
	}
	now := t.cfg.Now()
	switch {
	case perHost >= t.cfg.MaxPerHost,
		source == SourceInbound && pending >= t.cfg.MaxPending,
		source == SourceInbound && !t.allow(host, now),
		len(t.records) >= t.cfg.MaxKnown && !t.evict():
		t.stats.Refused++
		return fmt.Errorf("%w: %s", ErrFull, key)
	}
	t.records[key] = &record{
		Peer: Peer{Host: host, Port: port, Source: source, Inbound: source == SourceInbound},
		key:  key, named: addr, firstSeen: now, next: now,
	}
	return nil
}

// evict drops the unconnected, unconfigured record with the most failures, the
// oldest of those. The caller holds mu.
func (t *Table) evict() bool {
	var worst *record
	for _, r := range t.records {
		if r.bootstrap() || r.Connected || r.dialing {
			continue
		}
		if worst == nil || r.Failures > worst.Failures ||
			(r.Failures == worst.Failures && r.firstSeen.Before(worst.firstSeen)) {
			worst = r
		}
	}
	if worst == nil {
		return false
	}
	delete(t.records, worst.key)
	t.stats.Dropped++
	return true
}

// allowance is a token bucket for new records of one calling address.
type allowance struct {
	tokens float64
	at     time.Time
}

const (
	callerBurst = 16.0
	callerRate  = 1.0 // per second
	maxCallers  = 4096
)

// allow takes a token of host. The caller holds mu.
func (t *Table) allow(host string, now time.Time) bool {
	a := t.hosts[host]
	if a == nil {
		if len(t.hosts) >= maxCallers {
			for h, b := range t.hosts {
				if now.Sub(b.at).Seconds()*callerRate >= callerBurst {
					delete(t.hosts, h)
				}
			}
			if len(t.hosts) >= maxCallers {
				return false
			}
		}
		a = &allowance{tokens: callerBurst, at: now}
		t.hosts[host] = a
	}
	a.tokens = min(callerBurst, a.tokens+now.Sub(a.at).Seconds()*callerRate)
	a.at = now
	if a.tokens < 1 {
		return false
	}
	a.tokens--
	return true
}
