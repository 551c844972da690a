package consensus

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// Transaction types of the strict chain.
const (
	TxAccepted   = chain.TxOptimaeAccepted
	TxRejected   = chain.TxOptimaeRejected
	TxTask       = chain.TxTaskCompleted
	TxTransfer   = chain.TxTransfer
	TxRegistered = chain.TxEvaluatorRegistered
	TxLeft       = chain.TxEvaluatorLeft
	TxAdded      = chain.TxDomainRegistered
	TxClosed     = chain.TxDomainClosed
)

// RefusedDigest is the digest in the vote of a member who could not run the recipe within the rules. Nobody may
// claim it.
const RefusedDigest = "0000000000000000000000000000000000000000000000000000000000000000"

// Bounds of what transactions carry, in bytes of canonical JSON and in levels of nested lists and objects. The levels
// leave room for what a payload travels in: the codec refuses to read more than canon.MaxDepth of them, and a block
// that holds a transaction nobody can read back would split the network.
const (
	MaxParametersBytes = 64 << 10
	MaxParametersDepth = 16
	MaxRevealBytes     = 128 << 10 // the whole payload
	MaxTxBytes         = chain.MaxTxBytes
	MaxPayloadDepth    = 32
)

// ErrTx is matched by every refusal of a transaction.
var ErrTx = errors.New("consensus: transaction refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTx}, args...)...)
}

// Nonce returns an optimizer's nonce: its own peer id and 32 hex digits. A nonce that names another peer is
// refused, so a commitment belongs to who drew it.
func Nonce(peerID string, random [16]byte) string {
	return peerID + ":" + hex.EncodeToString(random[:])
}

// CheckNonce reports whether a nonce has the form of Nonce for this peer.
func CheckNonce(nonce, peerID string) error {
	rest, ok := strings.CutPrefix(nonce, peerID+":")
	if !ok || !isHex(rest, 32) {
		return refuse("nonce does not begin with the optimizer's id")
	}
	return nil
}

// Statement is what both an acceptance and a rejection speak about: one optimizer's revealed claim.
type Statement struct {
	OptimaeID   string // the commitment
	DomainID    string
	OptimizerID string
	Parameters  *canon.Object
	Nonce       string
	Anchor      string
	Base        string // the optimae that was the domain's champion and is improved on; "" if there was none
	Claim       Claim
	Votes       []*chain.Vote
}

// check verifies everything about the statement that needs no state.
func (st *Statement) check() error {
	if err := CheckNonce(st.Nonce, st.OptimizerID); err != nil {
		return err
	}
	if n := len(canon.Canonical(st.Parameters)); n > MaxParametersBytes {
		return refuse("parameters of %d bytes, at most %d", n, MaxParametersBytes)
	}
	if n := depth(st.Parameters); n > MaxParametersDepth {
		return refuse("parameters nested %d deep, at most %d", n, MaxParametersDepth)
	}
	if got := chain.Commitment(st.Parameters, st.Nonce); got != st.OptimaeID {
		return refuse("optimae id %.12s is not the commitment %.12s", st.OptimaeID, got)
	}
	if !chain.IsHash(st.Claim.Digest) || !chain.IsHash(st.Anchor) {
		return refuse("digest and anchor must be 64 hex digits")
	}
	if st.Base != "" && (!chain.IsHash(st.Base) || st.Base == st.OptimaeID) {
		return refuse("base must be another optimae or nothing")
	}
	if st.Claim.Digest == RefusedDigest {
		return refuse("digest stands for a refused recipe")
	}
	if !finite(st.Claim.Performance) {
		return refuse("performance is not finite")
	}
	return nil
}

// tally checks the votes, with verify their signatures too, against the anchor's quorum and returns who agreed and
// who did not.
func (st *Statement) tally(s *State, verify bool) (agreed, divergent []string, k int, err error) {
	members, ok := s.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	if !ok {
		return nil, nil, 0, refuse("anchor %.12s is not among the last %d blocks", st.Anchor, Window)
	}
	if len(members) == 0 {
		return nil, nil, 0, refuse("no evaluator is eligible but the optimizer")
	}
	rule, _ := s.Rule(st.DomainID)
	isMember := make(map[string]bool, len(members))
	for _, m := range members {
		isMember[m] = true
	}
	for _, v := range st.Votes {
		if !isMember[v.EvaluatorID] {
			return nil, nil, 0, refuse("vote of %.12s, who is not in the quorum or voted twice", v.EvaluatorID)
		}
		isMember[v.EvaluatorID] = false
		if v.OptimaeID != st.OptimaeID || v.DomainID != st.DomainID || v.Anchor != st.Anchor || v.Base != st.Base {
			return nil, nil, 0, refuse("vote of %.12s is about another optimae, anchor or base", v.EvaluatorID)
		}
		if err := v.ValidateBasic(); err != nil {
			return nil, nil, 0, refuse("vote of %.12s: %v", v.EvaluatorID, err)
		}
		if verify {
			if err := chain.VerifyVote(v, s.rules.Network); err != nil {
				return nil, nil, 0, refuse("vote of %.12s: %v", v.EvaluatorID, err)
			}
		}
		if rule.Agrees(v, st.Claim, s.rules.QuorumTolerance) {
			agreed = append(agreed, v.EvaluatorID)
		} else {
			divergent = append(divergent, v.EvaluatorID)
		}
	}
	return agreed, divergent, len(members), nil
}

