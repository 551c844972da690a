package consensus

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
)

// Limits of a block.
const (
	MaxBlockTx    = ledger.MaxBlockSize
	MaxBlockBytes = 4 << 20
	MaxPeerTx     = 20 // transactions of one peer in one block
)

// ErrBlock is matched by every refusal of a block.
var ErrBlock = errors.New("consensus: block refused")

// ErrBelowThreshold is returned by Build while the pending increments do not reach the threshold; in a received
// block it is a refusal.
var ErrBelowThreshold = fmt.Errorf("%w: increments below the threshold", ErrBlock)

// ErrEarly is matched, beside ErrTx, by the refusal of what waits for another transaction: a transfer whose only fault is
// that fewer than MaxPeerTx earlier ones of its sender, who has the money for it, are missing, and an acceptance whose base
// is not known yet.
var ErrEarly = errors.New("an earlier transaction is missing")

// earlyError is an ErrEarly that says for what it waits.
type earlyError struct {
	after string // Key of the transaction
	err   error
}

func (e *earlyError) Error() string {
	return fmt.Sprintf("%v: %v: %v", ErrTx, ErrEarly, e.err)
}

// Unwrap returns ErrTx, ErrEarly and the cause.
func (e *earlyError) Unwrap() []error { return []error{ErrTx, ErrEarly, e.err} }

// ErrSuperseded is matched, beside ErrTx, by the refusal of an acceptance whose base is not the domain's champion and will
// not be again: another one became champion meanwhile. Nobody is rewarded or charged; its author may claim again.
var ErrSuperseded = errors.New("superseded")

// ErrLoses is matched by the reasons of Wins: a claim that does not beat its base, or not beyond noise. An acceptance of such a
// claim is refused with it, beside ErrTx.
var ErrLoses = errors.New("it does not improve on the base")

// LinkError says that a block does not follow the state it is applied to.
type LinkError struct {
	Height    int64
	Got, Want string
}

func (e *LinkError) Error() string {
	return fmt.Sprintf("consensus: block %d links to %.12s, the parent is %.12s", e.Height, e.Got, e.Want)
}

// Unwrap returns ErrBlock.
func (e *LinkError) Unwrap() error { return ErrBlock }

// block is a block being applied: the state it changes and what it has gathered so far.
type block struct {
	s          *draft
	parent     *State // as Apply got it: weights and champions of the parent count for quorum and reputation time
	time       int64
	generator  string
	trusted    bool // form, ids and signatures have been verified by CheckTx or VerifyTx
	probe      bool // the block is for one trusted transaction and will not be: its size does not matter
	bytes      int
	receipts   Receipts
	optimizers []ledger.Share
	evaluators []ledger.Share
	perPeer    map[string]int
	ids        map[string]bool
	settled    map[string]bool
	replaced   map[string]bool // champions
}

func begin(parent *State, time int64, generator string) *block {
	s := parent.draft()
	s.Height++
	s.TipTime = time
	s.Generator = generator
	return &block{s: s, parent: parent, time: time, generator: generator,
		perPeer: make(map[string]int), ids: make(map[string]bool), settled: make(map[string]bool), replaced: make(map[string]bool)}
}

// add applies one transaction. Either it is applied whole or b is unchanged and the error says why.
func (b *block) add(tx *chain.Tx) error {
	if len(b.receipts.Tx) >= MaxBlockTx {
		return refuse("block is full")
	}
	if b.perPeer[tx.PeerID] >= MaxPeerTx {
		return refuse("more than %d transactions of one peer", MaxPeerTx)
	}
	var size int
	var err error
	if !b.probe {
		if size, err = measure(tx); err != nil {
			return err
		}
	}
	if b.bytes+size > MaxBlockBytes {
		return refuse("block is full")
	}
	if !b.trusted {
		if err := verifyTx(tx, b.s.rules.Network); err != nil {
			return err
		}
	}
	if b.ids[tx.ID] || b.parent.Included(tx.ID) {
		return refuse("transaction %.12s is in the chain already", tx.ID)
	}
	k, ok := kindOf(tx.Type)
	if !ok {
		return refuse("type %q has no place in the strict chain", tx.Type)
	}
	parsed, err := k.parse(tx, b.s.rules.Network, !b.trusted)
	if err != nil {
		return err
	}
	r := Receipt{TxID: tx.ID, Type: tx.Type, DomainID: tx.DomainID}
	if err := k.apply(b, tx, parsed, &r); err != nil {
		return err
	}
	b.ids[tx.ID] = true
	b.perPeer[tx.PeerID]++
	b.bytes += size
	b.receipts.Tx = append(b.receipts.Tx, r)
	return nil
}

