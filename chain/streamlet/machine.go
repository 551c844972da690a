package streamlet

import (
	"errors"
	"slices"
)

const (
	// tipSlots is how often a node says how far it is, unasked.
	tipSlots = 8
	// keepSlots is how long signatures are kept beside blocks, and blocks beside their parents.
	keepSlots = 32
	// mostWaiting bounds the blocks that wait for their slot or for their parent.
	mostWaiting = 256
)

// A Machine is a node's part in the certified chain. It is for one goroutine; Step is its whole interface.
type Machine struct {
	key   Key
	rules Rules
	tree  *Tree
	lock  Lock
	began int64 // the slot of a start without a lock: see unlocked
	// unlocked is whether the lock is lost: nothing is signed.
	unlocked bool

	slot    int64
	told    *Node                           // the best block that a tip of this node has named
	kept    map[ID]bool                     // blocks above the final one that are on the disk
	votes   map[int64]map[string]*Signature // by slot and peer: the first of each
	shown   map[int64]map[string]bool       // whose offence in a slot has been told
	waiting []*arrival                      // blocks before their time, oldest first
	asked   map[ID]int64                    // when a block was asked for

	out []Effect
}

// arrival is a block that waits, and who has sent it.
type arrival struct {
	block *Block
	from  string
}

// New returns the machine of a node that knows a tree. The lock is the last one persisted; the zero Lock is that of a node that never
// signed, nil of one that does not know. The blocks of the tree are on the disk.
func New(tree *Tree, key Key, rules Rules, lock *Lock) *Machine {
	m := &Machine{key: key, rules: rules, tree: tree, unlocked: lock == nil, began: -1,
		kept: map[ID]bool{}, votes: map[int64]map[string]*Signature{}, shown: map[int64]map[string]bool{}, asked: map[ID]int64{}}
	if lock != nil {
		m.lock = *lock
	}
	for id := range tree.nodes {
		m.kept[id] = true
	}
	return m
}

// Tree is what the machine knows. The caller must not change it.
func (m *Machine) Tree() *Tree { return m.tree }

// Step takes an event and returns what is to be done, in order.
func (m *Machine) Step(ev Event) []Effect {
	m.out = nil
	switch ev := ev.(type) {
	case Tick:
		m.tick(ev.Slot)
	case Wake:
		m.build()
	case Received:
		m.receive(ev.From, ev.Message)
	}
	return m.out
}

func (m *Machine) do(e Effect) { m.out = append(m.out, e) }

func (m *Machine) tick(slot int64) {
	if slot <= m.slot && m.began >= 0 {
		return
	}
	m.slot = slot
	if m.began < 0 {
		m.began = slot
	}
	for s := range m.votes {
		if s < slot-keepSlots {
			delete(m.votes, s)
			delete(m.shown, s)
		}
	}
	for id, at := range m.asked {
		if at < slot-keepSlots {
			delete(m.asked, id)
		}
	}
	m.release()
	m.build()
	if best := m.tree.best; best != m.told || slot%tipSlots == 0 {
		m.told = best
		m.do(Broadcast{Message{Tip: m.Tip()}})
	}
}

// Tip is the best block that a certificate speaks for: of one that needs none only those know who have been told, and it is taken with
// its children.
func (m *Machine) Tip() *Tip {
	best := m.tree.best
	if best.Begin != nil {
		best = best.Up
	}
	return &Tip{best.Height, best.certificate}
}

// build builds a block if the slot is this node's, it has not signed in it, and there is a reason.
func (m *Machine) build() {
	parent := m.tree.best
	b := &Block{Parent: parent.ID, Height: parent.Height + 1, Slot: m.slot, Leader: m.key.Peer(), Certificate: parent.certificate}
	if m.unlocked || m.slot <= parent.Slot || !m.lock.allows(b) || parent.Electorate.Leader(parent.ShownTo().Beacon, m.slot) != b.Leader {
		return
	}
	var ok bool
	if b.Body, ok = m.rules.Build(parent, m.slot, parent.due()); !ok {
		return
	}
	m.rules.Seal(parent, b)
	n, final, err := m.tree.Add(b)
	if err != nil {
		m.do(Refused{b.Leader, err})
		return
	}
	m.finalize(final)
	m.promise(n)
	m.do(Broadcast{Message{Block: b}})
	m.vote(&Signature{b.ID, b.Slot, b.Leader, b.Signature})
}

// promise puts the lock on the disk, and every block that it speaks of.
func (m *Machine) promise(n *Node) {
	m.lock = m.lock.with(n.Block)
	m.do(Persist{m.lock, m.missing(n)})
}

