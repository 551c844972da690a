//go:build unix

package program

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
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
		if err := Run(ctx, new(config.Config), nil, fail); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("Run(stopped %v, %v) = %v, want %v", stopped, made, err, want)
		}
	}
	f(false, context.Canceled, context.Canceled)
	f(true, os.ErrPermission, os.ErrPermission)
	f(true, context.Canceled, nil)
}