// AcceptancePayload is the full record of an acceptance: the reference's members in its order, the optimizer's
// experiment metrics, then what the strict chain adds. Among st.Votes agreed agree. The effective increment is not in
// it: it is computed in block order by everyone.
func AcceptancePayload(st *Statement, agreed int, metrics, experiment *canon.Object) *canon.Object {
	p := canon.NewObject(
		"optimae_id", st.OptimaeID,
		"parameters", st.Parameters,
		"verified_performance", st.Claim.Performance,
		"reward_fraction", 1.0,
		"quorum_agree_fraction", agreeFraction(agreed, len(st.Votes)),
		"incentive_reason", "full reward: verified equals reported bit for bit",
		"champion_metrics", metrics,
	)
	for _, key := range experiment.Keys() {
		v, _ := experiment.Get(key)
		if _, taken := p.Get(key); !taken {
			p.Set(key, v)
		}
	}
	p.Set("reported_performance", st.Claim.Performance)
	return st.appendTo(p)
}

// Approximate has the record of an acceptance say how its votes agree, where that is not exactly. It returns p.
func Approximate(p *canon.Object, by agreement.Agreement) *canon.Object {
	if by.Exact() {
		return p
	}
	return p.Set("incentive_reason", "full reward: verified is "+by.String()+" of reported").Set("approximate", true).Set("agreement", by.Value())
}

// RejectionPayload is the record of a rejection. reveal is the optimizer's signed reveal message: without it
// anybody could have others punished.
func RejectionPayload(st *Statement, reason string, reveal *canon.Object) *canon.Object {
	p := canon.NewObject("optimae_id", st.OptimaeID, "reason", reason)
	p.Set("reveal", reveal)
	return p.Set("votes", voteList(st.Votes))
}

func (st *Statement) appendTo(p *canon.Object) *canon.Object {
	p.Set("nonce", st.Nonce).Set("anchor", st.Anchor).Set("base", st.Base).Set("digest", st.Claim.Digest)
	return st.Claim.Sums.AppendTo(p).Set("votes", voteList(st.Votes))
}

func agreeFraction(agree, votes int) float64 {
	if votes == 0 {
		return 0
	}
	return float64(agree) / float64(votes)
}

func voteList(votes []*chain.Vote) []any {
	out := make([]any, len(votes))
	for i, v := range votes {
		out[i] = v.Object()
	}
	return out
}

// ParseAcceptance reads the statement out of an acceptance.
func ParseAcceptance(tx *chain.Tx) (*Statement, error) {
	f := fields{o: tx.Payload}
	st := &Statement{DomainID: tx.DomainID, OptimizerID: tx.PeerID}
	st.OptimaeID = f.text("optimae_id")
	st.Parameters = f.object("parameters")
	st.Nonce = f.text("nonce")
	st.Anchor, st.Base = f.text("anchor"), f.text("base")
	st.Claim = Claim{Performance: f.number("verified_performance"), Digest: f.text("digest"), Sums: f.sums()}
	reported := f.number("reported_performance")
	st.Votes = f.votes()
	if f.err != nil {
		return nil, refuse("acceptance: %v", f.err)
	}
	if !sameBits(reported, st.Claim.Performance) {
		return nil, refuse("acceptance: reported %v, verified %v", reported, st.Claim.Performance)
	}
	return st, st.check()
}

func parseAcceptance(tx *chain.Tx, _ string, _ bool) (*Statement, error) { return ParseAcceptance(tx) }

// ParseReveal reads the statement, without votes, out of an optimizer's signed reveal message.
func ParseReveal(m *chain.Message) (*Statement, error) {
	f := fields{o: m.Payload}
	st := &Statement{OptimizerID: m.SenderID}
	st.DomainID = f.text("domain_id")
	st.OptimaeID = f.text("commitment_hash")
	id := f.text("optimae_id")
	st.Parameters = f.object("parameters")
	st.Nonce = f.text("nonce")
	st.Anchor, st.Base = f.text("anchor"), f.text("base")
	st.Claim = Claim{Performance: f.number("reported_performance"), Digest: f.text("digest"), Sums: f.sums()}
	if f.err != nil {
		return nil, refuse("reveal: %v", f.err)
	}
	if id != st.OptimaeID {
		return nil, refuse("reveal: optimae_id is not the commitment")
	}
	if n := len(canon.Canonical(m.Payload)); n > MaxRevealBytes {
		return nil, refuse("reveal of %d bytes, at most %d", n, MaxRevealBytes)
	}
	if n := depth(m.Payload); n > MaxPayloadDepth/2 {
		return nil, refuse("reveal nested %d deep, at most %d", n, MaxPayloadDepth/2)
	}
	return st, st.check()
}

