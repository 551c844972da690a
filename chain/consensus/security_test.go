package consensus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// TestSecurity has one subtest per security system whose rule is consensus: the property, the attack, the refusal.
// The systems that need a node (commit and reveal, finality, anchors, fork choice, seeds) are in chain/engine too.
func TestSecurity(t *testing.T) {
	t.Run("commit_reveal", testCommitReveal)
	t.Run("quorum", testQuorum)
	t.Run("asymmetric_reputation", testAsymmetricReputation)
	t.Run("resource_limits", testResourceLimits)
	t.Run("finality", testFinality)
	t.Run("decay", testDecay)
	t.Run("minimum_reputation", testMinimumReputation)
	t.Run("fork_choice", testForkChoice)
	t.Run("seeds", testSeeds)
}

// refused checks that a transaction is refused for the named reason and leaves the state as it was.
func (w *network) refused(name, want string, tx *chain.Tx) {
	w.t.Helper()
	root := w.state.Root()
	if err := CheckTx(w.state, tx, w.state.TipTime); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want) {
		w.t.Errorf("%s: CheckTx = %v, want %q", name, err, want)
	}
	if w.state.Root() != root {
		w.t.Errorf("%s: CheckTx changed the state", name)
	}
}

// testCommitReveal: a commitment belongs to who drew its nonce. The attack takes somebody's published parameters
// and nonce and claims them first.
func testCommitReveal(t *testing.T) {
	w := newNetwork(t, 5)
	st := w.statement(w.ids[0], -0.5)
	thief := *st
	thief.OptimizerID = w.ids[1]
	w.refused("stolen reveal", "nonce does not begin", w.acceptance(&thief))
	thief.Nonce = Nonce(w.ids[1], [16]byte{1})
	w.refused("stolen with a nonce of the thief's own", "not the commitment", w.acceptance(&thief))
	changed := *st
	changed.Parameters = canon.NewObject("genome", "better")
	w.refused("parameters changed after the commit", "not the commitment", w.acceptance(&changed))
}

// testQuorum: only the drawn members decide, each once. The attacks pack the vote.
func testQuorum(t *testing.T) {
	w := newNetwork(t, 8)
	st := w.statement(w.ids[0], -0.5)
	var outsiders []*chain.Vote
	for _, id := range w.ids[1:] {
		if !slices.ContainsFunc(st.Votes, func(v *chain.Vote) bool { return v.EvaluatorID == id }) {
			outsiders = append(outsiders, w.vote(st, id, -0.5))
		}
	}
	f := func(name, want string, votes ...*chain.Vote) {
		t.Helper()
		packed := *st
		packed.Votes = votes
		w.refused(name, want, w.acceptance(&packed))
	}
	f("outsiders", "not in the quorum", outsiders...)
	f("optimizer", "not in the quorum", w.vote(st, w.ids[0], -0.5), st.Votes[0])
	f("one member twice", "voted twice", st.Votes[0], st.Votes[0])
	f("one member", "1 of 3 agree, 2 are needed", st.Votes[0])
	f("disagreement", "1 of 3 agree, 2 are needed", st.Votes[0], w.vote(st, st.Votes[1].EvaluatorID, -0.6))
	if err := CheckTx(w.state, w.acceptance(st), w.state.TipTime); err != nil {
		t.Errorf("the quorum itself: %v", err)
	}
}

