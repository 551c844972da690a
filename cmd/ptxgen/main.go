// Command ptxgen compiles the CUDA kernels: each kernels/*.cu to PTX and to machine code for the architectures that have
// their own, and a manifest of what went in and came out, into kernels/ptx.
//
//	ptxgen [--nvcc PATH] [--kernels DIR]           write DIR/ptx; nvcc by default that of CUDA_HOME, of make cuda-toolkit, or on PATH
//	ptxgen --verify                                compile again and compare every byte with DIR/ptx
//	ptxgen --any-toolkit --out DIR                 with whatever nvcc there is, for experiments
//
// Only the pinned toolkit writes files to commit, because another one makes other bytes. The same sources give the same
// bytes in any folder on any machine: the compiler runs in the folder of the sources, with names that do not change and
// an environment without settings of its own, and what it writes is searched for paths. A module whose PTX breaks the
// numeric contract (kernels/module) is not written.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(os.Stdout).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ptxgen:", err)
		stop()
		os.Exit(1)
	}
}

// errDiffers is returned by --verify; what differs has been printed.
var errDiffers = errors.New("the committed images are not what the sources give (make ptx)")

// options are the flags.
type options struct {
	nvcc, kernels, out string
	verify, anyToolkit bool
}

func command(w io.Writer) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:           "ptxgen",
		Short:         "Compile the CUDA kernels to kernels/ptx, or verify what is there.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), w, o) },
	}
	c.CompletionOptions.DisableDefaultCmd = true
	c.Flags().StringVar(&o.nvcc, "nvcc", defaultCompiler(), "the CUDA compiler, a path or a name on PATH")
	c.Flags().StringVar(&o.kernels, "kernels", "kernels", "folder of the sources")
	c.Flags().StringVar(&o.out, "out", "", "folder to write (default: ptx in the folder of the sources)")
	c.Flags().BoolVar(&o.verify, "verify", false, "write nothing; compile again and list what differs")
	c.Flags().BoolVar(&o.anyToolkit, "any-toolkit", false, "accept a toolkit other than "+pinned+"; wants --out, and never writes committed files")
	return c
}

func run(ctx context.Context, w io.Writer, o options) error {
	committed := filepath.Join(o.kernels, "ptx")
	if o.out == "" {
		o.out = committed
	}
	if o.anyToolkit {
		if same, err := sameFolder(o.out, committed); err != nil {
			return err
		} else if same || o.verify {
			return errors.New("--any-toolkit wants --out with a folder other than the committed one, and no --verify")
		}
	}
	c, err := findCompiler(ctx, o.nvcc, o.anyToolkit)
	if err != nil {
		return err
	}
	made, err := generate(ctx, c, o.kernels)
	if err != nil {
		return err
	}
	if o.verify {
		different, err := made.compare(o.out)
		if err != nil {
			return err
		}
		for _, d := range different {
			fmt.Fprintln(w, d)
		}
		if len(different) > 0 {
			return errDiffers
		}
		fmt.Fprintf(w, "ptxgen: %d files in %s are what CUDA %s makes of the sources\n", len(made), o.out, c.version)
		return nil
	}
	return made.write(o.out)
}

// sameFolder reports whether two names are of one folder; one that does not exist is compared by name.
func sameFolder(a, b string) (bool, error) {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(ia, ib), nil
	}
	a, err := filepath.Abs(a)
	if err != nil {
		return false, err
	}
	b, err = filepath.Abs(b)
	return a == b, err
}
