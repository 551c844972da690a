//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestTornChain damages one file of a stopped node's store after another, its end cut off as by a write that was torn,
// or one byte of it flipped: the node finds it when it starts and fetches what is missing from its peer, or says which
// file it is and does not run. It never goes on with fewer blocks than it had shown without a word about it.
func TestTornChain(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 2, settings(quadratic()))
	for _, h := range hosts {
		h.run()
	}
	h := hosts[0]
	eventually(t, "three blocks", higher(h, 2))
	// Both ways to end leave other files: a log that was not closed, and tables.
	for _, end := range []string{"killed", "stopped"} {
		eventually(t, "the tips agree", agree(hosts))
		height, _, err := h.tip()
		if err != nil {
			t.Fatal(err)
		}
		if end == "killed" {
			h.kill()
		} else {
			h.stop(syscall.SIGTERM)
		}
		h.mute = true
		saved := filepath.Join(t.TempDir(), "saved")
		if err := os.CopyFS(saved, os.DirFS(h.file("chain"))); err != nil {
			t.Fatal(err)
		}
		repaired, reported, harmless := 0, 0, 0
		for _, name := range storeFiles(t, saved) {
			for how, damage := range damages {
				what := fmt.Sprintf("%s, %s %s", end, name, how)
				restore(t, saved, h.file("chain"))
				data := read(t, h.file("chain/"+name))
				write(t, h.file("chain/"+name), damage(data))
				switch startsDamaged(t, h, hosts, what, name, height) {
				case "reported":
					reported++
				case "repaired":
					repaired++
				default:
					harmless++
				}
			}
		}
		t.Logf("%s: %d damages repaired from the peer, %d reported, %d without an effect", end, repaired, reported, harmless)
		if repaired+reported == 0 {
			t.Error("no damage was found")
		}
		restore(t, saved, h.file("chain"))
		h.run()
	}
	eventually(t, "the tips agree at the end", agree(hosts))
}

// damages are what happens to a file; each gets its whole content, of which the end may be zeros not written yet.
var damages = map[string]func([]byte) []byte{
	"torn": func(b []byte) []byte {
		used := len(bytes.TrimRight(b, "\x00"))
		return b[:used-min(used, 1+used/10)]
	},
	"torn within zeros": func(b []byte) []byte {
		used := len(bytes.TrimRight(b, "\x00"))
		clear(b[used-min(used, 1+used/10):])
		return b
	},
	"flipped in the middle": func(b []byte) []byte {
		b[len(bytes.TrimRight(b, "\x00"))/2] ^= 0x10
		return b
	},
	"flipped at the end": func(b []byte) []byte {
		b[len(bytes.TrimRight(b, "\x00"))-1] ^= 0x10
		return b
	},
}

// storeFiles lists the files of a store that something was written to.
func storeFiles(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		if len(bytes.TrimRight(read(t, path), "\x00")) > 16 {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			names = append(names, name)
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("files of %s: %v, %v", dir, names, err)
	}
	return names
}

// restore replaces a directory by a copy of saved.
func restore(t *testing.T, saved, dir string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(saved))); err != nil {
		t.Fatal(err)
	}
}

// startsDamaged starts a node on a store whose file name is damaged and says what came of it: "reported" (it ended, and
// named the file), "repaired" (it began below height and has all now) or "" (it began where it was). It is stopped again.
func startsDamaged(t *testing.T, h *host, hosts []*host, what, name string, height int64) string {
	t.Helper()
	h.process = start(t, h.name, h.dir, "--config", "node.json")
	h.mute = true
	defer func() {
		h.kill()
		if t.Failed() {
			t.Fatalf("%s:\n%s", what, tail(h.out.String(), 15))
		}
	}()
	eventually(t, what+": the node serves or gives up", func() error {
		if h.exited() {
			return nil
		}
		_, err := h.get("/chain/status")
		return err
	})
	if strings.Contains(h.out.String(), "goroutine ") {
		t.Errorf("%s: it panicked", what)
		return ""
	}
	if h.exited() {
		if h.cmd.ProcessState.ExitCode() == 0 {
			t.Errorf("%s: it ended without an error", what)
		}
		file := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		mentions(t, strings.ToLower(h.out.String()), "chain", "reset-chain", strings.ToLower(file))
		return "reported"
	}
	at := int64(-1)
	eventually(t, what+": it says where it starts", func() (err error) {
		m := startsAt.FindStringSubmatch(h.out.String())
		if m == nil {
			return errors.New("not yet")
		}
		at, err = strconv.ParseInt(m[1], 10, 64)
		return err
	})
	eventually(t, what+": the tips agree", agree(hosts))
	if _, err := h.blocks(); err != nil { // checks every hash
		t.Errorf("%s: %v", what, err)
	}
	if at >= height {
		return ""
	}
	mentions(t, h.out.String(), "damaged")
	return "repaired"
}
