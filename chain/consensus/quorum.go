package consensus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"doin.network/node/chain"
)

// MaxAnchorAge is how far below its tip a committer may anchor (blocks).
const MaxAnchorAge = 10

// Members returns the quorum of a commitment: the k peers of eligible, the optimizer left out, with the lowest
// SHA-256(anchor ":" commitment ":" peer id), in that order. Fewer than k candidates are all members.
func Members(anchor, commitment, optimizer string, eligible []string, k int) []string {
	return lowest(anchor+":"+commitment+":", optimizer, eligible, k)
}

// maxQuorums bounds the quorums that are remembered.
const maxQuorums = 4096

// quorums remembers quorums that were drawn: a hash for each eligible peer is too much for each look at a transaction. Who is
// eligible follows from the anchor's hash, so a quorum belongs to anchor, commitment and optimizer. It is safe for concurrent
// use; nobody changes the lists.
type quorums struct {
	mu    sync.Mutex
	drawn map[[3]string][]string
}

func (q *quorums) members(anchor, commitment, optimizer string, eligible []string, k int) []string {
	if len(eligible) <= k { // as cheap as looking it up
		return Members(anchor, commitment, optimizer, eligible, k)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	key := [3]string{anchor, commitment, optimizer}
	if m, ok := q.drawn[key]; ok {
		return m
	}
	if q.drawn == nil || len(q.drawn) >= maxQuorums {
		q.drawn = make(map[[3]string][]string)
	}
	m := Members(anchor, commitment, optimizer, eligible, k)
	q.drawn[key] = m
	return m
}

// Rank orders the generators of the block after parent: its result lists peers by SHA-256(parent ":" peer id).
// The first has rank 0.
func Rank(parent string, peers []string) []string {
	return lowest(parent+":", "", peers, len(peers))
}

// lowest returns the k peers other than without whose SHA-256(prefix peer) is lowest, in that order.
func lowest(prefix, without string, peers []string, k int) []string {
	type ranked struct {
		hash [sha256.Size]byte
		peer string
	}
	compare := func(a, b ranked) int { return bytes.Compare(a.hash[:], b.hash[:]) }
	k = min(k, len(peers))
	best := make([]ranked, 0, k+1)
	text := []byte(prefix)
	for _, p := range peers {
		if p == without {
			continue
		}
		text = append(text[:len(prefix)], p...)
		r := ranked{sha256.Sum256(text), p}
		switch {
		case k == len(peers): // all of them, in order: sorted once
			best = append(best, r)
		case len(best) < k || k > 0 && compare(r, best[k-1]) < 0:
			at, _ := slices.BinarySearchFunc(best, r, compare)
			best = slices.Insert(best, at, r)
			best = best[:min(k, len(best))]
		}
	}
	if k == len(peers) {
		slices.SortFunc(best, compare)
	}
	out := make([]string, len(best))
	for i, r := range best {
		out[i] = r.peer
	}
	return out
}

func hashText(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// Needed returns ⌈2k/3⌉: how many of k members must agree.
func Needed(k int) int { return (2*k + 2) / 3 }

// Claim is what an optimizer says of its confirming run.
type Claim struct {
	Performance float64
	Digest      string
	Sums        chain.Sums // of its comparison with the claim's base
}

// Equal reports whether two runs gave the same score, digest and sums, bit for bit.
func (c Claim) Equal(o Claim) bool {
	return sameBits(c.Performance, o.Performance) && c.Digest == o.Digest && c.Sums == o.Sums
}

// Same reports whether two runs of one recipe agree: bit for bit, digest and sums included, or, where the domain's agreement is not
// exact, in their performances, within its share. Both are finite.
func (r *DomainRules) Same(a, b Claim) bool {
	if r.Agreement.Exact() {
		return a.Equal(b)
	}
	return r.Agreement.Same(a.Performance, b.Performance)
}

// Reproduces reports whether a vote's re-run gave what the claim says, as far as the domain's agreement asks. A vote that the recipe
// is refused never does: it has no run behind its numbers.
func (r *DomainRules) Reproduces(v *chain.Vote, c Claim) bool {
	return v.Digest != RefusedDigest && r.Same(c, Claim{v.VerifiedPerformance, v.Digest, v.Sums})
}

// Agrees reports whether a vote confirms the claim: it reproduces it, and the challenger's error on the member's own
// synthetic data is at most (1 + tolerance) times the incumbent's. tolerance is in 10⁻⁶. The vote's
// numbers must be finite.
func (r *DomainRules) Agrees(v *chain.Vote, c Claim, tolerance int64) bool {
	return r.Reproduces(v, c) && v.SyntheticScore >= 0 && v.IncumbentScore >= 0 &&
		Tolerates(v.SyntheticScore, v.IncumbentScore, tolerance)
}

// sameBits tells −0 from +0; both are finite.
func sameBits(a, b float64) bool { return a == b && (a != 0 || 1/a == 1/b) }
