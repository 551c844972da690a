package replica

import (
	"fmt"
	"testing"

	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
)

// filler is a transaction that differs from the others; nobody looks at its signature here.
func filler(kind optimae.Kind, i, size int) *application.Tx {
	body := make([]byte, size)
	copy(body, fmt.Sprint(i))
	return &application.Tx{Kind: kind, Body: body}
}

func TestPool(t *testing.T) {
	p := newPool("net", 100)
	p.trusted = func(author string) bool { return author[0] == 'k' }
	for i := range 200 {
		p.add(filler(application.KindTransfer, i, 10), "stranger", 1, false)
	}
	if len(p.waiting) != mostOfOne {
		t.Errorf("%d of one author wait, want %d", len(p.waiting), mostOfOne)
	}
	for i := range 200 {
		p.add(filler(application.KindTransfer, 1000+i, 10), fmt.Sprint("stranger ", i), 1, false)
	}
	if len(p.waiting) != 100 {
		t.Errorf("%d wait, want 100", len(p.waiting))
	}
	for i := range 60 {
		if !p.add(filler(application.KindTransfer, 2000+i, 10), "known", 2, false) {
			t.Fatalf("no room for transaction %d of who is known", i)
		}
	}
	if p.of["known"] != 60 || len(p.waiting) != 100 {
		t.Errorf("%d of who is known, %d in all", p.of["known"], len(p.waiting))
	}
	if !p.add(filler(application.KindTransfer, 5000, 10), "me", 3, true) {
		t.Error("no room for this node's own")
	}

	vote := filler(optimae.KindVote, 1, 10)
	p.add(vote, "known", 9, false)
	if first := p.Pending(nil)[0]; first != vote {
		t.Error("a vote waits behind transfers")
	}
	p.include(vote, Included{Slot: 10})
	if p.add(vote, "known", 11, false) {
		t.Error("what is in a block waits again")
	}
	p.tick(10 + optimae.TxLife + 1)
	if len(p.waiting) != 0 || len(p.done) != 0 || len(p.of) != 0 {
		t.Errorf("after all this time %d wait, %d are remembered, of %d authors", len(p.waiting), len(p.done), len(p.of))
	}

	for i := range 40 {
		p.add(filler(optimae.KindReveal, i, 30_000), fmt.Sprint("k", i), 1, false)
	}
	size := 0
	for _, x := range p.Pending(nil) {
		size += len(x.Append(nil))
	}
	if size > mostBlock || size < mostBlock-31_000 {
		t.Errorf("a block of %d bytes, at most %d", size, mostBlock)
	}
}
