package ledger

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// model is a ledger as one would write it on paper: unbounded integers, no cleverness.
type model struct {
	balance, nonce map[string]*big.Int
	minted, burned *big.Int
}

func (m *model) at(t map[string]*big.Int, peer string) *big.Int {
	if t[peer] == nil {
		t[peer] = new(big.Int)
	}
	return t[peer]
}

func (m *model) transfer(t Transfer, baseFee int64) bool {
	amount, fee := big.NewInt(t.Amount), big.NewInt(t.Fee)
	debit := new(big.Int).Add(amount, fee)
	next := new(big.Int).Add(m.at(m.nonce, t.Sender), big.NewInt(1))
	if amount.Sign() <= 0 || fee.Cmp(big.NewInt(baseFee)) < 0 || t.Sender == "" || t.Recipient == "" || t.Sender == t.Recipient ||
		next.Cmp(big.NewInt(t.Nonce)) != 0 || m.at(m.balance, t.Sender).Cmp(debit) < 0 {
		return false
	}
	m.at(m.balance, t.Sender).Sub(m.at(m.balance, t.Sender), debit)
	m.at(m.balance, t.Recipient).Add(m.at(m.balance, t.Recipient), amount)
	m.nonce[t.Sender] = next
	return true
}

// split is Split by fractions: each claimant's share of its pool, rounded down, the rest to the generator.
func split(total int64, optimizers, evaluators []Share, generator string) map[string]*big.Int {
	out, rest := map[string]*big.Int{}, big.NewInt(total)
	for _, p := range []struct {
		percent int64
		reason  string
		shares  []Share
	}{{65, "optimizer", optimizers}, {30, "evaluator", evaluators}} {
		pool := new(big.Int).Div(new(big.Int).Mul(big.NewInt(total), big.NewInt(p.percent)), big.NewInt(100))
		all, of := new(big.Int), map[string]*big.Int{}
		for _, s := range p.shares {
			if s.Weight > 0 {
				all.Add(all, big.NewInt(s.Weight))
				if of[s.PeerID] == nil {
					of[s.PeerID] = new(big.Int)
				}
				of[s.PeerID].Add(of[s.PeerID], big.NewInt(s.Weight))
			}
		}
		for peer, w := range of {
			a := new(big.Int).Div(new(big.Int).Mul(pool, w), all)
			out[peer+" "+p.reason] = a
			rest.Sub(rest, a)
		}
	}
	out[generator+" block_generator"] = rest
	return out
}

// TestAgainstModel runs random operations on the ledger and on the model.
func TestAgainstModel(t *testing.T) {
	peers := []string{"", "a", "b", "c", "d"}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var l Ledger
		m := &model{map[string]*big.Int{}, map[string]*big.Int{}, new(big.Int), new(big.Int)}
		pick := func() string { return peers[r.IntN(len(peers))] }
		shares := func() (s []Share) {
			for range r.IntN(5) {
				s = append(s, Share{peers[1+r.IntN(4)], r.Int64N(1<<40) - 1<<30})
			}
			return s
		}
		var fees int64
		for step := range 500 {
			switch r.IntN(4) {
			case 0, 1:
				tr := Transfer{pick(), pick(), r.Int64N(30*Unit) - Unit, r.Int64N(3 * MinBaseFee), 0}
				tr.Nonce = l.Nonce(tr.Sender) + r.Int64N(2) + r.Int64N(2)
				if r.IntN(20) == 0 {
					tr.Amount = 1<<63 - 1 - r.Int64N(1000) // the sum would overflow
				}
				fee, err := l.Transfer(tr, MinBaseFee)
				if (err == nil) != m.transfer(tr, MinBaseFee) {
					t.Fatalf("seed %d step %d: Transfer(%+v) = %v, the model disagrees", seed, step, tr, err)
				}
				fees += fee
			case 2:
				peer, amount := pick(), r.Int64N(Unit)-10
				got := l.Burn(peer, amount)
				want := new(big.Int).Set(big.NewInt(max(0, amount)))
				if b := m.at(m.balance, peer); b.Cmp(want) < 0 {
					want.Set(b)
				}
				m.balance[peer].Sub(m.balance[peer], want)
				m.burned.Add(m.burned, want)
				if want.Cmp(big.NewInt(got)) != 0 {
					t.Fatalf("seed %d step %d: Burn(%q, %d) = %d, want %v", seed, step, peer, amount, got, want)
				}
			default:
				reward := Reward(r.Int64N(3 * HalvingInterval))
				opt, eval, gen := shares(), shares(), peers[1+r.IntN(4)]
				outputs := Split(reward+fees, opt, eval, gen)
				want := split(reward+fees, opt, eval, gen)
				for _, o := range outputs {
					k := o.Recipient + " " + o.Reason
					if want[k] == nil || want[k].Cmp(big.NewInt(o.Amount)) != 0 {
						t.Fatalf("seed %d step %d: Split gives %s %d, want %v", seed, step, k, o.Amount, want[k])
					}
					m.at(m.balance, o.Recipient).Add(m.at(m.balance, o.Recipient), want[k])
					delete(want, k)
				}
				for k, w := range want {
					if w.Sign() != 0 {
						t.Fatalf("seed %d step %d: Split forgets %s %v", seed, step, k, w)
					}
				}
				if err := l.Pay(outputs, reward, fees); err != nil {
					t.Fatal(err)
				}
				m.minted.Add(m.minted, big.NewInt(reward))
				fees = 0
			}
			for _, p := range peers {
				if got, want := fmt.Sprint(l.Balance(p), l.Nonce(p)), fmt.Sprint(m.at(m.balance, p), m.at(m.nonce, p)); got != want {
					t.Fatalf("seed %d step %d: %q has %s, want %s", seed, step, p, got, want)
				}
			}
			if fmt.Sprint(l.Minted(), l.Burned()) != fmt.Sprint(m.minted, m.burned) {
				t.Fatalf("seed %d step %d: minted %d, burned %d, want %v, %v", seed, step, l.Minted(), l.Burned(), m.minted, m.burned)
			}
		}
	}
}

