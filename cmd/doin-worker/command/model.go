package command

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// runModel prints the graph of a network with its parameters and multiply-adds.
func runModel(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker model", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "a network's configuration: the genome of a task of the domain \"nn\", or such a task (compute/CONTRACT.md)")
	svg := flags.Bool("svg", false, "print an SVG instead of dot")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" || flags.NArg() > 0 {
		return errors.New("model: usage: doin-worker model --config FILE [--svg]")
	}
	o, err := readTaskObject(*file)
	if err != nil {
		return fmt.Errorf("model: %s: %w", *file, err)
	}
	c, err := networkOf(o)
	if err != nil {
		return fmt.Errorf("model: %s: %w", *file, err)
	}
	d, err := tape.Draw(c, nil, kind.Values{})
	if err != nil {
		return fmt.Errorf("model: %s: %w", *file, err)
	}
	text := d.Dot
	if *svg {
		text = d.SVG
	}
	_, err = io.WriteString(stdout, text)
	return err
}

// networkOf reads a configuration, by itself or as the genome of a task.
func networkOf(o *canon.Object) (nn.Config, error) {
	if o.Has("domains") || o.Has("optimization_config") {
		return nn.Config{}, errors.New("a node's configuration, which says a space of networks and not one: want the genome of a task of the domain \"nn\", " +
			"as compute/nn/testdata/tasks has them")
	}
	if o.Has("genome") {
		genome, err := o.Object("genome")
		if err != nil {
			return nn.Config{}, err
		}
		o = genome
	}
	c, err := nn.ConfigFromObject(o)
	if err != nil {
		return c, err
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	return c, nil
}
