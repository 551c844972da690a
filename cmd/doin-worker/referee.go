package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/internal/canon"
)

// maxLeavesBytes bounds a file of leaves: the longest digest there can be.
const maxLeavesBytes = 72 * (nn.MaxSteps + 2)

// runReferee says which of two digests of a task of the domain nn is right: one
// line of JSON with the findings, then a, b, neither or agreed as the last line.
func runReferee(args []string, stdout, stderr io.Writer) error {
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
	task, err := nn.ParseTask(o)
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
	v, err := referee.Settle(ctx, *task, claims[0], claims[1])
	if err != nil {
		return fmt.Errorf("referee: %w", err)
	}
	found := canon.NewObject("leaf", v.Leaf, "from_step", v.From, "to_step", v.To)
	if !v.Agreed && !v.Ended {
		found.Set("right_leaf", fmt.Sprintf("%x", v.Right))
	}
	for i, f := range [...]referee.Finding{v.A, v.B} {
		if f.Step > 0 {
			found.Set([...]string{"a", "b"}[i]+"_first_wrong_step", f.Step)
		}
	}
	_, err = fmt.Fprintf(stdout, "%s\n%s\n", canon.Default(found), v)
	return err
}
