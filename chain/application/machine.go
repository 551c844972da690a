package application

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/canon"
)

// Errors that say what is wrong with a block; one is matched by each error of Apply that is not the disk's.
var (
	ErrRule      = errors.New("application: against the rules")
	ErrSignature = errors.New("application: false signature")
	ErrBeacon    = errors.New("application: false beacon")
	ErrRoot      = errors.New("application: another root of the state")
)

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRule}, args...)...)
}

// Network is the machine of one network. It is immutable and safe for concurrent use.
type Network struct {
	genesis  *Genesis
	eras     []era // the first from block 0 on
	rules    optimae.Rules
	scheme   Scheme
	interval int64 // slots between blocks with commits or transfers
}

// intervals is how many commit intervals a target time has.
const intervals = 30

// NewNetwork returns the machine of a genesis file.
func NewNetwork(g *Genesis, scheme Scheme) *Network {
	return &Network{genesis: g, eras: []era{{id: g.NetworkID()}}, rules: g.rules(), scheme: scheme, interval: max(1, g.TargetTime/intervals/g.Slot)}
}

// Interval is the least number of slots from a block with commits or transfers to the next one.
func (n *Network) Interval() int64 { return n.interval }

// Rules are those of claims.
func (n *Network) Rules() *optimae.Rules { return &n.rules }

// Time is when a slot begins, in µs.
func (n *Network) Time(slot int64) int64 { return n.genesis.Start + slot*n.genesis.Slot }

// A State is the chain at a block. Nothing of it may be changed.
type State struct {
	ID           ID
	Height, Slot int64
	Beacon       ID
	Root         state.ID
	Tree         *state.Tree
}

// Draft returns a copy of the state to read in, which is for one goroutine.
func (s *State) Draft() *state.Draft { return state.NewDraft(s.Tree.Copy()) }

func keyOf(id account.ID) []byte { return append([]byte{'k'}, id[:]...) }

var paceKey = []byte{'m'}

// pace is what decides when there may be commits and transfers, and what transfers cost.
type pace struct{ Fee, Slot int64 }

func (p pace) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p.Fee)), uint64(p.Slot))
}

func readPace(d *state.Draft) (p pace) {
	if v, ok := d.Get(paceKey); ok && len(v) == 16 {
		p = pace{int64(binary.BigEndian.Uint64(v)), int64(binary.BigEndian.Uint64(v[8:]))}
	}
	return p
}

// Whoever is elected has a place in the record of the electorate.
const _ = uint(light.MaxPeers - optimae.MaxElectors)

// maxIdle bounds the empty intervals that are counted: after fewer the fee is the least whatever it was.
const maxIdle = 128

// fee is the base fee of a block that may hold transfers.
func (n *Network) fee(p pace, slot int64) int64 {
	fee := p.Fee
	for range min(max(0, (slot-p.Slot)/n.interval-1), maxIdle) {
		fee = ledger.NextBaseFee(fee, 0)
	}
	return fee
}

// BaseFee is the base fee of a transfer in a block of a slot on a state.
func (n *Network) BaseFee(s *State, slot int64) int64 { return n.fee(readPace(s.Draft()), slot) }

// Genesis returns block 0 and the state after it. The block's beacon is the network id, its id the header's with no parent and no rest.
func (n *Network) Genesis() (*streamlet.Block, *State, error) {
	evaluators, balances := map[string][]string{}, map[string]int64{}
	tree := state.New()
	d := state.NewDraft(tree)
	for i := range n.genesis.Evaluators {
		e := &n.genesis.Evaluators[i]
		point, peer, err := e.point(n.scheme)
		if err != nil {
			return nil, nil, err
		}
		id, err := account.ParseID(peer)
		if err != nil {
			return nil, nil, err
		}
		d.Put(keyOf(id), point)
		evaluators[peer] = e.Domains
	}
	for _, b := range n.genesis.Balances {
		balances[b.Peer] = b.Units
	}
	rules := n.rules
	if err := rules.Genesis(d, n.genesis.Start, evaluators, balances); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	d.Put(light.ElectorateKey(), light.AppendElectorate(nil, streamlet.NewElectorate(slices.Collect(maps.Keys(evaluators))...)))
	d.Put(paceKey, pace{Fee: ledger.MinBaseFee}.encode())
	if err := d.Err(); err != nil {
		return nil, nil, err
	}
	s := &State{Root: tree.Root(), Tree: tree, Beacon: hashOf(n.genesis.NetworkID())}
	s.ID = light.Header{Root: s.Root, Rest: s.Beacon}.ID()
	return &streamlet.Block{ID: s.ID, Leader: "genesis", Beacon: s.Beacon}, s, nil
}

