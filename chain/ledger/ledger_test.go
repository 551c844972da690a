package ledger

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func sum(l *Ledger) (s int64) {
	for _, p := range l.Peers() {
		s += l.Balance(p)
	}
	return s
}

func TestReward(t *testing.T) {
	f := func(height, want int64) {
		t.Helper()
		if got := Reward(height); got != want {
			t.Errorf("Reward(%d) = %d, want %d", height, got, want)
		}
	}
	f(0, 0)
	f(1, 50*Unit)
	f(HalvingInterval-1, 50*Unit)
	f(HalvingInterval, 25*Unit)
	f(63*HalvingInterval, 0)
	f(1<<62, 0)
	var total int64
	for e := int64(0); e < 64; e++ {
		total += Reward(max(1, e*HalvingInterval)) * HalvingInterval
	}
	if total > MaxSupply {
		t.Errorf("all rewards sum to %d, above the maximum supply", total)
	}
}

func TestSplitIsExact(t *testing.T) {
	out := Split(50*Unit, []Share{{"o", 7}}, []Share{{"e", 1}}, "g")
	want := []Output{{"o", 3250000000, "optimizer"}, {"e", 1500000000, "evaluator"}, {"g", 250000000, "block_generator"}}
	if len(out) != len(want) {
		t.Fatalf("Split = %v, want %v", out, want)
	}
	for i := range want {
		if out[i] != want[i] {
			t.Errorf("Split[%d] = %v, want %v", i, out[i], want[i])
		}
	}
	if out := Split(100, nil, nil, "g"); len(out) != 1 || out[0].Amount != 100 {
		t.Errorf("Split without claimants = %v, want everything to the generator", out)
	}
}

func TestSplitConserves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shares := func() (s []Share) {
		for range r.IntN(6) {
			s = append(s, Share{string(rune('a' + r.IntN(4))), r.Int64N(1<<40) - 1000})
		}
		return s
	}
	for range 20000 {
		total := r.Int64N(MaxSupply)
		var got int64
		for _, o := range Split(total, shares(), shares(), "g") {
			if o.Amount <= 0 {
				t.Fatalf("output %v", o)
			}
			got += o.Amount
		}
		if got != total {
			t.Fatalf("Split(%d) pays %d", total, got)
		}
	}
}

func TestTransferRefusals(t *testing.T) {
	var l Ledger
	if err := l.Pay([]Output{{"a", 1000, "optimizer"}}, 1000, 0); err != nil {
		t.Fatal(err)
	}
	f := func(tr Transfer, want error) {
		t.Helper()
		before := l.Merged()
		_, err := l.Transfer(tr, 10)
		if !errors.Is(err, want) {
			t.Errorf("Transfer(%+v) = %v, want %v", tr, err, want)
		}
		if err != nil && (sum(&l) != sum(before) || l.Nonce("a") != before.Nonce("a")) {
			t.Errorf("Transfer(%+v) failed and changed the ledger", tr)
		}
	}
	f(Transfer{"a", "b", 0, 10, 1}, ErrAmount)
	f(Transfer{"a", "b", -5, 10, 1}, ErrAmount)
	f(Transfer{"a", "b", -5, 5000, 1}, ErrAmount) // the reference lets this one pass
	f(Transfer{"a", "b", 1, 9, 1}, ErrFee)
	f(Transfer{"a", "a", 1, 10, 1}, ErrPeer)
	f(Transfer{"a", "b", 1, 10, 2}, ErrNonce)
	f(Transfer{"a", "b", 991, 10, 1}, ErrBalance)
	f(Transfer{"a", "b", 1 << 62, 1 << 62, 1}, ErrAmount)
	f(Transfer{"a", "b", 990, 10, 1}, nil)
	f(Transfer{"a", "b", 990, 10, 1}, ErrNonce)
}

func TestConservation(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var l Ledger
	peers := []string{"a", "b", "c", "d"}
	fees := int64(0)
	for h := int64(1); h < 2000; h++ {
		for range r.IntN(5) {
			tr := Transfer{peers[r.IntN(4)], peers[r.IntN(4)], r.Int64N(40 * Unit), MinBaseFee + r.Int64N(1000), 0}
			tr.Nonce = l.Nonce(tr.Sender) + 1
			if fee, err := l.Transfer(tr, MinBaseFee); err == nil {
				fees += fee
			}
		}
		l.Burn(peers[r.IntN(4)], r.Int64N(Unit))
		out := Split(Reward(h)+fees, []Share{{peers[r.IntN(4)], 3}}, []Share{{peers[r.IntN(4)], 1}}, peers[r.IntN(4)])
		if err := l.Pay(out, Reward(h), fees); err != nil {
			t.Fatal(err)
		}
		fees = 0
		if sum(&l) != l.Supply() {
			t.Fatalf("height %d: balances %d, supply %d", h, sum(&l), l.Supply())
		}
	}
}

func TestNextBaseFee(t *testing.T) {
	f := func(fee int64, count int, want int64) {
		t.Helper()
		if got := NextBaseFee(fee, count); got != want {
			t.Errorf("NextBaseFee(%d, %d) = %d, want %d", fee, count, got, want)
		}
	}
	f(MinBaseFee, 0, MinBaseFee)
	f(MinBaseFee, 100, MinBaseFee)
	f(MinBaseFee, 200, 112500)
	f(112500, 0, MinBaseFee)
	f(160000, 50, 150000)
	f(MaxBaseFee, 1000, MaxBaseFee)
}
