package chain_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

func TestSumsFromObject(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s, err := chain.SumsFromObject(o)
		if (err == nil) != ok || !ok && !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("SumsFromObject(%.120s) = %+v, %v; want ok %v", text, s, err, ok)
		}
		if err == nil && canon.Hash(s.AppendTo(canon.NewObject())) != canon.Hash(o) {
			t.Errorf("AppendTo(%+v) is not %s", s, text)
		}
	}
	top := new(big.Int).Lsh(big.NewInt(1), 100).String() // 2²⁰ cases of 2⁴⁰
	f(`{"s1": 0, "s2": "0", "n": 0}`, true)
	f(`{"s1": 0, "s2": "0", "n": 7}`, true)
	f(`{"s1": -3, "s2": "9", "n": 1}`, true)
	f(`{"s1": 1152921504606846976, "s2": "`+top+`", "n": 1048576}`, true)
	f(`{"s1": 0, "s2": "0"}`, false)
	f(`{"s1": 0, "s2": 0, "n": 0}`, false)
	f(`{"s1": 0.5, "s2": "1", "n": 1}`, false)
	f(`{"s1": 1, "s2": "1", "n": 0}`, false)
	f(`{"s1": 0, "s2": "1", "n": 0}`, false)
	f(`{"s1": 1, "s2": "1", "n": -1}`, false)
	f(`{"s1": 1, "s2": "-1", "n": 1}`, false)
	f(`{"s1": 1, "s2": "+1", "n": 1}`, false)
	f(`{"s1": 1, "s2": "01", "n": 1}`, false)
	f(`{"s1": 1, "s2": "1e3", "n": 1}`, false)
	f(`{"s1": 1, "s2": "", "n": 1}`, false)
	f(`{"s1": 3, "s2": "8", "n": 1}`, false) // less than the square of the sum
	f(`{"s1": 4, "s2": "7", "n": 2}`, false)
	f(`{"s1": 1099511627777, "s2": "1208925819616828197961729", "n": 1}`, false) // one case of more than 2⁴⁰
	f(`{"s1": 0, "s2": "2417851639229258349412353", "n": 2}`, false)             // two of more than 2⁸⁰
	f(`{"s1": -9223372036854775808, "s2": "`+top+`", "n": 1048576}`, false)
	f(`{"s1": 1, "s2": "1", "n": 1048577}`, false)
	f(`{"s1": 1, "s2": "`+strings.Repeat("9", 1<<16)+`", "n": 1048576}`, false)
}

func TestSumsZ(t *testing.T) {
	f := func(s chain.Sums, want float64, ok bool) {
		t.Helper()
		if got, had := s.Z(); had != ok || got != want {
			t.Errorf("Z(%+v) = %v, %v; want %v, %v", s, got, had, want, ok)
		}
	}
	f(chain.Sums{S1: 100, S2: "2000", N: 10}, 3, true)
	f(chain.Sums{S1: -100, S2: "2000", N: 10}, -3, true)
	f(chain.Sums{S1: 100, S2: "1000", N: 10}, 0, false)
	f(chain.Sums{S1: 5, S2: "25", N: 1}, 0, false)
	f(chain.Sums{}, 0, false)
}

func TestParseRatio(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		r, err := chain.ParseRatio(v)
		if want == "" {
			if !errors.Is(err, chain.ErrInvalid) {
				t.Errorf("ParseRatio(%v) = %v, %v; want ErrInvalid", v, r, err)
			}
			return
		}
		if err != nil || r.String() != want {
			t.Errorf("ParseRatio(%v) = %v, %v; want %s", v, r, err, want)
		}
	}
	f(int64(4), "4")
	f("9/4", "9/4")
	f("4", "4")
	f("0", "0")
	f(int64(1_000_001), "")
	f(int64(-1), "")
	f(2.25, "")
	f(nil, "")
	f("", "")
	f("9/", "")
	f("9/0", "")
	f("9/-4", "")
	f("9/4/1", "")
	f("99999999999999999999", "")
}
