package optimae

import (
	"errors"
	"fmt"

	"doin.network/node/chain/account"
	"doin.network/node/chain/streamlet"
)

// ErrRule is matched by the error for a transaction that the rules do not take.
var ErrRule = errors.New("optimae: against the rules")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRule}, args...)...)
}

// Context is what a block is, beside its transactions. Its hash covers no result of the rules.
type Context struct {
	Height, Slot int64
	Time         int64 // µs
	Hash, Beacon ID    // Hash: see Block.Seal
	Builder      string
	Signers      []string // of the certificate that it carries, its parent's, ascending: verified and of its electorates
	Final        int64    // highest block that certificates of the branch, the block's own included, show to be final
}

// A Receipt says what a transaction did to money.
type Receipt struct {
	Kind    Kind
	Deposit int64 // put down
	Burned  int64
}

// Result is how a claim ended, or that it begins again.
type Result uint8

// Results. Redrawn is the first undecided.
const (
	Accepted Result = iota
	NotBetter
	Overtaken
	Refused
	Redrawn
	Void
	Unrevealed
	Duplicate
	Settled // in the pool
)

var resultNames = [...]string{"accepted", "not better", "overtaken", "refused", "redrawn", "void", "unrevealed", "duplicate", "settled"}

func (r Result) String() string { return resultNames[r] }

// An Outcome is what became of a claim in a block.
type Outcome struct {
	Commitment     ID
	Domain, Author string
	Result         Result
	Performance    float64
	Solo           bool
	Increment      int64 // joined the pool, of a settled one
}

// Outcomes are what a block derived beside its receipts.
type Outcomes struct {
	Claims []Outcome
	Paid   []Payment
	Change *streamlet.Change
	Gone   []string // peers whose registration is over, and forgotten
}

// A Payment is money issued in a paying block.
type Payment struct {
	Peer  string
	Units int64
}

// Block applies the transactions of one block. It is not safe for concurrent use.
type Block struct {
	rules *Rules
	state State
	book  *account.Book
	ctx   Context
	t     Totals
	out   Outcomes
	taken int // transactions, and the bytes of their bodies
	bytes int
}

// Begin begins a block on the state of its parent, which it changes. The error matches ErrRule.
func (r *Rules) Begin(s State, ctx Context) (*Block, error) {
	b := &Block{rules: r, state: s, book: account.Open(s, ctx.Height, ctx.Slot), ctx: ctx}
	if !load(s, totalsKey(), &b.t) {
		return nil, refuse("the state has no genesis")
	}
	if ctx.Height != b.t.Height+1 || ctx.Slot <= b.t.Slot || ctx.Final >= ctx.Height || ctx.Final < 0 {
		return nil, refuse("block %d of slot %d, final %d, on block %d of slot %d", ctx.Height, ctx.Slot, ctx.Final, b.t.Height, b.t.Slot)
	}
	b.t.Height, b.t.Slot = ctx.Height, ctx.Slot
	b.t.Stamped[ctx.Height%stampWindow] = 0
	b.active(ctx.Builder)
	for _, peer := range ctx.Signers {
		b.active(peer)
	}
	return b, nil
}

// Seal gives the block the hash that the context lacked: who builds one knows it only when its transactions are chosen. No transaction
// looks at it.
func (b *Block) Seal(hash ID) { b.ctx.Hash = hash }

// Transact applies one transaction. After an error, which matches ErrRule or ErrFormat, nothing has changed, and a builder may
// leave the transaction out; in a block of somebody else's the error makes the block invalid.
func (b *Block) Transact(tx Tx) (Receipt, error) {
	body, err := tx.Parse()
	if err != nil {
		return Receipt{}, err
	}
	if _, err := account.ParseID(tx.From); err != nil {
		return Receipt{}, refuse("%v", err)
	}
	if err := b.admit(len(tx.Body)); err != nil {
		return Receipt{}, err
	}
	receipt, err := b.apply(tx.From, body)
	receipt.Kind = tx.Kind
	if err != nil {
		b.taken--
		b.bytes -= len(tx.Body)
		return receipt, fmt.Errorf("%v of %.16s: %w", tx.Kind, tx.From, err)
	}
	return receipt, nil
}

func (b *Block) apply(from string, body any) (Receipt, error) {
	switch m := body.(type) {
	case *Commit:
		return b.commit(from, m)
	case *Reveal:
		return b.reveal(from, m)
	case *Vote:
		return Receipt{}, b.vote(from, m.Commitment, m.Draw, &ballot{Hash: m.Hash, Score: m.Score, Incumbent: m.Incumbent})
	case *Refuse:
		return Receipt{}, b.vote(from, m.Commitment, m.Draw, &ballot{Kind: refusal})
	case *Abstain:
		return Receipt{}, b.vote(from, m.Commitment, m.Draw, &ballot{Kind: abstention})
	case *Open:
		return Receipt{}, b.reveals(from, m)
	case *Register:
		return b.register(from, m)
	case *Return:
		return Receipt{}, b.back(from, m)
	case *Fill:
		return b.fill(from, m)
	case *TwoBlocks:
		return b.twoBlocks(m)
	case *TwoVotes:
		return b.twoVotes(m)
	case *Appeal:
		return b.appeal(from, m)
	case *Unseal:
		return Receipt{}, b.unseal(from, m)
	default:
		return Receipt{}, b.leave(from, m.(*Leave))
	}
}

