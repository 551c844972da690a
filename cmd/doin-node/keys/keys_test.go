package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
)

func write(t *testing.T, path, text string, mode fs.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPassphraseSources: the first source that has one wins, in the order of the package's doc; without any it is an InputError.
func TestPassphraseSources(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "file"), "from file\nsecond line\n", 0o600)
	units := t.TempDir()
	f := func(file, environment, directory, want string, ok bool) {
		t.Helper()
		t.Setenv(Environment, environment)
		if environment == "" {
			os.Unsetenv(Environment)
		}
		t.Setenv(credentials, directory)
		got, has, err := given(file)
		if got != want || has != ok || err != nil {
			t.Errorf("given(%q) with %q, %q = %q, %v, %v, want %q, %v", file, environment, directory, got, has, err, want, ok)
		}
	}
	f("", "", "", "", false)
	f("", "", units, "", false)
	write(t, filepath.Join(units, credential), "from systemd\r\n", 0o400)
	f("", "", units, "from systemd", true)
	f("", "from environment", units, "from environment", true)
	f(file, "from environment", units, "from file", true)

	for _, text := range []string{"", "\nx", strings.Repeat("x", maxPassphrase+1)} {
		bad := write(t, filepath.Join(dir, "bad"), text, 0o600)
		var input *InputError
		if _, _, err := given(bad); !errors.As(err, &input) {
			t.Errorf("given(file with %d bytes) = %v, want an InputError", len(text), err)
		}
	}
	t.Setenv(Environment, "x")
	if err := Forget(); err != nil || os.Getenv(Environment) != "" {
		t.Errorf("Forget = %v, the environment has %q", err, os.Getenv(Environment))
	}
}

// run is a command of doin-node key.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := Command()
	c.SilenceErrors, c.SilenceUsage = true, true
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCommands(t *testing.T) {
	os.Unsetenv(Environment)
	t.Setenv(credentials, "")
	dir := t.TempDir()
	path := filepath.Join(dir, "identity.json")
	pass := write(t, filepath.Join(dir, "pass"), "a secret of mine\n", 0o600)
	other := write(t, filepath.Join(dir, "other"), "something else\n", 0o600)
	ok := func(want string, args ...string) {
		t.Helper()
		out, err := run(t, args...)
		if err != nil || !strings.Contains(out, want) || strings.Contains(out, "secret") {
			t.Errorf("key %q = %q, %v, want %q in it", args, out, err, want)
		}
	}
	bad := func(want string, args ...string) {
		t.Helper()
		out, err := run(t, args...)
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret of") {
			t.Errorf("key %q = %q, %v, want an InputError with %q", args, out, err, want)
		}
	}
	bad("name the key", "show")
	bad("key import FILE brings one", "show", "-d", dir)
	k, err := identity.FromSeed("python")
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	python := write(t, filepath.Join(dir, "python.pem"), string(text), 0o644) // as the reference leaves it
	ok(k.PeerID(), "import", python, "-d", dir)
	bad("it is not replaced", "import", python, "-d", dir)
	bad("is no key of a node", "import", pass, "-i", filepath.Join(dir, "third"))
	ok("plain", "show", "-d", dir)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("imported with mode %v, %v", st.Mode(), err)
	}
	ok("is encrypted", "encrypt", "-d", dir, "--passphrase-file", pass)
	data, err := os.ReadFile(path)
	if err != nil || !identity.Sealed(data) {
		t.Fatalf("after encrypt: %.40q, %v", data, err)
	}
	ok("encrypted by a passphrase", "show", "-d", dir, "--passphrase-file", pass)
	bad("does not open the key "+path, "show", "-d", dir, "--passphrase-file", other)
	bad("no passphrase is given", "show", "-d", dir)
	bad("no passphrase is given", "encrypt", "-d", dir, "--passphrase-file", other) // the old one can only be typed
	cfg := &config.Config{DataDir: dir, PassphraseFile: pass}
	if got, err := Open(cfg); err != nil || got.PeerID() != k.PeerID() {
		t.Errorf("Open = %v, %v", got, err)
	}
	copied := filepath.Join(dir, "copy")
	ok(k.PeerID(), "import", path, "-i", copied, "--passphrase-file", pass)
	if data, err := os.ReadFile(copied); err != nil || !identity.Sealed(data) {
		t.Errorf("an encrypted key is imported as %.40q, %v", data, err)
	}
	ok("plain", "decrypt", "-d", dir, "--passphrase-file", pass)
	if got, err := identity.Load(path); err != nil || got.PeerID() != k.PeerID() {
		t.Errorf("Load after decrypt = %v, %v", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	bad("chmod 600 "+path, "show", "-d", dir)
	bad("chmod 600 "+path, "encrypt", "-d", dir, "--passphrase-file", pass)
}

// TestOpenOrCreate: with a passphrase at hand a new key is encrypted from the start.
func TestOpenOrCreate(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{DataDir: dir, PassphraseFile: write(t, filepath.Join(dir, "pass"), "p", 0o600)}
	first, err := OpenOrCreate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(cfg.IdentityPath())
	if err != nil || !identity.Sealed(data) {
		t.Fatalf("a new key is %.40q, %v", data, err)
	}
	if again, err := OpenOrCreate(cfg); err != nil || again.PeerID() != first.PeerID() {
		t.Errorf("OpenOrCreate again = %v, %v", again, err)
	}
}
