// Package peerscore scores those who call a node, so that one who keeps breaking the rules is cut off for a while.
//
// Everybody begins with all points. An offence costs some, points come back with time, and who has none left is cut
// off for [Config.Penalty]; then it is let in again with half of the points. A [Board] holds the scores of one kind of
// caller: addresses, which is all that is known of a body that proves nothing, or authors, whose signature proves who
// they are. The two are never mixed, because who relays another's message, or shares an address with its author, has
// not written it.
//
// A board is bounded: who has all points is not stored, and when it is full the least offender gives way, so that a
// crowd of new names cannot clear the name of one that is cut off.
//
// The idea is that of the peer scores of libp2p's gossipsub v1.1 (github.com/libp2p/specs, pubsub/gossipsub), reduced
// to what is observed at one node. Deliberately absent: praise, opinions of others, and memory across a restart.
package peerscore

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Config describes one board. The zero value is not usable; start from DefaultConfig.
type Config struct {
	// Points is what everybody begins with and cannot exceed. Default 100.
	Points float64
	// Recovery is the points that come back in a second. Default 1.
	Recovery float64
	// Penalty is how long who has no points left is cut off. Default 60 s.
	Penalty time.Duration
	// Max is the number of names with fewer than all points. Default 4096.
	Max int
}

// DefaultConfig returns the defaults named at each field.
func DefaultConfig() Config {
	return Config{Points: 100, Recovery: 1, Penalty: time.Minute, Max: 4096}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	for _, n := range []struct {
		name string
		v    float64
	}{{"points", c.Points}, {"recovery", c.Recovery}, {"penalty", float64(c.Penalty)}, {"max", float64(c.Max)}} {
		if !(n.v > 0) {
			errs = append(errs, fmt.Errorf("peerscore: %s %v: must be positive", n.name, n.v))
		}
	}
	return errors.Join(errs...)
}

// Board holds scores by name. It is safe for concurrent use.
type Board struct {
	cfg Config

	mu     sync.Mutex
	byName map[string]*score
	cuts   uint64
}

// score is one name's points at a moment.
type score struct {
	points float64
	at     time.Time
	until  time.Time // cut off before
}

// Entry is one name's score, as a copy.
type Entry struct {
	// Name is an address or an author.
	Name string
	// Points is in [0, Config.Points], 0 while it is cut off.
	Points float64
	// Cut says that it is cut off.
	Cut bool
}

// New returns an empty board. It reports every problem of cfg at once.
func New(cfg Config) (*Board, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Board{cfg: cfg, byName: make(map[string]*score)}, nil
}

// Charge takes points from name and reports whether that cut it off now. Who is cut off already pays nothing more: the
// penalty ends when it was going to.
func (b *Board) Charge(name string, points float64, now time.Time) bool {
	if b == nil || !(points > 0) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.byName[name]
	if s == nil {
		if len(b.byName) >= b.cfg.Max && !b.makeRoom(now) {
			return false // everybody on it is cut off
		}
		s = &score{points: b.cfg.Points, at: now}
		b.byName[name] = s
	}
	b.recover(s, now)
	if now.Before(s.until) {
		return false
	}
	if s.points -= points; s.points > 0 {
		return false
	}
	s.until = now.Add(b.cfg.Penalty)
	s.points, s.at = b.cfg.Points/2, s.until // what it is let in with again
	b.cuts++
	return true
}

// Cut reports whether name is cut off now. On a nil board nobody is.
func (b *Board) Cut(name string, now time.Time) bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.byName[name]
	return s != nil && now.Before(s.until)
}

// Points returns the score of name.
func (b *Board) Points(name string, now time.Time) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.byName[name]
	if s == nil {
		return b.cfg.Points
	}
	return b.shown(s, now)
}

// Worst returns at most n names with fewer than all points, the worst first, ties by name.
func (b *Board) Worst(n int, now time.Time) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Entry
	for name, s := range b.byName {
		if p := b.shown(s, now); p < b.cfg.Points {
			out = append(out, Entry{Name: name, Points: p, Cut: now.Before(s.until)})
		}
	}
	slices.SortFunc(out, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.Points, y.Points), cmp.Compare(x.Name, y.Name))
	})
	return out[:min(len(out), n)]
}

// Cuts returns how often somebody was cut off since New.
func (b *Board) Cuts() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cuts
}

// shown is what the world sees of s. The caller holds mu.
func (b *Board) shown(s *score, now time.Time) float64 {
	b.recover(s, now)
	if now.Before(s.until) {
		return 0
	}
	return s.points
}

func (b *Board) recover(s *score, now time.Time) {
	if d := now.Sub(s.at); d > 0 {
		s.points, s.at = min(b.cfg.Points, s.points+d.Seconds()*b.cfg.Recovery), now
	}
}

// makeRoom drops the names that have all points again and, where there are none, the least offender that is not cut
// off. The caller holds mu.
func (b *Board) makeRoom(now time.Time) bool {
	least, most := "", -1.0
	before := len(b.byName)
	for name, s := range b.byName {
		p := b.shown(s, now)
		if p >= b.cfg.Points {
			delete(b.byName, name)
		} else if !now.Before(s.until) && p > most {
			least, most = name, p
		}
	}
	if len(b.byName) < before {
		return true
	}
	if most < 0 {
		return false
	}
	delete(b.byName, least)
	return true
}

// Address is the name under which an ip address is scored: itself, and its /64 network for IPv6, of which one host has
// 2^64 addresses. Text that is no address is its own name.
func Address(host string) string {
	a, err := netip.ParseAddr(host)
	if err != nil || a.Unmap().Is4() {
		return host
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return p.String()
}
