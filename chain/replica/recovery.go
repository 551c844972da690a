package replica

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain/application"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/streamlet"
)

// recoveryNote is the name of the note that says which recovery of its network a node's promises belong to: the network's id in signatures.
const recoveryNote = "recovery"

// ErrRecovery is matched by the error for a node whose disk knows of another recovery than its network, and for a recovery that a node's
// chain does not allow.
var ErrRecovery = errors.New("replica: recovery")

// Recover returns what a node has to store before it starts in a network that was recovered: its promises are of another time, in which
// nothing counts that it signs from now on. Nil is for a node that knows already: its promises hold. One that has forgotten what it signed
// may have signed in the new time as well, and stays so, unless it has made the recovery. An error, which matches ErrRecovery, says that
// blocks are final here which the recovery gives up: this is for another data directory then.
func Recover(net *application.Network, disk Disk, made bool) ([]protocol.Note, error) {
	x := net.Recovered()
	if x == nil {
		return nil, nil
	}
	notes, err := disk.Notes()
	if err != nil {
		return nil, err
	}
	if string(notes[recoveryNote]) == net.ID() {
		return nil, nil
	}
	if height, _ := disk.Tip(); height > x.Height {
		return nil, fmt.Errorf("%w: this node has final blocks up to %d, and the network is to go on from block %d", ErrRecovery, height, x.Height)
	}
	out := Era(net)
	if lock, err := readLock(notes); err != nil || lock == nil && !made {
		return out, err
	}
	return append(out, protocol.Note{Name: lockNote, Value: make([]byte, 16)}), nil
}

// Era is the note of a store that is of a recovered network from its beginning; none for one that was not recovered.
func Era(net *application.Network) []protocol.Note {
	if net.Recovered() == nil {
		return nil
	}
	return []protocol.Note{{Name: recoveryNote, Value: []byte(net.ID())}}
}

// era checks that what is on the disk belongs to the network's last recovery. A disk that has nothing but a lock, which may be lost, takes
// it as it is.
func (m *Machine) era(notes map[string][]byte) error {
	want := ""
	for _, n := range Era(m.net) {
		want = string(n.Value)
	}
	held := string(notes[recoveryNote])
	height, _ := m.disk.Tip()
	_, locked := notes[lockNote]
	switch {
	case held == want:
		return nil
	case want == "":
		return fmt.Errorf("%w: this node has gone on after one, and its recovery file is missing", ErrRecovery)
	case held == "" && height <= 0 && (len(notes) == 0 || locked && len(notes) == 1):
		m.note(recoveryNote, []byte(want))
		return nil
	}
	return fmt.Errorf("%w: this node has not taken part in it: \"doin-node recover --from FILE\" does, once", ErrRecovery)
}

// abandoned reports whether a block is of a time that a recovery has given up.
func (m *Machine) abandoned(b *streamlet.Block) bool {
	return m.rules.Abandoned(b.Leader, b.Slot, b.ID, b.Signature)
}

// bygone reports whether a message says what was signed in a time that a recovery has given up, by who does not know of it yet: it is not
// heard, and nobody is to blame. A branch is cut before the first such block.
func (m *Machine) bygone(x *streamlet.Message) bool {
	if m.net.Recovered() == nil {
		return false
	}
	switch {
	case x.Block != nil:
		return m.abandoned(x.Block)
	case x.Signature != nil:
		s := x.Signature
		return m.rules.Abandoned(s.Peer, s.Slot, s.Block, s.Signature)
	case x.Branch != nil:
		if i := slices.IndexFunc(x.Branch.Blocks, m.abandoned); i >= 0 {
			x.Branch = &streamlet.Branch{Blocks: x.Branch.Blocks[:i]}
		}
	}
	return false
}

// renew returns a transaction of this node's as it is to be signed since the last recovery.
func (m *Machine) renew(tx *application.Tx) (*application.Tx, error) {
	if m.net.Recovered() == nil || tx == nil {
		return tx, nil
	}
	if _, err := tx.Author(application.P256{}, m.net.ID()); err == nil {
		return tx, nil
	}
	return application.Sign(m.point, m.net.ID(), tx.Kind, tx.Body)
}

// FinalBlock is the last final block's height and id.
func (m *Machine) FinalBlock() (height int64, id string) {
	final := m.chain.Tree().Final()
	return final.Height, hex.EncodeToString(final.ID[:])
}

// Electors returns who signs now, ascending, and of those who is registered beside them, in the state of the last final block: whom a
// recovery can name.
func (m *Machine) Electors() (electors, others []string) {
	electors = m.chain.Tree().Final().Electorate.Peers()
	for peer := range m.rules.Keys() {
		if !slices.Contains(electors, peer) {
			others = append(others, peer)
		}
	}
	slices.Sort(others)
	return electors, others
}

// Propose returns the recovery that begins with the last final block, in which the evaluators named sign, with a nonce of 16 random bytes.
// An error says who cannot.
func (m *Machine) Propose(evaluators []string, nonce [16]byte) (*application.Recovery, error) {
	final := m.chain.Tree().Final()
	x := &application.Recovery{Height: final.Height, Block: hex.EncodeToString(final.ID[:]), Slot: final.Slot,
		Evaluators: slices.Compact(slices.Sorted(slices.Values(evaluators))), Nonce: hex.EncodeToString(nonce[:])}
	if x.Height < 1 {
		return nil, fmt.Errorf("%w: no block is final yet: begin with another genesis file", ErrRecovery)
	}
	_, err := final.State.(*application.State).Recover(x)
	return x, err
}
