package ledger

import (
	"math"
	"testing"
)

func TestAmounts(t *testing.T) {
	f := func(text string, want int64, back string) {
		t.Helper()
		got, err := ParseAmount(text)
		if err != nil || got != want {
			t.Errorf("ParseAmount(%q) = %d, %v, want %d", text, got, err, want)
		}
		if s := FormatAmount(want); s != back {
			t.Errorf("FormatAmount(%d) = %q, want %q", want, s, back)
		}
	}
	f("0", 0, "0")
	f("0.0", 0, "0")
	f("0.00000001", 1, "0.00000001")
	f("12.5", 1_250_000_000, "12.5")
	f("007", 7*Unit, "7")
	f("100", 100*Unit, "100")
	f("0.1", Unit/10, "0.1")
	f("21000000", MaxSupply, "21000000")
	f("20999999.99999999", MaxSupply-1, "20999999.99999999")

	bad := func(text string) {
		t.Helper()
		if got, err := ParseAmount(text); err == nil {
			t.Errorf("ParseAmount(%q) = %d, want an error", text, got)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0x1", "1.2.3", "NaN", "1_000", "٣",
		"0.000000001", "21000000.00000001", "99999999999999999999999999"} {
		bad(text)
	}
	for units, want := range map[int64]string{-1: "-0.00000001", -150_000_000: "-1.5", math.MinInt64: "-92233720368.54775808"} {
		if got := FormatAmount(units); got != want {
			t.Errorf("FormatAmount(%d) = %q, want %q", units, got, want)
		}
	}
}

// FuzzAmount: no text panics, and what is read is written and read as the same.
func FuzzAmount(f *testing.F) {
	for _, text := range []string{"1.5", "0", "21000000", "0.00000001", "-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		units, err := ParseAmount(text)
		if err != nil {
			return
		}
		if again, err := ParseAmount(FormatAmount(units)); err != nil || again != units {
			t.Fatalf("ParseAmount(%q) = %d, written %q, read %d, %v", text, units, FormatAmount(units), again, err)
		}
	})
}
