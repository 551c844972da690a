package identity_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"doin.network/node/chain/identity"
)

func TestSeal(t *testing.T) {
	k := mustSeed(t, "sealed")
	data, err := k.Seal("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := k.PEM()
	if err != nil || bytes.Contains(data, plain[30:60]) || !identity.Sealed(data) || identity.Sealed(plain) {
		t.Fatalf("Seal = %.60s, %v", data, err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "identity.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled := errors.New("no terminal")
	f := func(passphrase string, refusal, want error) {
		t.Helper()
		asked := 0
		got, err := identity.Open(path, func() (string, error) { asked++; return passphrase, refusal })
		if !errors.Is(err, want) || err == nil && got.PeerID() != k.PeerID() || asked != 1 {
			t.Errorf("Open(%q) = %v, %v, asked %d times, want %v", passphrase, got, err, asked, want)
		}
		if err != nil && passphrase != "" && strings.Contains(err.Error(), passphrase) {
			t.Errorf("the error tells the passphrase: %v", err)
		}
	}
	f("correct horse", nil, nil)
	f("wrong horse", nil, identity.ErrPassphrase)
	f("", nil, identity.ErrPassphrase)
	f("", cancelled, cancelled)
	if _, err := identity.Load(path); !errors.Is(err, identity.ErrEncrypted) {
		t.Errorf("Load of an encrypted key = %v, want ErrEncrypted", err)
	}
	if _, err := identity.LoadOrCreate(path); !errors.Is(err, identity.ErrEncrypted) {
		t.Errorf("LoadOrCreate of an encrypted key = %v, want ErrEncrypted", err)
	}
	if _, err := k.Seal(""); !errors.Is(err, identity.ErrPassphrase) {
		t.Errorf("Seal without a passphrase = %v", err)
	}
	for _, broken := range [][]byte{data[:len(data)/2], bytes.Replace(data, data[100:104], []byte("AAAA"), 1), []byte("age-encryption.org/v1\n")} {
		if _, err := identity.Unseal(broken, "correct horse"); err == nil {
			t.Errorf("Unseal of %d broken bytes succeeds", len(broken))
		}
	}
	if k2, err := identity.Create(filepath.Join(dir, "new"), "pass"); err != nil {
		t.Error(err)
	} else if again, err := identity.Open(filepath.Join(dir, "new"), func() (string, error) { return "pass", nil }); err != nil || again.PeerID() != k2.PeerID() {
		t.Errorf("Open after Create = %v, %v", again, err)
	}
	if _, err := identity.Create(path, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a key = %v, want ErrExist", err)
	}
}

// TestExposed: a key that others may read is refused, with the command that mends it.
func TestExposed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	path := filepath.Join(t.TempDir(), "identity.json")
	k := mustSeed(t, "exposed")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var exposed *identity.ExposedError
		if _, err := identity.LoadOrCreate(path); !errors.As(err, &exposed) || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("LoadOrCreate of mode %o = %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.Load(path); err != nil {
		t.Errorf("Load of mode 400 = %v", err)
	}
}

// FuzzUnseal: no file panics or takes much memory.
func FuzzUnseal(f *testing.F) {
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAA\n"))
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\nMA==\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := identity.Unseal(data, "p"); err == nil && k == nil {
			t.Fatal("neither key nor error")
		}
	})
}
