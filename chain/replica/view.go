package replica

import (
	"encoding/hex"
	"fmt"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
)

// View is an immutable picture of a machine for readers outside its loop.
type View struct {
	// Height and Tip are those of the chain that readers know: of what is final.
	Height int64
	Tip    string
	Slot   int64
	// Certified is the height of the highest certified block, CertifiedTip its id in hex.
	Certified    int64
	CertifiedTip string
	// Pending transactions wait for a block, Commits are open claims that are not revealed, Quorums those whose votes are awaited.
	Pending, Commits, Quorums int
	// Electorate are the peers that sign now, ascending.
	Electorate []string
	Domains    map[string]DomainView
	// Champions is what answers questions, by domain; absent where nothing does.
	Champions map[string]*protocol.Champion
	Alone     bool // nobody but this node signs

	Balance, Nonce, Supply, Burned, BaseFee, Deposit, Stake int64
	Threshold                                               int64
	Paying, Adjustments                                     int64
	Reputation                                              int64
	Standing                                                Standing
}

// DomainView is what the chain knows of a domain.
type DomainView struct {
	HasBest            bool
	Best               float64
	Champion           string // optimae id, "" for none
	Accepted, Rejected int64
	Open               int64
}

// Standing is what this node is to the network's electorate.
type Standing struct {
	// Registered peers are evaluators; Eligible ones sign blocks and are drawn as members.
	Registered, Eligible bool
	// Reason says why the node is not eligible, Remedy what its owner can do; "" for one that is.
	Reason, Remedy string
}

// View returns the picture after the last Step.
func (m *Machine) View() *View {
	best := m.chain.Tree().Best()
	if v := m.view; v != nil && v.CertifiedTip == hex.EncodeToString(best.ID[:]) && v.Height == m.book.height && v.Slot == m.slot && v.Pending == len(m.pool.waiting) {
		return v
	}
	s := best.State.(*application.State)
	d := s.Draft()
	t := optimae.Counted(d)
	book := account.Open(s.Draft(), s.Height, s.Slot)
	v := &View{Height: m.book.height, Tip: m.book.hash, Slot: m.slot, Certified: best.Height, CertifiedTip: hex.EncodeToString(best.ID[:]),
		Pending: len(m.pool.waiting), Electorate: best.Electorate.Peers(), Domains: map[string]DomainView{}, Champions: map[string]*protocol.Champion{},
		Alone:  best.Electorate.Len() == 1 && best.Electorate.Has(m.peer),
		Supply: book.Minted() - book.Burned(), Burned: book.Burned(), BaseFee: m.net.BaseFee(s, m.slot), Deposit: optimae.Deposit(&t), Stake: optimae.Stake(&t),
		Threshold: t.Controller.Threshold, Paying: t.Paid, Adjustments: t.Controller.Adjustments, Reputation: optimae.Reputation(d, m.peer, m.slot),
		Standing: m.standing(d, &t)}
	v.Balance, v.Nonce = money(s, m.peer)
	for _, c := range optimae.OpenClaims(d) {
		switch {
		case c.Votes() || c.Opens():
			v.Quorums++
		case !c.Revealed:
			v.Commits++
		}
	}
	for domain := range m.net.Rules().Domains {
		x := optimae.DomainOf(d, domain)
		one := DomainView{HasBest: x.HasBest, Best: x.Best, Open: x.Open}
		if x.HasBest {
			one.Champion = hex.EncodeToString(x.Champion[:])
		}
		if c := m.book.counts[domain]; c != nil {
			one.Accepted, one.Rejected = c.accepted, c.rejected
		}
		v.Domains[domain] = one
		if c := m.agent.answers(m.book.final, domain); c != nil {
			v.Champions[domain] = c
		}
	}
	m.view = v
	return v
}

// standing says what this node is to the electorate.
func (m *Machine) standing(d optimae.State, t *optimae.Totals) Standing {
	p, registered := optimae.Registered(d, m.peer)
	s := Standing{Registered: registered && p.Leaving == 0, Eligible: registered && p.Elected}
	switch {
	case s.Eligible:
	case !registered && m.cfg.Register:
		s.Reason = "this node is no evaluator"
		s.Remedy = fmt.Sprintf("it registers as soon as its balance has the stake, %d base units", optimae.Stake(t))
	case !registered:
		s.Reason, s.Remedy = "this node is no evaluator", `set "register": true and have the stake in its balance`
	case p.Out:
		s.Reason, s.Remedy = "this node was put out: it has signed what contradicts itself", "begin anew with another key; see that no second machine uses this one"
	case p.Leaving != 0:
		s.Reason, s.Remedy = "this node has left", "register it again"
	case p.Absent:
		s.Reason, s.Remedy = "this node was absent", "it says by itself that it is back"
	case p.Stake < p.Full-p.Full/2:
		s.Reason, s.Remedy = "its stake is below half", "have as much in its balance as is missing; it fills its stake up by itself"
	case !p.Reached:
		s.Reason, s.Remedy = "its reputation has never reached 2", "let it vote beside the members; each vote that agrees brings it nearer"
	default:
		s.Reason, s.Remedy = "it waits for its turn to enter the electorate", "nothing"
	}
	return s
}

// Tasks implements the loop's machine: forecasts and re-runs are no queue of others here.
func (m *Machine) Tasks([]string, int) []task.Task { return nil }

// Task implements the loop's machine.
func (m *Machine) Task(string) (task.Task, bool) { return task.Task{}, false }

// Pending reports whether a transaction waits for a block.
func (m *Machine) Pending(id string) bool {
	return slices.ContainsFunc(m.pool.sorted(), func(w *waiting) bool { return hex.EncodeToString(w.id[:]) == id })
}

// submit takes a transaction that was made outside.
func (m *Machine) submit(ev protocol.Submit) {
	tx, ok := ev.Payload.(*application.Tx)
	if !ok {
		m.emit(protocol.SubmitResult{Err: fmt.Errorf("%w: no transaction of a certified chain", protocol.ErrVote)})
		return
	}
	author, err := tx.Author(application.P256{}, m.net.ID())
	switch {
	case err != nil:
		m.emit(protocol.SubmitResult{Err: err})
	case !m.pool.add(tx, author, m.slot, true):
		m.emit(protocol.SubmitResult{Err: fmt.Errorf("%w: it waits already, or is in a block, or there is no room", protocol.ErrLate)})
	default:
		m.spread([]*application.Tx{tx})
		m.emit(protocol.SubmitResult{})
	}
}
