package consensus

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
)

// Window is how many recent blocks a state remembers: an acceptance must be included before its anchor
// leaves the window, which is also how far back replays have to be looked for.
const Window = 48

// Peer is what the chain knows of one peer.
type Peer struct {
	PublicKey  string // hex SPKI; empty until registered
	Registered int64  // height; without a PublicKey that at which the peer left, 0 if it was never registered
	Reputation Reputation
	Accepted   int64
	Rejected   int64
	Agreed     int64
	Divergent  int64
	Certified  int64 // highest block that the peer has signed or built upon
}

// left returns the height at which the peer left, 0 if it has not or was never registered.
func (p *Peer) left() int64 {
	if p == nil || p.PublicKey != "" {
		return 0
	}
	return p.Registered
}

// Recent is one of the last Window blocks.
type Recent struct {
	Height   int64
	Hash     string
	Eligible []string // evaluators eligible after this block, sorted
	TxIDs    []string // sorted; empty strings never occur
	Settled  []string // optimae accepted or rejected in this block, sorted
	Replaced []string // champions that another one replaced in this block, sorted
}

// State is the network after a block. It is immutable once Apply has returned it.
type State struct {
	rules *Rules
	// Derived from what follows, so that nothing has to be walked through for a transaction; see index.
	inferences int64    // of all domains
	registered []string // evaluators, sorted; never changed, only replaced
	quorums    *quorums // shared by the states of a branch
	running    int64    // domains that take claims

	Height    int64
	Tip       string
	TipTime   int64 // µs
	Generator string
	Work      int64 // Σ effective increments, 10⁻⁶: certified work

	Difficulty      Difficulty
	BaseFee         int64
	Ledger          *ledger.Ledger
	Domains         map[string]*Domain
	Added           map[string]*Added // domains that are not the genesis file's
	Peers           map[string]*Peer
	Recent          []Recent // ascending heights, the last is the tip
	FinalizedHeight int64    // −1 before the first
	FinalizedHash   string
}

// Rules returns the network's constants.
func (s *State) Rules() *Rules { return s.rules }

// index derives what is not stored: the state's maps are complete and will not change.
func (s *State) index() {
	s.inferences, s.registered = 0, nil
	for _, d := range s.Domains {
		s.inferences += d.Inferences
	}
	for id, p := range s.Peers {
		if p.PublicKey != "" {
			s.registered = append(s.registered, id)
		}
	}
	slices.Sort(s.registered)
	s.running = int64(len(s.rules.Domains))
	for _, a := range s.Added {
		if a.Closed == 0 {
			s.running++
		}
	}
	s.quorums = new(quorums)
}

// Reputation returns the peer's score at the tip's time; 0 for an unknown peer.
func (s *State) Reputation(peer string) int64 {
	if p := s.Peers[peer]; p != nil {
		return p.Reputation.At(s.TipTime)
	}
	return 0
}

// Registered returns the ids of the registered evaluators, sorted. The caller must not change the slice.
func (s *State) Registered() []string { return s.registered }

// RegisteredAt returns the height at which a peer became an evaluator; ok is false for one that is none, and left is then the
// height at which it left, 0 if it was never one.
func (s *State) RegisteredAt(peer string) (height int64, ok bool, left int64) {
	p := s.Peers[peer]
	if p == nil || p.PublicKey == "" {
		return 0, false, p.left()
	}
	return p.Registered, true, 0
}

// Eligible returns the evaluators that may be drawn into a quorum, sorted: registered with a reputation of at
// least MinReputation; where fewer than the quorum's minimum are, the highest-ranked registered ones up to
// that number, so that an idle network cannot die of decay.
func (s *State) Eligible() []string {
	reg := slices.Clone(s.registered)
	score := make(map[string]int64, len(reg))
	for _, id := range reg {
		score[id] = s.Reputation(id)
	}
	slices.SortStableFunc(reg, func(a, b string) int { return cmpInt(score[b], score[a]) })
	n := 0
	for n < len(reg) && (score[reg[n]] >= MinReputation || n < s.rules.QuorumMin) {
		n++
	}
	reg = reg[:n]
	slices.Sort(reg)
	return reg
}

// Generators returns who may make the next block: the evaluators eligible after this one, sorted. The caller must
// not change the slice.
func (s *State) Generators() []string { return s.Recent[len(s.Recent)-1].Eligible }

// RecentAt returns the remembered block with this hash, nil if it is not among them.
func (s *State) RecentAt(hash string) *Recent {
	for i := len(s.Recent) - 1; i >= 0; i-- {
		if s.Recent[i].Hash == hash {
			return &s.Recent[i]
		}
	}
	return nil
}

