package ratio

import (
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		r, err := Parse(v)
		if want == "" {
			if !errors.Is(err, ErrRatio) {
				t.Errorf("Parse(%v) = %v, %v; want ErrRatio", v, r, err)
			}
			return
		}
		if err != nil || r.String() != want {
			t.Errorf("Parse(%v) = %v, %v; want %s", v, r, err, want)
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
