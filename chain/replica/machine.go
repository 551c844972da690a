package replica

import (
	"encoding/binary"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/timestamp"
)

// Disk is what an earlier life of the node has left, and where final blocks are read.
type Disk interface {
	// Blocks calls f for the certified chain's blocks from a height on in their encoding, ascending, until f fails.
	Blocks(from int64, f func(data []byte) error) error
	// Final returns the final block of a height.
	Final(height int64) (data []byte, err error)
	// Notes returns the machine's records by name.
	Notes() (map[string][]byte, error)
	// State returns the stored state after a block.
	State(block [32]byte) (*state.Tree, error)
	// Tip is the last block of the chain that readers know; height −1 before there is one. Hash is the hash of its block of a height.
	Tip() (height int64, hash string)
	Hash(height int64) (string, error)
}

// Machine is one node's protocol state. It is for one goroutine.
type Machine struct {
	cfg   Config
	key   *identity.Key
	point application.Key
	peer  string
	file  *chain.Genesis
	net   *application.Network
	disk  Disk

	rules *rules
	chain *streamlet.Machine
	pool  *pool
	agent *agent
	book  *book

	now, slot int64
	acted     streamlet.ID // the best block that the agent has looked at
	synced    bool
	saved     saved
	every     int64                 // final blocks between snapshots
	kept      map[streamlet.ID]bool // blocks above the final one that are on the disk
	persist   protocol.Persist      // of this step
	out       []protocol.Effect
	view      *View

	serving    serving
	replaying  bool
	questions  int64 // asked in this life
	asked      int   // by strangers, in the minute that began at askedSince
	askedSince int64
}

// rules are an application's, with what each block did until it is final.
type rules struct {
	*application.Rules
	results map[streamlet.ID]*application.Result
	reveals func(*application.Wire) // is shown every valid block
}

// Check implements streamlet.Rules.
func (r *rules) Check(parent *streamlet.Node, b *streamlet.Block) (streamlet.Outcome, error) {
	out, err := r.Rules.Check(parent, b)
	if err == nil {
		r.results[b.ID] = r.Result()
		r.reveals(b.Body.(*application.Wire))
	}
	return out, err
}

// lockNote is the name of what the node has promised by its signatures: slot u64 · height u64, or one byte where it has forgotten.
const lockNote = "lock"

// Forgotten is the lock of a node that may have signed what it does not know any more: one whose chain was deleted, or restored from an
// older copy. It signs nothing until a block is final that is younger than its start.
func Forgotten() protocol.Note { return protocol.Note{Name: lockNote, Value: []byte{0}} }

// New returns the machine of a node of a network, which goes on from what is on the disk. file is the genesis file, network is of it.
func New(cfg Config, file *chain.Genesis, network *application.Network, key *identity.Key, disk Disk) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	point, err := application.NewKey(key)
	if err != nil {
		return nil, err
	}
	m := &Machine{cfg: cfg, key: key, point: point, peer: key.PeerID(), file: file, net: network, disk: disk,
		pool: newPool(network.ID(), cfg.MaxPending), kept: map[streamlet.ID]bool{}, every: snapshotEvery}
	notes, err := disk.Notes()
	if err != nil {
		return nil, err
	}
	lock, err := readLock(notes)
	if err != nil {
		return nil, err
	}
	if err := m.era(notes); err != nil {
		return nil, err
	}
	m.agent = newAgent(m)
	tree, err := m.plant(notes)
	if err != nil {
		return nil, err
	}
	m.chain = streamlet.New(tree, m.rules, m.rules, lock)
	m.pool.trusted = m.knows
	return m, nil
}