// Settled reports whether an optimae was accepted or rejected within the window.
func (s *State) Settled(optimaeID string) bool {
	for i := range s.Recent {
		if has(s.Recent[i].Settled, optimaeID) {
			return true
		}
	}
	return false
}

// Replaced reports whether an optimae was a champion until another one replaced it within the window. The base of an
// acceptance was champion at its anchor or later, so every base that is champion no more is found here.
func (s *State) Replaced(optimaeID string) bool {
	for i := range s.Recent {
		if has(s.Recent[i].Replaced, optimaeID) {
			return true
		}
	}
	return false
}

// Champion returns the domain's champion, "" if there is none: the base of the next claim.
func (s *State) Champion(domain string) string {
	return s.Domains[domain].champion()
}

// Included reports whether a transaction is in the chain within the window.
func (s *State) Included(txID string) bool { return s.IncludedIn(txID) != nil }

// IncludedIn returns the block of the window that a transaction is in, nil if there is none.
func (s *State) IncludedIn(txID string) *Recent {
	for i := range s.Recent {
		if has(s.Recent[i].TxIDs, txID) {
			return &s.Recent[i]
		}
	}
	return nil
}

// Members returns the quorum of a commitment by optimizer anchored at the block with hash anchor; false if
// that block is not within the window. Where the genesis file says solo it is the optimizer alone while nobody else is
// eligible, neither at the anchor nor in this state.
func (s *State) Members(anchor, commitment, optimizer string) ([]string, bool) {
	r := s.RecentAt(anchor)
	if r == nil {
		return nil, false
	}
	if s.rules.Solo && alone(optimizer, r.Eligible) && alone(optimizer, s.Generators()) {
		return []string{optimizer}, true
	}
	return s.quorums.members(anchor, commitment, optimizer, r.Eligible, s.rules.QuorumMin), true
}

func alone(peer string, eligible []string) bool { return len(eligible) == 1 && eligible[0] == peer }

// Wins reports whether a claim with these sums against the domain's champion beats it, and by how much; see DomainRules.Wins.
// The first acceptance of a domain counts one half.
func (s *State) Wins(domain string, performance float64, sums chain.Sums) (raw int64, err error) {
	d := s.Domains[domain]
	rule, _ := s.Rule(domain)
	if d == nil || !finite(performance) {
		return 0, fmt.Errorf("%w: unknown domain %q, or no performance", ErrLoses, domain)
	}
	return rule.Wins(d.Best, performance, d.HasBest, sums)
}

// weight returns a domain's weight in this state, or in a draft of one.
func (s *State) weight(d *Domain, rule DomainRules) int64 {
	return d.Weight(rule.Weight, rule.Synthetic, s.inferences, s.running)
}

// finalize moves the finalized block up to the highest one that is deep enough and certified by ⌈2n/3⌉ of the
// n eligible evaluators.
func (s *State) finalize() {
	var certs []int64
	for _, id := range s.Generators() {
		certs = append(certs, s.Peers[id].Certified)
	}
	if len(certs) == 0 {
		return
	}
	slices.SortFunc(certs, func(a, b int64) int { return cmpInt(b, a) })
	h := min(certs[Needed(len(certs))-1], s.Height-s.rules.FinalityDepth)
	if h <= s.FinalizedHeight {
		return
	}
	for i := range s.Recent {
		if s.Recent[i].Height == h {
			s.FinalizedHeight, s.FinalizedHash = h, s.Recent[i].Hash
		}
	}
}

// Better reports whether the chain ending in a is preferred to the one ending in b. forkA and forkB are the
// first blocks after their common ancestor: finality first, then certified work, then the lower generator
// rank, then the lower hash. It is a total order of states, free of tolerance.
func Better(a, b *State, forkA, forkB *chain.Block) bool {
	if a.FinalizedHeight != b.FinalizedHeight {
		return a.FinalizedHeight > b.FinalizedHeight
	}
	if a.Work != b.Work {
		return a.Work > b.Work
	}
	ra := rankHash(forkA)
	rb := rankHash(forkB)
	if ra != rb {
		return ra < rb
	}
	if forkA.Hash != forkB.Hash {
		return forkA.Hash < forkB.Hash
	}
	if a.Height != b.Height {
		return a.Height > b.Height
	}
	return a.Tip < b.Tip
}

func has(sorted []string, v string) bool {
	_, ok := slices.BinarySearchFunc(sorted, v, strings.Compare)
	return ok
}

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