// Electorate is the electorate of the children of the block that left a state.
func (s *State) Electorate() (*streamlet.Electorate, error) {
	v, _, err := s.Tree.Get(light.ElectorateKey())
	if err != nil {
		return nil, err
	}
	return light.ParseElectorate(v)
}

// keys verifies what peers have signed by the keys of a state.
type keys struct {
	net  *Network
	d    *state.Draft
	slot int64 // of the block that wants to know
}

func (k keys) point(peer string) (point []byte, ok bool) {
	id, err := account.ParseID(peer)
	if err != nil {
		return nil, false
	}
	return k.d.Get(keyOf(id))
}

// Verify is optimae.Keys'.
func (k keys) Verify(peer string, slot int64, block ID, signature []byte) bool {
	point, ok := k.point(peer)
	return ok && k.net.scheme.Verify(point, blockMessage(k.net.idOf(slot), slot, block), signature) == nil
}

// VerifyTx is optimae.Keys'.
func (k keys) VerifyTx(tx optimae.Tx, signature []byte) bool {
	point, ok := k.point(tx.From)
	if !ok {
		return false
	}
	x := &Tx{Kind: tx.Kind, Body: tx.Body}
	copy(x.Point[:], point)
	return k.net.scheme.Verify(point, x.message(k.net.idOf(k.slot)), signature) == nil
}

// Block is one that is being applied or built. It is for one goroutine.
type Block struct {
	net       *Network
	parent    *State
	tree      *state.Tree
	draft     *state.Draft
	optimae   *optimae.Block
	leader    account.ID
	height    int64
	slot      int64
	pace      pace
	fee       int64
	paced     int // commits and transfers
	transfers int
	receipts  []optimae.Receipt
	keys      map[string][]byte
}

// Result is what a block did.
type Result struct {
	optimae.Outcomes
	Receipts []optimae.Receipt // of each transaction; a transfer's is its kind alone
	State    *State
	Counted  optimae.Totals
	Keys     map[string][]byte // public keys of who has registered in it, by id
	// Recovered is the recovery that begins with the block, nil for none. State is what the network goes on from.
	Recovered *Recovery
}

// begin begins a block on its parent. Final is the height of the last block that its certificates show to be final.
func (n *Network) begin(parent *State, w *Wire, final int64) (*Block, error) {
	if w.Parent != parent.ID || w.Height != parent.Height+1 || w.Slot <= parent.Slot || w.Slot > maxTime/n.genesis.Slot {
		return nil, refuse("block %d of slot %d on block %d of slot %d", w.Height, w.Slot, parent.Height, parent.Slot)
	}
	b := &Block{net: n, parent: parent, tree: parent.Tree.Copy(), leader: w.Leader, height: w.Height, slot: w.Slot,
		keys: map[string][]byte{}}
	b.draft = state.NewDraft(b.tree)
	b.pace = readPace(b.draft)
	b.fee = n.fee(b.pace, w.Slot)
	rules := n.rules
	rules.Keys = keys{n, b.draft, w.Slot}
	ctx := optimae.Context{Height: w.Height, Slot: w.Slot, Time: n.Time(w.Slot), Beacon: w.Beacon, Builder: w.Leader.String(), Final: final}
	if w.Certificate != nil {
		ctx.Signers = w.Certificate.Signers
	}
	var err error
	if b.optimae, err = rules.Begin(b.draft, ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRule, err)
	}
	return b, nil
}

// maxTime bounds the time from the start to a block, in µs: times and what rules add to slots stay far within an int64.
const maxTime = 1 << 61

// transact applies a transaction. After an error nothing has changed.
func (b *Block) transact(x *Tx) error {
	from, err := x.Author(b.net.scheme, b.net.idOf(b.slot))
	if err != nil {
		return err
	}
	if paced(x.Kind) && b.slot < b.pace.Slot+b.net.interval {
		return refuse("a %v in slot %d, the last was in %d", x.Kind, b.slot, b.pace.Slot)
	}
	receipt := optimae.Receipt{Kind: x.Kind}
	if x.Kind == KindTransfer {
		err = b.transfer(from, x.Body)
	} else {
		receipt, err = b.claim(from, x)
	}
	if err != nil {
		return err
	}
	if paced(x.Kind) {
		b.paced++
	}
	b.receipts = append(b.receipts, receipt)
	return nil
}

