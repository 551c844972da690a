package python

import (
	"slices"
	"strconv"

	"doin.network/node/chain"
)

// Transfer moves coins between peers.
type Transfer struct {
	Sender, Recipient string
	Amount, Fee       float64
	Nonce             int64 // 1 more than the sender's last
}

// ID returns the SHA-256 that names the transfer.
func (t Transfer) ID() string {
	return chain.TransferID(t.Sender, t.Recipient, t.Amount, t.Fee, t.Nonce)
}

// Holder is a peer and its balance.
type Holder struct {
	PeerID  string
	Balance float64
}

// Accounts are the balances and nonces that one node books for its own blocks; the chain does
// not carry them.
type Accounts struct {
	order    []string // peers in order of their first booking
	balances map[string]float64
	nonces   map[string]int64
	minted   float64
}

// NewAccounts returns empty accounts.
func NewAccounts() *Accounts {
	return &Accounts{balances: map[string]float64{}, nonces: map[string]int64{}}
}

// Balance returns the balance of a peer, 0 if it has none.
func (a *Accounts) Balance(peer string) float64 { return a.balances[peer] }

// Nonce returns the last nonce of a peer, 0 if it has none.
func (a *Accounts) Nonce(peer string) int64 { return a.nonces[peer] }

// Minted returns the total of the block rewards booked.
func (a *Accounts) Minted() float64 { return a.minted }

// Len returns the number of peers that were ever booked.
func (a *Accounts) Len() int { return len(a.order) }

func (a *Accounts) add(peer string, amount float64) {
	if _, known := a.balances[peer]; !known {
		a.order = append(a.order, peer)
	}
	a.balances[peer] += amount
}

// Mint books a coinbase.
func (a *Accounts) Mint(c Coinbase) {
	for _, o := range c.Outputs {
		a.add(o.Recipient, o.Amount)
	}
	a.minted += c.BlockReward
}

// Transfer books t or says why not. The fee is credited to nobody, and a negative amount
// passes when the fee is larger: both are the reference's.
func (a *Accounts) Transfer(t Transfer) (ok bool, reason string) {
	debit, balance := t.Amount+t.Fee, a.Balance(t.Sender)
	switch next := a.Nonce(t.Sender) + 1; {
	case debit <= 0:
		return false, "Amount must be positive"
	case balance < debit:
		return false, "Insufficient balance: " + fixed(balance, 8) + " < " + fixed(debit, 8) + " (amount + fee)"
	case t.Nonce != next:
		return false, "Invalid nonce: expected " + strconv.FormatInt(next, 10) + ", got " + strconv.FormatInt(t.Nonce, 10)
	}
	a.add(t.Sender, -debit)
	a.add(t.Recipient, t.Amount)
	a.nonces[t.Sender] = t.Nonce
	return true, ""
}

// Top returns the n largest balances, descending; equal ones in order of first booking.
func (a *Accounts) Top(n int) []Holder {
	all := make([]Holder, len(a.order))
	for i, peer := range a.order {
		all[i] = Holder{peer, a.balances[peer]}
	}
	slices.SortStableFunc(all, func(x, y Holder) int {
		switch {
		case x.Balance > y.Balance:
			return -1
		case x.Balance < y.Balance:
			return 1
		default:
			return 0
		}
	})
	return all[:max(0, min(n, len(all)))]
}
