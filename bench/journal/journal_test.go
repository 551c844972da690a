package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

type line struct {
	Seed int `json:"seed"`
}

func seed(n int) func(*line) bool { return func(l *line) bool { return l.Seed == n } }

// TestJournal: what is there is kept, a line cut off is dropped, what comes after it is not, another header is refused.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	open := func() *Journal[line] {
		t.Helper()
		j, err := Open[line](path, []string{"h"})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	add := func(j *Journal[line], n int) {
		t.Helper()
		if err := j.Add(&line{n}); err != nil {
			t.Fatal(err)
		}
	}
	j := open()
	add(j, 1)
	add(j, 2)
	j.Close()
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, data[:len(data)-5], 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	j = open()
	if got := j.Lines(); len(got) != 1 || j.Find(seed(1)) != got[0] || j.Find(seed(2)) != nil {
		t.Errorf("after a cut: %d lines, want the first", len(got))
	}
	add(j, 3)
	j.Close()
	if j = open(); len(j.Lines()) != 2 || j.Find(seed(3)) == nil {
		t.Error("what was added after a torn line is lost")
	}
	j.Close()
	if _, err := Open[line](path, "other"); !errors.Is(err, ErrOther) {
		t.Errorf("another header: %v, want %v", err, ErrOther)
	}
	if err := os.WriteFile(path, append(data, "[]\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open[line](path, []string{"h"}); err == nil {
		t.Error("a line of another type is taken")
	}
}

// TestMemory: without a path, and as its zero value, a journal is in memory.
func TestMemory(t *testing.T) {
	j, err := Open[line]("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, j := range []*Journal[line]{j, {}} {
		if err := j.Add(&line{1}); err != nil || j.Find(seed(1)) == nil {
			t.Errorf("Add: %v; %d lines", err, len(j.Lines()))
		}
	}
}
