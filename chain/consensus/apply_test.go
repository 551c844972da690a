package consensus

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

func TestAcceptanceMakesBlock(t *testing.T) {
	w := newNetwork(t, 4)
	o, g := w.ids[0], w.ids[1]
	st := w.statement(o, -0.5)
	built := w.extend(g, 1*Micro, w.acceptance(st))

	r := built.Receipts.Tx[0]
	if r.Raw != 500_000 || r.Weight != Micro || r.Factor < 999_990 || r.Effective != 500_000*r.Factor/Micro || !r.Improved {
		t.Errorf("first acceptance: receipt %+v, want raw 500000 at full weight and factor", r)
	}
	if d := w.state.Domains[domain]; !d.HasBest || d.Best != -0.5 || d.OptimizerID != o {
		t.Errorf("champion = %+v", d)
	}
	if got := built.Block.Header.WeightedPerformanceSum; got != chain.MicroToFloat(built.Receipts.Sum) {
		t.Errorf("weighted_performance_sum = %v, want %d millionths", got, built.Receipts.Sum)
	}
	if got, want := w.state.Ledger.Balance(o), int64(50*ledger.Unit*65/100); got < want {
		t.Errorf("optimizer has %d, want at least %d", got, want)
	}
	if w.state.Ledger.Supply() != 50*ledger.Unit {
		t.Errorf("supply = %d", w.state.Ledger.Supply())
	}

	// −0.5 → −0.4 is 0.4 of the unit.
	built = w.extend(g, 1*Micro, w.acceptance(w.statement(o, -0.4)))
	if r := built.Receipts.Tx[0]; r.Raw != 399_999 {
		t.Errorf("raw increment of −0.5 → −0.4 = %d, want 399999", r.Raw)
	}
}

// TestLosingAcceptanceRefused: what does not beat its base, or not beyond noise, is no acceptance, and nobody gains or loses.
func TestLosingAcceptanceRefused(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[2], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	f := func(name string, performance float64, sums chain.Sums, ok bool) {
		t.Helper()
		st := w.statementWith(w.state.Champion(domain), w.ids[1], performance, sums)
		err := CheckTx(w.state, w.acceptance(st), w.state.TipTime+Micro)
		if (err == nil) != ok || !ok && (!errors.Is(err, ErrLoses) || !errors.Is(err, ErrTx)) {
			t.Errorf("%s: CheckTx = %v, want ok %v", name, err, ok)
		}
	}
	f("worse", -0.6, chain.Sums{}, false)
	f("equal", -0.5, chain.Sums{}, false)
	f("less than the minimum increment", -0.499, chain.Sums{}, false)
	f("the minimum increment, without cases", -0.498, chain.Sums{}, true)
	f("beyond noise", -0.4, chain.Sums{S1: 100, S2: "2000", N: 10}, true)   // z² = 9·10⁴ / 10⁴ = 9
	f("within noise", -0.4, chain.Sums{S1: 100, S2: "10000", N: 10}, false) // z² = 1
	f("beyond noise, below the minimum increment", -0.4995, chain.Sums{S1: 100, S2: "2000", N: 10}, false)
	f("worse case by case", -0.4, chain.Sums{S1: -100, S2: "2000", N: 10}, false)
}

