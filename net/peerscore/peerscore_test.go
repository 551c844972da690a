package peerscore

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

var start = time.Unix(1_700_000_000, 0)

// board returns a board of the defaults but for what edit changes.
func board(t *testing.T, edit func(*Config)) *Board {
	t.Helper()
	cfg := DefaultConfig()
	if edit != nil {
		edit(&cfg)
	}
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCutAndBack(t *testing.T) {
	b := board(t, func(c *Config) { c.Points, c.Penalty = 10, 30*time.Second })
	for i := range 9 {
		if b.Charge("a", 1, start) {
			t.Fatalf("cut off by offence %d", i+1)
		}
	}
	if got := b.Points("a", start); got != 1 {
		t.Errorf("Points after 9 offences = %v, want 1", got)
	}
	if got := b.Points("a", start.Add(3*time.Second)); got != 4 {
		t.Errorf("Points 3 s later = %v, want 4", got)
	}
	if !b.Charge("a", 5, start.Add(3*time.Second)) {
		t.Error("not cut off without points")
	}
	cut := start.Add(3 * time.Second)
	if b.Charge("a", 5, cut.Add(29*time.Second)) {
		t.Error("cut off twice")
	}
	for after, want := range map[time.Duration]bool{0: true, 29 * time.Second: true, 30 * time.Second: false} {
		if got := b.Cut("a", cut.Add(after)); got != want {
			t.Errorf("Cut after %v = %v, want %v", after, got, want)
		}
	}
	if got := b.Points("a", cut.Add(30*time.Second)); got != 5 {
		t.Errorf("Points when it is let in again = %v, want half", got)
	}
	if b.Cut("b", start) || b.Points("b", start) != 10 {
		t.Error("another one pays for it")
	}
	if got := b.Cuts(); got != 1 {
		t.Errorf("Cuts() = %d, want 1", got)
	}
}

func TestWorst(t *testing.T) {
	b := board(t, nil)
	b.Charge("mild", 1, start)
	b.Charge("bad", 50, start)
	b.Charge("worse", 100, start)
	got := fmt.Sprint(b.Worst(2, start))
	if want := "[{worse 0 true} {bad 50 false}]"; got != want {
		t.Errorf("Worst(2) = %s, want %s", got, want)
	}
	if got := b.Worst(5, start.Add(10*time.Second)); len(got) != 2 {
		t.Errorf("Worst after one has recovered = %v, want 2 entries", got)
	}
}

// TestFull: neither new names nor many offences of them clear one that is cut off.
func TestFull(t *testing.T) {
	b := board(t, func(c *Config) { c.Max = 8 })
	b.Charge("bad", 100, start)
	for i := range 1000 {
		b.Charge(fmt.Sprint(i), 2, start)
	}
	if n := len(b.byName); n > 8 {
		t.Errorf("%d names, most is 8", n)
	}
	if !b.Cut("bad", start) {
		t.Error("a crowd of new names cleared one that is cut off")
	}
	for i := range 1000 {
		b.Charge(fmt.Sprint("x", i), 200, start)
	}
	if n := len(b.byName); n > 8 || !b.Cut("bad", start) {
		t.Errorf("%d names, bad cut off: %v", n, b.Cut("bad", start))
	}
}

func TestBadValues(t *testing.T) {
	_, err := New(Config{Points: -1, Recovery: math.NaN()})
	for _, want := range []string{"points", "recovery", "penalty", "max"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
	b := board(t, nil)
	b.Charge("a", math.NaN(), start)
	b.Charge("a", -50, start)
	if p := b.Points("a", start); p != 100 {
		t.Errorf("Points after charges of NaN and less than nothing = %v", p)
	}
	var none *Board
	if none.Charge("a", 1, start) || none.Cut("a", start) {
		t.Error("a nil board cuts off")
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "::ffff:192.0.2.7", "2001:db8::1": "2001:db8::/64",
		"2001:db8::ffff:1%eth0": "2001:db8::/64", "": "", "name": "name",
	} {
		if got := Address(in); got != want {
			t.Errorf("Address(%q) = %q, want %q", in, got, want)
		}
	}
}
