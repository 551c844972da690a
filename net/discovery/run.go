package discovery

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Run performs handshakes as they fall due until ctx ends, and returns nil when
// the last one has ended.
func (t *Table) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	finished := make(chan struct{}, t.cfg.MaxDials)
	timer := time.NewTimer(0)
	defer timer.Stop()
	running := 0
	for {
		due, next := t.due(t.cfg.MaxDials - running)
		for _, d := range due {
			running++
			wg.Go(func() {
				t.handshake(ctx, d)
				finished <- struct{}{}
			})
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-t.wake:
		case <-finished:
			running--
		}
	}
}

// due removes what is too old, marks at most n records as being dialled and
// returns them, most urgent first, with the time to wait for the next.
func (t *Table) due(n int) (out []*record, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.cfg.Now()
	t.expire(now)
	connected, others := t.places()
	wait = t.cfg.Interval
	var ready []*record
	for _, r := range t.records {
		switch {
		case r.dialing, r.own:
		case !r.Connected && !r.bootstrap() && !t.room(r, connected, others):
		case r.next.After(now):
			wait = min(wait, r.next.Sub(now))
		default:
			ready = append(ready, r)
		}
	}
	slices.SortFunc(ready, func(a, b *record) int {
		if c := a.next.Compare(b.next); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	out = ready[:min(n, len(ready))]
	for _, r := range out {
		r.dialing = true
	}
	return out, max(wait, time.Millisecond)
}

// expire drops records that failed too often or were silent too long. The
// caller holds mu.
func (t *Table) expire(now time.Time) {
	for key, r := range t.records {
		if r.bootstrap() || r.dialing || r.own || now.Before(r.banned) {
			continue
		}
		seen := r.LastSeen
		if seen.IsZero() {
			seen = r.firstSeen
		}
		most := t.cfg.MaxFailures
		if r.Source == SourceInbound && r.LastSeen.IsZero() {
			most = min(most, 3)
		}
		if r.Source == SourceExchange && r.LastSeen.IsZero() {
			most = 1 // hearsay
		}
		if r.Failures >= most || now.Sub(seen) > t.cfg.Lifetime {
			delete(t.records, key)
			t.stats.Dropped++
		}
	}
}

// handshake dials one record and files the outcome.
func (t *Table) handshake(ctx context.Context, r *record) {
	dial, cancel := context.WithTimeout(ctx, t.cfg.DialTimeout)
	defer cancel()
	h, addr, err := t.ask(dial, r)
	if ctx.Err() != nil {
		t.mu.Lock()
		r.dialing = false
		t.mu.Unlock()
		return
	}
	if errors.Is(err, ErrTwin) && t.cfg.Twin != nil {
		t.cfg.Twin(join(addr.String(), r.Port))
	}
	p, fresh := t.file(r, h, addr, err)
	if !fresh {
		return
	}
	t.cfg.Log.Info("peer connected", "peer", p.ID, "endpoint", p.Endpoint(), "source", string(p.Source))
	if t.cfg.Announce != nil && !p.Inbound {
		if err := t.cfg.Announce(dial, p); err != nil && ctx.Err() == nil {
			t.cfg.Log.Debug("announce ourselves", "peer", p.ID, "endpoint", p.Endpoint(), "err", err)
			t.Report(p.Endpoint(), err)
		}
	}
	if t.cfg.OnConnect != nil {
		t.cfg.OnConnect(p)
	}
}

// ask performs the challenge.
func (t *Table) ask(ctx context.Context, r *record) (hello, netip.Addr, error) {
	t.mu.Lock()
	t.stats.Dials++
	name, port, addr, failures := r.name, r.Port, r.named, r.Failures
	t.mu.Unlock()
	if name != "" {
		a, err := netip.ParseAddr(name)
		if err != nil {
			addrs, err := t.cfg.Resolve(ctx, name)
			if err != nil {
				return hello{}, addr, err
			}
			if len(addrs) == 0 {
				return hello{}, addr, errors.New("host name has no address")
			}
			a = addrs[failures%len(addrs)]
		}
		addr = a.Unmap()
	}
	challenge := newChallenge()
	t.mu.Lock()
	t.challenges[challenge] = false
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.challenges, challenge)
	}()
	answer, err := t.dialer.Peers(ctx, join(addr.String(), port), challenge)
	if err != nil {
		return hello{}, addr, err
	}
	if namer, ok := t.dialer.(Namer); ok && t.cfg.AllowUnproven && !answer.Has("self") {
		h, err := t.askEarly(ctx, namer, join(addr.String(), port))
		return h, addr, err
	}
	h, err := t.readHello(answer, challenge)
	return h, addr, err
}