// testAsymmetricReputation: a lie costs more than an honest act earns, for optimizers and for evaluators; who only
// drew an unlucky sample is not charged.
func testAsymmetricReputation(t *testing.T) {
	w := newNetwork(t, 5)
	o := w.ids[0]
	scores := func() map[string]int64 {
		m := map[string]int64{}
		for _, id := range w.ids {
			m[id] = w.state.Peers[id].Reputation.Score
		}
		return m
	}
	f := func(name, id string, before map[string]int64, want int64) {
		t.Helper()
		got := w.state.Peers[id].Reputation.Score - before[id]
		if got > want || got < want-10_000 { // less what decays meanwhile
			t.Errorf("%s: reputation changed by %d, want %d", name, got, want)
		}
	}

	st := w.statement(o, -0.5)
	liar := st.Votes[2].EvaluatorID
	st.Votes[2] = w.vote(st, liar, -0.7)
	before := scores()
	w.extend(w.ids[1], Micro, w.tx(TxAccepted, o, AcceptancePayload(st, 2, nil, nil)))
	f("accepted", o, before, reputationAccepted)
	f("agreeing evaluator", st.Votes[0].EvaluatorID, before, reputationAgreed)
	f("lying evaluator", liar, before, -reputationDivergent)

	st = w.statement(o, -0.4)
	unlucky := *st.Votes[2]
	unlucky.SyntheticScore, unlucky.IncumbentScore = 2, 1
	w.must(chain.SignVote(&unlucky, w.keys[unlucky.EvaluatorID], w.state.Rules().Network))
	st.Votes[2] = &unlucky
	before = scores()
	w.extend(w.ids[1], Micro, w.tx(TxAccepted, o, AcceptancePayload(st, 2, nil, nil)))
	f("evaluator with an unlucky sample", unlucky.EvaluatorID, before, 0)

	st = w.statement(o, -0.1)
	for i, v := range st.Votes[:2] {
		st.Votes[i] = w.vote(st, v.EvaluatorID, -0.9)
	}
	before = scores()
	w.extend(w.ids[1], EmptyAfter*w.target, w.rejection(st, st.Votes[0].EvaluatorID))
	f("rejected", o, before, -reputationRejected)
	f("evaluator who confirmed a false claim", st.Votes[2].EvaluatorID, before, -reputationDivergent)
	st = w.statement(o, -0.1) // two unlucky samples reject it, without anybody having lied about bits
	for i, v := range st.Votes[:2] {
		u := *v
		u.SyntheticScore, u.IncumbentScore = 2, 1
		w.must(chain.SignVote(&u, w.keys[u.EvaluatorID], w.state.Rules().Network))
		st.Votes[i] = &u
	}
	before = scores()
	w.extend(w.ids[1], EmptyAfter*w.target, w.rejection(st, st.Votes[0].EvaluatorID))
	f("evaluator with a lucky sample", st.Votes[2].EvaluatorID, before, 0)

	if !(reputationRejected > reputationAccepted && reputationDivergent > reputationAgreed) {
		t.Error("gains are not smaller than losses")
	}
}

