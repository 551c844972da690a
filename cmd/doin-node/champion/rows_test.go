package champion

import (
	"errors"
	"testing"

	"doin.network/node/internal/canon"
)

// TestSeen: what marks a missing value is no category, as the domain says or, where it says nothing, by the usual texts.
func TestSeen(t *testing.T) {
	f := func(cell string, missing []any, want bool) {
		t.Helper()
		o := canon.NewObject("name", "Sex", "kind", "category", "categories", []any{"FEMALE", "MALE"})
		if missing != nil {
			o.Set("missing", missing)
		}
		s := &sheet{names: []string{"Sex"}, rows: [][]string{{"MALE"}, {cell}}}
		err := s.seen(0, o)
		var unfit *InputError
		if (err == nil) != want || err != nil && !errors.As(err, &unfit) {
			t.Errorf("seen(%q) with the missing values %q: %v, want fits %v", cell, missing, err, want)
		}
	}
	f("FEMALE", nil, true)
	f("", nil, true)
	f("NA", nil, true)
	f("null", nil, false)
	f("null", []any{"null", ""}, true)
	f("NA", []any{"null", ""}, false)
	f("male", []any{"null", ""}, false)
}
