package main

import (
	"io"
	"strings"
	"testing"
)

// TestAsk: only a yes is one.
func TestAsk(t *testing.T) {
	f := func(answer string, want bool) {
		t.Helper()
		var out strings.Builder
		if got := ask(strings.NewReader(answer), &out, "go?"); got != want || out.String() != "go? [y/N] " {
			t.Errorf("ask(%.20q) = %v after %q, want %v", answer, got, out.String(), want)
		}
	}
	f("y\n", true)
	f(" YES \n", true)
	f("", false)
	f("\n", false)
	f("n\n", false)
	f("yess\n", false)
	f(strings.Repeat("y", 1<<20), false)
	if ask(strings.NewReader("y"), io.Discard, "") != true {
		t.Error("a yes without a line's end is none")
	}
}
