package anchor

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain/identity"
)

func TestFileLog(t *testing.T) {
	key, err := identity.FromSeed("anchor")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "anchors.log")
	open := func(network string) (*FileLog, error) { return OpenFileLog(path, key, network) }
	l, err := open("net")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	rec := func(h int64, c string) Record { return Record{h, strings.Repeat(c, 64), strings.Repeat("5", 64)} }
	for h := int64(1); h <= 3; h++ {
		if err := l.Publish(ctx, rec(h*100, "a")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Publish(ctx, rec(100, "a")); err != nil {
		t.Errorf("the same record again: %v", err)
	}
	if err := l.Publish(ctx, rec(100, "b")); !errors.Is(err, ErrConflict) {
		t.Errorf("another hash for a height: %v", err)
	}
	if err := Verify(ctx, l, rec(200, "a")); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if err := Verify(ctx, l, rec(200, "b")); !errors.Is(err, ErrConflict) {
		t.Errorf("Verify of another hash: %v", err)
	}
	if err := Verify(ctx, l, rec(150, "a")); !errors.Is(err, ErrUnknown) {
		t.Errorf("Verify of an unknown height: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	// A torn tail is cut; everything else that does not fit is refused.
	write := func(b []byte) {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(append(bytes.Clone(whole), whole[:40]...))
	if l, err = open("net"); err != nil {
		t.Fatalf("torn tail: %v", err)
	}
	if _, err := l.Lookup(ctx, 300); err != nil {
		t.Errorf("record before the torn tail: %v", err)
	}
	if err := l.Publish(ctx, rec(400, "a")); err != nil {
		t.Error(err)
	}
	l.Close()
	if l, err = open("net"); err != nil {
		t.Fatalf("after the torn tail was cut: %v", err)
	}
	l.Close()

	lines := bytes.SplitAfter(whole, []byte("\n"))
	bad := func(name string, b []byte) {
		t.Helper()
		write(b)
		if _, err := open("net"); !errors.Is(err, ErrLog) {
			t.Errorf("%s: OpenFileLog = %v, want ErrLog", name, err)
		}
	}
	bad("a line removed", bytes.Join([][]byte{lines[0], lines[2]}, nil))
	bad("lines swapped", bytes.Join([][]byte{lines[1], lines[0]}, nil))
	bad("a hash altered", bytes.Replace(whole, []byte("aaaa"), []byte("aaab"), 1))
	bad("no JSON", []byte("hello\n"))
	bad("a very long line", append(bytes.Repeat([]byte("x"), 3*maxLine), '\n'))
	write(whole)
	stranger, err := identity.FromSeed("stranger")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFileLog(path, stranger, "net"); !errors.Is(err, ErrLog) {
		t.Errorf("log of another key: %v", err)
	}
	if _, err := open("other"); !errors.Is(err, ErrLog) {
		t.Errorf("log of another network: %v", err)
	}
}
