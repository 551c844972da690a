package worker

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCaseCache(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	dir := filepath.Join(t.TempDir(), "cases")
	key, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	want := []int64{0, 1, 1 << 40}
	c := newCaseCache(dir, log)
	if got := c.get(key, 3); got != nil {
		t.Errorf("get before put = %v", got)
	}
	c.put(key, want)
	if got := c.get(key, 3); !slices.Equal(got, want) {
		t.Errorf("get = %v, want %v", got, want)
	}
	// Another process reads the file, and no other key or number.
	fresh := func() *caseCache { return newCaseCache(dir, log) }
	if got := fresh().get(key, 3); !slices.Equal(got, want) {
		t.Errorf("get from disk = %v, want %v", got, want)
	}
	if got := fresh().get(key, 2); got != nil {
		t.Errorf("get of another number = %v", got)
	}
	if got := fresh().get(other, 3); got != nil {
		t.Errorf("get of another key = %v", got)
	}
	// A file that is not whole is as good as none.
	path := fresh().path(key)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": nil, "cut": good[:len(good)-1], "longer": append(slices.Clone(good), 0),
		"flipped": flipped(good, len(good)/2), "sum": flipped(good, len(good)-1), "negative": encodeCases(key, []int64{-1, 0, 0})} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fresh().get(key, 3); got != nil {
			t.Errorf("%s: get = %v", name, got)
		}
	}
	// Without a directory it forgets the longest unused.
	m := newCaseCache("", log)
	for i := range cachedCases + 1 {
		m.put(fmt.Sprint(i), want)
	}
	if m.get("0", 3) != nil || m.get("1", 3) == nil || m.numbers != 3*cachedCases {
		t.Errorf("%d lists of %d numbers are kept", m.recent.Len(), m.numbers)
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// The directory holds a bounded number of files.
func TestCaseCachePrunes(t *testing.T) {
	dir := t.TempDir()
	c := newCaseCache(dir, slog.New(slog.DiscardHandler))
	for i := range cachedFiles + 5 {
		c.put(fmt.Sprintf("%064d", i), []int64{1})
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != cachedFiles {
		t.Errorf("%d files (%v), want %d", len(files), err, cachedFiles)
	}
}

func TestParsePaired(t *testing.T) {
	f := func(n, s1 int64, s2 string, ok bool) {
		t.Helper()
		p, err := parsePaired(n, s1, s2)
		if (err == nil) != ok || ok && (p.N != int(n) || p.S1 != s1 || p.S2.String() != s2) {
			t.Errorf("parsePaired(%d, %d, %q) = %+v, %v, want ok %v", n, s1, s2, p, err, ok)
		}
	}
	f(0, 0, "0", true)
	f(2, 2, "20", true)
	f(2, -6, "18", true)
	f(2, 6, "17", false) // no two numbers
	f(2, 0, "-1", false)
	f(2, 0, "01", false)
	f(2, 0, "", false)
	f(2, 0, "1e3", false)
	f(-1, 0, "0", false)
	f(maxCases+1, 0, "0", false)
	f(2, 0, strings.Repeat("9", 65), false)
}
