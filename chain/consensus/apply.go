package consensus

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
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

// Receipt says what a transaction did.
type Receipt struct {
	TxID, Type          string
	OptimaeID, DomainID string
	OptimizerID         string
	Raw, Weight, Factor int64 // 10⁻⁶
	Effective           int64
	Improved            bool
	HadBest             bool
	PreviousBest        float64
	Agreed, Divergent   []string
}

// Receipts are a block's consequences: derived, so not in the block, but kept beside it.
type Receipts struct {
	Tx      []Receipt
	Sum     int64 // Σ effective increments
	Reward  int64
	Fees    int64
	Outputs []ledger.Output
}

// block is a block being applied: the state it changes and what it has gathered so far.
type block struct {
	s          *State
	parent     *State // as Apply got it: weights and champions of the parent count for quorum and reputation time
	time       int64
	generator  string
	receipts   Receipts
	optimizers []ledger.Share
	evaluators []ledger.Share
	perPeer    map[string]int
	ids        map[string]bool
	settled    map[string]bool
}

func begin(parent *State, time int64, generator string) *block {
	s := parent.clone()
	s.Height++
	s.TipTime = time
	s.Generator = generator
	return &block{s: s, parent: parent, time: time, generator: generator,
		perPeer: make(map[string]int), ids: make(map[string]bool), settled: make(map[string]bool)}
}

// add applies one transaction. Either it is applied whole or b is unchanged and the error says why.
func (b *block) add(tx *chain.Tx) error {
	if len(b.receipts.Tx) >= MaxBlockTx {
		return refuse("block is full")
	}
	if b.perPeer[tx.PeerID] >= MaxPeerTx {
		return refuse("more than %d transactions of one peer", MaxPeerTx)
	}
	if err := tx.ValidateBasic(); err != nil {
		return refuse("%v", err)
	}
	if b.ids[tx.ID] || b.parent.Included(tx.ID) {
		return refuse("transaction %.12s is in the chain already", tx.ID)
	}
	if err := chain.VerifyTx(tx, b.s.rules.Network); err != nil {
		return refuse("%v", err)
	}
	var err error
	r := Receipt{TxID: tx.ID, Type: tx.Type, DomainID: tx.DomainID}
	switch tx.Type {
	case TxAccepted:
		err = b.accept(tx, &r)
	case TxRejected:
		err = b.reject(tx, &r)
	case TxTransfer:
		err = b.transfer(tx)
	case TxTask:
		err = b.task(tx)
	case TxRegistered:
		err = b.register(tx)
	default:
		err = refuse("type %q has no place in the strict chain", tx.Type)
	}
	if err != nil {
		return err
	}
	b.ids[tx.ID] = true
	b.perPeer[tx.PeerID]++
	b.receipts.Tx = append(b.receipts.Tx, r)
	return nil
}

// open checks what an acceptance and a rejection have in common.
func (b *block) open(st *Statement) error {
	if _, ok := b.s.rules.Domains[st.DomainID]; !ok {
		return refuse("unknown domain %q", st.DomainID)
	}
	if b.settled[st.OptimaeID] || b.parent.Settled(st.OptimaeID) {
		return refuse("optimae %.12s is settled already", st.OptimaeID)
	}
	return nil
}

func (b *block) accept(tx *chain.Tx, r *Receipt) error {
	st, err := ParseAcceptance(tx)
	if err != nil {
		return err
	}
	if err := b.open(st); err != nil {
		return err
	}
	agreed, divergent, k, err := st.tally(b.parent)
	if err != nil {
		return err
	}
	if len(agreed) < Needed(k) {
		return refuse("%d of %d agree, %d are needed", len(agreed), k, Needed(k))
	}

	s, d := b.s, b.s.Domains[st.DomainID]
	r.OptimaeID, r.OptimizerID, r.Agreed, r.Divergent = st.OptimaeID, st.OptimizerID, agreed, divergent
	r.HadBest, r.PreviousBest = d.HasBest, d.Best
	r.Weight = s.Weight(st.DomainID)
	r.Factor = ReputationFactor(s.Reputation(st.OptimizerID))
	r.Raw, r.Improved = s.Improves(st.DomainID, st.Claim.Performance)
	d.Accepted++
	if r.Improved {
		r.Effective = mulMicro(mulMicro(r.Raw, r.Weight), r.Factor)
		d.HasBest, d.Best, d.BestHeight = true, st.Claim.Performance, s.Height
		d.Parameters = canon.Canonical(st.Parameters)
		d.OptimaeID, d.OptimizerID, d.Digest = st.OptimaeID, st.OptimizerID, st.Claim.Digest
		d.Improved++
		d.TotalIncrement += r.Raw
		p := s.peer(st.OptimizerID)
		p.Accepted++
		p.Reputation = p.Reputation.add(reputationAccepted, b.time)
		b.optimizers = append(b.optimizers, ledger.Share{PeerID: st.OptimizerID, Weight: r.Effective})
	} else {
		r.Raw = 0
	}
	b.receipts.Sum += r.Effective
	b.votes(st, agreed, divergent)
	s.certify(st.OptimizerID, s.RecentAt(st.Anchor).Height)
	b.settled[st.OptimaeID] = true
	return nil
}

func (b *block) reject(tx *chain.Tx, r *Receipt) error {
	st, err := parseRejection(tx, b.s.rules.Network)
	if err != nil {
		return err
	}
	if err := b.open(st); err != nil {
		return err
	}
	agreed, divergent, k, err := st.tally(b.parent)
	if err != nil {
		return err
	}
	if len(divergent) <= k-Needed(k) {
		return refuse("%d of %d disagree, which does not rule acceptance out", len(divergent), k)
	}
	s := b.s
	r.OptimaeID, r.OptimizerID, r.Agreed, r.Divergent = st.OptimaeID, st.OptimizerID, agreed, divergent
	s.Domains[st.DomainID].Rejected++
	p := s.peer(st.OptimizerID)
	p.Rejected++
	p.Reputation = p.Reputation.add(-reputationRejected, b.time)
	s.Ledger.Burn(st.OptimizerID, ledger.StakeBurn(s.BaseFee))
	b.votes(st, divergent, agreed)
	b.settled[st.OptimaeID] = true
	return nil
}

