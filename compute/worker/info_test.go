package worker

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
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
