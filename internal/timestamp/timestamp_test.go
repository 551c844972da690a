package timestamp

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"doin.network/node/internal/golden"
)

func TestVectors(t *testing.T) {
	golden.Run(t, "datetimes", func(t *testing.T, c golden.Case) {
		in, _ := c.Inputs.Get("timestamp")
		valid, err := c.Expected.Bool("valid")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(in)
		if (err == nil) != valid {
			t.Fatalf("Parse(%#v) = %v, %v, want valid %v", in, got, err, valid)
		}
		if !valid {
			return
		}
		if want, _ := c.Expected.String("isoformat"); got.ISO() != want {
			t.Errorf("Parse(%#v).ISO() = %q, want %q", in, got.ISO(), want)
		}
		if want, _ := c.Expected.String("wire"); got.Wire() != want {
			t.Errorf("Parse(%#v).Wire() = %q, want %q", in, got.Wire(), want)
		}
	})
}

func TestParse(t *testing.T) {
	f := func(in any, want string) {
		t.Helper()
		got, err := Parse(in)
		if want == "" {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("Parse(%#v) = %v, %v, want ErrInvalid", in, got, err)
			}
			return
		}
		if err != nil || got.ISO() != want {
			t.Errorf("Parse(%#v) = %q, %v, want %q", in, got.ISO(), err, want)
		}
	}
	f("2026-01-02_03:04:05Z", "2026-01-02T03:04:05+00:00")
	f("2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05.500000+00:00")
	f("2026-01-02T03:04+0530", "2026-01-02T03:04:00+05:30")
	f("2026-01-02T03:04-23:59", "2026-01-02T03:04:00-23:59")
	f("0001-01-01", "0001-01-01T00:00:00")
	f("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00")
	f("1700000000.25", "2023-11-14T22:13:20.250000+00:00")
	f("-1", "1969-12-31T23:59:59+00:00")
	f(-1.25, "1969-12-31T23:59:58.750000+00:00")
	f(0.00000075, "1970-01-01T00:00:00.000001+00:00")
	f(0.0000005, "1970-01-01T00:00:00+00:00") // the double is slightly below a half
	f(int64(20_000_000_000), "2603-10-11T11:33:20+00:00")
	f(int64(20_000_000_001), "1970-08-20T11:33:20.001000+00:00")

	f("0000-01-01", "")
	f("2026-1-02", "")
	f("2026-01-02T", "")
	f("2026-01-02T03", "")
	f("2026-01-02T03:04:60Z", "")
	f("2026-01-02T03:04:05.Z", "")
	f("2026-01-02T03:04:05+24:00", "")
	f("2026-01-02T03:04:05+02", "")
	f("2026-01-02T03:04:05Zx", "")
	f("2026-04-31", "")
	f("2026-01-00", "")
	f(" 2026-01-02", "")
	f("1e9", "")
	f("1/2", "")
	f("--1", "")
	f("+", "")
	f("1.2.3", "")
	f(true, "")
	f([]any{}, "")
	f(math.NaN(), "")
	f(math.Inf(1), "")
	f(1e300, "")
	f(int64(math.MaxInt64), "")
	f(int64(math.MinInt64), "")
	f(int64(-11_676_096_001), "")
	f(new(big.Int).Lsh(big.NewInt(1), 80), "")
	f("99999999999999999999999999999999999999999999999999999999999999999999999", "")
}

func TestMicro(t *testing.T) {
	f := func(us int64, wire string) {
		t.Helper()
		st := FromMicro(us)
		if st.Micro() != us || st.Wire() != wire || st.IsZero() {
			t.Errorf("FromMicro(%d) = %v (%d), want %s", us, st, st.Micro(), wire)
		}
		back, err := Parse(wire)
		if err != nil || back != st {
			t.Errorf("Parse(%q) = %v, %v, want %v", wire, back, err, st)
		}
	}
	f(0, "1970-01-01T00:00:00Z")
	f(-1, "1969-12-31T23:59:59.999999Z")
	f(1767323045678901, "2026-01-02T03:04:05.678901Z")

	east, err := Parse("2026-01-02T03:04:05+02:00")
	if err != nil || east.Micro() != 1767315845000000 {
		t.Errorf("east.Micro() = %d, %v", east.Micro(), err)
	}
	bare, err := Parse("1970-01-01T00:00:00")
	if err != nil || bare.Micro() != 0 || bare.IsZero() || !bare.IsNaive() || bare == FromMicro(0) {
		t.Errorf("naive epoch = %+v, %v", bare, err)
	}
	if (Time{}).ISO() != "" || !(Time{}).IsZero() {
		t.Error("the zero value must be empty")
	}
	if got := FromMicro(math.MaxInt64).Wire(); got != "9999-12-31T23:59:59.999999Z" {
		t.Errorf("FromMicro(max) = %s", got)
	}
	now := time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.FixedZone("x", 3600))
	if got := FromTime(now); got.Wire() != "2026-05-06T06:08:09.123456Z" || !got.Time().Equal(now.Truncate(time.Microsecond)) {
		t.Errorf("FromTime = %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-01-02T03:04:05.678901Z", "2026-01-02", "1700000000.5", "2026-01-02T03:04-0330", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		st, err := Parse(s)
		if err != nil {
			return
		}
		for _, text := range []string{st.ISO(), st.Wire()} {
			again, err := Parse(text)
			if err != nil || again != st {
				t.Fatalf("Parse(%q) = %+v, %v, want %+v of %q", text, again, err, st, s)
			}
		}
	})
}
