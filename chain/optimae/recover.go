package optimae

import (
	"slices"
)

// Recover makes the evaluators named, ascending and each once, the electorate of the children of the block of a height and slot, which
// left the state: as if they had just been elected. Whoever else was elected is out of it and absent, and comes back as any absent one does. An error
// says who cannot be one: who is not registered, has left, was put out, or whose stake is too low. Nothing has changed then.
func Recover(s State, height, slot int64, evaluators []string) error {
	if len(evaluators) < 1 || len(evaluators) > MaxElectors {
		return refuse("%d evaluators: must be from 1 to %d", len(evaluators), MaxElectors)
	}
	peers := make([]Peer, len(evaluators))
	for i, peer := range evaluators {
		p := &peers[i]
		if !load(s, peerKey(peer), p) {
			return refuse("%.64s is not registered", peer)
		}
		p.Absent = false
		if !p.fit() {
			return refuse("%.64s is leaving, was put out, or has too low a stake", peer)
		}
		p.Reached, p.Elected = true, true
	}
	t := Counted(s)
	for _, peer := range Electorate(s) {
		if _, ok := slices.BinarySearch(evaluators, peer); ok {
			continue
		}
		var p Peer
		load(s, peerKey(peer), &p)
		stand(s, peer, Reputation(s, peer, slot), slot) // what an absent one loses from now on is lost
		p.Elected, p.Absent = false, true
		savePeer(s, peer, &p)
		s.Delete(seenKey(peer))
	}
	for i, peer := range evaluators {
		stand(s, peer, Reputation(s, peer, slot), slot)
		savePeer(s, peer, &peers[i])
		watch(s, peer, height)
	}
	t.Electors, t.Pending = int64(len(evaluators)), 0
	save(s, totalsKey(), &t)
	return nil
}
