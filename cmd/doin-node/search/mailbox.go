package search

import (
	"sync"
	"time"

	"doin.network/node/chain/protocol"
)

// maxMail bounds each kind of mail that waits; of more, the oldest goes.
const maxMail = 1024

// mail is what has arrived, in the order of its kinds.
type mail struct {
	claims   []stamped
	migrants []protocol.Migrant
	decided  []protocol.Decided
	champion *protocol.Champion // the latest
	proven   []proven
}

// stamped is a step of a claim and when it was told.
type stamped struct {
	protocol.Claim
	at time.Time
}

// mailbox takes mail without blocking and hands all of it out at once.
type mailbox struct {
	wake chan struct{} // holds a token while there is mail

	mu  sync.Mutex
	box mail
}

func newMailbox() mailbox { return mailbox{wake: make(chan struct{}, 1)} }

// put lets f add to the box and wakes who waits.
func (m *mailbox) put(f func(*mail)) {
	m.mu.Lock()
	f(&m.box)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the box.
func (m *mailbox) take() mail {
	select {
	case <-m.wake:
	default:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.box
	m.box = mail{}
	return out
}

// push appends, forgetting the oldest above the bound.
func push[T any](list []T, v T) []T {
	if len(list) >= maxMail {
		list = append(list[:0], list[1:]...)
	}
	return append(list, v)
}

// Claim takes a step of one of this node's claims. Like the other three it does not block, and may be called from
// anywhere, before Run and after it too.
func (s *Search) Claim(c protocol.Claim) {
	at := s.now()
	s.mail.put(func(m *mail) { m.claims = push(m.claims, stamped{c, at}) })
}

// Migrant takes another node's champion that this node has re-run.
func (s *Search) Migrant(m protocol.Migrant) {
	s.mail.put(func(b *mail) { b.migrants = push(b.migrants, m) })
}

// Decided takes the chain's decision of a claim, whoever made it.
func (s *Search) Decided(d protocol.Decided) {
	s.mail.put(func(m *mail) { m.decided = push(m.decided, d) })
}

// Champion takes what answers the domain's inferences from now on.
func (s *Search) Champion(c protocol.Champion) { s.mail.put(func(m *mail) { m.champion = &c }) }
