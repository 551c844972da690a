package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/champion"
	"doin.network/node/cmd/doin-node/node"
	"doin.network/node/cmd/doin-node/stack/program"
)

// takeCommands are the commands with which results are taken along.
func takeCommands() []*cobra.Command {
	return []*cobra.Command{championsCommand(), forecastCommand(), predictCommand(), reproduceCommand(), exportCommand(), reportCommand()}
}

// where are the flags that say which node's results are meant.
type where struct {
	champion.Options
	domain  string
	verbose bool
}

func (w *where) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&w.DataDir, "data-dir", "d", "", "data directory of the node, or of a network of doin-node local")
	f.StringVarP(&w.ConfigPath, "config", "c", "", "the node's configuration (default: node.json of the data directory)")
	f.BoolVarP(&w.verbose, "verbose", "v", false, "show what the worker says")
}

func (w *where) domainFlags(c *cobra.Command) {
	w.flags(c)
	c.Flags().StringVar(&w.domain, "domain", "", "domain (default: the only one with a champion)")
}

// with opens the results, does something, and closes them. A question that cannot be asked ends the program with 2.
func (w *where) with(cmd *cobra.Command, do func(ctx context.Context, s *champion.Source) error) error {
	level := slog.LevelWarn
	if w.verbose {
		level = slog.LevelInfo
	}
	w.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	w.Version = node.Version
	s, err := champion.Open(cmd.Context(), w.Options)
	if err == nil {
		err = errors.Join(do(cmd.Context(), s), s.Close())
	}
	var input *champion.InputError
	if errors.As(err, &input) || errors.Is(err, champion.ErrNowhere) || errors.Is(err, champion.ErrNone) {
		return &program.ExitError{Code: 2, Err: err}
	}
	return err
}

func championsCommand() *cobra.Command {
	var w where
	var json, all bool
	c := &cobra.Command{
		Use:   "champions",
		Short: "List what has been found: champions, their errors beside the baselines', recipes, and who verified them.",
		Example: "  doin-node champions --data-dir doin-local/co2\n" +
			"  doin-node champions --data-dir doin-local/co2 --json --all",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				list, err := s.Champions(ctx)
				if err != nil {
					return err
				}
				var shown []champion.Champion
				for _, one := range list {
					if all || one.Current {
						shown = append(shown, one)
					}
				}
				if json {
					return champion.WriteJSON(cmd.OutOrStdout(), s.Genesis, shown)
				}
				if len(shown) == 0 {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), "no champion yet: nothing has been confirmed")
					return err
				}
				return champion.WriteText(cmd.OutOrStdout(), shown)
			})
		},
	}
	w.flags(c)
	c.Flags().BoolVar(&json, "json", false, "as JSON, with everything that it takes to train them again")
	c.Flags().BoolVar(&all, "all", false, "those that were replaced, too")
	return c
}

func forecastCommand() *cobra.Command {
	var w where
	var input, out string
	var steps int
	c := &cobra.Command{
		Use:   "forecast",
		Short: "Forecast a series by its champion, with or without the node running.",
		Long: "Asks the node that runs in the data directory; where none does, a worker trains the champion again, bit for bit, and answers.\n" +
			"A file of rows that does not fit, a gap behind the last row for one, is said in a sentence, and the exit status is 2.",
		Example: "  doin-node forecast --data-dir doin-local/co2 --steps 12 --out forecast.csv\n" +
			"  doin-node forecast --data-dir doin-local/co2 --input newer.csv --steps 12 --out forecast.csv",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				if steps < 0 {
					return &champion.InputError{Reason: "--steps must not be negative"}
				}
				a, err := s.Forecast(ctx, w.domain, input, steps)
				return answered(cmd, a, out, err)
			})
		},
	}
	w.domainFlags(c)
	f := c.Flags()
	f.StringVar(&input, "input", "", "file of rows, in any form that data may have, that follow the data, or take the place of their end (default: the data as they are)")
	f.IntVar(&steps, "steps", 0, "how many values (default: the domain's horizon)")
	f.StringVarP(&out, "out", "o", "-", "CSV file to write")
	f.StringVar(&w.Data, "data", "", "data file in the place of the configuration's")
	return c
}

func predictCommand() *cobra.Command {
	var w where
	var input, out string
	c := &cobra.Command{
		Use:   "predict --input FILE",
		Short: "Predict the targets of rows by a table's champion, with or without the node running.",
		Long: "Writes the file's rows with the prediction and, of classes, the probability of each. A column that is missing and a category\n" +
			"that training has not seen are said in a sentence, and the exit status is 2.",
		Example: "  doin-node predict --data-dir doin-local/iris --input rows.csv --out predictions.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				if input == "" {
					return &champion.InputError{Reason: "--input FILE is required: the rows to predict, a table with the names of its columns"}
				}
				a, err := s.Predict(ctx, w.domain, input)
				return answered(cmd, a, out, err)
			})
		},
	}
	w.domainFlags(c)
	f := c.Flags()
	f.StringVar(&input, "input", "", "file of the rows to predict, in any form that data may have (required)")
	f.StringVarP(&out, "out", "o", "-", "CSV file to write")
	f.StringVar(&w.Data, "data", "", "data file in the place of the configuration's")
	return c
}

