// Command bundle is doin-bench with `gpu` alone: the program of make gpu-bundle, without what the other benchmarks need.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-bench/gpubench"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{Use: "doin-bench", Short: "The CUDA engine on a card.", SilenceUsage: true, SilenceErrors: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(gpubench.Command(version))
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "doin-bench:", err)
		stop()
		os.Exit(1)
	}
}