// claim applies what package optimae knows.
func (b *Block) claim(from string, x *Tx) (optimae.Receipt, error) {
	tx := optimae.Tx{From: from, Kind: x.Kind, Body: x.Body}
	if x.Kind == optimae.KindReveal {
		body, err := tx.Parse()
		if err != nil {
			return optimae.Receipt{}, fmt.Errorf("%w: %w", ErrRule, err)
		}
		recipe := []byte(body.(*optimae.Reveal).Recipe)
		if v, err := canon.Parse(recipe); err != nil || !slices.Equal(canon.Canonical(v), recipe) {
			return optimae.Receipt{}, refuse("a recipe that is not canonical JSON")
		}
	}
	receipt, err := b.optimae.Transact(tx)
	if err != nil {
		return receipt, fmt.Errorf("%w: %w", ErrRule, err)
	}
	if x.Kind == optimae.KindRegister {
		id, err := account.ParseID(from)
		if err != nil {
			return receipt, fmt.Errorf("%w: %w", ErrRule, err)
		}
		b.draft.Put(keyOf(id), x.Point[:])
		b.keys[from] = x.Point[:]
	}
	return receipt, nil
}

// end derives what follows from the transactions, for a block whose inputs have a hash, and returns the state without its id.
func (b *Block) end(inputs ID, beacon ID) (*Result, error) {
	b.optimae.Seal(inputs)
	out := b.optimae.End()
	for _, peer := range out.Gone {
		if id, err := account.ParseID(peer); err == nil {
			b.draft.Delete(keyOf(id))
		}
	}
	if b.paced > 0 {
		b.pace = pace{ledger.NextBaseFee(b.fee, b.paced), b.slot}
		b.draft.Put(paceKey, b.pace.encode())
	}
	if out.Change != nil {
		b.draft.Put(light.ElectorateKey(), light.AppendElectorate(nil, streamlet.NewElectorate(optimae.Electorate(b.draft)...)))
	}
	if err := b.draft.Err(); err != nil {
		return nil, err
	}
	root := b.tree.Root()
	return &Result{Outcomes: out, Receipts: b.receipts, Counted: optimae.Counted(b.draft), Keys: b.keys,
		State: &State{Height: b.height, Slot: b.slot, Beacon: beacon, Root: root, Tree: b.tree}}, nil
}

// Apply returns what a block does to its parent's state. Its place in the chain, its leader's turn and its certificate are for package
// streamlet to check. Final is as shown by the certificates up to the block's own. After an error the block is invalid for every node,
// unless the error is none of this package's: then the state could not be read.
func (n *Network) Apply(parent *State, w *Wire, final int64) (*Result, error) {
	point, ok := keys{n, state.NewDraft(parent.Tree.Copy()), w.Slot}.point(w.Leader.String())
	if !ok {
		return nil, refuse("a leader %v that is not registered", w.Leader)
	}
	id := w.Header().ID()
	if err := n.scheme.Verify(point, blockMessage(n.idOf(w.Slot), w.Slot, id), w.Signature[:]); err != nil {
		return nil, fmt.Errorf("%w: of the leader: %w", ErrSignature, err)
	}
	switch beacon, err := n.scheme.Output(point, beaconMessage(n.idOf(w.Slot), parent.Beacon), w.Proof[:]); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBeacon, err)
	case beacon != w.Beacon:
		return nil, fmt.Errorf("%w: %s, its proof gives %s", ErrBeacon, short(w.Beacon), short(beacon))
	}
	if len(w.Txs) > MaxTransactions {
		return nil, refuse("%d transactions", len(w.Txs))
	}
	b, err := n.begin(parent, w, final)
	if err != nil {
		return nil, err
	}
	for i, x := range w.Txs {
		if err := b.transact(x); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	result, err := b.end(w.inputs(), w.Beacon)
	if err != nil {
		return nil, err
	}
	if result.State.Root != w.Root {
		return nil, fmt.Errorf("%w: %v, the block says %v", ErrRoot, result.State.Root, w.Root)
	}
	result.State.ID = id
	x, err := n.recovery(w.Height, id, w.Slot)
	if x == nil || err != nil {
		return result, err
	}
	result.Recovered = x
	result.State, err = result.State.Recover(x)
	return result, err
}