// TestSuperseded: an acceptance stands on the champion that it names. Overtaken by another one it has no place, and nobody
// gains or loses by it; ahead of its base it waits.
func TestSuperseded(t *testing.T) {
	w := newNetwork(t, 5)
	a, b := w.statement(w.ids[0], -0.5), w.statement(w.ids[1], -0.4)
	on := w.statementOn(a.OptimaeID, w.ids[1], -0.3)
	far := w.statementOn(on.OptimaeID, w.ids[2], -0.2)
	f := func(what string, st *Statement, want error) {
		t.Helper()
		if err := CheckTx(w.state, w.acceptance(st), w.state.TipTime); !errors.Is(err, ErrTx) || !errors.Is(err, want) {
			t.Errorf("%s: CheckTx = %v, want %v", what, err, want)
		}
	}
	f("base that is not known", on, ErrEarly)

	// Whatever the order in the pool, what stands on each other goes into one block; of two with one base the first does.
	before := *w.state.Peers[w.ids[1]]
	superseded := w.acceptance(b)
	built := w.extend(w.ids[2], Micro, w.acceptance(far), w.acceptance(on), w.acceptance(a), superseded)
	if n := len(built.Block.Transactions); n != 3 || w.state.Champion(domain) != far.OptimaeID {
		t.Errorf("block has %d transactions and champion %.8s, want 3 and %.8s", n, w.state.Champion(domain), far.OptimaeID)
	}
	if err := built.Refused[superseded.ID]; len(built.Refused) != 1 || !errors.Is(err, ErrSuperseded) {
		t.Errorf("refused %v, want one superseded", built.Refused)
	}
	for i, want := range []string{"", a.OptimaeID, on.OptimaeID} {
		if got := built.Receipts.Tx[i].Base; got != want {
			t.Errorf("receipt %d has base %.8q, want %.8q", i, got, want)
		}
	}
	f("first claim, overtaken", b, ErrSuperseded)
	f("on a champion that was", w.statementOn(a.OptimaeID, w.ids[1], -0.1), ErrSuperseded)
	f("base that nobody knows", w.statementOn(strings.Repeat("ab", 32), w.ids[1], -0.1), ErrEarly)

	unvoted := w.statementOn(strings.Repeat("ab", 32), w.ids[1], -0.1)
	unvoted.Votes = unvoted.Votes[:1]
	if err := CheckTx(w.state, w.acceptance(unvoted), w.state.TipTime); !errors.Is(err, ErrTx) || errors.Is(err, ErrEarly) {
		t.Errorf("unknown base and too few votes: %v, want a refusal that does not wait", err)
	}

	// A champion older than the window is still told from one to come.
	for range Window {
		w.extend(w.ids[1], EmptyAfter*w.target)
	}
	if w.state.Settled(far.OptimaeID) {
		t.Fatal("the champion has not left the window, the test means nothing")
	}
	late := w.statement(w.ids[1], -0.1)
	w.extend(w.ids[2], Micro, w.acceptance(w.statement(w.ids[0], -0.15)))
	f("on an old champion", late, ErrSuperseded)

	// A claim that was rejected is nobody's base, whether or not there is a champion.
	lie := w.statement(w.ids[3], -0.01)
	for i, v := range lie.Votes {
		lie.Votes[i] = w.vote(lie, v.EvaluatorID, -0.9)
	}
	w.extend(w.ids[1], EmptyAfter*w.target, w.rejection(lie, lie.Votes[0].EvaluatorID))
	f("on a rejected claim", w.statementOn(lie.OptimaeID, w.ids[1], -0.01), ErrSuperseded)

	if p := w.state.Peers[w.ids[1]]; p.Rejected != before.Rejected || p.Accepted != before.Accepted+1 {
		t.Errorf("superseded optimizer: %+v, before %+v", p, before)
	}

	// A rejection may be recorded whatever the champion is: the lie stands by itself.
	stale := w.statementOn(a.OptimaeID, w.ids[3], -0.01)
	for i, v := range stale.Votes {
		stale.Votes[i] = w.vote(stale, v.EvaluatorID, -0.9)
	}
	w.extend(w.ids[1], EmptyAfter*w.target, w.rejection(stale, stale.Votes[0].EvaluatorID))
}

func TestBaseForm(t *testing.T) {
	w := newNetwork(t, 4)
	for _, base := range []string{"x", strings.Repeat("AB", 32), strings.Repeat("ab", 31)} {
		w.refused("base "+base, "base must be", w.acceptance(w.statementOn(base, w.ids[0], -0.5)))
	}
	own := w.statement(w.ids[0], -0.5)
	own.Base = own.OptimaeID
	w.refused("a claim as its own base", "base must be", w.acceptance(own))
	bare := w.acceptance(w.statement(w.ids[0], -0.5))
	bare.Payload.Delete("base")
	w.must(chain.SignTx(bare, w.keys[w.ids[0]], w.state.Rules().Network))
	w.refused("no base", "base", bare)
}

