package optimae

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
)

// memory is a State for tests.
type memory map[string][]byte

func (m memory) Get(k []byte) ([]byte, bool) { v, ok := m[string(k)]; return v, ok }
func (m memory) Put(k, v []byte)             { m[string(k)] = v }
func (m memory) Delete(k []byte)             { delete(m, string(k)) }
func (m memory) Range(p []byte, f func(k, v []byte) bool) {
	var keys []string
	for k := range m {
		if strings.HasPrefix(k, string(p)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !f([]byte(k), m[k]) {
			return
		}
	}
}

// world is one chain: every slot its leader builds, unless it is away.
type world struct {
	tb     testing.TB
	rules  *Rules
	state  memory
	slots  []int64 // of blocks by height
	slot   int64
	beacon ID
	final  int64
	away   map[string]bool
	seed   string
	out    []Outcome
	paid   []Payment
	skips  func(leader string, beacon ID) bool // whether a leader leaves its slot empty, nil for never
	drops  func(leader string, x Tx) bool      // whether it leaves a transaction out, nil for never
	began  func()                              // called as a block begins, nil for none
	mirror *state.Draft                        // changed as state is, nil for none
}

func newWorld(tb testing.TB, n int, seed string) *world {
	w := &world{tb: tb, state: memory{}, slots: []int64{0}, away: map[string]bool{}, seed: seed, beacon: sha256.Sum256([]byte(seed))}
	w.rules = &Rules{Network: "test", TargetTime: 20 * consensus.Micro, SlotTime: 2 * consensus.Micro, InitialThreshold: 100_000, StampBits: 4,
		Domains: map[string]DomainRules{"d": {DomainRules: consensus.DomainRules{Weight: consensus.Micro, PerformanceScale: 1, MinIncrement: 1_000},
			VerifyWindow: 20, Possible: consensus.Micro}}}
	evaluators, balances := map[string][]string{}, map[string]int64{}
	for i := range n {
		evaluators[name(i)], balances[name(i)] = []string{"d"}, 100*ledger.Unit
	}
	if err := w.rules.Genesis(w.state, 0, evaluators, balances); err != nil {
		tb.Fatal(err)
	}
	return w
}

// name is the id of evaluator i: ids ascend with i.
func name(i int) string { return fmt.Sprintf("%04x%036x", i, 0) }

// called is the id of a peer with a name of at most 20 bytes.
func called(name string) string {
	return fmt.Sprintf("%x", append([]byte(name), make([]byte, 20-len(name))...))
}

// step makes the next block of offered transactions, leaving out those that are not taken, and returns their errors.
func (w *world) step(txs ...Tx) []error {
	w.tb.Helper()
	for {
		w.slot++
		e := streamlet.NewElectorate(Electorate(w.state)...)
		leader := e.Leader(w.beacon, w.slot)
		if w.away[leader] || w.skips != nil && w.skips(leader, sha256.Sum256(append(w.beacon[:], leader...))) {
			continue
		}
		if w.drops != nil {
			txs = slices.DeleteFunc(slices.Clone(txs), func(x Tx) bool { return w.drops(leader, x) })
		}
		h := int64(len(w.slots))
		if h > 3 && w.slots[h-1] == w.slots[h-2]+1 && w.slots[h-2] == w.slots[h-3]+1 {
			w.final = h - 2
		}
		hash := ID(sha256.Sum256(fmt.Appendf(nil, "%s block %d %d", w.seed, h, w.slot)))
		w.beacon = sha256.Sum256(append(w.beacon[:], leader...))
		signers := slices.DeleteFunc(slices.Clone(e.Peers()), func(peer string) bool { return w.away[peer] })
		if w.began != nil {
			w.began()
		}
		var s State = w.state
		if w.mirror != nil {
			s = both{w.state, w.mirror}
		}
		b, err := w.rules.Begin(s, Context{h, w.slot, w.slot * w.rules.SlotTime, hash, w.beacon, leader, signers, w.final})
		if err != nil {
			w.tb.Fatal(err)
		}
		var errs []error
		for _, tx := range txs {
			before, money := maps.Clone(w.state), w.money(b, tx.From)
			_, err := b.Transact(tx)
			if err != nil && (!maps.EqualFunc(before, w.state, slices.Equal) || !maps.Equal(money, w.money(b, tx.From))) {
				w.tb.Fatalf("%v was refused and changed the state", tx.Kind)
			}
			errs = append(errs, err)
		}
		out := b.End()
		w.slots, w.out, w.paid = append(w.slots, w.slot), append(w.out, out.Claims...), append(w.paid, out.Paid...)
		w.conserved()
		return errs
	}
}

// money is what the accounts of the state, and one more, hold during a block, beside the units minted and burned.
func (w *world) money(b *Block, one string) map[string]int64 {
	all := map[string]int64{"minted": b.book.Minted(), "burned": b.book.Burned()}
	w.state.Range([]byte{'a'}, func(k, _ []byte) bool {
		peer := account.ID(k[1:]).String()
		all[peer] = b.has(peer)
		return true
	})
	if _, err := account.ParseID(one); err == nil {
		all[one] = b.has(one)
	}
	return all
}

// burned is how much has been destroyed so far.
func (w *world) burned() int64 { return account.Open(w.state, 0, 0).Burned() }

func (w *world) totals() (t Totals) { load(w.state, totalsKey(), &t); return t }

// conserved checks that no money came or went but what was issued and burned, and that what is counted as locked is there.
func (w *world) conserved() {
	w.tb.Helper()
	t := w.totals()
	var sum, stakes, escrow, pooled int64
	w.state.Range([]byte{'a'}, func(_, v []byte) bool {
		a, err := account.ParseAccount(v)
		if err != nil {
			w.tb.Fatalf("seed %s: an account of %d, %v", w.seed, a.Balance, err)
		}
		sum += a.Balance
		return true
	})
	book := account.Open(w.state, 0, 0)
	minted, burned := book.Minted(), book.Burned()
	w.state.Range(key('p'), func(_, v []byte) bool { var p Peer; _ = decode(v, &p); stakes += p.Stake; return true })
	w.state.Range(key('q'), func(_, v []byte) bool { var s share; _ = decode(v, &s); pooled += s.Left; return true })
	for _, m := range w.claims() {
		escrow += m.Deposit + m.Appeal.Deposit
	}
	if stakes != t.Stakes || escrow != t.Escrow || pooled != t.Pooled || sum+escrow+stakes != minted-burned {
		w.tb.Fatalf("seed %s, block %d: accounts %d, stakes %d (%d), escrow %d (%d), pool %d (%d), issued %d, burned %d",
			w.seed, t.Height, sum, stakes, t.Stakes, escrow, t.Escrow, pooled, t.Pooled, minted, burned)
	}
}

func (w *world) claims() (all []*Claim) {
	w.state.Range(key('c'), func(_, v []byte) bool {
		m := new(Claim)
		if err := decode(v, m); err != nil {
			w.tb.Fatal(err)
		}
		all = append(all, m)
		return true
	})
	return all
}

// truth is what a re-run of a recipe gives: its text says how good it is.
func truth(recipe string) Finding {
	var milli int64
	fmt.Sscanf(recipe, "%d", &milli)
	return Finding{Digest: sha256.Sum256([]byte(recipe)), Performance: float64(milli) / 1000}
}

func promise(from, recipe string) (commit, reveal Tx, commitment ID) {
	nonce := from + recipe
	commitment = Commitment(recipe, nonce)
	return NewTx(from, &Commit{Domain: "d", Commitment: commitment}), NewTx(from, &Reveal{commitment, recipe, nonce}), commitment
}

func (w *world) voteTx(m *Claim, peer string, f Finding) Tx {
	return NewTx(peer, &Vote{Commitment: m.Commitment, Draw: m.DrawHash, Hash: w.rules.VoteHash(m.Commitment, m.DrawHash, peer, f)})
}

func (w *world) openTx(m *Claim, peer string, f Finding) Tx {
	return NewTx(peer, &Open{m.Commitment, m.DrawHash, f})
}

// until makes empty blocks until the claim is in a phase, and returns it.
func (w *world) until(c ID, phase uint8) *Claim {
	w.tb.Helper()
	for range 200 {
		for _, m := range w.claims() {
			if m.Commitment == c && m.Phase == phase && (phase != waiting || m.Begun > 0) {
				return m
			}
		}
		w.step()
	}
	w.tb.Fatalf("claim %s never came to phase %d", short(c), phase)
	return nil
}

// toVote brings a recipe to its vote.
func (w *world) toVote(author, recipe string) *Claim {
	w.tb.Helper()
	commit, reveal, c := promise(author, recipe)
	w.good(w.step(commit))
	w.until(c, waiting)
	w.good(w.step(reveal))
	return w.until(c, voting)
}

// toOpen lets all members vote for f of their own.
func (w *world) toOpen(m *Claim, f func(peer string) Finding) *Claim {
	w.tb.Helper()
	var txs []Tx
	for _, peer := range m.Members {
		txs = append(txs, w.voteTx(m, peer, f(peer)))
	}
	w.good(w.step(txs...))
	return w.until(m.Commitment, opening)
}

func (w *world) good(errs []error) {
	w.tb.Helper()
	for _, err := range errs {
		if err != nil {
			w.tb.Fatal(err)
		}
	}
}

// result is how a claim ended, and whether it has.
func (w *world) result(c ID) (r Result, ok bool) {
	for _, o := range w.out {
		if o.Commitment == c && o.Result != Redrawn && o.Result != Settled {
			return o.Result, true
		}
	}
	return 0, false
}

var _ State = memory{}
