package alarm

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestTransitions: a fault is said when it begins and when it ends, and never in between.
func TestTransitions(t *testing.T) {
	var said strings.Builder
	now := time.Unix(1000, 0)
	b := New(slog.New(slog.NewTextHandler(&said, nil)), func() time.Time { return now })
	f := func(name, what string, changed bool, lines int, standing ...string) {
		t.Helper()
		said.Reset()
		if got := b.Set(name, what, "mend it"); got != changed {
			t.Errorf("Set(%q, %q) = %v, want %v", name, what, got, changed)
		}
		if got := strings.Count(said.String(), "level=WARN"); got != lines {
			t.Errorf("Set(%q, %q) logged %q, want %d lines", name, what, said.String(), lines)
		}
		var names []string
		for _, a := range b.Standing() {
			names = append(names, a.Name+"="+a.What)
		}
		if fmt.Sprint(names) != fmt.Sprint(standing) {
			t.Errorf("after Set(%q, %q) stand %q, want %q", name, what, names, standing)
		}
		now = now.Add(time.Second)
	}
	f("disk", "", false, 0)
	f("disk", "1 MiB free", true, 1, "disk=1 MiB free")
	f("clock", "a minute slow", true, 1, "disk=1 MiB free", "clock=a minute slow")
	f("disk", "0 MiB free", false, 0, "disk=0 MiB free", "clock=a minute slow")
	f("disk", "", true, 1, "clock=a minute slow")
	f("disk", "", false, 0, "clock=a minute slow")
	f("disk", "2 MiB free", true, 1, "clock=a minute slow", "disk=2 MiB free")
	if b.Raised() != 3 {
		t.Errorf("Raised() = %d, want 3", b.Raised())
	}
}

// TestBound: a board that is full takes nothing more, and room again when something ends.
func TestBound(t *testing.T) {
	b := New(nil, time.Now)
	for i := range maxStanding + 10 {
		b.Set(fmt.Sprint(i), "x", "y")
	}
	if n := len(b.Standing()); n != maxStanding {
		t.Fatalf("%d stand, want %d", n, maxStanding)
	}
	b.Set("0", "", "")
	if !b.Set("new", "x", "y") {
		t.Error("no room after one has ended")
	}
}
