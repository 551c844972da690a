//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// commitment is a message that an honest evaluator could send.
func commitment(h *host) *chain.Message {
	_, tip, err := h.tip()
	if err != nil {
		h.t.Fatal(err)
	}
	return &chain.Message{Type: chain.MsgOptimaeCommit, TTL: chain.DefaultTTL, Timestamp: timestamp.FromMicro(time.Now().UnixMicro()),
		Payload: canon.NewObject("commitment_hash", strings.Repeat("ab", 32), "domain_id", "quadratic", "anchor", tip)}
}

// sign returns the wire form of a message signed by k.
func sign(t *testing.T, m *chain.Message, k *identity.Key, network string) []byte {
	t.Helper()
	if err := chain.SignMessage(m, k, network); err != nil {
		t.Fatal(err)
	}
	return canon.Default(m.Object())
}

// hostileMessages sends messages that have the right form and something wrong in them.
func hostileMessages(t *testing.T, h *host, friend *identity.Key, network string) {
	stranger, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	signed := func(change func(*chain.Message)) []byte {
		m := commitment(h)
		if change != nil {
			change(m)
		}
		return sign(t, m, friend, network)
	}
	edited := func(key string, v any) []byte {
		o, err := canon.ParseObject(signed(nil))
		if err != nil {
			t.Fatal(err)
		}
		return canon.Default(o.Set(key, v))
	}
	payload := func(key string, v any) []byte {
		return signed(func(m *chain.Message) { m.Payload.Set(key, v) })
	}
	refused := map[string]struct {
		body   []byte
		reason string
	}{
		"unsigned":            {canon.Default(commitment(h).Object().Set("sender_id", friend.PeerID())), "unsigned"},
		"another network":     {sign(t, commitment(h), friend, strings.Repeat("0", 64)), "bad_signature"},
		"changed payload":     {edited("payload", canon.NewObject("domain_id", "quadratic")), "bad_signature"},
		"changed time":        {edited("timestamp", "2020-01-01T00:00:00+00:00"), "bad_time"},
		"another sender":      {edited("sender_id", stranger.PeerID()), "bad_signature"},
		"another key":         {edited("public_key", stranger.PublicKey()), "bad_signature"},
		"no key":              {edited("public_key", ""), "bad"},
		"signature is random": {edited("signature", strings.Repeat("30", 70)), "bad_signature"},
		"signature is text":   {edited("signature", "zz"), "bad"},
		"signature is long":   {edited("signature", strings.Repeat("ab", 4000)), "bad"},
		"signature is longer": {edited("signature", strings.Repeat("ab", 10_000)), "too_large"}, // than a commitment may be
		"ttl 0":               {edited("ttl", 0), "bad_ttl"},
		"ttl 1000":            {edited("ttl", 1000), "bad_ttl"},
		"ttl is a text":       {edited("ttl", "seven"), "bad"},
		"unknown type":        {edited("msg_type", "give_me_money"), "bad"},
		"payload is a list":   {edited("payload", []any{1}), "bad"},
		"old":                 {signed(func(m *chain.Message) { m.Timestamp = timestamp.FromMicro(time.Now().Add(-24 * time.Hour).UnixMicro()) }), "bad_time"},
		"from the future":     {signed(func(m *chain.Message) { m.Timestamp = timestamp.FromMicro(time.Now().Add(24 * time.Hour).UnixMicro()) }), "bad_time"},
		"NaN in the payload":  {bytes.Replace(payload("x", 1.5), []byte("1.5"), []byte("NaN"), 1), "bad"},
		"overflow":            {bytes.Replace(payload("x", 1.5), []byte("1.5"), []byte("1e999"), 1), "bad"},
	}
	for name, c := range refused {
		was := counted(t, h)
		a := h.must("POST", "/message", c.body)
		if a.status != 400 {
			t.Errorf("%s: %v, want 400", name, a)
		}
		o, err := a.object()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r, _ := o.String("reason"); !strings.Contains(r, c.reason) {
			t.Errorf("%s: reason %q, want %q", name, r, c.reason)
		}
		if is := counted(t, h); is <= was {
			t.Errorf("%s: no counter moved", name)
		}
	}
	// Well signed, by a registered evaluator, but no honest node says it: judged behind the answer, so the counter is
	// what tells.
	for name, body := range map[string][]byte{
		"no commitment":        payload("commitment_hash", nil),
		"commitment is short":  payload("commitment_hash", "ab"),
		"commitment is a list": payload("commitment_hash", []any{1}),
		"unknown domain":       payload("domain_id", "none"),
		"anchor is a number":   payload("anchor", 5),
		"reveal of nothing":    signed(func(m *chain.Message) { m.Type = chain.MsgOptimaeReveal }),
		"vote of nothing": signed(func(m *chain.Message) {
			m.Type = chain.MsgTaskCompleted
			m.Payload = canon.NewObject("vote", canon.NewObject())
		}),
		"announced nothing": signed(func(m *chain.Message) {
			m.Type = chain.MsgBlockAnnouncement
			m.Payload = canon.NewObject("block_index", "x")
		}),
		"transaction is empty": signed(func(m *chain.Message) {
			m.Type = chain.MsgTransaction
			m.Payload = canon.NewObject("transaction", canon.NewObject())
		}),
	} {
		was := counted(t, h)
		a := h.must("POST", "/message", body)
		if a.status >= 500 {
			t.Errorf("%s: %v", name, a)
		}
		eventually(t, name+" is counted as a violation", func() error {
			if is := counted(t, h); is <= was {
				return fmt.Errorf("the counter stands at %d after %v", is, a)
			}
			return nil
		})
	}
	// A replay is answered as the first copy was, and does nothing: a discovery message has no other effect.
	hello := signed(func(m *chain.Message) { m.Type = chain.MsgPeerDiscovery; m.Payload = canon.NewObject() })
	for range 3 {
		if a := h.must("POST", "/message", hello); a.status != 200 {
			t.Errorf("replay: %v", a)
		}
	}
}

