package mempool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// model is the pool written down as plainly as possible: a list that is sorted for every
// question, and a list of every submission that ever counted.
type model struct {
	cfg       Config
	list      []modelTx
	submitted []submission
}

type modelTx struct {
	id, key      string
	fee, arrival int64
	size         int64
}

type submission struct {
	peer    string
	optimae bool
	at      int64
}

func (m *model) sort() {
	sort.SliceStable(m.list, func(i, j int) bool {
		a, b := m.list[i], m.list[j]
		if a.fee != b.fee {
			return a.fee > b.fee
		}
		if a.arrival != b.arrival {
			return a.arrival < b.arrival
		}
		return a.id < b.id
	})
}

func (m *model) bytes() (n int64) {
	for _, t := range m.list {
		n += t.size
	}
	return n
}

func (m *model) add(t modelTx, peer string, optimae, limited bool) error {
	for _, o := range m.list {
		if o.id == t.id {
			return ErrKnown
		}
	}
	if t.size > m.cfg.MaxTxBytes {
		return ErrTooLarge
	}
	for _, o := range m.list {
		if t.key != "" && o.key == t.key {
			return ErrDuplicateKey
		}
	}
	if limited {
		n, limit := 0, m.cfg.MaxPerPeer
		if optimae {
			limit = m.cfg.MaxOptimaePerPeer
		}
		for _, s := range m.submitted {
			if s.peer == peer && s.optimae == optimae && s.at > t.arrival-m.cfg.Window.Microseconds() {
				n++
			}
		}
		if n >= limit {
			return ErrRateLimited
		}
		m.submitted = append(m.submitted, submission{peer, optimae, t.arrival})
	}
	before := append([]modelTx(nil), m.list...)
	for len(m.list)+1 > m.cfg.MaxTx || m.bytes()+t.size > m.cfg.MaxBytes {
		m.sort()
		last := m.list[len(m.list)-1]
		if last.fee >= t.fee {
			m.list = before
			return ErrFull
		}
		m.list = m.list[:len(m.list)-1]
	}
	m.list = append(m.list, t)
	return nil
}

func (m *model) remove(match func(modelTx) bool) (n int) {
	var kept []modelTx
	for _, t := range m.list {
		if match(t) {
			n++
		} else {
			kept = append(kept, t)
		}
	}
	m.list = kept
	return n
}

func (m *model) ids() string {
	m.sort()
	var ids []string
	for _, t := range m.list {
		ids = append(ids, t.id)
	}
	return strings.Join(ids, " ")
}

func TestPoolAgainstModel(t *testing.T) {
	seen := map[error]int{}
	for seed := range uint64(60) {
		compareWithModel(t, seed, seen)
	}
	for _, err := range []error{nil, ErrKnown, ErrTooLarge, ErrDuplicateKey, ErrRateLimited, ErrFull} {
		if seen[err] < 100 {
			t.Errorf("outcome %v was met only %d times", err, seen[err])
		}
	}
}

func compareWithModel(t *testing.T, seed uint64, seen map[error]int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	cfg := Config{
		MaxTx: 4 + rng.IntN(12), MaxBytes: 2000 + rng.Int64N(2000), MaxTxBytes: 500,
		Window: time.Second, MaxPerPeer: 6, MaxOptimaePerPeer: 3, MaxPeers: 100,
	}
	p, m := newPool(t, cfg), &model{cfg: cfg}
	now := int64(0)
	for step := range 800 {
		now += rng.Int64N(4) * 30_000 // arrivals tie
		tx := transfer(fmt.Sprintf("t%02d", rng.IntN(40)), fmt.Sprintf("p%d", rng.IntN(4)))
		key := ""
		if rng.IntN(2) == 0 {
			key = fmt.Sprintf("k%d", rng.IntN(12))
		}
		switch op := rng.IntN(10); {
		case op < 7:
			if rng.IntN(2) == 0 {
				tx.Type = chain.TxOptimaeAccepted
			}
			tx.Payload = canon.NewObject("x", strings.Repeat("x", rng.IntN(450)))
			mt := modelTx{id: tx.ID, key: key, fee: rng.Int64N(6), arrival: now, size: int64(len(canon.Default(tx.Object())))}
			add := p.Add
			if op == 6 {
				add = p.Readd
			}
			got, want := add(tx, key, mt.fee, now), m.add(mt, tx.PeerID, tx.Type == chain.TxOptimaeAccepted, op != 6)
			if !errors.Is(got, want) {
				t.Fatalf("seed %d step %d: Add = %v, want %v", seed, step, got, want)
			}
			seen[want]++
		case op < 9:
			got, want := p.Remove(tx.ID), m.remove(func(o modelTx) bool { return o.id == tx.ID })
			if got != want {
				t.Fatalf("seed %d step %d: Remove = %d, want %d", seed, step, got, want)
			}
		default:
			got, want := p.RemoveKey(key), m.remove(func(o modelTx) bool { return key != "" && o.key == key }) > 0
			if got != want {
				t.Fatalf("seed %d step %d: RemoveKey = %v, want %v", seed, step, got, want)
			}
		}
		authors, accepted := 0, 0
		for peer := range 4 {
			of := p.Of(fmt.Sprintf("p%d", peer))
			authors += len(of)
			for _, tx := range of {
				if tx.PeerID != fmt.Sprintf("p%d", peer) || !p.Has(tx.ID) {
					t.Fatalf("seed %d step %d: Of(p%d) holds %s of %s", seed, step, peer, tx.ID, tx.PeerID)
				}
				if tx.Type == chain.TxOptimaeAccepted {
					accepted++
				}
			}
		}
		if authors != p.Len() || accepted != p.Count(chain.TxOptimaeAccepted) || authors-accepted != p.Count(chain.TxTransfer) {
			t.Fatalf("seed %d step %d: %d of authors, %d accepted, want %d and %d", seed, step, authors, accepted, p.Len(), p.Count(chain.TxOptimaeAccepted))
		}
		if got, want := idsOf(p), m.ids(); got != want || p.Bytes() != m.bytes() || p.Len() != len(m.list) {
			t.Fatalf("seed %d step %d: pending %s (%d bytes), want %s (%d bytes)", seed, step, got, p.Bytes(), want, m.bytes())
		}
	}
}
