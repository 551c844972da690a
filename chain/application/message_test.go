package application

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// spoken is a message of each kind.
func spoken(tb testing.TB) []*Message {
	w := newTown(tb, 4)
	a := &agent{peer: w.peers[0], sign: func(kind optimae.Kind, body []byte) *Tx { return w.tx(0, kind, body) }}
	w.idle(w.net.Interval())
	x, _ := a.commit(w.slot, 500)
	w.step(x)
	w.idle(2)
	tip := w.tree.Best()
	var branch []*streamlet.Block
	for _, wire := range w.wires[1:] {
		branch = append(branch, wire.Chain())
	}
	certificate := tip.CertificateOf()
	return []*Message{
		{Chain: streamlet.Message{Block: branch[1]}},
		{Chain: streamlet.Message{Signature: &streamlet.Signature{Block: tip.ID, Slot: tip.Slot, Peer: certificate.Signers[1], Signature: certificate.Signatures[1]}}},
		{Chain: streamlet.Message{Tip: &streamlet.Tip{}}},
		{Chain: streamlet.Message{Tip: &streamlet.Tip{Height: tip.Height, Certificate: certificate}}},
		{Chain: streamlet.Message{Request: &streamlet.Request{Above: 3, Want: tip.ID}}},
		{Chain: streamlet.Message{Branch: &streamlet.Branch{Blocks: branch, Certificate: certificate}}},
		{Chain: streamlet.Message{Branch: &streamlet.Branch{Blocks: branch}}},
		{Transactions: []*Tx{x, x}},
	}
}

func TestMessages(t *testing.T) {
	for i, m := range spoken(t) {
		data := m.Append(nil, MaxMessage)
		got, err := ParseMessage(data)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("message %d is read as %+v, %v", i, got, err)
		}
		if err == nil && !bytes.Equal(got.Append(nil, MaxMessage), data) {
			t.Errorf("message %d has two encodings", i)
		}
		for n := range data {
			if _, err := ParseMessage(data[:n]); !errors.Is(err, ErrFormat) {
				t.Fatalf("message %d cut to %d of %d bytes: %v", i, n, len(data), err)
			}
		}
		if _, err := ParseMessage(append(data, 0)); !errors.Is(err, ErrFormat) {
			t.Errorf("message %d with a byte more: %v", i, err)
		}
	}
}

// A branch that is too long for a message is cut, and then has no certificate: that of its last block would be another's.
func TestBranchIsCut(t *testing.T) {
	m := spoken(t)[5]
	whole := m.Append(nil, MaxMessage)
	got, err := ParseMessage(m.Append(nil, len(whole)/2))
	if err != nil {
		t.Fatal(err)
	}
	b := got.Chain.Branch
	if n := len(b.Blocks); n == 0 || n == len(m.Chain.Branch.Blocks) || b.Certificate != nil {
		t.Errorf("%d blocks, certificate %v", n, b.Certificate)
	}
	if got, err = ParseMessage(m.Append(nil, 0)); err != nil || len(got.Chain.Branch.Blocks) != 1 {
		t.Errorf("without room: %v, want its first block", err)
	}
}

func TestAuthor(t *testing.T) {
	w := newTown(t, 1)
	x := w.tx(0, optimae.KindLeave, []byte("x"))
	if peer, err := x.Author(P256{}, w.net.ID()); err != nil || peer != w.peers[0] {
		t.Errorf("Author = %q, %v", peer, err)
	}
	if _, err := x.Author(P256{}, "another network"); !errors.Is(err, ErrSignature) {
		t.Errorf("of another network: %v", err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, m := range spoken(f) {
		f.Add(m.Append(nil, MaxMessage))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMessage(data)
		if err != nil {
			return
		}
		if got := m.Append(nil, MaxMessage); !bytes.Equal(got, data) {
			t.Errorf("%x is also %x", data, got)
		}
	})
}