func TestRejection(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[2], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	liar := w.ids[3]
	st := w.statement(liar, -0.1)
	for i, v := range st.Votes {
		st.Votes[i] = w.vote(st, v.EvaluatorID, -0.9) // what they really found
	}
	before := w.state.Reputation(liar)
	reject := w.rejection(st, st.Votes[0].EvaluatorID)
	honest := w.acceptance(w.statement(w.ids[0], -0.4))
	w.extend(w.ids[1], Micro, reject, honest)
	if got := w.state.Reputation(liar); got > before-3*Micro+reputationAgreed { // it may have earned one vote's worth elsewhere in the block
		t.Errorf("reputation of the liar %d → %d, want −3", before, got)
	}
	if w.state.Domains[domain].Rejected != 1 {
		t.Error("rejection was not counted")
	}
	if err := CheckTx(w.state, w.acceptance(st), w.state.TipTime); !errors.Is(err, ErrTx) {
		t.Errorf("acceptance of a rejected optimae: %v", err)
	}
}

// TestRefusedTransactions: each case is one way to cheat; CheckTx must name it.
func TestRefusedTransactions(t *testing.T) {
	w := newNetwork(t, 4)
	o := w.ids[0]
	f := func(name, want string, tx *chain.Tx) {
		t.Helper()
		err := CheckTx(w.state, tx, w.state.TipTime)
		if !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: CheckTx = %v, want %q", name, err, want)
		}
	}
	st := w.statement(o, -0.5)
	need := Needed(len(st.Votes))

	few := *st
	few.Votes = st.Votes[:need-1]
	f("too few votes", "are needed", w.acceptance(&few))

	twice := *st
	twice.Votes = append([]*chain.Vote{st.Votes[0]}, st.Votes[0])
	f("one vote twice", "voted twice", w.acceptance(&twice))

	self := *st
	self.Votes = append([]*chain.Vote{w.vote(st, o, -0.5)}, st.Votes...)
	f("optimizer votes", "not in the quorum", w.acceptance(&self))

	other := *st
	stolen := w.statement(w.ids[1], -0.5)
	other.Votes = stolen.Votes
	if len(other.Votes) > 0 && other.Votes[0].EvaluatorID == o {
		other.Votes = other.Votes[1:]
	}
	f("votes about another optimae", "another optimae", w.acceptance(&other))

	forged := *st
	v := *st.Votes[0]
	v.Signature = st.Votes[1].Signature
	forged.Votes = append([]*chain.Vote{&v}, st.Votes[1:]...)
	f("forged vote", "signature", w.acceptance(&forged))

	better := *st
	better.Claim.Performance = -0.1 // votes say −0.5
	f("claim differs from the votes", "are needed", w.acceptance(&better))

	digest := *st
	digest.Claim.Digest = strings.Repeat("ab", 32)
	f("digest differs from the votes", "are needed", w.acceptance(&digest))

	refused := *st
	refused.Claim = Claim{Performance: 0, Digest: RefusedDigest}
	f("digest of a refused recipe", "refused recipe", w.acceptance(&refused))

	swapped := *st
	swapped.Parameters = canon.NewObject("genome", int64(7))
	f("other parameters", "not the commitment", w.acceptance(&swapped))

	thief := *st
	thief.OptimizerID = w.ids[1]
	f("somebody else's nonce", "nonce", w.acceptance(&thief))

	old := *st
	old.Anchor = strings.Repeat("0", 64)
	f("unknown anchor", "anchor", w.acceptance(&old))

	badSynthetic := *st
	badSynthetic.Votes = nil
	for _, v := range st.Votes {
		u := *v
		u.SyntheticScore, u.IncumbentScore = 1.06, 1
		w.must(chain.SignVote(&u, w.keys[u.EvaluatorID], w.state.Rules().Network))
		badSynthetic.Votes = append(badSynthetic.Votes, &u)
	}
	f("worse than the incumbent on synthetic data", "are needed", w.acceptance(&badSynthetic))

	unknown := w.acceptance(st)
	unknown.DomainID = "elsewhere"
	w.must(chain.SignTx(unknown, w.keys[o], w.state.Rules().Network))
	f("unknown domain", "unknown domain", unknown)

	foreign := w.acceptance(st)
	w.must(chain.SignTx(foreign, w.keys[o], strings.Repeat("f", 64)))
	f("signed for another network", "signature", foreign)

	unsigned := w.acceptance(st)
	unsigned.Signature, unsigned.PublicKey = "", ""
	f("unsigned", "not signed", unsigned)

	boast := w.acceptance(st)
	boast.Payload.Set("reported_performance", -0.1)
	w.must(chain.SignTx(boast, w.keys[o], w.state.Rules().Network))
	f("reported differs from verified", "reported", boast)

	edited := w.acceptance(st)
	edited.Payload.Set("incentive_reason", "more")
	f("payload edited under the id", "transaction id", edited)

	f("reference record", "no place", w.tx(chain.TxCandidateEvaluated, o, canon.NewObject()))
	f("transfer without money", "insufficient", w.tx(TxTransfer, o, TransferPayload(ledger.Transfer{Sender: o, Recipient: w.ids[1], Amount: 5, Fee: ledger.MinBaseFee, Nonce: 1})))
	f("registered twice", "registered already", w.tx(TxRegistered, o, canon.NewObject()))

	good := w.rejection(st, w.ids[1])
	f("rejection although all agree", "does not rule", good)
}

