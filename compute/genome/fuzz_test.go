package genome

import (
	"testing"

	"doin.network/node/internal/canon"
)

// FuzzParseSpace: no list panics, and a space that is read is written and read again as the same.
func FuzzParseSpace(f *testing.F) {
	f.Add(canon.Default(mixed().List()))
	f.Add([]byte(`[{"name": "x", "kind": "int", "low": 0, "high": 1, "when": {"gene": "q"}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := canon.Parse(data)
		if err != nil {
			return
		}
		list, ok := v.([]any)
		if !ok {
			return
		}
		s, err := ParseSpace(list)
		if err != nil {
			return
		}
		again, err := ParseSpace(s.List())
		if err != nil || string(canon.Canonical(again.List())) != string(canon.Canonical(s.List())) {
			t.Fatalf("round trip of %s: %v", data, err)
		}
	})
}
