package application

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/optimae"
)

// agent is what a peer does about claims, by what it sees in a state: it reveals its own, votes where it is a member, and opens.
type agent struct {
	peer     string
	sign     func(kind optimae.Kind, body []byte) *Tx
	promised map[ID]promise // by commitment; whoever looks into another's is cheating, but for the recipe, which is public once revealed
	lies     bool           // votes for what is false, and opens that
	mute     bool           // never votes
}

// promise is what a commit hides.
type promise struct {
	recipe, nonce string
	milli         int
}

// truth is what a re-run of a recipe gives.
func truth(p promise) optimae.Finding {
	return optimae.Finding{Digest: sha256.Sum256([]byte(p.recipe)), Performance: float64(p.milli) / 1000}
}

// commit is a new claim's first transaction.
func (a *agent) commit(slot int64, milli int) (*Tx, ID) {
	p := promise{recipe: fmt.Sprintf(`{"by": %q, "milli": %d, "slot": %d}`, a.peer, milli, slot), milli: milli}
	p.nonce = a.peer + fmt.Sprint(slot)
	c := optimae.Commitment(p.recipe, p.nonce)
	if a.promised == nil {
		a.promised = map[ID]promise{}
	}
	a.promised[c] = p
	return a.tx(&optimae.Commit{Domain: "d", Commitment: c, Slot: slot}), c
}

func (a *agent) tx(body optimae.Body) *Tx {
	x := optimae.NewTx(a.peer, body)
	return a.sign(x.Kind, x.Body)
}

// due is what the peer has to say in a state.
func (a *agent) due(n *Network, s *State) (txs []*Tx) {
	d := s.Draft()
	for _, m := range optimae.OpenClaims(d) {
		p, known := a.promised[m.Commitment]
		finding := truth(p)
		if a.lies {
			finding.Performance += 1e300
		}
		switch {
		case !known:
		case m.Waits() && m.Author == a.peer:
			txs = append(txs, a.tx(&optimae.Reveal{Commitment: m.Commitment, Recipe: p.recipe, Nonce: p.nonce}))
		case m.Votes() && slices.Contains(m.Members, a.peer) && !a.mute && !optimae.HasVoted(d, m.Commitment, a.peer):
			txs = append(txs, a.tx(&optimae.Vote{Commitment: m.Commitment, Draw: m.DrawHash,
				Hash: n.rules.VoteHash(m.Commitment, m.DrawHash, a.peer, finding)}))
		case m.Opens() && slices.Contains(m.Members, a.peer):
			txs = append(txs, a.tx(&optimae.Open{Commitment: m.Commitment, Draw: m.DrawHash, Finding: finding}))
		}
	}
	return txs
}

// conserved checks that what accounts, stakes and deposits hold is what was minted less what was burned.
func conserved(s *State) error {
	d := s.Draft()
	book, t := account.Open(d, s.Height, s.Slot), optimae.Counted(d)
	sum := t.Escrow + t.Stakes
	var bad error
	d.Range([]byte{'a'}, func(_, v []byte) bool {
		a, err := account.ParseAccount(v)
		if sum += a.Balance; err != nil {
			bad = err
		}
		return true
	})
	if supply := book.Minted() - book.Burned(); sum != supply {
		bad = errors.Join(bad, fmt.Errorf("block %d: accounts, stakes and deposits are %d, minted less burned %d", s.Height, sum, supply))
	}
	return errors.Join(bad, d.Err())
}