// hostileVotes sends claims and votes that have the right form.
func hostileVotes(t *testing.T, h *host, friend *identity.Key, network string) {
	vote := func(network string, change func(*chain.Vote)) *canon.Object {
		_, tip, err := h.tip()
		if err != nil {
			t.Fatal(err)
		}
		v := &chain.Vote{OptimaeID: strings.Repeat("ab", 32), DomainID: "quadratic", Anchor: tip, Digest: strings.Repeat("cd", 32),
			VerifiedPerformance: -1, SyntheticScore: 1, IncumbentScore: 2, SyntheticDataHash: strings.Repeat("ef", 32)}
		if err := chain.SignVote(v, friend, network); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(v)
		}
		return v.Object()
	}
	for name, c := range map[string]struct {
		vote   any
		status int
	}{
		"of an unknown task": {vote(network, nil), 409},
		"another network":    {vote(strings.Repeat("0", 64), nil), 403},
		"changed score":      {vote(network, func(v *chain.Vote) { v.VerifiedPerformance = 0 }), 403},
		"changed evaluator":  {vote(network, func(v *chain.Vote) { v.EvaluatorID = h.key.PeerID() }), 403},
		"unsigned":           {vote(network, func(v *chain.Vote) { v.Signature, v.PublicKey = "", "" }), 403},
		"a text":             {"yes", 400},
		"a list":             {[]any{}, 400},
	} {
		was := counted(t, h)
		a := h.must("POST", "/tasks/complete", canon.Default(canon.NewObject("task_id", "x", "vote", c.vote)))
		if a.status != c.status {
			t.Errorf("vote, %s: %v, want %d", name, a, c.status)
		}
		if is := counted(t, h); is <= was {
			t.Errorf("vote, %s: no counter moved", name)
		}
	}
	claim := func(network string) []byte {
		sig, err := friend.Sign("claim", network, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		return canon.Default(canon.NewObject("task_id", "x", "evaluator_id", friend.PeerID(), "public_key", friend.PublicKey(), "signature", sig))
	}
	if a := h.must("POST", "/tasks/claim", claim(network)); a.status != 409 {
		t.Errorf("claim of an unknown task: %v, want 409", a)
	}
	if a := h.must("POST", "/tasks/claim", claim("other")); a.status != 403 {
		t.Errorf("claim for another network: %v, want 403", a)
	}
}
