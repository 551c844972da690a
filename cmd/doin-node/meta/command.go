// Package meta is the command "doin-node meta": what searches learn from all recorded trials, trained, shown and fed.
package meta

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/lessons"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// Command returns "doin-node meta" with its subcommands.
func Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "meta",
		Short: "Train, show and feed what searches learn from all recorded trials.",
		Example: "  doin-node meta train --data-dir doin-data\n  doin-node meta import --data-dir doin-data other/olap.db tables/\n" +
			"  doin-node meta show --data-dir doin-data",
	}
	c.AddCommand(trainCommand(), showCommand(), importCommand())
	return c
}

// where are the flags that say which node is meant.
type where struct{ dir, config, worker string }

func (w *where) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&w.dir, "data-dir", "d", "", "data directory of the node")
	f.StringVarP(&w.config, "config", "c", "", "the node's configuration (default: node.json of the data directory, where there is one)")
}

// load returns the node's configuration.
func (w *where) load() (*config.Config, error) {
	path := w.config
	if path == "" && w.dir == "" {
		return nil, question(errors.New("which node? --data-dir or --config says it"))
	}
	if path == "" {
		path = filepath.Join(w.dir, "node.json")
		if _, err := os.Stat(path); err != nil {
			cfg := config.DefaultConfig()
			cfg.DataDir = w.dir
			return &cfg, nil
		}
	}
	cfg, _, err := config.Load(path)
	if err == nil && w.dir != "" {
		cfg.DataDir = w.dir
	}
	return cfg, err
}

// question ends the program with 2: what was asked for cannot be.
func question(err error) error { return &program.ExitError{Code: 2, Err: err} }

func trainCommand() *cobra.Command {
	var w where
	var out string
	c := &cobra.Command{
		Use:   "train",
		Short: "Learn from the trials of this node, those imported and the recipes that its chain has verified.",
		Long: "Gathers trials and has doin-worker train the networks of every kind of domain, and look at each whether it predicts tasks that\n" +
			"it has not seen: a search uses only what does. While the node runs, its chain is read from its tables.",
		Example: "  doin-node meta train --data-dir doin-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := w.load()
			if err != nil {
				return err
			}
			trials, err := w.gather(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			program := w.worker
			if program == "" {
				program = cfg.Worker.Path
			}
			file, err := lessons.Learn(cmd.Context(), program, trials)
			if err != nil {
				return err
			}
			path := out
			if path == "" {
				path, err = lessons.Write(cfg.DataDir, lessons.File, file.Encode())
			} else {
				err = os.WriteFile(path, file.Encode(), 0o644)
			}
			if err != nil {
				return err
			}
			show(cmd.OutOrStdout(), file)
			fmt.Fprintf(cmd.OutOrStdout(), "%d trials; written to %s\n", len(trials), path)
			return nil
		},
	}
	w.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default: "+lessons.Folder+"/"+lessons.File+" of the data directory)")
	c.Flags().StringVar(&w.worker, "worker", "", "the worker program (default: worker_path, beside this program, or on PATH)")
	return c
}

// gather returns the node's trials; a store that is not there, or that a running node holds, has none.
func (w *where) gather(ctx context.Context, cfg *config.Config) ([]prior.Trial, error) {
	p := lessons.Place{Dir: cfg.DataDir, Database: cfg.OLAPPath()}
	st, err := store.OpenReadOnly(cfg.StorePath())
	if err != nil {
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrLocked) || errors.Is(err, os.ErrNotExist) {
			return p.Gather(ctx)
		}
		return nil, err
	}
	defer st.Close()
	if p.Plugin, err = plugins(cfg.GenesisPath()); err != nil {
		return nil, err
	}
	p.Blocks = func(from int64) ([]*chain.Block, error) { return st.Blocks(from, from+chunk) }
	return p.Gather(ctx)
}

// chunk is how many blocks are read at once.
const chunk = 256

// plugins returns the plugins of a genesis file's domains.
func plugins(path string) (func(string) string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("genesis file: %w", err)
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return nil, fmt.Errorf("genesis file %s: %w", path, err)
	}
	return func(domain string) string {
		d, _ := g.Domain(domain)
		return d.Plugin
	}, nil
}

