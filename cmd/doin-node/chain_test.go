package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChainVerify: a good chain is reported, one with another bit names its block, and what is no chain is no crash.
func TestChainVerify(t *testing.T) {
	good := filepath.Join("..", "..", "chain", "application", "testdata", "chain.doin2")
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(want int, says string, args ...string) {
		t.Helper()
		out, code := call(t, append([]string{"chain", "verify"}, args...)...)
		if code != want || !strings.Contains(out, says) {
			t.Errorf("chain verify %q ends with %d and %.300q, want %d and %q", args, code, out, want, says)
		}
	}
	f(0, "4 evaluators sign", good)
	f(0, `"burned": `, "--json", good)
	f(1, "another block than the trusted checkpoint", "--trusted-checkpoint", "3:"+strings.Repeat("0", 64), good)
	f(2, "want HEIGHT:ID", "--trusted-checkpoint", "3", good)
	bad := append([]byte{}, data...)
	bad[len(bad)-1] ^= 1
	f(1, "the signature of", write("bad", bad))
	f(1, "it does not begin with", write("none", []byte("nothing")))
	f(2, "no such file", "nowhere")
}
