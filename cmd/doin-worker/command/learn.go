package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"doin.network/node/ga/meta"
	"doin.network/node/ga/prior"
)

// runLearn reads trials from standard input, one line of JSON each, trains the networks of their families and writes the prior to
// standard output; what it found of each family goes to standard error.
func runLearn(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker learn", flag.ContinueOnError)
	flags.SetOutput(stderr)
	seed := flags.Uint64("seed", 1, "seed of the networks; the same trials and seed give the same file on every machine")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("learn: usage: doin-worker learn [--seed N] < TRIALS > PRIOR")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	trials, err := prior.ReadTrials(stdin)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	file, err := meta.Learn(ctx, trials, *seed)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	for i := range file.Families {
		f := &file.Families[i]
		fmt.Fprintf(stderr, "%s: %d tasks, %d rows, τ %.2f, on: %v, networks %x\n", f.Name, f.Evidence.Tasks, f.Evidence.Rows, f.Evidence.Tau, f.Evidence.On, f.Digest())
	}
	_, err = stdout.Write(file.Encode())
	return err
}
