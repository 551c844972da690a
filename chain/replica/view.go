package replica

import (
	"encoding/hex"
	"fmt"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/application"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
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
	// Controller is that of the threshold, over paying blocks; Paying is how many there were.
	Controller consensus.Difficulty
	Paying     int64
	Reputation int64
	Standing   Standing
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
		Controller: t.Controller, Paying: t.Paid, Reputation: optimae.Reputation(d, m.peer, m.slot),
		Standing: m.standingOf(d, &t, m.peer)}
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

// standingOf says what a peer is to the electorate.
func (m *Machine) standingOf(d optimae.State, t *optimae.Totals, peer string) Standing {
	p, registered := optimae.Registered(d, peer)
	s := Standing{Registered: registered && p.Leaving == 0, Eligible: registered && p.Elected}
	switch {
	case s.Eligible:
	case !registered && m.cfg.Register && peer == m.peer:
		s.Reason = "it is no evaluator"
		s.Remedy = fmt.Sprintf("it registers as soon as its balance has the stake, %d base units", optimae.Stake(t))
	case !registered:
		s.Reason, s.Remedy = "it is no evaluator", `set "register": true, or register it by doin-node wallet register; its balance needs the stake`
	case p.Out:
		s.Reason, s.Remedy = "it was put out: it has signed what contradicts itself", "begin anew with another key; see that no second machine uses this one"
	case p.Leaving != 0:
		s.Reason, s.Remedy = "it has left", "register it again"
	case p.Absent:
		s.Reason, s.Remedy = "it was absent", "its node says by itself that it is back"
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

// Where returns where a transaction is: in a final block, or waiting; neither of a transaction that is not known, or was included long
// ago. It is for the owner of the machine, as Step is.
func (m *Machine) Where(id application.ID) (at Included, included, waits bool) {
	at, included = m.pool.done[id]
	return at, included, m.pool.waiting[id] != nil
}

// Account is what the best block's state knows of a peer, and what its waiting transfers will change.
type Account struct {
	// Balance is in base units, Locked what waiting transfers and registrations will spend of it. Nonce is that of the last transfer,
	// Next the one that its next transfer needs.
	Balance, Locked, Nonce, Next int64
	Waiting                      []string // transactions, by id in hex
	Reputation                   int64    // 10⁻⁶
	Standing                     Standing
	BaseFee, Stake               int64
	Slot                         int64 // in which a transaction of now is signed
	Domains                      []string
}

// Account returns an account. It is for the owner of the machine, as Step is.
func (m *Machine) Account(peer string) Account {
	s := m.best()
	d := s.Draft()
	t := optimae.Counted(d)
	a := Account{Reputation: optimae.Reputation(d, peer, m.slot), Standing: m.standingOf(d, &t, peer), BaseFee: m.net.BaseFee(s, m.slot), Stake: optimae.Stake(&t),
		Slot: max(0, m.slot-1), Waiting: []string{}}
	a.Balance, a.Nonce = money(s, peer)
	a.Next = a.Nonce + 1
	for _, w := range m.pool.sorted() {
		if w.author != peer {
			continue
		}
		a.Waiting = append(a.Waiting, hex.EncodeToString(w.id[:]))
		switch w.tx.Kind {
		case application.KindTransfer:
			if x, err := application.ParseTransfer(w.tx.Body); err == nil && x.Nonce > a.Nonce {
				a.Locked, a.Next = min(a.Locked+x.Amount+x.Fee, ledger.MaxSupply), max(a.Next, x.Nonce+1)
			}
		case optimae.KindRegister:
			a.Locked = min(a.Locked+a.Stake, ledger.MaxSupply)
		}
	}
	for domain := range m.net.Rules().Domains {
		a.Domains = append(a.Domains, domain)
	}
	slices.Sort(a.Domains)
	return a
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
	case !m.pool.add(tx, author, m.slot, author == m.peer):
		m.emit(protocol.SubmitResult{Err: fmt.Errorf("%w: it waits already, or is in a block, or there is no room", protocol.ErrLate)})
	default:
		m.pool.waiting[tx.ID(m.net.ID())].again = true
		m.spread([]*application.Tx{tx})
		m.emit(protocol.SubmitResult{})
	}
}