// TestRestore: what is read back is checked, also where sums would overflow.
func TestRestore(t *testing.T) {
	var l Ledger
	for _, c := range [][2]int64{{-1, 0}, {0, -1}, {MaxSupply + 1, 0}} {
		if err := l.Restore("a", c[0], c[1]); err == nil {
			t.Errorf("Restore(%v) is accepted", c)
		}
	}
	for i := range 5000 { // Σ overflows 63 bits
		if err := l.Restore(fmt.Sprint(i), MaxSupply, 0); err != nil {
			t.Fatal(err)
		}
	}
	var sum int64
	for range 5000 {
		sum += MaxSupply
	}
	if err := l.RestoreTotals(MaxSupply, MaxSupply-sum); err == nil {
		t.Error("balances beyond the supply are accepted")
	}
	l = Ledger{}
	if err := l.Restore("a", 70, 3); err != nil {
		t.Fatal(err)
	}
	if err := l.RestoreTotals(100, 31); err == nil {
		t.Error("totals that do not add up are accepted")
	}
	if err := l.RestoreTotals(100, 30); err != nil || l.Supply() != 70 || l.Nonce("a") != 3 {
		t.Errorf("RestoreTotals = %v, supply %d", err, l.Supply())
	}
}

// TestOver: a ledger over another one gives what a copy gives, leaves the other as it is, and can lie over a third.
func TestOver(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	peers := []string{"a", "b", "c", "d", "e"}
	same := func(what string, got, want *Ledger) {
		t.Helper()
		if fmt.Sprint(got.Peers()) != fmt.Sprint(want.Peers()) || got.Minted() != want.Minted() || got.Burned() != want.Burned() {
			t.Fatalf("%s: accounts %v, minted %d, burned %d; want %v, %d, %d", what, got.Peers(), got.Minted(), got.Burned(),
				want.Peers(), want.Minted(), want.Burned())
		}
		for _, p := range peers {
			if got.Balance(p) != want.Balance(p) || got.Nonce(p) != want.Nonce(p) {
				t.Fatalf("%s: %s has %d, nonce %d; want %d, %d", what, p, got.Balance(p), got.Nonce(p), want.Balance(p), want.Nonce(p))
			}
		}
	}
	plain := new(Ledger)
	layered := new(Ledger)
	for range 300 {
		below, copied := layered, layered.Merged()
		layered = below.Over()
		for range 1 + r.IntN(6) {
			from, to := peers[r.IntN(5)], peers[r.IntN(5)]
			switch r.IntN(3) {
			case 0:
				amount := 1 + r.Int64N(1000)
				for _, l := range []*Ledger{plain, layered} {
					if err := l.Pay([]Output{{from, amount, "optimizer"}}, amount, 0); err != nil {
						t.Fatal(err)
					}
				}
			case 1:
				amount := r.Int64N(1500)
				if got, want := layered.Burn(from, amount), plain.Burn(from, amount); got != want {
					t.Fatalf("Burn(%s, %d) = %d, want %d", from, amount, got, want)
				}
			default:
				tr := Transfer{from, to, []int64{1 + r.Int64N(50), plain.Balance(from) - 1}[r.IntN(2)], 1, plain.Nonce(from) + 1}
				fee, err := layered.Transfer(tr, 1)
				want, wantErr := plain.Transfer(tr, 1)
				if fee != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Fatalf("Transfer(%+v) = %d, %v; want %d, %v", tr, fee, err, want, wantErr)
				}
			}
		}
		same("below", below, copied)
		same("over", layered, plain)
		same("merged", layered.Merged(), plain)
		if r.IntN(3) > 0 {
			layered = layered.Merged()
		}
	}
}