// testResourceLimits: what a block can carry is bounded in number, bytes and depth, per block and per peer.
func testResourceLimits(t *testing.T) {
	w := newNetwork(t, 5)
	o := w.ids[0]
	st := w.statement(o, -0.5)
	big := w.acceptance(st)
	big.Payload.Set("filler", strings.Repeat("x", MaxTxBytes))
	w.must(chain.SignTx(big, w.keys[o], w.state.Rules().Network))
	w.refused("transaction too large", "bytes, at most", big)

	nested := func(n int) any {
		v := any(int64(1))
		for range n {
			v = []any{v}
		}
		return v
	}
	deep := w.acceptance(st)
	deep.Payload.Set("filler", nested(MaxPayloadDepth))
	w.must(chain.SignTx(deep, w.keys[o], w.state.Rules().Network))
	w.refused("payload too deep", "deep, at most", deep)
	st.Parameters = canon.NewObject("genome", nested(MaxParametersDepth))
	st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
	w.refused("parameters too deep", "deep, at most", w.acceptance(st))
	st.Parameters = canon.NewObject("genome", strings.Repeat("x", MaxParametersBytes))
	st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
	w.refused("parameters too large", "bytes, at most", w.acceptance(st))

	// The largest depth allowed survives the deepest envelope it travels in.
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(o, -0.5)))
	st = w.statement(o, -0.1)
	for i, v := range st.Votes {
		st.Votes[i] = w.vote(st, v.EvaluatorID, -0.9)
	}
	ok := w.rejection(st, st.Votes[0].EvaluatorID)
	ok.Payload.Set("filler", nested(MaxPayloadDepth-1))
	w.must(chain.SignTx(ok, w.keys[ok.PeerID], w.state.Rules().Network))
	built := w.extend(w.ids[1], EmptyAfter*w.target, ok)
	if _, err := canon.ParseObject(canon.Default(canon.NewObject("blocks", []any{built.Block.Object()}))); err != nil {
		t.Errorf("a valid block cannot be read back: %v", err)
	}

	// The block as a whole is bounded too, for who builds it and for who receives it.
	var heavy []*chain.Tx
	for i := range MaxBlockBytes/MaxTxBytes + 4 {
		p := TransferPayload(ledger.Transfer{Sender: o, Recipient: w.ids[3], Amount: 1, Fee: ledger.MinBaseFee, Nonce: int64(i + 1)})
		heavy = append(heavy, w.tx(TxTransfer, o, p.Set("filler", strings.Repeat("x", MaxTxBytes-2000))))
	}
	light := w.tx(TxTask, w.ids[2], TaskPayload(st.OptimaeID, w.state.Tip))
	full, err := Build(w.state, append(heavy, light), w.state.TipTime+EmptyAfter*w.target, w.keys[w.ids[1]])
	w.must(err)
	if n := len(full.Block.Transactions); n != MaxBlockBytes/MaxTxBytes+1 || full.Block.Transactions[n-1] != light {
		t.Errorf("%d transactions, want as many heavy ones as fit and the light one", n)
	}
	full.Block.Transactions = heavy
	full.Block.Seal()
	w.must(chain.SignBlock(full.Block, w.keys[w.ids[1]], w.state.Rules().Network))
	if _, _, err := Apply(w.state, full.Block); !errors.Is(err, ErrBlock) || !strings.Contains(err.Error(), "full") {
		t.Errorf("block of too many bytes: %v", err)
	}

	// One peer gets MaxPeerTx places and the rest of the block stays free.
	var pending []*chain.Tx
	for i := range MaxPeerTx + 5 {
		pending = append(pending, w.tx(TxTransfer, o, TransferPayload(ledger.Transfer{Sender: o, Recipient: w.ids[3],
			Amount: 1, Fee: ledger.MinBaseFee, Nonce: int64(i + 1)})))
	}
	pending = append(pending, w.tx(TxTask, w.ids[2], TaskPayload(st.OptimaeID, w.state.Tip)))
	full, err = Build(w.state, pending, w.state.TipTime+EmptyAfter*w.target, w.keys[w.ids[1]])
	w.must(err)
	if n := len(full.Block.Transactions); n != MaxPeerTx+1 {
		t.Errorf("block has %d transactions, want %d of one peer and one of another", n, MaxPeerTx)
	}

	// Served inferences, which are free, get MaxBlockTasks places of all peers together.
	var tasks []*chain.Tx
	for i := range 4 * MaxBlockTasks {
		tasks = append(tasks, w.tx(TxTask, w.ids[i%5], TaskPayload(fmt.Sprintf("%064x", i), w.state.Tip)))
	}
	served, err := Build(w.state, tasks, w.state.TipTime+EmptyAfter*w.target, w.keys[w.ids[1]])
	w.must(err)
	if n := len(served.Block.Transactions); n != MaxBlockTasks {
		t.Errorf("block has %d served inferences, want %d", n, MaxBlockTasks)
	}
	// More of them than the block holds are refused on receipt, whatever the generator says.
	full.Block.Transactions = append(full.Block.Transactions, pending[MaxPeerTx])
	full.Block.Seal()
	w.must(chain.SignBlock(full.Block, w.keys[w.ids[1]], w.state.Rules().Network))
	if _, _, err := Apply(w.state, full.Block); !errors.Is(err, ErrBlock) || !strings.Contains(err.Error(), "of one peer") {
		t.Errorf("block with too many transactions of one peer: %v", err)
	}
}

