package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"doin.network/node/compute/worker/conformance"
	"doin.network/node/internal/canon"
)

// maxConfigBytes bounds the configuration file of a conformance run.
const maxConfigBytes = 16 << 20

// printer reports a conformance run line by line.
type printer struct{ w io.Writer }

func (p printer) Helper()                           {}
func (p printer) Logf(format string, args ...any)   { fmt.Fprintf(p.w, "   "+format+"\n", args...) }
func (p printer) Errorf(format string, args ...any) { fmt.Fprintf(p.w, "BAD "+format+"\n", args...) }

// runConformance tests another program.
func runConformance(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", `JSON file {"plugin", "config", "settings", "parameters", "input"}, each optional`)
	timeout := flags.Duration("timeout", time.Minute, "how long an answer may take")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("conformance: usage: doin-worker conformance [--config FILE] [--timeout D] -- PROGRAM ARGS…")
	}
	config := conformance.Config{Timeout: *timeout, Stderr: stderr}
	if *file != "" {
		if err := readConformance(*file, &config); err != nil {
			return fmt.Errorf("conformance: %s: %w", *file, err)
		}
	}
	if n := conformance.Run(printer{stdout}, flags.Args(), config); n > 0 {
		return fmt.Errorf("conformance: %d rules are broken", n)
	}
	return nil
}

func readConformance(path string, c *conformance.Config) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err != nil {
		return err
	}
	if len(data) > maxConfigBytes {
		return fmt.Errorf("more than %d bytes", maxConfigBytes)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return err
	}
	objects := map[string]**canon.Object{
		"config": &c.Config, "settings": &c.Settings, "parameters": &c.Parameters, "input": &c.InferInput,
	}
	for _, k := range o.Keys() {
		switch {
		case objects[k] != nil:
			*objects[k], err = o.Object(k)
		case k == "plugin":
			c.Plugin, err = o.String(k)
		default:
			err = fmt.Errorf("unknown key %.80q", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