// answered writes an answer to a file and says whose it is.
func answered(cmd *cobra.Command, a *champion.Sheet, out string, err error) error {
	if err != nil {
		return err
	}
	if err := champion.WriteFile(out, a.CSV, cmd.OutOrStdout()); err != nil {
		return err
	}
	how := "verified"
	if !a.Verified {
		how = "not verified by others"
	}
	wrote(cmd.ErrOrStderr(), out, "%d rows by champion %.12s, %s", a.Rows, a.OptimaeID, how)
	return nil
}

// wrote says what a file is, unless it was written to standard output.
func wrote(w io.Writer, path, format string, args ...any) {
	if path != "-" && path != "" {
		fmt.Fprintf(w, "%s: %s\n", path, fmt.Sprintf(format, args...))
	}
}

func reproduceCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "reproduce ID",
		Short: "Train a champion of the chain again and compare every bit.",
		Long: "ID is an optimae id or its beginning, as doin-node champions --all shows it. The exit status is 0 where digest and performance\n" +
			"are the same, 1 where they are not, 2 where the claim cannot be judged here because the data are others.",
		Example: "  doin-node reproduce 1f3a --data-dir doin-local/co2",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				one, err := s.ByID(ctx, args[0])
				if err != nil {
					return err
				}
				r, err := s.Reproduce(ctx, one)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "claimed  performance %v  digest %s\n", one.Performance, one.Digest)
				fmt.Fprintf(out, "trained  performance %v  digest %s\n", r.Outcome.Performance, r.Outcome.Digest)
				if !r.Same() {
					return fmt.Errorf("champion %.12s is not what was trained here", one.ID)
				}
				same := "every bit is the same"
				if by := one.Agreement; !by.Exact() {
					same = "the performance is the same " + by.String()
				}
				_, err = fmt.Fprintf(out, "champion %.12s of %s: %s\n", one.ID, one.Domain, same)
				return err
			})
		},
	}
	w.flags(c)
	c.Flags().StringVar(&w.Data, "data", "", "data file in the place of the configuration's")
	return c
}

func exportCommand() *cobra.Command {
	var w where
	var id, format, out string
	c := &cobra.Command{
		Use:   "export --format FORMAT --out FILE",
		Short: "Write a champion as a file that works without this program.",
		Long: "onnx         what answers, for ONNX Runtime and others: preprocessing, networks, closed forms and trees with their weights, from the\n" +
			"             units of the data file to its units\n" +
			"safetensors  the numbers that the champion consists of\n" +
			"json         the recipe with its certificate, block and votes: all that training it again takes but the data",
		Example: "  doin-node export --data-dir doin-local/co2 --format onnx --out co2.onnx\n" +
			"  doin-node export --data-dir doin-local/co2 --id 1f3a --format json --out co2.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				find := func() (champion.Champion, error) { return s.Current(ctx, w.domain) }
				if id != "" {
					find = func() (champion.Champion, error) { return s.ByID(ctx, id) }
				}
				one, err := find()
				if err != nil {
					return err
				}
				data, err := s.Export(ctx, one, format)
				if err != nil {
					return err
				}
				if err := champion.WriteFile(out, data, cmd.OutOrStdout()); err != nil {
					return err
				}
				wrote(cmd.ErrOrStderr(), out, "champion %.12s of %s, %d bytes", one.ID, one.Domain, len(data))
				return nil
			})
		},
	}
	w.domainFlags(c)
	f := c.Flags()
	f.StringVar(&id, "id", "", "optimae id or its beginning (default: the domain's champion)")
	f.StringVar(&format, "format", champion.ONNX, "onnx, safetensors or json")
	f.StringVarP(&out, "out", "o", "-", "file to write")
	f.StringVar(&w.Data, "data", "", "data file in the place of the configuration's")
	return c
}

func reportCommand() *cobra.Command {
	var w where
	var out string
	c := &cobra.Command{
		Use:   "report --out DIRECTORY",
		Short: "Write a page of the results that opens without a network, and its plots as SVG files.",
		Long: "index.html has everything in it: the champion's error beside the models' without a search, the search's history, the forecast over the\n" +
			"data, residuals, the calibration of classes, and all champions.",
		Example: "  doin-node report --data-dir doin-local/co2 --out report",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, s *champion.Source) error {
				if out == "" {
					return &champion.InputError{Reason: "--out DIRECTORY is required"}
				}
				page, err := s.Report(ctx, time.Now())
				if err != nil {
					return err
				}
				files, err := page.Files()
				if err != nil {
					return err
				}
				if err := os.MkdirAll(out, 0o755); err != nil {
					return err
				}
				for name, data := range files {
					if err := champion.WriteFile(filepath.Join(out, name), data, nil); err != nil {
						return err
					}
				}
				wrote(cmd.ErrOrStderr(), filepath.Join(out, "index.html"), "%d domains, %d plots beside it", len(page.Domains), len(files)-1)
				return nil
			})
		},
	}
	w.flags(c)
	f := c.Flags()
	f.StringVarP(&out, "out", "o", "", "directory to write to (required)")
	f.StringVar(&w.Data, "data", "", "data file in the place of the configuration's")
	return c
}
