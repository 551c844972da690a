package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// noted is a fake with notes.
type noted struct {
	domain.Domain
	notes []string
}

func (n noted) Describe() domain.Description {
	d := domain.Description{Plugin: "fake", HigherIsBetter: true, Baselines: canon.NewObject(), Defaults: canon.NewObject()}
	d.Notes = n.notes
	return d
}

func (noted) Naive() domain.Model { return nil }

// Notes cross the wire as they are, so many of them as the protocol has.
func TestInfoNotes(t *testing.T) {
	f := func(notes []string, want int) {
		t.Helper()
		i := infoOf(noted{notes: notes})
		o, err := canon.ParseObject(canon.Canonical(i.Object()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseInfo(o)
		if err != nil || !slices.Equal(got.Notes, notes[:want]) || o.Has("notes") != (want > 0) {
			t.Errorf("notes %q, %v, want %q", got.Notes, err, notes[:want])
		}
	}
	f(nil, 0)
	f([]string{"dropped column \"a\": why", "b"}, 2)
	f(slices.Repeat([]string{"a"}, maxNotes+1), maxNotes)
	bad := infoOf(noted{})
	if _, err := ParseInfo(bad.Object().Set("notes", []any{1})); err == nil || !strings.Contains(err.Error(), "notes") {
		t.Errorf("notes that are none: error %v", err)
	}
}

// A program is accepted or refused by the same words wherever it is asked.
func TestAccept(t *testing.T) {
	f := func(want string, change func(*Description, *Info)) {
		t.Helper()
		d := Description{Name: "mine", Plugins: []string{"p"}, Capabilities: []Capability{EvaluateOnly}}
		i := Info{DataHash: "none", HigherIsBetter: true, Space: genome.Space{{Name: "x", Kind: genome.Real, High: 1}}}
		change(&d, &i)
		err := Accept(&d, &i)
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want)) {
			t.Errorf("Accept(%+v, %+v) = %v, want %q", d, i, err, want)
		}
	}
	f("", func(*Description, *Info) {})
	f("data_hash: is empty", func(_ *Description, i *Info) { i.DataHash = "" })
	f("higher_is_better: must be true", func(_ *Description, i *Info) { i.HigherIsBetter = false })
	f("declares what is searched", func(_ *Description, i *Info) { i.Space = nil })
	f("", func(d *Description, i *Info) { d.Capabilities, i.Space = nil, nil })
}

// A program of its own is asked for the first plugin that it names, a host of programs for the one with the program's name.
func TestOwnPlugin(t *testing.T) {
	f := func(plugins []string, plugin, want string) {
		t.Helper()
		d := Description{Name: "mine", Plugins: plugins}
		if got, err := d.own(plugin); got != want || (err != nil) != (want == "") {
			t.Errorf("own(%q) of %q = %q, %v, want %q", plugin, plugins, got, err, want)
		}
	}
	f([]string{"a", "b"}, "exec:./a.py", "a")
	f([]string{"a"}, "b", "b")
	f(nil, "exec:./a.py", "")
}

func TestDigestOf(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := digestOf(text); got != want || digestOf(got) != want {
			t.Errorf("digestOf(%q) = %q, then %q, want %q", text, got, digestOf(got), want)
		}
	}
	whole := strings.Repeat("0123456789abcdef", 4)
	f(whole, whole)
	f("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	f(strings.ToUpper(whole), "0ea37c243f60974b0d54c6b2d76cece3f4c742492cce48eaf81f357931d6d69e")
	if got := digestOf(noDigest); got == noDigest {
		t.Errorf("digestOf(%q) is what stands for a refused run", noDigest)
	}
}

// After a burst a worker's lines come through at a rate, and those that do not are counted.
func TestTap(t *testing.T) {
	now := time.Unix(0, 0)
	tap := tap{left: logBurst, last: now}
	count := func(n int) (open int) {
		for range n {
			if tap.open(now) {
				open++
			}
		}
		return open
	}
	if got := count(10 * logBurst); got != logBurst || tap.dropped != 9*logBurst {
		t.Errorf("of %d lines %d came through, %d dropped, want %d and the rest", 10*logBurst, got, tap.dropped, logBurst)
	}
	now = now.Add(2 * time.Second)
	if got := count(1000); got != 2*logRate {
		t.Errorf("2 s later %d lines came through, want %d", got, 2*logRate)
	}
	if now = now.Add(time.Hour); count(10*logBurst) != logBurst {
		t.Errorf("an hour later more than a burst came through")
	}
}
