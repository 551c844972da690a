package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/config"
)

// TestExitCode: what the process ends with, by what went wrong.
func TestExitCode(t *testing.T) {
	f := func(err error, stopped bool, want int) {
		t.Helper()
		if got := ExitCode(err, stopped); got != want {
			t.Errorf("ExitCode(%v, %v) = %d, want %d", err, stopped, got, want)
		}
	}
	f(nil, false, 0)
	f(nil, true, 0)
	f(errors.New("x"), false, ExitFailed)
	f(errors.New("x"), true, ExitFailed)
	f(fmt.Errorf("backup: %w", context.Canceled), true, ExitInterrupted)
	f(context.Canceled, false, ExitFailed)
	f(fmt.Errorf("x: %w", &config.Problem{Reason: "bad"}), false, ExitUsage)
	f(fmt.Errorf("x: %w", &ExitError{Code: 7, Err: errors.New("y")}), false, 7)
}

// TestUsage: what is wrong with a command line is a usage error, in a command below others too.
func TestUsage(t *testing.T) {
	f := func(want int, args ...string) {
		t.Helper()
		root := &cobra.Command{Use: "root", Args: cobra.NoArgs, SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
		sub := &cobra.Command{Use: "sub FILE", Args: cobra.ExactArgs(1), RunE: func(*cobra.Command, []string) error { return errors.New("failed") }}
		sub.Flags().Int("n", 0, "")
		sub.Flags().String("must", "", "")
		if err := sub.MarkFlagRequired("must"); err != nil {
			t.Fatal(err)
		}
		root.AddCommand(sub)
		finish(root)
		root.SetArgs(args)
		root.SetOut(io.Discard)
		if got := ExitCode(root.Execute(), false); got != want {
			t.Errorf("%q ends with %d, want %d", args, got, want)
		}
	}
	f(0)
	f(ExitUsage, "nowhere")
	f(ExitUsage, "--bad")
	f(ExitUsage, "sub", "--must", "x")
	f(ExitUsage, "sub", "--must", "x", "--n", "many", "f")
	f(ExitUsage, "sub", "f")
	f(ExitFailed, "sub", "--must", "x", "f")
}
