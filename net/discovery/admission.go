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
//
// Port 0 is of a caller that does not say where it listens, with AllowUnproven: as in the reference it is looked for at our
// own port, and not at a loopback address. An Early peer of which id is the whole name is called so from then on.
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
	if t.cfg.AllowUnproven {
		named := t.nameEarly(id)
		if port == 0 && (named || addr.IsLoopback()) {
			return nil
		}
		if port == 0 {
			port = t.cfg.Port
		}
	}
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
	perHost, perNet, pending := 0, 0, 0
	for _, r := range t.records {
		if r.key == key || (r.Host == host && r.Port == port) {
			t.called(r, source)
			return nil
		}
		if r.named.IsValid() && hostOf(r.named) == hostOf(addr) {
			perHost++
		}
		if r.named.IsValid() && netOf(r.named) == netOf(addr) {
			perNet++
		}
		if r.Source == SourceInbound && !r.Connected {
			pending++
		}
	}
	now := t.cfg.Now()
	most := t.cfg.MaxPerHost
	if local(addr) {
		most, perNet = t.cfg.MaxPerLocalHost, 0
	}
	switch {
	case perHost >= most && (source == SourceExchange || !t.evictHearsay(addr)),
		perNet >= 4*t.cfg.MaxPerNet,
		source == SourceExchange && !t.mayTry(addr, key, now),
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

// called has a peer that did not answer, and calls us now, asked at once: it was started again. The caller holds mu.
func (t *Table) called(r *record, source Source) {
	now := t.cfg.Now()
	if source == SourceInbound && r.Failures > 0 && r.banned.Before(now) && r.next.After(now) && t.allow(r.Host, now) {
		r.next = now
	}
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

// evictHearsay makes room for a caller: it drops a record of its host that others have named and that never answered. The
// caller holds mu.
func (t *Table) evictHearsay(addr netip.Addr) bool {
	for key, r := range t.records {
		if r.Source == SourceExchange && r.LastSeen.IsZero() && !r.dialing && r.named.IsValid() && hostOf(r.named) == hostOf(addr) {
			delete(t.records, key)
			t.stats.Dropped++
			return true
		}
	}
	return false
}

// What others name is dialled so often at most for each host: peers must not be able to send nodes to a third party.
const (
	targetBurst = 4.0
	targetRate  = 1.0 / 600 // per second
	localBurst  = 8.0
	localRate   = 1.0 / 120
	maxTargets  = 4096
)

// mayTry takes from the budget of a host that others have named; of a local one, at which many nodes may be, from that of the
// endpoint. The caller holds mu.
func (t *Table) mayTry(addr netip.Addr, endpoint string, now time.Time) bool {
	if local(addr) {
		return take(t.targets, endpoint, localBurst, localRate, maxTargets, now)
	}
	return take(t.targets, hostOf(addr).String(), targetBurst, targetRate, maxTargets, now)
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

// allow takes a token of a calling host. The caller holds mu.
func (t *Table) allow(host string, now time.Time) bool {
	return take(t.hosts, host, callerBurst, callerRate, maxCallers, now)
}

// take takes a token of name. A full map forgets those that have all of theirs, and has no room for others.
func take(of map[string]*allowance, name string, burst, rate float64, most int, now time.Time) bool {
	a := of[name]
	if a == nil {
		if len(of) >= most {
			for n, b := range of {
				if b.tokens+now.Sub(b.at).Seconds()*rate >= burst {
					delete(of, n)
				}
			}
			if len(of) >= most {
				return false
			}
		}
		a = &allowance{tokens: burst, at: now}
		of[name] = a
	}
	a.tokens = min(burst, a.tokens+now.Sub(a.at).Seconds()*rate)
	a.at = now
	if a.tokens < 1 {
		return false
	}
	a.tokens--
	return true
}