// finish ends the block: threshold, reward, fees, difficulty, finality. merkle root and hash come later, because
// the generator needs the sum first.
func (b *block) finish() (required int64, err error) {
	s, rules := b.s, b.s.rules
	required = b.parent.Difficulty.Required(b.time, rules.TargetBlockTime)
	empty := b.time-b.parent.TipTime >= EmptyAfter*rules.TargetBlockTime
	if (b.receipts.Sum == 0 || b.receipts.Sum < required) && !(empty && b.receipts.Sum == 0) {
		return required, fmt.Errorf("%w: %d < %d", ErrBelowThreshold, b.receipts.Sum, required)
	}
	if b.receipts.Sum > 0 {
		b.receipts.Reward = min(ledger.Reward(s.Height), ledger.MaxSupply-s.money.Minted()) // what a genesis file grants is minted already
	}
	b.receipts.Outputs = ledger.Split(b.receipts.Reward+b.receipts.Fees, b.optimizers, b.evaluators, b.generator)
	if err := s.money.Pay(b.receipts.Outputs, b.receipts.Reward, b.receipts.Fees); err != nil {
		return required, fmt.Errorf("%w: %v", ErrBlock, err)
	}
	b.receipts.Supply = s.money.Supply()
	s.Work += b.receipts.Sum
	s.BaseFee = ledger.NextBaseFee(s.BaseFee, len(b.receipts.Tx))
	s.Difficulty = s.Difficulty.Next(b.time, rules.TargetBlockTime)
	return required, nil
}

// seal returns the state after the block: its identity is recorded, and what can be is final.
func (b *block) seal(hash string) *State {
	b.s.certify(b.generator, b.s.Height)
	s := b.s.state()
	s.Tip = hash
	r := Recent{Height: s.Height, Hash: hash, Eligible: s.Eligible(), TxIDs: sortedKeys(b.ids), Settled: sortedKeys(b.settled), Replaced: sortedKeys(b.replaced)}
	s.Recent = append(slices.Clone(s.Recent[max(0, len(s.Recent)+1-Window):]), r)
	s.finalize()
	return s
}

// Apply returns the state after a block. parent is not changed. Every number and signature in the block is
// recomputed; the errors match ErrBlock. Whether the timestamp lies in the future is not Apply's to say: it has
// no clock.
func Apply(parent *State, blk *chain.Block) (*State, *Receipts, error) {
	h := blk.Header
	if h.Index != parent.Height+1 || h.PreviousHash != parent.Tip {
		return nil, nil, &LinkError{Height: h.Index, Got: h.PreviousHash, Want: parent.Tip}
	}
	if len(blk.Transactions) > MaxBlockTx {
		return nil, nil, fmt.Errorf("%w: %d transactions", ErrBlock, len(blk.Transactions))
	}
	if blk.Ext == nil {
		return nil, nil, fmt.Errorf("%w: unsigned", ErrBlock)
	}
	if err := blk.ValidateBasic(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBlock, err)
	}
	if err := chain.VerifyBlock(blk, parent.rules.Network); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBlock, err)
	}
	if !has(parent.Generators(), h.GeneratorID) {
		return nil, nil, fmt.Errorf("%w: generator %.12s is not eligible", ErrBlock, h.GeneratorID)
	}
	t := h.Timestamp.Micro()
	if t < parent.TipTime+minElapsed {
		return nil, nil, fmt.Errorf("%w: timestamp %s is not after the parent's", ErrBlock, h.Timestamp.ISO())
	}
	b := begin(parent, t, h.GeneratorID)
	for i, tx := range blk.Transactions {
		if err := b.add(tx); err != nil {
			return nil, nil, fmt.Errorf("%w: transaction %d: %w", ErrBlock, i, err)
		}
	}
	required, err := b.finish()
	if err != nil {
		return nil, nil, err
	}
	if !sameBits(h.Threshold, chain.MicroToFloat(required)) {
		return nil, nil, fmt.Errorf("%w: threshold %v, the rule says %v", ErrBlock, h.Threshold, chain.MicroToFloat(required))
	}
	if !sameBits(h.WeightedPerformanceSum, chain.MicroToFloat(b.receipts.Sum)) {
		return nil, nil, fmt.Errorf("%w: weighted sum %v, recomputed %v", ErrBlock, h.WeightedPerformanceSum, chain.MicroToFloat(b.receipts.Sum))
	}
	next := b.seal(blk.Hash)
	if root := next.Root(); blk.Ext.StateRoot != root {
		return nil, nil, fmt.Errorf("%w: state root %.12s, recomputed %.12s", ErrBlock, blk.Ext.StateRoot, root)
	}
	return next, &b.receipts, nil
}

// CheckTx reports whether a transaction could stand in the next block, at time now (µs). It verifies every
// signature in it.
func CheckTx(s *State, tx *chain.Tx, now int64) error {
	return begin(s, max(now, s.TipTime+minElapsed), "").add(tx)
}

// RecheckTx is CheckTx for a transaction that CheckTx or VerifyTx has passed before; the state may have changed since, the
// transaction must not.
func RecheckTx(s *State, tx *chain.Tx, now int64) error {
	b := begin(s, max(now, s.TipTime+minElapsed), "")
	b.trusted, b.probe = true, true
	return b.add(tx)
}