// parseRejection reads a rejection and, with verify, checks the signature of the reveal inside.
func parseRejection(tx *chain.Tx, network string, verify bool) (*Statement, error) {
	f := fields{o: tx.Payload}
	id, o, votes := f.text("optimae_id"), f.object("reveal"), f.votes()
	if f.err != nil {
		return nil, refuse("rejection: %v", f.err)
	}
	m, err := chain.MessageFromObject(o)
	if err != nil {
		return nil, refuse("rejection: %v", err)
	}
	if m.Type != chain.MsgOptimaeReveal {
		return nil, refuse("rejection: holds a %q, not a reveal", m.Type)
	}
	if verify {
		if err := chain.VerifyMessage(m, network); err != nil {
			return nil, refuse("rejection: %v", err)
		}
	}
	st, err := ParseReveal(m)
	if err != nil {
		return nil, err
	}
	if st.OptimaeID != id || st.DomainID != tx.DomainID {
		return nil, refuse("rejection: the reveal is of another optimae")
	}
	st.Votes = votes
	return st, nil
}

// TaskPayload is the payload of a served inference. anchor is a block among the last Window: like an acceptance's, it
// leaves the window before the transaction does, so that the transaction cannot be included twice.
func TaskPayload(taskID, anchor string) *canon.Object {
	return canon.NewObject("task_id", taskID, "task_type", "inference_request", "anchor", anchor)
}

// parseTask reads the anchor of a served inference.
func parseTask(tx *chain.Tx, _ string, _ bool) (anchor string, err error) {
	f := fields{o: tx.Payload}
	kind, id, anchor := f.text("task_type"), f.text("task_id"), f.text("anchor")
	switch {
	case f.err != nil:
		return "", refuse("task_completed: %v", f.err)
	case kind != "inference_request":
		return "", refuse("task_completed: task_type must be inference_request")
	case !chain.IsHash(id):
		return "", refuse("task_completed: task_id must be 64 hex digits")
	}
	return anchor, nil
}

// RegistrationPayload is the payload of a registration. after is the height at which the peer left, 0 for one who never did: so
// nobody can repeat a registration that was left.
func RegistrationPayload(after int64) *canon.Object {
	if after == 0 {
		return canon.NewObject()
	}
	return canon.NewObject("after", after)
}

// parseRegistration reads what RegistrationPayload wrote; nothing else in it matters, and without leaving the signature is all.
func parseRegistration(tx *chain.Tx, _ string, _ bool) (after int64, err error) {
	if after, err = tx.Payload.IntOr("after", 0); err != nil {
		after = 0
	}
	return after, nil
}

// LeavePayload is the payload with which an evaluator leaves. registered is the height of the registration that it ends: so nobody
// can repeat it after the next one.
func LeavePayload(registered int64) *canon.Object { return canon.NewObject("registered", registered) }

func parseLeave(tx *chain.Tx, _ string, _ bool) (registered int64, err error) {
	f := fields{o: tx.Payload}
	registered = f.integer("registered")
	if f.err != nil {
		return 0, refuse("leave: %v", f.err)
	}
	return registered, nil
}

// TransferPayload is the payload of a transfer; amounts are base units.
func TransferPayload(t ledger.Transfer) *canon.Object {
	return canon.NewObject("sender", t.Sender, "recipient", t.Recipient, "amount", t.Amount, "fee", t.Fee, "nonce", t.Nonce)
}

// Transfer reads what a transaction of the type transfers; false if it is none.
func Transfer(tx *chain.Tx) (ledger.Transfer, bool) {
	if tx.Type != TxTransfer {
		return ledger.Transfer{}, false
	}
	t, err := parseTransfer(tx, "", false)
	return t, err == nil
}

func parseTransfer(tx *chain.Tx, _ string, _ bool) (ledger.Transfer, error) {
	f := fields{o: tx.Payload}
	t := ledger.Transfer{Sender: f.text("sender"), Recipient: f.text("recipient"), Amount: f.integer("amount"), Fee: f.integer("fee"), Nonce: f.integer("nonce")}
	if f.err == nil && (t.Sender != tx.PeerID || !identity.IsPeerID(t.Recipient)) {
		return t, refuse("transfer: sender must be the signer, recipient a peer id")
	}
	if f.err != nil {
		return t, refuse("transfer: %v", f.err)
	}
	return t, nil
}