// TestRefusedBlocks re-signs each tampered block, so that only the rule under test can refuse it.
func TestRefusedBlocks(t *testing.T) {
	w := newNetwork(t, 4)
	g := w.ids[1]
	build := func() *chain.Block {
		b, err := Build(w.state, []*chain.Tx{w.acceptance(w.statement(w.ids[0], -0.5))}, w.state.TipTime+Micro, w.keys[g])
		w.must(err)
		return b.Block
	}
	f := func(name, want string, tamper func(b *chain.Block), signer string) {
		t.Helper()
		b := build()
		tamper(b)
		b.Header.GeneratorID = signer
		b.Seal()
		w.must(chain.SignBlock(b, w.keys[signer], w.state.Rules().Network))
		if _, _, err := Apply(w.state, b); !errors.Is(err, ErrBlock) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Apply = %v, want %q", name, err, want)
		}
	}
	f("threshold", "threshold", func(b *chain.Block) { b.Header.Threshold = 0.01 }, g)
	f("sum", "weighted sum", func(b *chain.Block) { b.Header.WeightedPerformanceSum = 0.6 }, g)
	f("height", "links", func(b *chain.Block) { b.Header.Index = 2 }, g)
	f("parent", "links", func(b *chain.Block) { b.Header.PreviousHash = strings.Repeat("1", 64) }, g)
	f("time", "timestamp", func(b *chain.Block) { b.Header.Timestamp = timestamp.FromMicro(w.state.TipTime) }, g)
	f("state root", "state root", func(b *chain.Block) { b.Ext.StateRoot = strings.Repeat("2", 64) }, g)
	f("empty", "below the threshold", func(b *chain.Block) { b.Transactions = nil }, g)
	f("transaction twice", "duplicate", func(b *chain.Block) { b.Transactions = append(b.Transactions, b.Transactions[0]) }, g)

	stranger := newNetwork(t, 6)
	w.keys[stranger.ids[5]] = stranger.keys[stranger.ids[5]]
	f("stranger", "not eligible", func(*chain.Block) {}, stranger.ids[5])

	b := build()
	b.Ext = nil
	if _, _, err := Apply(w.state, b); !errors.Is(err, ErrBlock) {
		t.Errorf("unsigned block: %v", err)
	}
	b = build()
	b.Ext.Signature = build().Ext.Signature
	if _, _, err := Apply(w.state, b); !errors.Is(err, ErrBlock) {
		t.Errorf("block with another's signature: %v", err)
	}
}