// End applies what a block derives after its transactions: windows, draws, settlement, pay, the change of the electorate.
func (b *Block) End() Outcomes {
	blocked := map[string]bool{} // domains with an earlier claim that is not settled
	for _, m := range b.open() {
		k := claimKey(m.Seq)
		if b.advance(m) {
			b.state.Delete(k)
			continue
		}
		if m.Phase == decided && !blocked[m.Domain] && b.settle(m) {
			b.state.Delete(k)
			continue
		}
		blocked[m.Domain] = true
		save(b.state, k, m)
	}
	b.pay()
	b.missing()
	b.forgetOld()
	b.refund()
	b.change()
	save(b.state, blockKey(b.ctx.Height), &passed{b.ctx.Hash})
	b.state.Delete(blockKey(b.ctx.Height - stampWindow - 1))
	save(b.state, totalsKey(), &b.t)
	if err := b.book.Close(); err != nil {
		panic("optimae: " + err.Error())
	}
	return b.out
}

// Apply is Begin, Transact of each and End. After an error, which names the transaction, the state must be thrown away.
func (r *Rules) Apply(s State, ctx Context, txs []Tx) ([]Receipt, Outcomes, error) {
	b, err := r.Begin(s, ctx)
	if err != nil {
		return nil, Outcomes{}, err
	}
	var receipts []Receipt
	for i, tx := range txs {
		receipt, err := b.Transact(tx)
		if err != nil {
			return nil, Outcomes{}, fmt.Errorf("transaction %d: %w", i, err)
		}
		receipts = append(receipts, receipt)
	}
	return receipts, b.End(), nil
}

func (b *Block) say(m *Claim, r Result, increment int64) {
	b.out.Claims = append(b.out.Claims, Outcome{m.Commitment, m.Domain, m.Author, r, m.Performance, m.Solo, increment})
}

// Book is the accounts as the block leaves them so far. Who moves money in it beside these rules moves none that is at stake or in
// escrow. End closes it.
func (b *Block) Book() *account.Book { return b.book }

// credit gives money to an account, or takes it off one that has it.
func (b *Block) credit(peer string, units int64) {
	switch id := accountOf(peer); {
	case units > 0:
		b.book.Pay(id, units)
	case units < 0 && b.book.Take(id, -units) != -units:
		panic(fmt.Sprintf("optimae: %d units that %s has not", -units, peer))
	}
}

// has is what an account has now.
func (b *Block) has(peer string) int64 { return b.book.Account(accountOf(peer)).Balance }

// Balance is what an account has between blocks, 0 for what is no peer id.
func Balance(s State, peer string) int64 {
	id, err := account.ParseID(peer)
	if err != nil {
		return 0
	}
	return account.Open(s, 0, 0).Account(id).Balance
}

// accountOf is the account of a peer that stands in a record: whoever comes into one has an id.
func accountOf(peer string) account.ID {
	id, err := account.ParseID(peer)
	if err != nil {
		panic("optimae: " + err.Error())
	}
	return id
}

// release ends a deposit: units of it to each of several peers, burned of it destroyed, the rest back to the author.
func (b *Block) release(m *Claim, to []string, units, burned int64) {
	for _, peer := range to {
		b.credit(peer, units)
	}
	b.book.Burn(burned)
	b.credit(m.Author, m.Deposit-units*int64(len(to))-burned)
	b.t.Escrow -= m.Deposit
	m.Deposit = 0
}

// over takes a claim off the open ones of its domain.
func (b *Block) over(m *Claim) {
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	d.Open--
	if m.Stamped {
		d.OpenStamped--
	}
	save(b.state, domainKey(m.Domain), &d)
}

// forget removes the votes of a claim.
func (b *Block) forget(m *Claim) {
	for _, k := range b.under(votesKey(m.Commitment)) {
		b.state.Delete(k)
	}
}

// under returns the keys with a prefix.
func (b *Block) under(p []byte) [][]byte { keys, _ := under(b.state, p); return keys }

// open returns the claims that are not over, in commit order.
func (b *Block) open() (all []*Claim) {
	b.state.Range(key('c'), func(_, v []byte) bool {
		m := new(Claim)
		if err := decode(v, m); err != nil {
			panic("optimae: claim: " + err.Error())
		}
		all = append(all, m)
		return true
	})
	return all
}
