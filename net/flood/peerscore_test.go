package flood

import (
	"errors"
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/net/peerscore"
)

// scored returns a fixture whose boards cut off after four points, and who was.
func scored(t *testing.T) (*fixture, *[]string) {
	t.Helper()
	var cut []string
	f := newFixture(t, func(c *Config) {
		for _, b := range []**peerscore.Board{&c.Addresses, &c.Authors} {
			var err error
			if *b, err = peerscore.New(peerscore.Config{Points: 4, Recovery: 0.001, Penalty: time.Minute, Max: 4096}); err != nil {
				t.Fatal(err)
			}
		}
		c.CutOff = func(author string) { cut = append(cut, author) }
	})
	return f, &cut
}

func TestBadBodiesCutAnAddressOff(t *testing.T) {
	f, cut := scored(t)
	bad := func(host string) error { return f.Receive(t.Context(), host, []byte("{")) }
	for i := range 4 {
		if err := bad("192.0.2.1"); errors.Is(err, ErrCutOff) || !errors.Is(err, ErrRefused) {
			t.Fatalf("offence %d: %v", i+1, err)
		}
	}
	good := encode(message(t, key(t, "a"), nil))
	var r *Refusal
	if err := f.Receive(t.Context(), "192.0.2.1", good); !errors.As(err, &r) || r.Why != ReasonCutOff || r.Status() != 403 {
		t.Errorf("a good message of an address that is cut off: %v", err)
	}
	if err := f.Receive(t.Context(), "192.0.2.2", good); err != nil {
		t.Errorf("the same message from another address: %v", err)
	}
	f.now = f.now.Add(time.Minute)
	if err := f.Receive(t.Context(), "192.0.2.1", encode(message(t, key(t, "b"), nil))); err != nil {
		t.Errorf("after the penalty: %v", err)
	}
	if len(*cut) > 0 {
		t.Errorf("authors %v were cut off for what they have not signed", *cut)
	}
}

// TestAuthorPaysForWhatItSigned: who forges pays, not the name on the forgery; who signs nonsense pays, not who relays
// what it signs later.
func TestAuthorPaysForWhatItSigned(t *testing.T) {
	f, cut := scored(t)
	author := key(t, "a")
	forged := message(t, author, nil)
	forged.TTL--
	forged.Payload.Set("domain_id", "another")
	for range 3 {
		if err := f.Receive(t.Context(), "192.0.2.1", encode(forged)); !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
	}
	if len(*cut) > 0 {
		t.Fatalf("%v were cut off by a forger", *cut)
	}
	f.err = errors.New("no honest node says so")
	if err := f.Receive(t.Context(), "192.0.2.2", encode(message(t, author, nil))); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	f.err = nil
	if !slices.Equal(*cut, []string{author.PeerID()}) {
		t.Fatalf("cut off: %v, want the author", *cut)
	}
	another := func(m *chain.Message) { m.Payload.Set("domain_id", "e") }
	for range 10 {
		if err := f.Receive(t.Context(), "192.0.2.3", encode(message(t, author, another))); !errors.Is(err, ErrCutOff) {
			t.Fatalf("a message of an author that is cut off: %v", err)
		}
	}
	if err := f.Receive(t.Context(), "192.0.2.3", encode(message(t, key(t, "b"), nil))); err != nil {
		t.Errorf("who relayed it: %v", err)
	}
}

// TestOnlyFloodsCost: above its rate an address is refused, ten times above it is cut off.
func TestOnlyFloodsCost(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.AddressRate, c.AddressBurst = 1, 2
		score, err := peerscore.DefaultConfig(), error(nil)
		score.Points = 0.95
		if c.Addresses, err = peerscore.New(score); err != nil {
			t.Fatal(err)
		}
	})
	reasons := map[Reason]int{}
	for range 60 {
		var r *Refusal
		if errors.As(f.Receive(t.Context(), "192.0.2.1", []byte(`{"type": "control"}`)), &r) {
			reasons[r.Why]++
		}
	}
	if reasons[ReasonAddressRate] != 20 || reasons[ReasonFlood] != 10 || reasons[ReasonCutOff] != 28 {
		t.Errorf("refused %v, want 20 for the rate, 10 for the flood, then all", reasons)
	}
}