// testFinality: nothing is final before it is deep and certified by two thirds. The attack is one peer who makes all
// blocks.
func testFinality(t *testing.T) {
	w := newNetwork(t, 4)
	for range 12 {
		w.extend(w.ids[0], EmptyAfter*w.target)
	}
	if w.state.FinalizedHeight > 0 {
		t.Errorf("one peer of four finalized block %d", w.state.FinalizedHeight)
	}
	w.extend(w.ids[1], EmptyAfter*w.target)
	w.extend(w.ids[2], EmptyAfter*w.target)
	if want := w.state.Height - w.state.Rules().FinalityDepth; w.state.FinalizedHeight != want {
		t.Errorf("three of four finalized %d, want %d", w.state.FinalizedHeight, want)
	}
	if r := w.state.Recent[w.state.FinalizedHeight]; r.Hash != w.state.FinalizedHash {
		t.Error("finalized hash is not the block's")
	}
}

// testDecay: reputation is lost by doing nothing. The attack is to earn once and live on it.
func testDecay(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	idle := w.ids[0]
	before := w.state.Reputation(idle)
	w.extend(w.ids[1], ReputationHalfLife)
	if got := w.state.Reputation(idle); got > before/2 || got < before/2-1 {
		t.Errorf("after a half-life %d of %d is left", got, before)
	}
	if ReputationFactor(w.state.Reputation(idle)) >= ReputationFactor(before) {
		t.Error("an idle optimizer is credited as much as before")
	}
	w.extend(w.ids[1], 70*ReputationHalfLife)
	if got := w.state.Reputation(idle); got != 0 {
		t.Errorf("after 70 half-lives %d is left", got)
	}
}

// testMinimumReputation: who has fallen below the minimum neither votes nor makes blocks, as long as enough others
// are left. The attack is a liar who keeps playing.
func testMinimumReputation(t *testing.T) {
	w := newNetwork(t, 6)
	liar := w.ids[5]
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.9)))
	for i := range 4 {
		st := w.statement(liar, -0.1)
		for i, v := range st.Votes {
			st.Votes[i] = w.vote(st, v.EvaluatorID, -1)
		}
		w.extend(w.ids[1+i%3], Micro, w.rejection(st, st.Votes[0].EvaluatorID), w.acceptance(w.statement(w.ids[0], -0.8+float64(i)/10)))
	}
	if got := w.state.Reputation(liar); got >= MinReputation {
		t.Fatalf("reputation of the liar is %d, the test means nothing", got)
	}
	if slices.Contains(w.state.Generators(), liar) {
		t.Error("the liar may still make blocks")
	}
	for range 50 {
		for _, v := range w.statement(w.ids[0], -0.05).Votes {
			if v.EvaluatorID == liar {
				t.Fatal("the liar was drawn into a quorum")
			}
		}
	}
	built, err := Build(w.state, nil, w.state.TipTime+EmptyAfter*w.target, w.keys[liar])
	w.must(err)
	if _, _, err := Apply(w.state, built.Block); !errors.Is(err, ErrBlock) || !strings.Contains(err.Error(), "not eligible") {
		t.Errorf("block of the liar: %v", err)
	}
}

// testForkChoice: certified work decides, not length. The attack is a longer chain of empty blocks.
func testForkChoice(t *testing.T) {
	w := newNetwork(t, 4)
	fork := w.state
	w.extend(w.ids[0], Micro, w.acceptance(w.statement(w.ids[1], -0.5)))
	worked, first := w.state, w.blocks[0]
	w.state, w.blocks = fork, nil
	for range 5 {
		w.extend(w.ids[2], EmptyAfter*w.target)
	}
	if !Better(worked, w.state, first, w.blocks[0]) || Better(w.state, worked, w.blocks[0], first) {
		t.Error("five empty blocks beat one with work")
	}
	// Work cannot be claimed: the header's sum is recomputed.
	empty := *w.blocks[0]
	empty.Header.WeightedPerformanceSum = 1000
	empty.Seal()
	w.must(chain.SignBlock(&empty, w.keys[w.ids[2]], fork.Rules().Network))
	if _, _, err := Apply(fork, &empty); !errors.Is(err, ErrBlock) || !strings.Contains(err.Error(), "weighted sum") {
		t.Errorf("claimed work: %v", err)
	}
}