// plant makes the tree of what is on the disk: from the stored state on, or from block 0.
func (m *Machine) plant(notes map[string][]byte) (*streamlet.Tree, error) {
	block, genesis, err := m.net.Genesis()
	if err != nil {
		return nil, err
	}
	m.book, m.saved.tree = newBook(m, genesis), state.New()
	at, ladder := genesis, (*streamlet.Ladder)(nil)
	if data, ok := notes[snapshotNote]; ok && !m.begins(data) {
		if ladder, at, err = m.resume(data); err != nil {
			return nil, err
		}
	}
	app, err := application.NewRules(m.net, at, m.point, m.pool)
	if err != nil {
		return nil, err
	}
	app.Trust(m.cfg.Trusted)
	m.rules = &rules{app, map[streamlet.ID]*application.Result{}, m.agent.remember}
	if err := m.agent.restore(notes); err != nil {
		return nil, err
	}
	var tree *streamlet.Tree
	if ladder != nil {
		tree, err = ladder.Tree(at, m.rules, m.rules)
	} else {
		electorate, e := at.Electorate()
		if e != nil {
			return nil, e
		}
		tree = streamlet.NewTree(block, at, electorate, m.rules, m.rules)
	}
	if err != nil {
		return nil, err
	}
	return tree, m.replay(tree, at.Height+1)
}

// readLock reads what the node has promised; nil where it does not know.
func readLock(notes map[string][]byte) (*streamlet.Lock, error) {
	data, ok := notes[lockNote]
	switch {
	case !ok:
		return new(streamlet.Lock), nil
	case len(data) == 1:
		return nil, nil
	case len(data) != 16:
		return nil, fmt.Errorf("replica: the lock on the disk has %d bytes", len(data))
	}
	return &streamlet.Lock{Slot: int64(binary.BigEndian.Uint64(data)), Height: int64(binary.BigEndian.Uint64(data[8:]))}, nil
}

// replay applies the blocks on the disk again, from a height on.
func (m *Machine) replay(tree *streamlet.Tree, from int64) error {
	m.replaying = true
	before := m.persist
	defer func() {
		m.replaying = false
		m.persist = before // the rest of it is there
	}()
	return m.disk.Blocks(from, func(data []byte) error {
		w, err := application.ParseBlock(data)
		if err != nil {
			return err
		}
		b := w.Chain()
		_, final, err := tree.Add(b)
		switch {
		case errors.Is(err, streamlet.ErrFinal), errors.Is(err, streamlet.ErrUnknown):
			return nil // a rival of what has become final since, or a child of one
		case err != nil && m.abandoned(b):
			return nil
		case err != nil:
			return fmt.Errorf("block %d on the disk: %w", b.Height, err)
		}
		m.kept[b.ID] = true
		blocks := make([]*streamlet.Block, len(final))
		for i, n := range final {
			blocks[i] = n.Block
		}
		return m.finalize(blocks)
	})
}

// Step hands the machine one event at time now (µs since the epoch) and returns what is to be done, in order.
func (m *Machine) Step(now int64, ev protocol.Event) []protocol.Effect {
	m.now = now
	if slot := m.slotAt(now); slot > m.slot {
		m.slot = slot
		m.pool.tick(slot)
		m.step(streamlet.Tick{Slot: slot})
		if slot%againSlots == 0 {
			m.spread(m.pool.repeated())
		}
	}
	m.event(ev)
	m.act()
	return m.take()
}

// slotAt is the slot of a time; 0 before the network begins.
func (m *Machine) slotAt(now int64) int64 {
	since := now - m.net.Time(0)
	if since < 0 {
		return 0
	}
	return since / (m.net.Time(1) - m.net.Time(0))
}

func (m *Machine) event(ev protocol.Event) {
	switch ev := ev.(type) {
	case protocol.Received:
		m.receive(ev)
	case protocol.Propose:
		m.agent.propose(ev)
	case protocol.Evaluated:
		m.agent.evaluated(ev)
	case protocol.Stamped:
		m.agent.stamped(ev)
	case protocol.Restore:
		m.agent.restoreOwn(ev.Champion)
	case protocol.Synced:
		m.synced = true
	case protocol.Infer:
		m.infer(ev)
	case protocol.Submit:
		m.submit(ev)
	case protocol.Vote:
		m.emit(protocol.SubmitResult{Err: fmt.Errorf("%w: votes of a certified chain are transactions", protocol.ErrVote)})
	case protocol.Blocks:
		m.emit(protocol.BlocksResult{From: ev.From, Err: protocol.ErrNotBetter})
	case protocol.ClaimTask, protocol.CompleteTask:
		m.emit(protocol.TaskResult{Err: protocol.ErrLate})
	}
}

