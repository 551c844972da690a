package account

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"doin.network/node/chain/ledger"
	"doin.network/node/chain/state"
)

func id(i int) (id ID) {
	id[0], id[1], id[19] = byte(i), byte(i>>8), 1
	return id
}

// chain is a state that blocks follow one another on.
type chain struct {
	t            *testing.T
	tree         *state.Tree
	height, slot int64
}

func (c *chain) block(slots int64, f func(b *Book)) {
	c.t.Helper()
	c.height++
	c.slot += slots
	next := c.tree.Copy()
	d := state.NewDraft(next)
	b := Open(d, c.height, c.slot)
	f(b)
	if err := errors.Join(b.Close(), d.Err()); err != nil {
		c.t.Fatal(err)
	}
	c.tree = next
}

// count counts the records of a kind.
func (c *chain) count(kind byte) (n int) {
	c.t.Helper()
	if err := c.tree.Range([]byte{kind}, func(_, _ []byte) bool { n++; return true }); err != nil {
		c.t.Fatal(err)
	}
	return n
}

func mint(b *Book, i int, amount int64) {
	b.Mint(amount)
	b.Pay(id(i), amount)
}

// TestEmptyAccount: an account with nothing on it has no record, and what it signed is worth nothing when money comes again.
func TestEmptyAccount(t *testing.T) {
	c := &chain{t: t, tree: state.New()}
	var old ledger.Transfer
	c.block(1, func(b *Book) { mint(b, 1, 3*ledger.Unit) })
	c.block(1, func(b *Book) {
		old = ledger.Transfer{Sender: id(1).String(), Recipient: id(2).String(), Amount: ledger.Unit, Fee: Dust, Nonce: b.Account(id(1)).Nonce + 1}
		for nonce := range int64(2) {
			tr := old
			if tr.Nonce += nonce; nonce == 1 {
				tr.Amount = b.Account(id(1)).Balance - Dust
			}
			if _, err := b.Transfer(tr, Dust); err != nil {
				t.Fatal(err)
			}
		}
		b.Burn(2 * Dust)
		if _, err := b.Transfer(old, Dust); !errors.Is(err, ledger.ErrNonce) {
			t.Errorf("again in the block: %v", err)
		}
		mint(b, 1, 3*ledger.Unit) // the record goes on
		if _, err := b.Transfer(old, Dust); !errors.Is(err, ledger.ErrNonce) {
			t.Errorf("again in the block after a payment: %v", err)
		}
		b.Burn(b.Take(id(1), 3*ledger.Unit))
	})
	if got := c.count(kindAccount); got != 1 {
		t.Errorf("%d accounts have records, want 1", got)
	}
	c.block(1, func(b *Book) {
		mint(b, 1, 3*ledger.Unit)
		if _, err := b.Transfer(old, Dust); !errors.Is(err, ledger.ErrNonce) {
			t.Errorf("what the account before signed: %v, want ErrNonce", err)
		}
	})
}

// TestTransfersOfABlock: an account makes at most NonceStep transfers in the block in which it begins, so that no nonce is used twice.
func TestTransfersOfABlock(t *testing.T) {
	c := &chain{t: t, tree: state.New()}
	c.block(1, func(b *Book) {
		mint(b, 1, ledger.Unit)
		for i := range int64(NonceStep + 1) {
			_, err := b.Transfer(ledger.Transfer{Sender: id(1).String(), Recipient: id(2).String(), Amount: 1, Fee: Dust,
				Nonce: b.Account(id(1)).Nonce + 1}, Dust)
			if (err == nil) != (i < NonceStep) {
				t.Fatalf("transfer %d: %v", i, err)
			}
		}
	})
}

// TestDust: what pays no fee expires a month after its last change, at most MaxExpired accounts a block, and its money is burned.
func TestDust(t *testing.T) {
	c := &chain{t: t, tree: state.New()}
	const n = MaxExpired + 10
	c.block(1, func(b *Book) {
		for i := range n {
			mint(b, i, Dust-1)
		}
		mint(b, n, Dust)
	})
	c.block(DustSlots-1, func(b *Book) { mint(b, 0, 1); mint(b, 1, -1+2) })
	c.block(0, func(b *Book) { b.Burn(b.Take(id(1), 1)) })
	if got := c.count(kindAccount); got != n+1 {
		t.Fatalf("%d accounts before the slot, want %d", got, n+1)
	}
	c.block(1, func(*Book) {})
	if got := c.count(kindAccount); got != n+1-MaxExpired {
		t.Fatalf("%d accounts in the slot, want %d", got, n+1-MaxExpired)
	}
	c.block(1, func(*Book) {})
	c.block(1, func(b *Book) {
		if b.Account(id(0)).Balance != Dust || b.Account(id(1)).Balance != Dust-1 || b.Account(id(n)).Balance != Dust {
			t.Errorf("accounts that are not due: %v, %v, %v", b.Account(id(0)), b.Account(id(1)), b.Account(id(n)))
		}
		if want := int64((n-2)*(Dust-1) + 1); b.Burned() != want {
			t.Errorf("%d are burned, want %d", b.Burned(), want)
		}
	})
	c.block(DustSlots, func(*Book) {})
	if got, notes := c.count(kindAccount), c.count(kindDue); got != 2 || notes != 0 {
		t.Errorf("%d accounts, %d notes in the end, want 2, 0", got, notes)
	}
}

