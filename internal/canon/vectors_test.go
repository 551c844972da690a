package canon_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func TestVectors(t *testing.T) {
	golden.Run(t, "canonical_json", func(t *testing.T, c golden.Case) {
		text, err := c.Inputs.String("json_text")
		if err != nil {
			t.Fatal(err)
		}
		v, err := canon.ParseNonFinite([]byte(text))
		if err != nil {
			t.Fatalf("ParseNonFinite(%s): %v", text, err)
		}
		f := func(key, got string) {
			t.Helper()
			if want, err := c.Expected.String(key); err != nil || got != want {
				t.Errorf("%s of %s = %s, want %s (%v)", key, text, got, want, err)
			}
		}
		f("canonical", string(canon.Canonical(v)))
		f("sha256", canon.Hash(v))
		f("unsorted_wire", string(canon.Default(v)))
		f("compact_sorted", string(canon.AppendCompact(nil, v)))
		sum := sha256.Sum256(canon.Canonical(v))
		f("sha256", hex.EncodeToString(sum[:]))
		if finite, err := canon.Parse([]byte(text)); (err == nil) != canon.Finite(v) {
			t.Errorf("Parse(%s) = %v, %v, want an error exactly for what is not finite", text, finite, err)
		}
	})
	golden.Run(t, "float_repr", func(t *testing.T, c golden.Case) {
		text, err := c.Inputs.String("ieee754_hex")
		if err != nil {
			t.Fatal(err)
		}
		bits, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Expected.String("repr")
		if got := canon.FormatFloat(math.Float64frombits(bits)); err != nil || got != want {
			t.Errorf("FormatFloat(0x%s) = %s, want %s (%v)", text, got, want, err)
		}
		v, err := canon.ParseNonFinite([]byte(want))
		if f, ok := v.(float64); err != nil || !ok || math.Float64bits(f) != bits {
			t.Errorf("ParseNonFinite(%s) = %v, %v, want bits 0x%s", want, v, err, text)
		}
	})
}
