package backup

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
)

// parts are those of a small node.
func parts(t *testing.T) []Part {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "chain"), store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Append(t.Context(), store.Entry{Block: chain.GenesisBlock(), State: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	text := func(name, s string) Part {
		return Part{name, func(w io.Writer) error { _, err := io.WriteString(w, s); return err }}
	}
	return []Part{{Chain, st.Backup}, text(Identity, "key"), text(Config, "{}"), text(Search+"/d.state", "state"), File(Anchors, "/nowhere"), text(Records, "db")}
}

var about = About{Program: "test", MadeAt: "2026-01-02T03:04:05Z", PeerID: "p", Network: "n", Height: 0}

func made(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(t.Context(), &b, t.TempDir(), about, parts(t)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoundTrip: what was kept is there again, and the chain can be opened.
func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "node")
	m, err := Restore(bytes.NewReader(made(t)), dir)
	if err != nil || m.About != about || len(m.Files) != 5 {
		t.Fatalf("Restore = %+v, %v", m, err)
	}
	for name, want := range map[string]string{Identity: "key", Config: "{}", "search/d.state": "state", Records: "db"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, Identity))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v, want 0600", info.Mode(), err)
	}
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if h, hash := st.Tip(); h != 0 || hash != chain.GenesisBlock().Hash {
		t.Errorf("the tip is %d %s, want block 0", h, hash)
	}
	if _, err := Restore(bytes.NewReader(made(t)), dir); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("Restore into it again = %v, want ErrNotEmpty", err)
	}
}

// TestDamage: a backup that was cut or changed anywhere leaves no directory.
func TestDamage(t *testing.T) {
	whole := made(t)
	f := func(what string, data []byte) {
		t.Helper()
		up := t.TempDir()
		dir := filepath.Join(up, "node")
		if _, err := Restore(bytes.NewReader(data), dir); !errors.Is(err, ErrBackup) {
			t.Errorf("%s: Restore = %v, want ErrBackup", what, err)
		}
		if left, err := os.ReadDir(up); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", what, left, err)
		}
	}
	f("nothing", nil)
	f("no tar", []byte("this is no tar"))
	for _, n := range []int{512, 700, len(whole) / 2, len(whole) - 2048} {
		f("cut", whole[:n])
	}
	f("another key", bytes.Replace(whole, []byte("key\x00"), []byte("kex\x00"), 1))
	f("outside", bytes.Replace(whole, []byte("search/d.state"), []byte("search/../../x"), 1))
}