// TestPeers: reputation that has decayed leaves no record; who was registered, or put out, has one for ever.
func TestPeers(t *testing.T) {
	c := &chain{t: t, tree: state.New()}
	key := bytes.Repeat([]byte{7}, keyBytes)
	c.block(5, func(b *Book) {
		b.SetPeer(id(1), Peer{Score: 1_000_000, Since: c.slot})
		b.SetPeer(id(2), Peer{Out: true, Since: c.slot})
		b.SetPeer(id(3), Peer{Left: 9, Since: c.slot})
		b.SetPeer(id(4), Peer{Key: key, Registered: 1, Since: c.slot})
		b.SetPeer(id(5), Peer{Since: c.slot})
	})
	if got := c.count(kindPeer); got != 4 {
		t.Errorf("%d peers have records, want 4", got)
	}
	root := c.tree.Root()
	c.block(20*HalfLife-1, func(b *Book) {
		if got := b.Peer(id(1)).Reputation(c.slot); got != 1 {
			t.Errorf("reputation before the end is %d, want 1", got)
		}
	})
	if c.tree.Root() != root {
		t.Error("time alone has changed the state")
	}
	c.block(1, func(b *Book) {
		if got := b.Peer(id(1)).Reputation(c.slot); got != 0 {
			t.Errorf("reputation in the end is %d, want 0", got)
		}
	})
	if got, notes := c.count(kindPeer), c.count(kindDue); got != 3 || notes != 0 {
		t.Errorf("%d peers, %d notes, want 3, 0", got, notes)
	}
	c.block(1, func(b *Book) {
		if p := b.Peer(id(4)); !bytes.Equal(p.Key, key) || p.Registered != 1 {
			t.Errorf("the registered peer is %+v", p)
		}
	})
}

// TestSupply: random blocks against a plain map; the balances are what was minted less what was burned, and one set has one root.
func TestSupply(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := &chain{t: t, tree: state.New()}
		balances := map[ID]int64{}
		for range 200 {
			var fees int64
			c.block(r.Int64N(DustSlots/20), func(b *Book) {
				for range r.IntN(12) {
					x, y := id(r.IntN(30)), id(r.IntN(30))
					amount := 1 + r.Int64N([]int64{10, Dust, ledger.Unit}[r.IntN(3)])
					switch r.IntN(4) {
					case 0:
						b.Mint(amount)
						b.Pay(x, amount)
						balances[x] += amount
					case 1:
						got := b.Take(x, amount)
						b.Burn(got)
						if want := min(amount, balances[x]); got != want {
							t.Fatalf("seed %d: Take = %d, want %d", seed, got, want)
						}
						balances[x] -= got
					default:
						a := b.Account(x)
						if r.IntN(4) == 0 {
							amount = a.Balance - Dust
						}
						tr := ledger.Transfer{Sender: x.String(), Recipient: y.String(), Amount: amount, Fee: Dust, Nonce: a.Nonce + 1}
						fee, err := b.Transfer(tr, Dust)
						if want := x != y && amount > 0 && balances[x] >= amount+Dust; (err == nil) != want {
							t.Fatalf("seed %d: Transfer(%+v) of %d = %v", seed, tr, balances[x], err)
						}
						if err == nil {
							balances[x] -= amount + fee
							balances[y] += amount
							fees += fee
						}
					}
				}
				b.Burn(fees)
			})
			var sum int64
			d := state.NewDraft(c.tree.Copy())
			b := Open(d, c.height+1, c.slot)
			for x, want := range balances {
				got := b.Account(x)
				if got.Balance == 0 && want < Dust {
					balances[x] = 0 // expired
				} else if got.Balance != want {
					t.Fatalf("seed %d: balance %d, want %d", seed, got.Balance, want)
				}
				sum += got.Balance
			}
			if sum != b.Minted()-b.Burned() {
				t.Fatalf("seed %d: balances %d, minted %d − burned %d", seed, sum, b.Minted(), b.Burned())
			}
		}
	}
}

func TestRecordVectors(t *testing.T) {
	f := func(record []byte, want string) {
		t.Helper()
		if got := fmt.Sprintf("%x", record); got != want {
			t.Errorf("record is %s, want %s", got, want)
		}
	}
	f(Account{}.AppendRecord(nil), "000000")
	f(Account{300, 5, 1 << 40}.AppendRecord(nil), "ac0205808080808020")
	f(Peer{Out: true, Registered: 1, Left: 2, Score: 300, Since: 4, Due: 0}.AppendRecord(nil), "010102ac020400")
	if _, err := ParseID("AB"); err == nil {
		t.Error("ParseID takes what is no id")
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(Account{300, 5, 1 << 40}.AppendRecord(nil))
	f.Add(Peer{Out: true, Score: 1, Key: make([]byte, keyBytes)}.AppendRecord(nil))
	f.Add([]byte{0x80, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := ParseAccount(b); err == nil && !bytes.Equal(a.AppendRecord(nil), b) {
			t.Errorf("ParseAccount(%x) is written as %x", b, a.AppendRecord(nil))
		}
		p, err := ParsePeer(b)
		if err == nil && !bytes.Equal(p.AppendRecord(nil), b) {
			t.Errorf("ParsePeer(%x) is written as %x", b, p.AppendRecord(nil))
		}
		if err == nil && p.Reputation(p.Since+1) > p.Score {
			t.Errorf("reputation of %+v grows", p)
		}
		for _, slot := range []int64{0, 1 << 30, 1 << 62} {
			p.Reputation(slot)
		}
	})
}