func TestReplay(t *testing.T) {
	w := newNetwork(t, 4)
	tx := w.acceptance(w.statement(w.ids[0], -0.5))
	w.extend(w.ids[1], Micro, tx)
	if err := CheckTx(w.state, tx, w.state.TipTime); !errors.Is(err, ErrTx) {
		t.Errorf("the same transaction again: %v", err)
	}
	// The same optimae in a new transaction.
	st, err := ParseAcceptance(tx)
	w.must(err)
	again := w.tx(TxAccepted, st.OptimizerID, AcceptancePayload(st, len(st.Votes), canon.NewObject("other", true), nil))
	if err := CheckTx(w.state, again, w.state.TipTime); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), "settled") {
		t.Errorf("the same optimae again: %v", err)
	}
	// Once the window has passed, the anchor is too old.
	for range Window {
		w.extend(w.ids[1], EmptyAfter*w.target)
	}
	if err := CheckTx(w.state, again, w.state.TipTime); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), "anchor") {
		t.Errorf("the same optimae after the window: %v", err)
	}
}

func TestEmptyBlock(t *testing.T) {
	w := newNetwork(t, 3)
	if _, err := Build(w.state, nil, w.state.TipTime+EmptyAfter*w.target-1, w.keys[w.ids[0]]); !errors.Is(err, ErrBelowThreshold) {
		t.Errorf("empty block too early: %v", err)
	}
	w.extend(w.ids[0], EmptyAfter*w.target)
	if w.state.Ledger.Supply() != 0 || w.state.Work != 0 {
		t.Error("an empty block was paid")
	}
}

// TestSmallIncrementsWait: the requirement is halved with each target time.
func TestSmallIncrementsWait(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -1)))
	tx := w.acceptance(w.statement(w.ids[0], -0.995)) // 2 %, weight 1.5
	if _, err := Build(w.state, []*chain.Tx{tx}, w.state.TipTime+Micro, w.keys[w.ids[1]]); !errors.Is(err, ErrBelowThreshold) {
		t.Fatalf("2 %% at once: %v", err)
	}
	built := w.extend(w.ids[1], w.target, tx)
	if built.Block.Header.Threshold > 0.03 {
		t.Errorf("threshold after one target time = %v, want half of 0.05", built.Block.Header.Threshold)
	}
}

func TestTransferAndRegistration(t *testing.T) {
	w := newNetwork(t, 4)
	late := newNetwork(t, 5)
	n := late.ids[4]
	w.keys[n] = late.keys[n]
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))

	register := func() *chain.Tx { return w.tx(TxRegistered, n, canon.NewObject()) }
	if err := CheckTx(w.state, register(), w.state.TipTime); !errors.Is(err, ErrTx) {
		t.Errorf("registration without money: %v", err)
	}
	pay := ledger.Transfer{Sender: w.ids[0], Recipient: n, Amount: ledger.Unit, Fee: ledger.MinBaseFee, Nonce: 1}
	supply := w.state.Ledger.Supply()
	w.extend(w.ids[1], Micro, w.tx(TxTransfer, w.ids[0], TransferPayload(pay)), register(), w.acceptance(w.statement(w.ids[0], -0.4)))
	if w.state.Peers[n].PublicKey == "" || w.state.Ledger.Balance(n) != ledger.Unit-ledger.Stake(ledger.MinBaseFee) {
		t.Errorf("registered peer %+v, balance %d", w.state.Peers[n], w.state.Ledger.Balance(n))
	}
	if got, want := w.state.Ledger.Supply(), supply+50*ledger.Unit-ledger.Stake(ledger.MinBaseFee); got != want {
		t.Errorf("supply = %d, want %d", got, want)
	}
	if has(w.state.Generators(), n) {
		t.Error("a newcomer without reputation is eligible although enough others are")
	}
}

