package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// transfer is a signed transaction of a network.
func transfer(t *testing.T, network string) *chain.Tx {
	t.Helper()
	k, err := identity.FromSeed("api test")
	if err != nil {
		t.Fatal(err)
	}
	tx := &chain.Tx{Type: chain.TxTransfer, Timestamp: timestamp.FromMicro(1e15), Payload: canon.NewObject("amount", int64(1))}
	if err := chain.SignTx(tx, k, network); err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestTransactions(t *testing.T) {
	f := newFake(t)
	offences := 0
	_, ask := serve(t, f, func(c *Config) { c.Offence = func(string) { offences++ } })
	tx := transfer(t, network)
	body := string(canon.Default(tx.Object()))
	check := func(method, path, body string, status int, want string, charged int) {
		t.Helper()
		before := offences
		if got, _, text := ask(method, path, body); got != status || !strings.Contains(text, want) || offences-before != charged {
			t.Errorf("%s %s %.60s = %d %s, charged %d, want %d with %q, charged %d", method, path, body, got, text, offences-before, status, want, charged)
		}
	}
	check("GET", "/transactions/"+tx.ID, "", 404, "neither waits here", 0)
	check("POST", "/transactions", body, 200, fmt.Sprintf(`{"id": %q, "status": "pending"}`, tx.ID), 0)
	if len(f.offered) != 1 || f.offered[0].ID != tx.ID || f.offered[0].Signature != tx.Signature {
		t.Fatalf("offered %+v", f.offered)
	}
	check("GET", "/transactions/"+tx.ID, "", 200, fmt.Sprintf(`{"id": %q, "status": "included", "height": 0, "block_hash": "h", "final": true}`, tx.ID), 0)
	check("GET", "/transactions/x", "", 400, "64 hex digits", 0)

	check("POST", "/transactions", "[1]", 400, "invalid transaction", 1)
	check("POST", "/transactions", strings.Replace(body, `"amount": 1`, `"amount": 2`, 1), 400, "transaction id", 1)
	check("POST", "/transactions", string(canon.Default(transfer(t, "another").Object())), 400, "signature", 1)
	unsigned := transfer(t, network)
	unsigned.PublicKey, unsigned.Signature = "", ""
	check("POST", "/transactions", string(canon.Default(unsigned.Object())), 400, "not signed", 1)
	check("POST", "/transactions", `{"tx_type": "x"}`, 400, "invalid transaction", 1)
	check("POST", "/transactions", strings.Repeat(" ", chain.MaxTxBytes+2<<10), http.StatusRequestEntityTooLarge, "too_large", 0)
	f.refusal = fmt.Errorf("%w: insufficient balance", ErrConflict)
	check("POST", "/transactions", body, 409, "insufficient balance", 0)
	if len(f.offered) != 1 {
		t.Errorf("%d transactions were offered, want 1", len(f.offered))
	}

	id := strings.Repeat("0a", 20)
	check("GET", "/balance/"+id, "", 200, `{"peer_id": "`+id+`", "balance": "12.5"}`, 0)
	check("GET", "/balance/"+strings.ToUpper(id), "", 400, "40 hex digits", 0)
	check("GET", "/balance/", "", 404, "Not Found", 0)
}
