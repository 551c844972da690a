//go:build unix

package program

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/cmd/doin-node/config"
)

// TestSignalSentTwice: one request to stop that comes as two signals, as timeout(1) sends it, ends no process that is about to
// stop. Without untilSignal's patience it would be the end of this test.
func TestSignalSentTwice(t *testing.T) {
	ctx, stop := untilSignal(t.Context())
	defer stop()
	for range 1000 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		runtime.Gosched()
	}
}

// TestStoppedWhileStarting: a node that is told to stop before it runs has not failed.
func TestStoppedWhileStarting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := func(stopped bool, made, want error) {
		t.Helper()
		if stopped {
			cancel()
		}
		fail := func(context.Context, *config.Config, *slog.Logger) (Node, error) { return nil, made }
		if err := Run(ctx, new(config.Config), nil, fail, false); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("Run(stopped %v, %v) = %v, want %v", stopped, made, err, want)
		}
	}
	f(false, context.Canceled, context.Canceled)
	f(true, os.ErrPermission, os.ErrPermission)
	f(true, context.Canceled, nil)
}

// TestHangup: a SIGHUP brings the level of the file into force, and the log says so whatever the level is.
func TestHangup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.json")
	said := make(lines, 16)
	least := new(slog.LevelVar)
	f := func(fixed bool, text string, want slog.Level, says string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stop := level{fixed: fixed, path: path}.follow(least, slog.New(slog.NewTextHandler(said, nil)))
		defer stop()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if line := <-said; !strings.Contains(line, says) || least.Level() != want {
			t.Errorf("after a hangup with %s: level %v and %q, want %v and %q", text, least.Level(), line, want, says)
		}
	}
	f(false, `{"log_level": "warn"}`, slog.LevelWarn, "level=WARN")
	f(false, `{"log_level": "debug"}`, slog.LevelDebug, "level=DEBUG")
	f(true, `{"log_level": "error"}`, slog.LevelDebug, "command line")
	f(false, `{"log_level": "loud"}`, slog.LevelDebug, "cannot be read")
}

// lines takes what is written, a line at a time.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
