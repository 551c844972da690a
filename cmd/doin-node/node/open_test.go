package node

import (
	"errors"
	"testing"

	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack"
)

func TestLoadTip(t *testing.T) {
	l := newNetwork(t, "one")
	dir := t.TempDir()
	l.extend(5)
	st := l.openStore(dir)
	load := func(what string) {
		t.Helper()
		got, err := loadTip(t.Context(), st, l.genesis, discard)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got.Height != 5 || got.Tip != l.state.Tip || got.Root() != l.state.Root() {
			t.Errorf("%s: state of block %d %.12s, want that of %d %.12s", what, got.Height, got.Tip, l.state.Height, l.state.Tip)
		}
	}
	load("as stored")

	// States that are damaged, or another block's, or missing, are recomputed.
	bad := entries(l.blocks[2:])
	bad[0].State = entries(l.blocks[:1])[0].State
	bad[1].State = []byte("{")
	bad[2].State = nil
	l.must(st.Replace(t.Context(), 2, bad))
	load("from block 2")

	bad = entries(l.blocks)
	for i := range bad {
		bad[i].State = nil
	}
	l.must(st.Replace(t.Context(), 0, bad))
	load("from block 0")

	l.must(st.Close())
	var err error
	st, err = store.Open(dir, store.Options{ReserveBytes: -1})
	l.must(err)
	defer st.Close()
	load("after a restart")

	other := newNetwork(t, "two")
	if _, err := loadTip(t.Context(), st, other.genesis, discard); !errors.Is(err, stack.ErrOtherNetwork) {
		t.Errorf("loadTip for another network = %v, want stack.ErrOtherNetwork", err)
	}
	load("after the other network was refused")
}

// A stored block that the rules refuse is an error that names it, not a state.
func TestLoadTipInvalidBlock(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(1)
	st := l.openStore(t.TempDir())
	b := *l.blocks[0].Block
	ext := *b.Ext
	ext.StateRoot = l.state.Tip
	b.Ext = &ext
	l.must(st.Replace(t.Context(), 0, []store.Entry{{Block: &b}}))
	if _, err := loadTip(t.Context(), st, l.genesis, discard); err == nil {
		t.Error("loadTip accepts a block with a wrong state root")
	}
}