// testSeeds: the training seed is a function of the commitment, so a result cannot be moved to another seed: a new nonce
// is a new optimae, for which old votes are worth nothing.
func testSeeds(t *testing.T) {
	w := newNetwork(t, 5)
	st := w.statement(w.ids[0], -0.5)
	again := *st
	again.Nonce = Nonce(w.ids[0], [16]byte{9, 9})
	w.refused("other nonce, same id", "not the commitment", w.acceptance(&again))
	again.OptimaeID = chain.Commitment(again.Parameters, again.Nonce)
	if chain.DeterministicSeed(st.OptimaeID, domain, "") == chain.DeterministicSeed(again.OptimaeID, domain, "") {
		t.Fatal("two nonces, one seed")
	}
	again.Votes = nil
	members, _ := w.state.Members(again.Anchor, again.OptimaeID, again.OptimizerID)
	for _, v := range st.Votes {
		if slices.Contains(members, v.EvaluatorID) {
			again.Votes = append(again.Votes, v)
		}
	}
	if len(again.Votes) == 0 {
		t.Fatal("the quorums share nobody, the test means nothing")
	}
	w.refused("votes for another seed", "about another optimae", w.acceptance(&again))
}

// TestEarlyTransfer: a transfer that waits for earlier ones is told from one that can never be valid, so that a pool
// cannot be filled with transfers of peers who have nothing.
func TestEarlyTransfer(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	rich := w.ids[0]
	stranger := newNetwork(t, 6)
	poor := stranger.ids[5]
	w.keys[poor] = stranger.keys[poor]
	f := func(sender string, amount, fee, nonce int64, early bool) {
		t.Helper()
		tx := w.tx(TxTransfer, sender, TransferPayload(ledger.Transfer{Sender: sender, Recipient: w.ids[2], Amount: amount, Fee: fee, Nonce: nonce}))
		if err := CheckTx(w.state, tx, w.state.TipTime); errors.Is(err, ErrEarly) != early {
			t.Errorf("transfer of %d, fee %d, nonce %d: %v, want early %v", amount, fee, nonce, err, early)
		}
	}
	f(rich, 5, ledger.MinBaseFee, 1, false)
	f(rich, 5, ledger.MinBaseFee, 2, true)
	f(rich, 5, ledger.MinBaseFee, MaxPeerTx, true)
	f(rich, 5, ledger.MinBaseFee, MaxPeerTx+1, false)
	f(rich, 5, 0, 2, false)
	f(rich, ledger.MaxSupply, ledger.MinBaseFee, 2, false)
	f(rich, 5, 1<<62, 2, false)
	f(poor, 5, ledger.MinBaseFee, 2, false)
}

// TestTaskReplay: a served inference counts once, also after its block has left the window.
func TestTaskReplay(t *testing.T) {
	w := newNetwork(t, 4)
	tx := w.tx(TxTask, w.ids[0], TaskPayload(strings.Repeat("ab", 32), w.state.Tip))
	w.extend(w.ids[1], EmptyAfter*w.target, tx)
	for range Window {
		w.refused("replay", "task_completed: anchor", w.tx(TxTask, w.ids[0], TaskPayload(strings.Repeat("ab", 32), strings.Repeat("0", 64))))
		if err := CheckTx(w.state, tx, w.state.TipTime); !errors.Is(err, ErrTx) {
			t.Fatalf("replay at height %d: %v", w.state.Height, err)
		}
		w.extend(w.ids[1], EmptyAfter*w.target)
	}
	w.refused("replay after the window", "anchor", tx)
	if got := w.state.Domains[domain].Inferences; got != 1 {
		t.Errorf("%d inferences, want 1", got)
	}
}