func (m *Machine) receive(ev protocol.Received) {
	from := ev.Message.SenderID
	if from == m.peer {
		return
	}
	payload := ev.Payload
	if payload == nil {
		var err error
		if payload, err = Decode(ev.Message, m.net.ID()); err != nil {
			m.emit(protocol.Penalize{Peer: from, Reason: err.Error(), Signed: true})
			return
		}
	}
	if r, ok := payload.(*received); ok {
		m.hear(from, r)
	}
}

// act lets the agent say what it has to say in the best block's state, and the builder look at what is new, until nothing comes of it.
func (m *Machine) act() {
	for range 8 { // a block of this node's own may ask for the next thing
		if best := m.chain.Tree().Best(); best.ID != m.acted || m.agent.moved {
			m.acted, m.agent.moved = best.ID, false
			m.agent.look(best.State.(*application.State))
		}
		if !m.pool.fresh {
			break
		}
		m.pool.fresh = false
		m.step(streamlet.Wake{})
	}
	m.book.tell()
}

// best is the state of the best block.
func (m *Machine) best() *application.State { return m.chain.Tree().Best().State.(*application.State) }

// knows reports whether the chain knows a peer: it has money or a stake.
func (m *Machine) knows(peer string) bool {
	d := m.best().Draft()
	_, registered := optimae.Registered(d, peer)
	return registered || optimae.Balance(d, peer) > 0
}

// say offers a transaction of this node's own, and tells everybody of it.
func (m *Machine) say(body optimae.Body) {
	x := optimae.NewTx(m.peer, body)
	tx, err := application.Sign(m.point, m.net.ID(), x.Kind, x.Body)
	if err != nil {
		m.notice(true, "transaction not signed", "kind", x.Kind, "err", err)
		return
	}
	m.offer(tx)
}

func (m *Machine) offer(tx *application.Tx) {
	if m.pool.add(tx, m.peer, m.slot, true) {
		m.spread([]*application.Tx{tx})
	}
}

// spread tells everybody of transactions.
func (m *Machine) spread(txs []*application.Tx) {
	if len(txs) > 0 {
		m.broadcast(&application.Message{Transactions: txs})
	}
}

// step hands the certified chain an event and does what it wants done.
func (m *Machine) step(ev streamlet.Event) {
	for _, f := range m.chain.Step(ev) {
		switch f := f.(type) {
		case streamlet.Persist:
			m.promise(f)
		case streamlet.Broadcast:
			m.broadcast(&application.Message{Chain: f.Message})
		case streamlet.Send:
			m.send(f.To, &application.Message{Chain: f.Message})
		case streamlet.Serve:
			m.serve(f)
		case streamlet.Finalized:
			if err := m.finalize(f.Blocks); err != nil {
				panic("replica: " + err.Error()) // of a tree in memory
			}
		case streamlet.Offence:
			m.accuse(f)
		case streamlet.Refused:
			if f.Peer == m.peer {
				m.notice(true, "own block is refused", "err", f.Err)
			} else {
				m.emit(protocol.Penalize{Peer: f.Peer, Reason: f.Err.Error(), Signed: true})
			}
		}
	}
}

// promise puts the lock and the blocks that it speaks of on the disk.
func (m *Machine) promise(p streamlet.Persist) {
	for _, b := range p.Blocks {
		m.keep(b)
	}
	lock := binary.BigEndian.AppendUint64(nil, uint64(p.Lock.Slot))
	m.note(lockNote, binary.BigEndian.AppendUint64(lock, uint64(p.Lock.Height)))
}

func (m *Machine) keep(b *streamlet.Block) {
	if !m.kept[b.ID] {
		m.kept[b.ID] = true
		m.persist.Blocks = append(m.persist.Blocks, protocol.Certified{Height: b.Height, ID: b.ID, Data: b.Body.(*application.Wire).Append(nil)})
	}
}

// note puts a record on the disk; nil deletes it.
func (m *Machine) note(name string, value []byte) {
	m.persist.Notes = append(m.persist.Notes, protocol.Note{Name: name, Value: value})
}

