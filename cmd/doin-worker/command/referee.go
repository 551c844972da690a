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

	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/internal/canon"
)

// maxLeavesBytes bounds a file of leaves: the longest digest there can be.
const maxLeavesBytes = 72 * (nn.MaxSteps + 8)

// runReferee says which of two digests of a task is right: one line of JSON with
// the findings, then a, b, neither or agreed as the last line. The member part
// says what is in dispute: the training, or only what the domain measured of it.
func runReferee(kinds []kind.Kind, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker referee", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("task", "", "task file (compute/CONTRACT.md)")
	var names [2]*string
	for i, party := range [...]string{"a", "b"} {
		names[i] = flags.String(party, "", "what doin-worker digest --leaves wrote for party "+party)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" || *names[0] == "" || *names[1] == "" || flags.NArg() > 0 {
		return errors.New("referee: usage: doin-worker referee --task FILE --a LEAVES --b LEAVES")
	}
	o, err := readTaskObject(*file)
	if err != nil {
		return fmt.Errorf("referee: %s: %w", *file, err)
	}
	task, err := readTraining(kinds, o)
	if err != nil {
		return fmt.Errorf("referee: %s: %w", *file, err)
	}
	var claims [2]*referee.Claim
	for i, name := range names {
		o, err := readObject(*name, maxLeavesBytes)
		if err == nil {
			claims[i], err = referee.ParseClaim(o)
		}
		if err != nil {
			return fmt.Errorf("referee: %s: %w", *name, err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	v, err := referee.Settle(ctx, task, claims[0], claims[1], nil)
	if err != nil {
		return fmt.Errorf("referee: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n%s\n", canon.Default(findings(v)), v)
	return err
}

// findings is what a verdict says beyond who is right.
func findings(v *referee.Verdict) *canon.Object {
	found := canon.NewObject()
	switch {
	case v.Agreed:
		return found
	case v.Measures:
		return found.Set("part", "measures").Set("right_digest", v.Digest)
	}
	found.Set("part", "training").Set("leaf", v.Leaf).Set("from_step", v.From).Set("to_step", v.To)
	if !v.Ended {
		found.Set("right_leaf", fmt.Sprintf("%x", v.Right))
	}
	for i, f := range [...]referee.Finding{v.A, v.B} {
		if f.Step > 0 {
			found.Set([...]string{"a", "b"}[i]+"_first_wrong_step", f.Step)
		}
	}
	return found
}