// votes credits the members who voted with the outcome and charges those who did not.
func (b *block) votes(st *Statement, with, against []string) {
	h := b.s.RecentAt(st.Anchor).Height
	for _, id := range with {
		p := b.s.peer(id)
		p.Agreed++
		p.Reputation = p.Reputation.add(reputationAgreed, b.time)
		b.evaluators = append(b.evaluators, ledger.Share{PeerID: id, Weight: 1})
		b.s.certify(id, h)
	}
	for _, id := range against {
		p := b.s.peer(id)
		p.Divergent++
		p.Reputation = p.Reputation.add(-reputationDivergent, b.time)
		b.s.certify(id, h)
	}
}

func (b *block) transfer(tx *chain.Tx) error {
	t, err := parseTransfer(tx)
	if err != nil {
		return err
	}
	fee, err := b.s.Ledger.Transfer(t, b.parent.BaseFee)
	if err != nil {
		return refuse("%v", err)
	}
	b.receipts.Fees += fee
	return nil
}

// task counts one served inference; only a registered evaluator can report it.
func (b *block) task(tx *chain.Tx) error {
	kind, err := tx.Payload.String("task_type")
	if err != nil || kind != "inference_request" {
		return refuse("task_completed: task_type must be inference_request")
	}
	if id, err := tx.Payload.String("task_id"); err != nil || !chain.IsHash(id) {
		return refuse("task_completed: task_id must be 64 hex digits")
	}
	d := b.s.Domains[tx.DomainID]
	p := b.s.Peers[tx.PeerID]
	if d == nil || p == nil || p.PublicKey == "" {
		return refuse("task_completed: unknown domain or unregistered evaluator")
	}
	d.Inferences++
	return nil
}

// register admits an evaluator. It costs a burned stake, so that identities are not free: the money is earned
// by optimizing, which needs no registration, or given by a transfer.
func (b *block) register(tx *chain.Tx) error {
	if p := b.s.Peers[tx.PeerID]; p != nil && p.PublicKey != "" {
		return refuse("%.12s is registered already", tx.PeerID)
	}
	if fee := ledger.Stake(b.parent.BaseFee); b.s.Ledger.Balance(tx.PeerID) < fee {
		return refuse("registration burns %d base units, %.12s has %d", fee, tx.PeerID, b.s.Ledger.Balance(tx.PeerID))
	}
	b.s.Ledger.Burn(tx.PeerID, ledger.Stake(b.parent.BaseFee))
	p := b.s.peer(tx.PeerID)
	p.PublicKey, p.Registered, p.Certified = tx.PublicKey, b.s.Height, 0
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
		b.receipts.Reward = ledger.Reward(s.Height)
	}
	b.receipts.Outputs = ledger.Split(b.receipts.Reward+b.receipts.Fees, b.optimizers, b.evaluators, b.generator)
	if err := s.Ledger.Pay(b.receipts.Outputs, b.receipts.Reward, b.receipts.Fees); err != nil {
		return required, fmt.Errorf("%w: %v", ErrBlock, err)
	}
	s.Work += b.receipts.Sum
	s.BaseFee = ledger.NextBaseFee(s.BaseFee, len(b.receipts.Tx))
	s.Difficulty = s.Difficulty.next(b.time, rules.TargetBlockTime)
	return required, nil
}

// seal records the block's identity in the state and finalizes what it can.
func (b *block) seal(hash string) {
	s := b.s
	s.Tip = hash
	s.certify(b.generator, s.Height)
	r := Recent{Height: s.Height, Hash: hash, Eligible: s.Eligible(), TxIDs: sortedKeys(b.ids), Settled: sortedKeys(b.settled)}
	s.Recent = append(s.Recent, r)
	if n := len(s.Recent) - Window; n > 0 {
		s.Recent = slices.Clone(s.Recent[n:])
	}
	s.finalize()
}

// Apply returns the state after a block. parent is not changed. Every number and signature in the block is
// recomputed; the errors match ErrBlock. Whether the timestamp lies in the future is not Apply's to say: it has
// no clock.
func Apply(parent *State, blk *chain.Block) (*State, *Receipts, error) {
	h := blk.Header
	if h.Index != parent.Height+1 || h.PreviousHash != parent.Tip {
		return nil, nil, &LinkError{Height: h.Index, Got: h.PreviousHash, Want: parent.Tip}
	}
	if err := blk.ValidateBasic(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBlock, err)
	}
	if blk.Ext == nil {
		return nil, nil, fmt.Errorf("%w: unsigned", ErrBlock)
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
	if len(blk.Transactions) > MaxBlockTx {
		return nil, nil, fmt.Errorf("%w: %d transactions", ErrBlock, len(blk.Transactions))
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
	b.seal(blk.Hash)
	if root := b.s.Root(); blk.Ext.StateRoot != root {
		return nil, nil, fmt.Errorf("%w: state root %.12s, recomputed %.12s", ErrBlock, blk.Ext.StateRoot, root)
	}
	return b.s, &b.receipts, nil
}

// CheckTx reports whether a transaction could stand in the next block, at time now (µs).
func CheckTx(s *State, tx *chain.Tx, now int64) error {
	return begin(s, max(now, s.TipTime+minElapsed), "").add(tx)
}
