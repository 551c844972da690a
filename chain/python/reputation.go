package python

import (
	"math"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Constants of reputation.
const (
	RewardAccepted     = 1.0
	RewardAgreed       = 0.3 + 0.1
	PenaltyRejected    = 3.0
	PenaltyDivergent   = 2.0
	PenaltyDoubleSign  = 10.0
	HalfLife           = 604_800.0 // seconds
	MinReputation      = 2.0       // for consensus
	maxReputationPeers = 1 << 17   // the reference has no bound
)

// Record is the track record of one peer.
type Record struct {
	Score        float64 // as of LastActivity
	Accepted     int64
	Rejected     int64
	Evaluations  int64
	Divergent    int64
	LastActivity float64 // Unix seconds
}

// AcceptanceRate returns accepted/(accepted+rejected), 0 without either.
func (r Record) AcceptanceRate() float64 { return ratio(r.Accepted, r.Accepted+r.Rejected) }

// Accuracy returns the fraction of evaluations that agreed with their quorum, 0 without any.
func (r Record) Accuracy() float64 { return ratio(r.Evaluations-r.Divergent, r.Evaluations) }

func ratio(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Reputation tracks every peer's score, which halves every half-life. All times are Unix
// seconds. Reading a score decays it and moves the peer's last activity.
type Reputation struct {
	halfLife float64
	peers    map[string]*Record
}

// NewReputation returns an empty tracker; a half-life of 0 or less means no decay.
func NewReputation(halfLife float64) *Reputation {
	return &Reputation{halfLife: halfLife, peers: map[string]*Record{}}
}

// record returns the peer's record, a new one with last activity now if there is none. Beyond
// maxReputationPeers a new record is not kept.
func (r *Reputation) record(peer string, now float64) *Record {
	if p, ok := r.peers[peer]; ok {
		return p
	}
	p := &Record{LastActivity: now}
	if len(r.peers) < maxReputationPeers {
		r.peers[peer] = p
	}
	return p
}

// decayed returns the peer's record after decay to now.
func (r *Reputation) decayed(peer string, now float64) *Record {
	p := r.record(peer, now)
	if elapsed := now - p.LastActivity; elapsed > 0 && r.halfLife > 0 {
		p.Score = float64(p.Score * math.Pow(0.5, elapsed/r.halfLife))
		p.LastActivity = now
	}
	return p
}

// Score returns the decayed score, 0 for a new peer.
func (r *Reputation) Score(peer string, now float64) float64 { return r.decayed(peer, now).Score }

// Meets reports whether the decayed score suffices for consensus. Because reading decays, two
// acceptances at different times do not.
func (r *Reputation) Meets(peer string, now float64) bool { return r.Score(peer, now) >= MinReputation }

// Get returns the peer's record as it stands, without decay; false if there is none.
func (r *Reputation) Get(peer string) (Record, bool) {
	p, ok := r.peers[peer]
	if !ok {
		return Record{}, false
	}
	return *p, true
}

// Len returns the number of peers with a record.
func (r *Reputation) Len() int { return len(r.peers) }

// Accept records an accepted optimae.
func (r *Reputation) Accept(peer string, now float64) {
	p := r.decayed(peer, now)
	p.Score += RewardAccepted
	p.Accepted++
	p.LastActivity = now
}

// Reject records a rejected optimae.
func (r *Reputation) Reject(peer string, now float64) {
	p := r.decayed(peer, now)
	p.Score = max(0, p.Score-PenaltyRejected)
	p.Rejected++
	p.LastActivity = now
}

// Evaluated records an evaluation that agreed with its quorum or diverged from it.
func (r *Reputation) Evaluated(peer string, agreed bool, now float64) {
	p := r.decayed(peer, now)
	p.Evaluations++
	if agreed {
		p.Score += RewardAgreed
	} else {
		p.Score = max(0, p.Score-PenaltyDivergent)
		p.Divergent++
	}
	p.LastActivity = now
}

// DoubleSign records a peer that signed on two forks; it does not decay first.
func (r *Reputation) DoubleSign(peer string, now float64) {
	p := r.record(peer, now)
	p.Score = max(0, p.Score-PenaltyDoubleSign)
	p.LastActivity = now
}

// Rebuild forgets everything and records transactions as if they all happened at now. The
// unified node never does it.
func (r *Reputation) Rebuild(txs []*chain.Tx, now float64) {
	clear(r.peers)
	for _, tx := range txs {
		if tx.PeerID == "" {
			continue
		}
		switch tx.Type {
		case chain.TxOptimaeAccepted:
			r.Accept(tx.PeerID, now)
		case chain.TxOptimaeRejected:
			r.Reject(tx.PeerID, now)
		case chain.TxTaskCompleted:
			v, ok := tx.Payload.Get("agreed_with_quorum")
			r.Evaluated(tx.PeerID, !ok || truthy(v), now)
		}
	}
}

// truthy is the reference language's idea of a true value.
func truthy(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case []any:
		return len(x) > 0
	case *canon.Object:
		return x.Len() > 0
	default:
		f, ok := number(v)
		return !ok || f != 0
	}
}
