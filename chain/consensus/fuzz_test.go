package consensus

import (
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// FuzzParseState: no stored bytes panic, and what is read writes back to the same state.
func FuzzParseState(f *testing.F) {
	w := seeded(f)
	f.Add(w.state.AppendCanonical(nil))
	f.Add([]byte(`{"version": 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseState(data, w.state.Rules())
		if err != nil {
			if !errors.Is(err, ErrState) {
				t.Fatalf("%v does not match ErrState", err)
			}
			return
		}
		again, err := ParseState(s.AppendCanonical(nil), s.Rules())
		if err != nil || again.Root() != s.Root() {
			t.Fatalf("round trip: %v", err)
		}
		s.Eligible() // whoever holds a state may ask it anything
		s.Generators()
		s.weight(s.Domains[domain], s.rules.Domains[domain])
		_, _ = Build(s, nil, s.TipTime, w.keys[w.ids[0]])
	})
}

// FuzzPayload: no payload, acceptance or reveal, panics or changes a state.
func FuzzPayload(f *testing.F) {
	w := seeded(f)
	st := w.statement(w.ids[0], -0.1)
	for _, tx := range []*chain.Tx{w.acceptance(st), w.rejection(st, w.ids[1])} {
		f.Add(tx.Type, canon.Default(tx.Payload))
		if o, err := tx.Payload.Object("reveal"); err == nil {
			p, _ := o.Object("payload")
			f.Add(chain.TxOptimaeAccepted, canon.Default(p))
		}
	}
	f.Add(TxTransfer, []byte(`{"sender": "x", "recipient": 1, "amount": 1e300, "fee": true, "nonce": "1"}`))
	f.Add(TxTask, canon.Default(TaskPayload(st.OptimaeID, w.state.Tip)))
	f.Add(TxRegistered, []byte(`{}`))
	f.Add(TxRegistered, []byte(`{"after": 1}`))
	f.Add(TxLeft, []byte(`{"registered": 0}`))
	root := w.state.Root()
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		payload, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		m := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: w.ids[0], Timestamp: w.time(0), Payload: payload}
		if _, err := ParseReveal(m); err != nil && !errors.Is(err, ErrTx) {
			t.Fatalf("ParseReveal: %v does not match ErrTx", err)
		}
		tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: w.ids[0], Payload: payload, Timestamp: w.time(0)}
		if _, err := ParseAcceptance(tx); err != nil && !errors.Is(err, ErrTx) {
			t.Fatalf("ParseAcceptance: %v does not match ErrTx", err)
		}
		if err := chain.SignTx(tx, w.keys[w.ids[0]], w.state.Rules().Network); err != nil {
			return
		}
		if err := CheckTx(w.state, tx, w.state.TipTime); err != nil && !errors.Is(err, ErrTx) {
			t.Fatalf("CheckTx: %v does not match ErrTx", err)
		}
		if w.state.Root() != root {
			t.Fatal("the state changed")
		}
	})
}

// FuzzApply: a block with any byte changed is read, refused and forgotten, or is the same block.
func FuzzApply(f *testing.F) {
	w := seeded(f)
	w.extend(w.ids[1], EmptyAfter*w.target)
	parent := w.state
	built := w.extend(w.ids[2], Micro*5, w.acceptance(w.statement(w.ids[0], -0.2)))
	text := canon.Default(built.Block.Object())
	root, after := parent.Root(), w.state.Root()
	f.Add(0, []byte("{"))
	for i := 0; i < len(text); i += len(text) / 40 {
		f.Add(i, []byte("0"))
		f.Add(i, []byte(`"`))
		f.Add(i, []byte("-1e9"))
	}
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		data := append([]byte(nil), text...)
		if at < 0 || at > len(data) {
			return
		}
		data = append(append(append([]byte(nil), data[:at]...), patch...), data[min(len(data), at+len(patch)):]...)
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		b, err := chain.BlockFromObject(o)
		if err != nil {
			return
		}
		s, _, err := Apply(parent, b)
		switch {
		case err == nil && s.Root() != after:
			t.Fatal("another block was accepted")
		case err != nil && !errors.Is(err, ErrBlock):
			t.Fatalf("%v does not match ErrBlock", err)
		case parent.Root() != root:
			t.Fatal("the parent changed")
		}
	})
}

// seeded is a network with a little history.
func seeded(tb testing.TB) *network {
	w := newNetwork(tb, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	return w
}
