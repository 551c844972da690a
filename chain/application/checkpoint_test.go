package application

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"doin.network/node/chain/ledger"
)

// Long range: the keys of all first evaluators, sold long after, sign another history from block 0 on. It is as valid as the real one;
// who knows a block of the real one refuses it at that height.
func TestLongRange(t *testing.T) {
	real, forged := newTown(t, 4), newTown(t, 4)
	real.idle(8)
	forged.idle(2)
	forged.step(forged.tx(0, KindTransfer, (&Transfer{id(t, forged.peers[1]), 50 * ledger.Unit, ledger.MinBaseFee, 1}).Encode()))
	forged.idle(20)
	if _, err := reader.Import(bytes.NewReader(forged.export())); err != nil {
		t.Fatalf("the forged history is not valid by itself: %v", err)
	}
	known := real.wires[5].Header().ID()
	c, err := ParseCheckpoint(fmt.Sprintf("5:%x", known))
	if err != nil {
		t.Fatal(err)
	}
	r := Reader{Scheme: P256{}, Trusted: c}
	if report, err := r.Import(bytes.NewReader(real.export())); err != nil || report.Height != 8 {
		t.Errorf("the real history: %+v, %v", report, err)
	}
	var fault *Fault
	if _, err := r.Import(bytes.NewReader(forged.export())); !errors.Is(err, ErrCheckpoint) || !errors.As(err, &fault) || fault.Height != 5 {
		t.Errorf("the forged history: %v", err)
	}
	// One that is too short to have the block is not shown to be the real one.
	short := newTown(t, 4)
	short.idle(3)
	if _, err := r.Import(bytes.NewReader(short.export())); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("a history that ends before the checkpoint: %v", err)
	}
}

func TestParseCheckpoint(t *testing.T) {
	hash := fmt.Sprintf("%064x", 7)
	for text, ok := range map[string]bool{"7:" + hash: true, "7": false, ":" + hash: false, "-1:" + hash: false, "7:" + hash[1:]: false, "7:xy": false, "0:" + hash: false} {
		if c, err := ParseCheckpoint(text); (err == nil) != ok || ok && (c.Height != 7 || c.ID[31] != 7) {
			t.Errorf("ParseCheckpoint(%q) = %+v, %v", text, c, err)
		}
	}
}
