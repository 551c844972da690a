package anchor

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain/identity"
)

// FuzzFileLog: no log panics, and what is opened is what was signed: nothing, or the beginning of the true log.
func FuzzFileLog(f *testing.F) {
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "log")
	l, err := OpenFileLog(path, k, "n")
	if err != nil {
		f.Fatal(err)
	}
	for h := range int64(3) {
		if err := l.Publish(f.Context(), Record{Height: h, Hash: "ab", StateHash: "cd"}); err != nil {
			f.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-7])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := OpenFileLog(path, k, "n")
		if err != nil {
			return
		}
		defer l.Close()
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, kept) {
			t.Fatalf("%q became %q", data, kept)
		}
	})
}