func showCommand() *cobra.Command {
	var w where
	var asJSON bool
	c := &cobra.Command{
		Use:     "show [FILE]",
		Short:   "Say what a prior was learned from, whether it predicts tasks that it has not seen, and which networks it has.",
		Example: "  doin-node meta show --data-dir doin-data\n  doin-node meta show network.prior --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := ""
			if len(args) > 0 {
				path = args[0]
			} else {
				cfg, err := w.load()
				if err != nil {
					return err
				}
				path = filepath.Join(cfg.DataDir, lessons.Folder, lessons.File)
			}
			file, err := lessons.Read(path)
			if errors.Is(err, os.ErrNotExist) {
				return question(fmt.Errorf("%w: doin-node meta train makes it", err))
			}
			if err != nil {
				return err
			}
			if asJSON {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", canon.AppendIndent(nil, object(file)))
				return err
			}
			show(cmd.OutOrStdout(), file)
			return nil
		},
	}
	w.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// show prints a file's families.
func show(w io.Writer, file *prior.File) {
	fmt.Fprintf(w, "%-12s %5s %7s %7s  %7s  %-4s %8s  %s\n", "family", "tasks", "trials", "authors", "τ", "use", "columns", "networks")
	for i := range file.Families {
		f := &file.Families[i]
		use, sum := "no", f.Digest()
		if f.Evidence.On {
			use = "yes"
		}
		fmt.Fprintf(w, "%-12s %5d %7d %7d  %7.3f  %-4s %8d  %s\n", f.Name, f.Evidence.Tasks, f.Evidence.Rows, f.Evidence.Authors, f.Evidence.Tau, use,
			len(f.Columns), hex.EncodeToString(sum[:8]))
	}
}

// object is a file as JSON.
func object(file *prior.File) *canon.Object {
	list := make([]any, len(file.Families))
	for i := range file.Families {
		f := &file.Families[i]
		sum := f.Digest()
		columns := make([]any, len(f.Columns))
		for j, c := range f.Columns {
			columns[j] = strings.TrimSuffix(c.Name+"="+c.Choice, "=")
		}
		list[i] = canon.NewObject("family", f.Name, "tau", f.Evidence.Tau, "tasks", f.Evidence.Tasks, "trials", f.Evidence.Rows,
			"authors", f.Evidence.Authors, "on", f.Evidence.On, "networks", f.Count, "digest", hex.EncodeToString(sum[:]), "columns", columns)
	}
	return canon.NewObject("families", list)
}

func importCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "import FILE|DIR…",
		Short: "Keep the trials of other networks: a SQLite file of tables, or a folder of Parquet files.",
		Long: "Reads olap.db of another node, or what \"doin-node olap export --format parquet\" wrote, and keeps its trials in the data\n" +
			"directory, from where \"doin-node meta train\" and the node itself learn. Something imported again takes the place of what it was.",
		Example: "  doin-node meta import --data-dir doin-data other/olap.db tables/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := w.load()
			if err != nil {
				return err
			}
			for _, path := range args {
				trials, err := from(cmd.Context(), path)
				if err != nil {
					return err
				}
				if len(trials) == 0 {
					return question(fmt.Errorf("%s: no trials in it: a table fact_trial with scores and recipes is needed", path))
				}
				var b bytes.Buffer
				if err := prior.WriteTrials(&b, trials); err != nil {
					return err
				}
				abs, err := filepath.Abs(path)
				if err != nil {
					return err
				}
				kept, err := lessons.Write(cfg.DataDir, canon.Hash(abs)[:16]+lessons.Imports, b.Bytes())
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d trials, kept in %s\n", path, len(trials), kept)
			}
			return nil
		},
	}
	w.flags(c)
	return c
}

// from reads a file or folder of tables.
func from(ctx context.Context, path string) ([]prior.Trial, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, question(err)
	}
	if info.IsDir() {
		return lessons.FromParquet(ctx, path)
	}
	return lessons.FromDatabase(ctx, path)
}
