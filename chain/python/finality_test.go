package python

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorFinality(t *testing.T, c golden.Case) {
	if c.Inputs.Has("block_hashes") {
		vectorAnchors(t, c)
		return
	}
	hash := func(height int64) string { return fmt.Sprintf("h%d", height) }
	depth := whole(c.Inputs, "confirmation_depth")
	f := NewFinality(depth)
	var rows []any
	for _, v := range list(c.Inputs, "heights") {
		height := must(canon.AsInt(v))
		below := ""
		if height >= depth {
			below = hash(height - depth)
		}
		var made any
		if cp, ok := f.OnBlock(height, below); ok {
			made = cp.Height
		}
		rows = append(rows, []any{height, made, f.Height()})
	}
	same(t, "checkpoints", rows, val(c.Expected, "height_newcheckpoint_finalized"))

	for _, v := range list(c.Expected, "reorgdepth_height_allowed") {
		row := must(canon.AsList(v))
		same(t, fmt.Sprintf("reorg %v", row), f.AllowsReorg(must(canon.AsInt(row[0])), must(canon.AsInt(row[1]))), row[2])
	}
	for _, v := range list(c.Expected, "height_okhash_badhash") {
		row := must(canon.AsList(v))
		height := must(canon.AsInt(row[0]))
		same(t, fmt.Sprintf("ancestry %v", row), []any{f.Consistent(height, hash(height)), f.Consistent(height, "bad")}, row[1:])
	}
	for _, key := range c.Expected.Keys() {
		m := regexp.MustCompile(`^add_checkpoint_(\d+)_error$`).FindStringSubmatch(key)
		if m == nil {
			continue
		}
		err := f.Add(must(strconv.ParseInt(m[1], 10, 64)), "x")
		if !errors.Is(err, ErrFinalized) {
			t.Fatalf("%s: %v, want ErrFinalized", key, err)
		}
		same(t, key, err.Error(), val(c.Expected, key))
	}
}

func vectorAnchors(t *testing.T, c golden.Case) {
	same(t, "state hash", chain.ChainStateHash(texts(c.Inputs, "block_hashes")), val(c.Expected, "chain_state_hash"))
	a := NewAnchors(whole(c.Inputs, "interval"))
	for _, v := range list(c.Expected, "should_anchor") {
		row := must(canon.AsList(v))
		same(t, fmt.Sprintf("due %v", row), a.Due(must(canon.AsInt(row[0]))), row[1])
	}
}

func TestExplicitCheckpoint(t *testing.T) {
	f := NewFinality(6)
	if _, ok := f.Latest(); ok || f.Height() != -1 || f.Depth() != 6 {
		t.Errorf("a new list has height %d", f.Height())
	}
	if err := f.Add(10, "x"); err != nil {
		t.Fatal(err)
	}
	if cp, ok := f.OnBlock(16, "y"); ok {
		t.Errorf("implicit checkpoint %v at the explicit one", cp)
	}
	if f.Consistent(10, "y") || !f.Consistent(10, "x") || !f.Consistent(9, "y") {
		t.Error("Consistent does not follow the explicit checkpoint")
	}
}

func TestAnchors(t *testing.T) {
	a := NewAnchors(AnchorInterval)
	a.Add(100, "b", "s")
	if _, known := a.Verify(200, "b", "s"); known {
		t.Error("an anchor nobody added is known")
	}
	if match, known := a.Verify(100, "b", "s"); !match || !known {
		t.Errorf("Verify of the same chain = %v, %v", match, known)
	}
	if match, known := a.Verify(100, "b", "other"); match || !known {
		t.Errorf("Verify of another chain = %v, %v", match, known)
	}
	if a.Publish(200, "l", "x") || !a.Publish(100, "l", "x") || a.All()[0].Ledger != "l" {
		t.Errorf("Publish: %+v", a.All())
	}
}
