package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
	"doin.network/node/internal/canon"
)

// runModel prints the graph of a network with its parameters and multiply-adds.
func runModel(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker model", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "a network's configuration: the genome of a task of the domain \"nn\", or such a task (compute/CONTRACT.md); or an ONNX file, FILE.onnx (docs/models.md)")
	svg := flags.Bool("svg", false, "print an SVG instead of dot")
	genome := flags.Bool("genome", false, "print the network's configuration instead: of an ONNX file, the layers that it is made of")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" || flags.NArg() > 0 {
		return errors.New("model: usage: doin-worker model --config FILE [--svg | --genome]")
	}
	c, err := configOf(*file)
	if err != nil {
		return fmt.Errorf("model: %s: %w", *file, err)
	}
	if *genome {
		_, err := fmt.Fprintln(stdout, string(canon.AppendIndent(nil, c.Object())))
		return err
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

// configOf reads the configuration of a network out of a file: a task's, or the layers that an ONNX file is made of, with the training's
// defaults.
func configOf(file string) (c nn.Config, err error) {
	if !strings.HasSuffix(strings.ToLower(file), ".onnx") {
		o, err := readTaskObject(file)
		if err != nil {
			return c, err
		}
		return networkOf(o)
	}
	data, err := readBounded(file, onnx.MaxFileBytes)
	if err != nil {
		return c, err
	}
	base := nn.DefaultConfig()
	m, err := graph.Import(data, base.Loss)
	if err != nil {
		return c, err
	}
	c, _, err = m.Lowered(base)
	return c, err
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