// TestLeave: an evaluator leaves where the genesis file lets it and enough others stay, and comes back; neither transaction can be
// repeated, the state reads back the same, and a network without the parameter refuses it.
func TestLeave(t *testing.T) {
	w := newNetwork(t, 3)
	n := w.ids[2]
	leave := func(registered int64) *chain.Tx { return w.tx(TxLeft, n, LeavePayload(registered)) }
	refused := func(tx *chain.Tx, want string) {
		t.Helper()
		if err := CheckTx(w.state, tx, w.state.TipTime); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want %q", tx.Type, err, want)
		}
	}
	refused(leave(0), "does not let evaluators leave")
	g := *w.genesis
	g.Parameters.MayLeave = true
	g.Grants = []chain.Grant{{PeerID: n, Amount: "1"}}
	var err error
	if w.state, err = NewState(&g); err != nil {
		t.Fatal(err)
	}
	refused(leave(1), "is registered since height 0, not 1")
	refused(w.tx(TxLeft, n, canon.NewObject()), "registered")
	first := leave(0)
	w.extend(w.ids[1], EmptyAfter*w.target, first)
	if at, ok, left := w.state.RegisteredAt(n); ok || at != 0 || left != 1 || has(w.state.Generators(), n) || has(w.state.Registered(), n) {
		t.Fatalf("after leaving: registered at %d, %v, left at %d", at, ok, left)
	}
	again, err := ParseState(w.state.AppendCanonical(nil), w.state.Rules())
	if err != nil || again.Root() != w.state.Root() || !slices.Equal(again.Registered(), w.state.Registered()) {
		t.Fatalf("ParseState = %v, %v", again, err)
	}
	refused(leave(0), "is not registered")
	refused(w.tx(TxLeft, w.ids[1], LeavePayload(0)), "2 must stay")
	refused(w.tx(TxRegistered, n, canon.NewObject()), "left at height 1")
	refused(w.tx(TxRegistered, n, RegistrationPayload(2)), "left at height 1")
	back := w.tx(TxRegistered, n, RegistrationPayload(1))
	w.extend(w.ids[1], EmptyAfter*w.target, back)
	if at, ok, _ := w.state.RegisteredAt(n); !ok || at != 2 || !has(w.state.Generators(), n) {
		t.Fatalf("after coming back: registered at %d, %v", at, ok)
	}
	for range Window + 1 { // both are out of the window: only their heights stop them
		w.extend(w.ids[1], EmptyAfter*w.target)
	}
	refused(first, "is registered since height 2, not 0")
	w.extend(w.ids[1], EmptyAfter*w.target, leave(2))
	refused(back, "left at height")
}

// TestPureFunctionOfBlocks: the stored form of a state reads back to the same root, and replaying the
// blocks from genesis gives it again.
func TestPureFunctionOfBlocks(t *testing.T) {
	w := newNetwork(t, 5)
	for i := range 30 {
		o := w.ids[i%5]
		if i%7 == 6 {
			w.extend(o, EmptyAfter*w.target)
			continue
		}
		w.extend(w.ids[(i+1)%5], 5*Micro, w.acceptance(w.statement(o, float64(i-30)/8)))
		data := w.state.AppendCanonical(nil)
		back, err := ParseState(data, w.state.Rules())
		w.must(err)
		if back.Root() != w.state.Root() {
			t.Fatalf("block %d: stored state reads back differently", i+1)
		}
	}
	if w.state.FinalizedHeight != w.state.Height-6 {
		t.Errorf("finalized %d at height %d, want 6 below", w.state.FinalizedHeight, w.state.Height)
	}
	s, err := NewState(w.genesis)
	w.must(err)
	for _, b := range w.blocks {
		o, err := canon.ParseObject(canon.Default(b.Object()))
		w.must(err)
		b2, err := chain.BlockFromObject(o)
		w.must(err)
		if s, _, err = Apply(s, b2); err != nil {
			t.Fatal(err)
		}
	}
	if s.Root() != w.state.Root() {
		t.Error("replay gives another state")
	}
}
