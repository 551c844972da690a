package consensus

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// TestTypesAreDocumented: the table and the package comment name the same types, in the same order.
func TestTypesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "# Transactions")
	section, _, _ = strings.Cut(section, "// # ")
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z_]+)  `).FindAllStringSubmatch(section, -1) {
		named = append(named, m[1])
	}
	if !slices.Equal(named, Types()) {
		t.Errorf("the package comment names %v, the table %v", named, Types())
	}
	for _, name := range Types() {
		if !chain.KnownTxType(name) {
			t.Errorf("%s is no type of package chain", name)
		}
	}
}

// TestKey: transactions that a chain can hold only one of have one key, others have two; a payload that is not valid has
// one too.
func TestKey(t *testing.T) {
	id := strings.Repeat("ab", 32)
	f := func(kind, peer string, payload *canon.Object, key string, fee int64) {
		t.Helper()
		tx := &chain.Tx{ID: "x", Type: kind, PeerID: peer, Payload: payload}
		if got := Key(tx); got != key {
			t.Errorf("Key(%s %s) = %q, want %q", kind, canon.Default(payload), got, key)
		}
		if got := Fee(tx); got != fee {
			t.Errorf("Fee(%s %s) = %d, want %d", kind, canon.Default(payload), got, fee)
		}
	}
	f(TxAccepted, "a", canon.NewObject("optimae_id", id), OptimaeKey(id), ledger.MaxSupply+2)
	f(TxRejected, "b", canon.NewObject("optimae_id", id), OptimaeKey(id), ledger.MaxSupply+1)
	f(TxTask, "a", canon.NewObject("task_id", id), "task:"+id, 0)
	f(TxTransfer, "a", canon.NewObject("nonce", 3, "fee", 7), "transfer:a:3", 7)
	f(TxTransfer, "a", canon.NewObject("nonce", []any{}, "fee", "x"), "transfer:a:0", 0)
	f(TxRegistered, "a", canon.NewObject(), "register:a", ledger.MaxSupply)
	f(TxLeft, "a", canon.NewObject(), "leave:a", ledger.MaxSupply)
	f(TxAdded, "a", canon.NewObject(), "domain:", ledger.MaxSupply)
	f(TxClosed, "a", canon.NewObject(), "close:", ledger.MaxSupply)
	f(TxAccepted, "a", canon.NewObject("optimae_id", 3.5), OptimaeKey(""), ledger.MaxSupply+2)
	f(TxTransfer, "a", canon.NewObject("nonce", 3, "fee", int64(1)<<62), "transfer:a:3", ledger.MaxSupply-1)
	f(chain.TxTaskCreated, "a", canon.NewObject(), "tx:x", 0)
}