// missing returns the blocks from the final one up to n that are not on the disk, and notes that they will be.
func (m *Machine) missing(n *Node) (out []*Block) {
	for ; n.Height > m.tree.final.Height; n = n.Up {
		if !m.kept[n.ID] {
			m.kept[n.ID] = true
			out = append(out, n.Block)
		}
	}
	slices.Reverse(out)
	return out
}

// sign signs a block if the rules and this node's promises allow it.
func (m *Machine) sign(n *Node) {
	parent, b := n.Up, n.Block
	if m.unlocked || n.Begin != nil || b.Slot > m.slot+1 || b.Slot < m.slot-LateSlots || !m.lock.allows(b) || parent.Height < m.tree.best.Height ||
		!slices.ContainsFunc(n.electorates(), func(e *Electorate) bool { return e.Has(m.key.Peer()) }) {
		return
	}
	m.promise(n)
	s := &Signature{b.ID, b.Slot, m.key.Peer(), m.key.Sign(b.Slot, b.ID)}
	m.do(Broadcast{Message{Signature: s}})
	m.vote(s)
}

func (m *Machine) receive(from string, x Message) {
	switch {
	case x.Block != nil:
		m.arrive(from, x.Block)
	case x.Signature != nil:
		m.consent(from, x.Signature)
	case x.Tip != nil:
		m.compare(from, x.Tip)
	case x.Request != nil:
		m.serve(from, x.Request)
	case x.Branch != nil:
		m.follow(from, x.Branch)
	}
}

// arrive takes a block that was built just now.
func (m *Machine) arrive(from string, b *Block) {
	if b.Slot > m.slot+1 {
		m.wait(from, b)
		return
	}
	if b.Height <= m.tree.best.Height {
		m.do(Send{from, Message{Tip: m.Tip()}}) // whoever builds there does not know
	}
	m.take(from, b)
}

// take puts a block in its place, and all that has waited for it.
func (m *Machine) take(from string, b *Block) bool {
	n, final, err := m.tree.Add(b)
	switch {
	case errors.Is(err, ErrUnknown):
		m.wait(from, b)
		m.ask(from, b.Parent)
		return false
	case errors.Is(err, ErrFinal):
		return false
	case err != nil:
		m.do(Refused{from, err})
		return false
	}
	m.finalize(final)
	m.vote(&Signature{b.ID, b.Slot, b.Leader, b.Signature})
	m.count(n)
	if m.tree.nodes[b.ID] == n {
		m.sign(n)
	}
	m.release()
	return true
}

// wait keeps a block until its slot has come and its parent is there.
func (m *Machine) wait(from string, b *Block) {
	for _, a := range m.waiting {
		if a.block.ID == b.ID {
			return
		}
	}
	if len(m.waiting) == mostWaiting {
		m.waiting = m.waiting[1:]
	}
	m.waiting = append(m.waiting, &arrival{b, from})
}

// release takes the blocks whose time has come, and forgets those whose time is over.
func (m *Machine) release() {
	for i := 0; i < len(m.waiting); {
		a := m.waiting[i]
		due := a.block.Slot <= m.slot+1 && m.tree.nodes[a.block.Parent] != nil
		if !due && a.block.Slot >= m.slot-keepSlots {
			i++
			continue
		}
		m.waiting = slices.Delete(m.waiting, i, i+1)
		if due {
			m.take(a.from, a.block)
			i = 0 // others may have come and gone
		}
	}
}

// consent takes a signature.
func (m *Machine) consent(from string, s *Signature) {
	if s.Slot > m.slot+1 || s.Slot < m.slot-keepSlots || !m.knows(s.Peer) {
		return
	}
	if had := m.votes[s.Slot][s.Peer]; had != nil && had.Block == s.Block {
		return
	}
	if !m.key.Verify(s.Peer, s.Slot, s.Block, s.Signature) {
		m.do(Refused{from, errors.New("streamlet: false signature")})
		return
	}
	m.vote(s)
}

// knows reports whether a peer signs now, or did when the last final block was made.
func (m *Machine) knows(peer string) bool {
	return m.tree.best.Electorate.Has(peer) || m.tree.final.Electorate.Has(peer)
}

// vote counts a verified signature. Two of one peer for one slot are an offence; the first counts.
func (m *Machine) vote(s *Signature) {
	slot := m.votes[s.Slot]
	if slot == nil {
		slot = map[string]*Signature{}
		m.votes[s.Slot] = slot
	}
	if had := slot[s.Peer]; had != nil {
		if had.Block != s.Block && !m.shown[s.Slot][s.Peer] {
			if m.shown[s.Slot] == nil {
				m.shown[s.Slot] = map[string]bool{}
			}
			m.shown[s.Slot][s.Peer] = true
			m.do(Offence{*had, *s})
		}
		return
	}
	slot[s.Peer] = s
	if n := m.tree.nodes[s.Block]; n != nil && n.Slot == s.Slot {
		m.count(n)
	}
}