// TestForeignData: a recipe that names other data than the genesis file's is refused.
func TestForeignData(t *testing.T) {
	w := newNetwork(t, 4)
	w.genesis.Domains[0].DataHash = strings.Repeat("d", 64)
	s, err := NewState(w.genesis)
	w.must(err)
	w.state = s
	for _, c := range []struct {
		hash any
		want string
	}{{strings.Repeat("e", 64), "other data"}, {int64(3), "other data"}, {strings.Repeat("d", 64), ""}} {
		st := w.statement(w.ids[0], -0.5)
		st.Parameters = canon.NewObject("genome", int64(1), "data_hash", c.hash)
		st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
		st.Votes = nil
		members, _ := w.state.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
		for _, m := range members {
			st.Votes = append(st.Votes, w.vote(st, m, -0.5))
		}
		if err := CheckTx(w.state, w.acceptance(st), w.state.TipTime); fmt.Sprint(err) != "<nil>" && !strings.Contains(err.Error(), c.want) || (err == nil) != (c.want == "") {
			t.Errorf("data hash %v: %v, want %q", c.hash, err, c.want)
		}
	}
}

// TestForgedSums: what a claim says of its comparison with its base counts only as far as the members' own runs gave the same, and
// a vote speaks about the base it was made against.
func TestForgedSums(t *testing.T) {
	w := newNetwork(t, 5)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	base := w.state.Champion(domain)
	honest, forged := chain.Sums{S1: 10, S2: "2000", N: 10}, chain.Sums{S1: 100, S2: "2000", N: 10}
	f := func(name, want string, st *Statement) {
		t.Helper()
		if err := CheckTx(w.state, w.acceptance(st), w.state.TipTime+Micro); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: CheckTx = %v, want %q", name, err, want)
		}
	}
	st := w.statementWith(base, w.ids[0], -0.4, honest)
	st.Claim.Sums = forged // the votes say what the members found
	f("forged by the author", "0 of 3 agree", st)
	if agreed, divergent, _, err := st.tally(w.state, true); err != nil || len(agreed) != 0 || len(divergent) != 3 {
		t.Errorf("tally of forged sums = %v agree, %v diverge, %v; want 0 and 3", agreed, divergent, err)
	}
	if err := CheckTx(w.state, w.rejection(st, st.Votes[0].EvaluatorID), w.state.TipTime+Micro); err != nil {
		t.Errorf("rejection of forged sums: %v", err)
	}

	st = w.statementWith(base, w.ids[0], -0.4, forged)
	v := *st.Votes[0]
	v.Sums = honest // signed for others
	st.Votes[0] = &v
	f("forged in a vote", "vote of", st)

	st = w.statementWith(base, w.ids[0], -0.4, forged)
	st.Base = ""
	for i, v := range st.Votes {
		st.Votes[i] = w.vote(st, v.EvaluatorID, -0.4)
	}
	st.Base = base
	f("votes about the baseline", "about another optimae, anchor or base", st)

	st = w.statementWith(base, w.ids[0], -0.4, chain.Sums{})
	for i, v := range st.Votes {
		vote := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, EvaluatorID: v.EvaluatorID, Anchor: st.Anchor, Base: base, Digest: st.Claim.Digest,
			Sums: honest, VerifiedPerformance: -0.4, SyntheticScore: 1, IncumbentScore: 1}
		w.must(chain.SignVote(vote, w.keys[v.EvaluatorID], w.state.Rules().Network))
		st.Votes[i] = vote
	}
	f("no cases claimed where there are some", "0 of 3 agree", st)

	tx := w.acceptance(w.statementWith(base, w.ids[0], -0.4, forged))
	tx.Payload.Set("s2", "1")
	w.must(chain.SignTx(tx, w.keys[tx.PeerID], w.state.Rules().Network))
	if err := CheckTx(w.state, tx, w.state.TipTime+Micro); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), "s2") {
		t.Errorf("sums of no differences: CheckTx = %v, want a refusal of s2", err)
	}
}
