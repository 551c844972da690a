package consensus

import (
	"bytes"
	"errors"
	"testing"

	"doin.network/node/chain"
)

func storedReceipts(t testing.TB) (*Receipts, []byte) {
	t.Helper()
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	r := w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.4))).Receipts
	return r, r.AppendCanonical(nil)
}

// TestStoredReceipts: the stored form is what the node and its API have always read; base and solo are added.
func TestStoredReceipts(t *testing.T) {
	r, data := storedReceipts(t)
	back, err := ParseReceipts(data)
	if err != nil {
		t.Fatal(err)
	}
	if again := back.AppendCanonical(nil); !bytes.Equal(again, data) {
		t.Errorf("stored again:\n%s\nwant\n%s", again, data)
	}
	if back.Supply != r.Supply || r.Supply <= 0 {
		t.Errorf("supply = %d, want that of the block, %d", back.Supply, r.Supply)
	}
	old, err := ParseReceipts([]byte(`{"weighted_sum": 0.0, "block_reward": 0, "fees": 0, "outputs": [], "transactions": []}`))
	if err != nil || old.Supply != -1 || bytes.Contains(old.AppendCanonical(nil), []byte("supply")) {
		t.Errorf("receipts of an earlier version = %+v, %v, want no supply", old, err)
	}
	if got, want := back.Tx[0].Base, r.Tx[0].Base; got != want || want == "" || !chain.IsHash(want) {
		t.Errorf("base = %q, want %q", got, want)
	}
	one := &Receipts{Supply: 9, Sum: 1_500_000, Reward: 5_000_000_000, Fees: 7, Tx: []Receipt{{TxID: "t", Type: TxAccepted, DomainID: "d", OptimaeID: "o", Base: "b",
		Raw: 500_000, Weight: Micro, Factor: 999_997, Effective: 499_998, Improved: true, Solo: true}}}
	const want = `{"block_reward": 5000000000, "fees": 7, "outputs": [], "supply": 9, "transactions": [{"base": "b", "domain_id": "d", "domain_weight": 1.0, ` +
		`"effective_increment": 0.499998, "improved": true, "optimae_id": "o", "raw_increment": 0.5, "reputation_factor": 0.999997, "solo": true, ` +
		`"tx_id": "t", "tx_type": "optimae_accepted"}], "weighted_sum": 1.5}`
	if got := string(one.AppendCanonical(nil)); got != want {
		t.Errorf("AppendCanonical = %s, want %s", got, want)
	}
}

func TestParseReceipts(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		if _, err := ParseReceipts([]byte(text)); (err == nil) != ok || err != nil && !errors.Is(err, ErrReceipts) {
			t.Errorf("ParseReceipts(%s) = %v, want ok %v", text, err, ok)
		}
	}
	const format0 = `{"tx_id": "t", "tx_type": "transfer", "domain_id": "", "optimae_id": "", "raw_increment": 0.0, "domain_weight": 0.0,
		"reputation_factor": 0.0, "effective_increment": 0.0, "improved": false}`
	f(`{"weighted_sum": 0.0, "block_reward": 0, "fees": 0, "outputs": [], "transactions": [`+format0+`]}`, true)
	f(`{"weighted_sum": 0.0, "block_reward": 0, "fees": 0, "outputs": [], "transactions": [3]}`, false)
	f(`{"weighted_sum": 1e300, "block_reward": 0, "fees": 0, "outputs": [], "transactions": []}`, false)
	f(`{"weighted_sum": 0.0, "block_reward": 0, "fees": 0, "outputs": [{"recipient": "a"}], "transactions": []}`, false)
	f(`{"weighted_sum": 0.0}`, false)
	f(`[]`, false)
	f(``, false)
}

func FuzzParseReceipts(f *testing.F) {
	_, data := storedReceipts(f)
	f.Add(data)
	f.Add([]byte(`{"transactions": [null], "outputs": {}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReceipts(data)
		if err != nil {
			if !errors.Is(err, ErrReceipts) {
				t.Fatalf("%v does not match ErrReceipts", err)
			}
			return
		}
		again, err := ParseReceipts(r.AppendCanonical(nil))
		if err != nil || !bytes.Equal(again.AppendCanonical(nil), r.AppendCanonical(nil)) {
			t.Fatalf("round trip of %s: %v", data, err)
		}
	})
}
