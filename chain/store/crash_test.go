package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
)

// crashDir tells the re-executed test binary to write to a store until it is killed.
const crashDir = "DOIN_STORE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver appends and replaces blocks. Before each write it prints the tip
// that it tries to reach, after it the same tip as acknowledged.
func writeForEver(dir string) error {
	s, err := Open(dir, Options{ReserveBytes: 1 << 20})
	if err != nil {
		return err
	}
	if err := s.Damage(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		height, _ := s.Tip()
		var entries []Entry
		ancestor := height
		if i%5 == 4 && height > 6 {
			ancestor = height - 1 - int64(i%4)
		}
		var base *chain.Block
		if ancestor >= 0 {
			if base, err = s.Block(ancestor); err != nil {
				return err
			}
		}
		more := 1
		if i%7 == 3 {
			more = 6
		}
		entries = extend(base, int(height-ancestor)+more, fmt.Sprintf("%d.%d", os.Getpid(), i), 20_000)
		last := entries[len(entries)-1].Block
		fmt.Println("try", last.Header.Index, last.Hash)
		switch {
		case len(entries) == 1:
			err = s.Append(context.Background(), entries[0])
		case ancestor == height:
			_, err = s.AppendAll(context.Background(), entries)
		default:
			err = s.Replace(context.Background(), ancestor, entries)
		}
		if err != nil {
			return err
		}
		fmt.Println("ack", last.Header.Index, last.Hash)
	}
}

// TestKill kills a writing process again and again, at moments of its own choice,
// and finds every acknowledged block each time.
func TestKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	dir := t.TempDir()
	acked := mark{height: -1}
	for range 10 {
		tried := killed(t, exe, dir, 3+rnd.IntN(30), time.Duration(rnd.IntN(3000))*time.Microsecond, &acked)
		s := open(t, dir)
		if err := s.Damage(); err != nil {
			t.Fatal(err)
		}
		height, hash := s.Tip()
		if tip := (mark{height, hash}); !slices.Contains([]mark{acked, tried}, tip) {
			t.Fatalf("tip after kill -9 is %v, acknowledged is %v, tried was %v", tip, acked, tried)
		}
		if err := s.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		for h := range height + 1 {
			if _, err := s.State(h); err != nil {
				t.Fatal(err)
			}
		}
		if got := contentKeys(t, s); int64(got) != 3*(height+1) {
			t.Fatalf("%d contents are stored, want %d", got, 3*(height+1))
		}
		acked = mark{height, hash}
		s.Close()
	}
	if acked.height < 10 {
		t.Errorf("only %d blocks after ten runs", acked.height)
	}
}

// killed runs a writer, kills it some time after n acknowledgements, and returns
// the last tip it tried to reach; acked becomes the last one it reached.
func killed(t *testing.T, exe, dir string, n int, delay time.Duration, acked *mark) (tried mark) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var word string
		var m mark
		if _, err := fmt.Sscan(lines.Text(), &word, &m.height, &m.hash); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		if tried = m; word == "ack" {
			*acked = m
			if seen++; seen == n {
				time.AfterFunc(delay, func() { cmd.Process.Kill() })
			}
		}
	}
	if err := cmd.Wait(); err == nil || seen < n {
		t.Fatalf("writer ended after %d acknowledgements: %v: %s", seen, err, stderr.String())
	}
	return tried
}
