package canon_test

import (
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestValuesAreCounted(t *testing.T) {
	f := func(text string, want int) {
		t.Helper()
		if got := canon.Values([]byte(text)); got < want {
			t.Errorf("Values(%s) = %d, want at least %d", text, got, want)
		}
	}
	f(``, 0)
	f(`1`, 1)
	f(`[1,2,[3]]`, 5)
	f(`{"a":{},"b":[{}]}`, 4)
	f(`["a\\",1]`, 3)
	f(`["a\",1,1,1"]`, 2)
	if got := canon.Values([]byte(`"` + strings.Repeat(`[,{:`, 1000) + `"`)); got != 1 {
		t.Errorf("Values(a string of brackets) = %d, want 1", got)
	}
}