// file records the outcome of a handshake. fresh says that the peer has just
// become connected.
func (t *Table) file(r *record, h hello, addr netip.Addr, err error) (p Peer, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.cfg.Now()
	r.dialing = false
	was := r.active()
	if err != nil {
		t.fail(r, now, err)
		return Peer{}, false
	}
	if now.Before(r.banned) {
		r.next = r.banned
		return Peer{}, false
	}
	r.Failures, r.LastSeen, r.Foreign = 0, now, false
	r.Host = addr.String()
	r.Verified, r.Early = h.verified, h.early
	if r.ID != h.id && !(h.early && strings.HasPrefix(r.ID, h.id)) {
		r.ID, r.Connected = h.id, false
	}
	t.connect(r)
	fresh = r.active() && !was
	if fresh && t.activeCount() < t.cfg.MinPeers {
		t.quickUntil = maxTime(t.quickUntil, now.Add(t.cfg.QuickPhase/3))
	}
	t.take(h.named, addr)
	r.next = now.Add(t.pause(now))
	t.poke()
	return r.Peer, fresh
}

// fail files a failed handshake. The caller holds mu.
func (t *Table) fail(r *record, now time.Time, err error) {
	t.stats.Failures++
	r.Failures++
	r.next = now.Add(backoff(r.Failures))
	switch {
	case errors.Is(err, ErrSelf):
		t.stats.Self++
		r.own, r.Connected, r.ID = true, false, ""
		return
	case errors.Is(err, ErrTwin):
		t.stats.Self++
	case errors.Is(err, ErrNetwork):
		t.stats.WrongNetwork++
		r.Foreign = true
	case errors.Is(err, ErrProof):
		t.stats.BadProof++
	default:
		t.cfg.Log.Debug("peer does not answer", "endpoint", r.Endpoint(), "failures", r.Failures, "err", err)
		return
	}
	// The node there is not one of us, whoever was before: no messages, and
	// the longest pause.
	r.Connected, r.Verified, r.alias = false, false, false
	r.next = now.Add(backoff(sendFailures * sendFailures))
	t.cfg.Log.Warn("peer refused", "endpoint", r.Endpoint(), "source", string(r.Source), "err", err)
}

// connect decides whether r, which just answered, is sent messages: one record
// per id, the one that was there first while it works; and within the limits.
// The caller holds mu.
func (t *Table) connect(r *record) {
	for _, q := range t.records {
		if q == r || q.ID != r.ID || !q.Connected || q.alias {
			continue
		}
		if q.Failures == 0 {
			r.Connected, r.alias = true, true
			return
		}
		q.Connected = false
	}
	r.alias = false
	if r.Connected {
		return
	}
	inbound, near := 0, 0
	at, err := netip.ParseAddr(r.Host)
	distant := err == nil && !local(at)
	for _, q := range t.records {
		if !q.active() {
			continue
		}
		if q.Inbound {
			inbound++
		}
		if to, err := netip.ParseAddr(q.Host); distant && err == nil && netOf(to) == netOf(at) {
			near++
		}
	}
	connected, others := t.places()
	switch {
	case r.bootstrap():
		r.Connected = connected < t.cfg.MaxConnected || t.giveWay()
	default:
		r.Connected = t.room(r, connected, others) && !(r.Inbound && inbound >= t.cfg.MaxInbound) && near < t.cfg.MaxPerNet
	}
	if r.Connected && r.since.IsZero() {
		r.since = t.cfg.Now()
	}
}

// places counts the connected peers, and those of them for which no place is kept. The caller holds mu.
func (t *Table) places() (connected, others int) {
	for _, r := range t.records {
		if r.active() {
			connected++
			if !r.kept() {
				others++
			}
		}
	}
	return connected, others
}

// room reports whether a record may become one more of the connected peers.
func (t *Table) room(r *record, connected, others int) bool {
	reserved := min(t.cfg.Reserved, t.cfg.MaxConnected/4)
	return connected < t.cfg.MaxConnected && (r.kept() || others < t.cfg.MaxConnected-reserved)
}

// giveWay disconnects the youngest peer for which no place is kept. The caller holds mu.
func (t *Table) giveWay() bool {
	var youngest *record
	for _, q := range t.records {
		if q.active() && !q.kept() && (youngest == nil || q.since.After(youngest.since)) {
			youngest = q
		}
	}
	if youngest == nil {
		return false
	}
	youngest.Connected = false
	return true
}

func (t *Table) activeCount() int {
	n := 0
	for _, r := range t.records {
		if r.active() {
			n++
		}
	}
	return n
}

// take adds endpoints named by the peer at from. The caller holds mu.
func (t *Table) take(named []namedPeer, from netip.Addr) {
	if t.cfg.NoExchange {
		return
	}
	before := len(t.records)
	for _, n := range named {
		if len(t.records)-before >= maxAccepted {
			return
		}
		to, err := dialable(n.host)
		if err != nil || !mayName(from, to) {
			t.stats.Refused++
			continue
		}
		if n.id == t.cfg.Key.PeerID() || t.knows(n.id) {
			continue
		}
		_ = t.add(to, n.port, SourceExchange) // counted there
	}
}

// knows reports whether a peer with this id is connected already. The caller
// holds mu.
func (t *Table) knows(id string) bool {
	for _, r := range t.records {
		if r.ID == id && r.active() {
			return true
		}
	}
	return false
}

// pause is the time to the next exchange. The caller holds mu.
func (t *Table) pause(now time.Time) time.Duration {
	if now.Before(t.quickUntil) && t.activeCount() < t.cfg.MinPeers {
		return min(t.cfg.QuickInterval, t.cfg.Interval)
	}
	return t.cfg.Interval
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