// finalize is told of final blocks, ascending.
func (m *Machine) finalize(blocks []*streamlet.Block) error {
	for _, b := range blocks {
		m.keep(b)
		delete(m.kept, b.ID)
		m.persist.Final = append(m.persist.Final, protocol.Certified{Height: b.Height, ID: b.ID})
		result := m.rules.results[b.ID]
		w := b.Body.(*application.Wire)
		if err := m.book.add(w, b.ID, result); err != nil {
			return err
		}
		for _, tx := range w.Txs {
			m.pool.include(tx, Included{w.Slot, w.Height, m.book.hash})
		}
		m.agent.decided(result)
	}
	if len(blocks) > 0 {
		m.forget(blocks[len(blocks)-1].Height)
	}
	return nil
}

// forget drops what blocks at and below a final height did, and which of them are on the disk.
func (m *Machine) forget(final int64) {
	for id, r := range m.rules.results {
		if r.State.Height <= final {
			delete(m.rules.results, id)
			delete(m.kept, id)
		}
	}
}

// serve answers who asks for blocks that are final: they are read from the disk.
func (m *Machine) serve(f streamlet.Serve) {
	answer := streamlet.Branch{}
	size := 0
	for h := f.Above + 1; h <= f.To && size <= mostBranch && len(answer.Blocks) < streamlet.MaxBranch; h++ {
		w, err := m.final(h)
		if err != nil {
			m.notice(true, "final block not read", "height", h, "err", err)
			return
		}
		size += len(w.Append(nil))
		answer.Blocks = append(answer.Blocks, w.Chain())
	}
	if last := f.Above + int64(len(answer.Blocks)); last == f.To {
		answer.Blocks, answer.Certificate = append(answer.Blocks, f.Branch.Blocks...), f.Branch.Certificate
	}
	if len(answer.Blocks) > streamlet.MaxBranch {
		answer = streamlet.Branch{Blocks: answer.Blocks[:streamlet.MaxBranch]}
	}
	m.send(f.Peer, &application.Message{Chain: streamlet.Message{Branch: &answer}})
}

// accuse posts the proof that a peer has signed two blocks of one slot.
func (m *Machine) accuse(f streamlet.Offence) {
	m.notice(true, "a peer has signed two blocks of one slot", "peer", f.First.Peer, "slot", f.First.Slot)
	if f.First.Peer == m.peer {
		return
	}
	m.say(&optimae.TwoBlocks{Peer: f.First.Peer, Slot: f.First.Slot, First: f.First.Block, Second: f.Second.Block,
		FirstSignature: string(f.First.Signature), SecondSignature: string(f.Second.Signature)})
}

// envelope signs a message.
func (m *Machine) envelope(x *application.Message) *chain.Message {
	e := &chain.Message{Type: kindOf(x), SenderID: m.peer, Timestamp: timestamp.FromMicro(m.now), TTL: chain.DefaultTTL, Payload: payload(x)}
	if err := chain.SignMessage(e, m.key, m.net.NetworkID()); err != nil {
		m.notice(true, "message not signed", "type", e.Type, "err", err)
		return nil
	}
	return e
}

func (m *Machine) broadcast(x *application.Message) {
	if e := m.envelope(x); e != nil {
		m.emit(protocol.Broadcast{Message: e})
	}
}

func (m *Machine) send(to string, x *application.Message) {
	if e := m.envelope(x); e != nil {
		m.emit(protocol.Send{Peer: to, Message: e})
	}
}

func (m *Machine) emit(f protocol.Effect) {
	if !m.replaying { // of what happened in an earlier life everybody has heard
		m.out = append(m.out, f)
	}
}

func (m *Machine) notice(warn bool, text string, args ...any) {
	m.emit(protocol.Notice{Warn: warn, Text: text, Args: args})
}

// take returns the effects of a step, what must be on the disk first.
func (m *Machine) take() []protocol.Effect {
	var first []protocol.Effect
	m.snapshot()
	if p := m.persist; len(p.Blocks)+len(p.Final)+len(p.Notes) > 0 || p.State != nil {
		first = append(first, p)
		m.persist = protocol.Persist{}
	}
	if c := m.book.commit(); c != nil {
		first = append(first, *c)
	}
	out := append(first, m.out...)
	m.out = nil
	return out
}
