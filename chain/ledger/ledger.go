// Package ledger keeps the strict chain's money: balances, transfer nonces, minting and fees, all in
// integers.
//
// The unit is 10⁻⁸ DOIN (Unit). Nothing here is a float, nothing reads a clock, and every operation
// either succeeds entirely or changes nothing. The invariant a test holds the package to is
//
//	Σ balances = minted − burned
//
// The economics are the reference's (50 DOIN per block, halved every 210,000 blocks, 21 million at
// most) with its arithmetic mended: the published split 65/30/5 is applied to the whole reward,
// fees are counted once, and the remainder of every division goes to the generator.
//
// Deliberately absent: accounts without owners, multi-signature, payment channels.
package ledger

import (
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
)

// Unit is the number of base units in one DOIN.
const Unit = 100_000_000

// Chain economics, in base units unless said otherwise.
const (
	InitialReward   = 50 * Unit
	HalvingInterval = 210_000 // blocks
	MaxSupply       = 21_000_000 * Unit
)

// Errors of Transfer, in the order in which they are looked for.
var (
	ErrAmount  = errors.New("ledger: amount must be positive")
	ErrFee     = errors.New("ledger: fee below the base fee or beyond the supply")
	ErrPeer    = errors.New("ledger: sender and recipient must be two peers")
	ErrNonce   = errors.New("ledger: wrong nonce")
	ErrBalance = errors.New("ledger: insufficient balance")
)

// Ledger holds every balance. The zero value is an empty ledger. Not safe for concurrent writes.
type Ledger struct {
	under    *Ledger // what the accounts here lie over, nil for none
	balances map[string]int64
	nonces   map[string]int64
	minted   int64
	burned   int64
}

// Transfer moves Amount from Sender to Recipient and pays Fee to the block's coinbase.
type Transfer struct {
	Sender, Recipient string
	Amount, Fee       int64
	Nonce             int64 // one more than the sender's last
}

// Output is one payment of a coinbase.
type Output struct {
	Recipient string
	Amount    int64
	Reason    string // "optimizer", "evaluator" or "block_generator"
}

// Share is one claim on a pool; weights below or equal to zero earn nothing.
type Share struct {
	PeerID string
	Weight int64
}

// Reward returns the newly minted units of the block at height; 0 for block 0 and once halving has
// used them up.
func Reward(height int64) int64 {
	if height <= 0 {
		return 0
	}
	n := height / HalvingInterval
	if n >= 63 {
		return 0
	}
	return InitialReward >> uint(n)
}

// Over returns a ledger that begins as l and holds only what is changed in it. l must not change as long as it is used.
// To discard the changes is to forget it.
func (l *Ledger) Over() *Ledger { return &Ledger{under: l, minted: l.minted, burned: l.burned} }

// Merged returns an independent ledger of the same accounts: a copy, whatever l lies over.
func (l *Ledger) Merged() *Ledger {
	if l.under == nil {
		return &Ledger{balances: maps.Clone(l.balances), nonces: maps.Clone(l.nonces), minted: l.minted, burned: l.burned}
	}
	m := l.under.Merged()
	m.minted, m.burned = l.minted, l.burned
	for peer, balance := range l.balances {
		m.set(peer, balance)
	}
	for peer, nonce := range l.nonces {
		m.setNonce(peer, nonce)
	}
	return m
}

// Balance returns the peer's balance.
func (l *Ledger) Balance(peer string) int64 {
	if v, ok := l.balances[peer]; ok || l.under == nil {
		return v
	}
	return l.under.Balance(peer)
}

// Nonce returns the nonce of the peer's last transfer, 0 before the first.
func (l *Ledger) Nonce(peer string) int64 {
	if v, ok := l.nonces[peer]; ok || l.under == nil {
		return v
	}
	return l.under.Nonce(peer)
}

// Minted and Burned return the totals since block 0; the supply is their difference.
func (l *Ledger) Minted() int64 { return l.minted }

// Burned returns the units destroyed since block 0.
func (l *Ledger) Burned() int64 { return l.burned }

// Supply returns the units in existence.
func (l *Ledger) Supply() int64 { return l.minted - l.burned }

