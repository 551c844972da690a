package nearest

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	known := []string{"population", "validation_start", "elites"}
	f := func(name, want string) {
		t.Helper()
		if got := Of(name, known); got != want {
			t.Errorf("Of(%q) = %q, want %q", name, got, want)
		}
	}
	f("populaton_size", "population")
	f("elite", "elites")
	f("elites", "elites")
	f("start", "validation_start")
	f("eiltes", "elites")
	f(strings.Repeat("a", 81), "")
	if got := Of("x", nil); got != "" {
		t.Errorf("Of(x) of nothing = %q", got)
	}
}

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := distance(a, b); got != want {
			t.Errorf("distance(%q, %q) = %d, want %d", a, b, got, want)
		}
	}
	f("", "", 0)
	f("", "abc", 3)
	f("abc", "", 3)
	f("kitten", "sitting", 3)
	f("hots", "host", 1)
}