// count certifies a block if the signatures that are here are enough. A certificate has all of them.
func (m *Machine) count(n *Node) {
	if m.tree.nodes[n.ID] != n || n.Height <= m.tree.final.Height {
		return
	}
	c := &Certificate{Block: n.ID, Slot: n.Slot}
	for peer, s := range m.votes[n.Slot] {
		if s.Block == n.ID {
			c.Signers = append(c.Signers, peer)
		}
	}
	slices.Sort(c.Signers)
	electorates := n.electorates()
	c.Signers = slices.DeleteFunc(c.Signers, func(peer string) bool {
		return !slices.ContainsFunc(electorates, func(e *Electorate) bool { return e.Has(peer) })
	})
	if !enough(c.Signers, electorates) {
		return
	}
	for _, peer := range c.Signers {
		c.Signatures = append(c.Signatures, m.votes[n.Slot][peer].Signature)
	}
	if n.certificate != nil && len(c.Signers) > len(n.certificate.Signers) {
		n.certificate = c // whoever builds on it tells of all that have signed
		return
	}
	m.finalize(m.tree.certify(n, c))
}

// finalize tells of final blocks. Where the lock is lost, one that is younger than the start gives another.
func (m *Machine) finalize(final []*Node) {
	if len(final) == 0 {
		return
	}
	blocks := make([]*Block, len(final))
	for i, n := range final {
		blocks[i] = n.Block
		delete(m.kept, n.ID)
	}
	m.do(Finalized{blocks})
	for id := range m.kept {
		if m.tree.nodes[id] == nil {
			delete(m.kept, id)
		}
	}
	if last := m.tree.final; m.unlocked && m.began >= 0 && last.Slot > m.began+1 {
		m.unlocked = false
		m.lock = Lock{Slot: max(m.slot, last.Slot), Height: last.Height}
	}
}

// compare takes a peer's tip: who is behind is told, who is ahead is asked.
func (m *Machine) compare(from string, t *Tip) {
	best := m.tree.best
	if t.Certificate == nil || t.Height < best.Height {
		if best.Height > 0 {
			m.do(Send{from, Message{Tip: m.Tip()}})
		}
		return
	}
	final, err := m.tree.Certify(t.Certificate)
	switch {
	case errors.Is(err, ErrUnknown):
		// One as high as the best is asked for too: it may show to be final what the best does not, and an idle network builds no more.
		m.ask(from, t.Certificate.Block)
	case err != nil:
		m.do(Refused{from, err})
	}
	m.finalize(final)
}

// ask asks for a block with what is below it, once a slot.
func (m *Machine) ask(from string, want ID) {
	if at, ok := m.asked[want]; ok && at == m.slot || len(m.asked) >= mostWaiting {
		return
	}
	m.asked[want] = m.slot
	m.do(Send{from, Message{Request: &Request{m.tree.final.Height, want}}})
}

// serve answers a request, as far as this node can.
func (m *Machine) serve(from string, r *Request) {
	n := m.tree.nodes[r.Want]
	if n == nil || n.Height <= r.Above {
		return
	}
	answer := Branch{Certificate: n.certificate}
	for ; n.Height > max(r.Above, m.tree.final.Height); n = n.Up {
		answer.Blocks = append(answer.Blocks, n.Block)
	}
	slices.Reverse(answer.Blocks)
	if n.Height > r.Above {
		m.do(Serve{from, r.Above, n.Height, answer})
		return
	}
	if len(answer.Blocks) > MaxBranch {
		answer = Branch{Blocks: answer.Blocks[:MaxBranch]}
	}
	m.do(Send{from, Message{Branch: &answer}})
}

// follow takes blocks that were asked for, whatever their slots: they are certified but for the last, and the clock may be wrong.
func (m *Machine) follow(from string, b *Branch) {
	if len(b.Blocks) > MaxBranch {
		m.do(Refused{from, errors.New("streamlet: too many blocks")})
		return
	}
	for _, block := range b.Blocks {
		if m.tree.nodes[block.ID] == nil && block.Height > m.tree.final.Height && !m.take(from, block) {
			return
		}
	}
	if c := b.Certificate; c != nil {
		final, err := m.tree.Certify(c)
		if err != nil && !errors.Is(err, ErrUnknown) {
			m.do(Refused{from, err})
		}
		m.finalize(final)
	}
}
