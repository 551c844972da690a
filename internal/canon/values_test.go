package canon_test

import (
	"runtime"
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

// TestMemory: what is said of parsed values is not much less than what they take.
func TestMemory(t *testing.T) {
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	f := func(text string) {
		t.Helper()
		before := held()
		v, err := canon.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		took, said := int(held()-before), canon.Memory(v)
		runtime.KeepAlive(v)
		if took > said*3/2 || said > 4*took {
			t.Errorf("%.20s… takes %d bytes, Memory says %d", text, took, said)
		}
	}
	const n = 100_000
	f("[" + strings.Repeat("[],", n) + "0]")
	f("[" + strings.Repeat("{},", n) + "0]")
	f("[" + strings.Repeat(`{"a":[]},`, n) + "0]")
	f("[" + strings.Repeat("1.5,", n) + "0]")
	f("[" + strings.Repeat(`"abcdefghij",`, n) + "0]")
	f(`"` + strings.Repeat("x", 10*n) + `"`)
}