// Peers returns the ids with a balance or a nonce, sorted.
func (l *Ledger) Peers() []string {
	if l.under != nil {
		l = l.Merged()
	}
	seen := make(map[string]struct{}, len(l.balances))
	for p := range l.balances {
		seen[p] = struct{}{}
	}
	for p := range l.nonces {
		seen[p] = struct{}{}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Restore sets one account while a stored ledger is read back.
func (l *Ledger) Restore(peer string, balance, nonce int64) error {
	if balance < 0 || balance > MaxSupply || nonce < 0 {
		return fmt.Errorf("ledger: account %q: balance %d, nonce %d: out of range", peer, balance, nonce)
	}
	if balance > 0 {
		l.credit(peer, balance)
	}
	if nonce > 0 {
		l.setNonce(peer, nonce)
	}
	return nil
}

// RestoreTotals sets the totals while a stored ledger is read back, and checks conservation. l lies over no other.
func (l *Ledger) RestoreTotals(minted, burned int64) error {
	var sum int64
	for _, b := range l.balances {
		if sum += b; sum > MaxSupply { // also keeps the sum from overflowing
			return fmt.Errorf("ledger: balances sum to more than the maximum supply")
		}
	}
	if minted < 0 || burned < 0 || minted > MaxSupply || sum != minted-burned {
		return fmt.Errorf("ledger: balances sum to %d, minted %d − burned %d", sum, minted, burned)
	}
	l.minted, l.burned = minted, burned
	return nil
}

// CheckTransfer reports why t cannot be applied, without applying it.
func (l *Ledger) CheckTransfer(t Transfer, baseFee int64) error {
	return t.Check(l.Balance(t.Sender), l.Nonce(t.Sender), baseFee)
}

// Check reports why a sender with a balance, whose last transfer had a nonce, cannot make this one, nil if it can.
func (t Transfer) Check(balance, nonce, baseFee int64) error {
	switch {
	case t.Amount <= 0 || t.Amount > MaxSupply:
		return fmt.Errorf("%w: %d", ErrAmount, t.Amount)
	case t.Fee < baseFee || t.Fee > MaxSupply:
		return fmt.Errorf("%w: %d, the base fee is %d", ErrFee, t.Fee, baseFee)
	case t.Sender == "" || t.Recipient == "" || t.Sender == t.Recipient:
		return ErrPeer
	case t.Nonce != nonce+1:
		return fmt.Errorf("%w: expected %d, got %d", ErrNonce, nonce+1, t.Nonce)
	case balance < t.Amount+t.Fee: // both ≤ MaxSupply: no overflow
		return fmt.Errorf("%w: %d < %d (amount + fee)", ErrBalance, balance, t.Amount+t.Fee)
	}
	return nil
}

// Transfer applies t. The fee leaves the sender and is returned for the block's coinbase: the caller
// must pay it out through Pay, else it is gone from the balances.
func (l *Ledger) Transfer(t Transfer, baseFee int64) (fee int64, err error) {
	if err := l.CheckTransfer(t, baseFee); err != nil {
		return 0, err
	}
	l.debit(t.Sender, t.Amount+t.Fee)
	l.credit(t.Recipient, t.Amount)
	l.setNonce(t.Sender, t.Nonce)
	return t.Fee, nil
}

// Burn destroys up to amount of the peer's balance and returns what it destroyed.
func (l *Ledger) Burn(peer string, amount int64) int64 {
	amount = min(amount, l.Balance(peer))
	if amount <= 0 {
		return 0
	}
	l.debit(peer, amount)
	l.burned += amount
	return amount
}

// Refund gives a peer what a Burn took of it: the burn is undone. It is 0 where less than amount was burned in all.
func (l *Ledger) Refund(peer string, amount int64) int64 {
	if amount <= 0 || amount > l.burned {
		return 0
	}
	l.burned -= amount
	l.credit(peer, amount)
	return amount
}

// Pay credits a coinbase. reward is the newly minted part; Σ outputs must equal reward + fees.
func (l *Ledger) Pay(outputs []Output, reward, fees int64) error {
	var sum int64
	for _, o := range outputs {
		if o.Amount <= 0 {
			return fmt.Errorf("ledger: coinbase output of %d to %q", o.Amount, o.Recipient)
		}
		sum += o.Amount
	}
	if sum != reward+fees || l.minted+reward > MaxSupply {
		return fmt.Errorf("ledger: coinbase pays %d, reward %d + fees %d", sum, reward, fees)
	}
	for _, o := range outputs {
		l.credit(o.Recipient, o.Amount)
	}
	l.minted += reward
	return nil
}

// Split divides total between the pools 65 % optimizers, 30 % evaluators, 5 % generator, each pool in
// proportion to weight. A pool without claimants, and every remainder, goes to the generator, so the
// outputs always sum to total. Outputs are merged per peer and reason and ordered: optimizers, then
// evaluators, each by peer id, then the generator.
func Split(total int64, optimizers, evaluators []Share, generator string) []Output {
	if total <= 0 {
		return nil
	}
	var out []Output
	paid := int64(0)
	pay := func(pool int64, shares []Share, reason string) {
		merged := make(map[string]int64)
		var weights int64
		for _, s := range shares {
			if s.Weight > 0 {
				merged[s.PeerID] += s.Weight
				weights += s.Weight
			}
		}
		for _, peer := range slices.Sorted(maps.Keys(merged)) {
			if a := mulDiv(pool, merged[peer], weights); a > 0 {
				out = append(out, Output{Recipient: peer, Amount: a, Reason: reason})
				paid += a
			}
		}
	}
	pay(mulDiv(total, 65, 100), optimizers, "optimizer")
	pay(mulDiv(total, 30, 100), evaluators, "evaluator")
	if rest := total - paid; rest > 0 {
		out = append(out, Output{Recipient: generator, Amount: rest, Reason: "block_generator"})
	}
	return out
}

func (l *Ledger) credit(peer string, amount int64) { l.set(peer, l.Balance(peer)+amount) }

func (l *Ledger) debit(peer string, amount int64) { l.set(peer, l.Balance(peer)-amount) }

// set changes a balance. One of zero is no account, except where it hides one that the ledger lies over.
func (l *Ledger) set(peer string, balance int64) {
	if balance == 0 && l.under == nil {
		delete(l.balances, peer)
		return
	}
	if l.balances == nil {
		l.balances = make(map[string]int64)
	}
	l.balances[peer] = balance
}

func (l *Ledger) setNonce(peer string, nonce int64) {
	if l.nonces == nil {
		l.nonces = make(map[string]int64)
	}
	l.nonces[peer] = nonce
}

// mulDiv returns ⌊a·b/c⌋ for 0 ≤ a, 0 ≤ b ≤ c, c > 0, with a 128-bit product.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}
