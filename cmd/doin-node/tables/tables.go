// Package tables is the command "doin-node olap": the tables of a node exported as files that other tools read, and checked.
package tables

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-node/stack/rows"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
	"doin.network/node/olap/export"
	"doin.network/node/olap/sqlite"
)

// Command returns the command with its subcommands.
func Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "olap",
		Short: "Export and check the tables: trials, curves, claims, blocks.",
		Example: "  doin-node olap export --format parquet --out tables --data-dir doin-data\n" +
			"  doin-node olap check --data-dir doin-data",
	}
	c.AddCommand(exportCommand(), checkCommand())
	return c
}

// where are the flags that say whose tables are meant.
type where struct{ dir, config, db string }

func (w *where) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&w.dir, "data-dir", "d", "", "data directory of the node")
	f.StringVarP(&w.config, "config", "c", "", "the node's configuration (default: node.json of the data directory, where there is one)")
	f.StringVar(&w.db, "db", "", "a SQLite file of the tables, instead of the node's")
}

// paths returns where the tables and the chain are.
func (w *where) paths() (db, chain string, err error) {
	if w.db != "" {
		return w.db, "", nil
	}
	path := w.config
	if path == "" && w.dir != "" {
		if p := filepath.Join(w.dir, "node.json"); exists(p) {
			path = p
		}
	}
	cfg := config.DefaultConfig()
	if path != "" {
		loaded, _, err := config.Load(path)
		if err != nil {
			return "", "", err
		}
		cfg = *loaded
	}
	if w.dir != "" {
		cfg.DataDir = w.dir
	}
	if path == "" && w.dir == "" {
		return "", "", errors.New("whose tables? --data-dir, --config or --db says it")
	}
	return cfg.OLAPPath(), cfg.StorePath(), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// question ends the program with 2: what was asked for cannot be.
func question(err error) error { return &program.ExitError{Code: 2, Err: err} }

func exportCommand() *cobra.Command {
	var w where
	var j export.Job
	var since string
	var fromChain bool
	c := &cobra.Command{
		Use:   "export --format FORMAT --out DIR",
		Short: "Write the tables as Parquet, Arrow, CSV or SQLite.",
		Long: "Writes one state of the tables while the node runs or rests. Parquet files lie in DIR/TABLE/domain=…/date=…, those of the\n" +
			"other formats in DIR. Files have their names only when they are whole. --from-chain reads the stored chain instead: blocks,\n" +
			"decisions, votes and money of all who take part; for that the node must rest. --out s3://BUCKET/PREFIX writes into an object\n" +
			"store, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL for one that is not Amazon's.",
		Example: "  doin-node olap export --data-dir doin-data --format parquet --out tables\n" +
			"  doin-node olap export --data-dir doin-data --format csv --out week --domain co2 --since 2026-01-05",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if j.Dir == "" {
				return question(errors.New("--out: a folder is missing"))
			}
			if strings.HasPrefix(j.Dir, export.Scheme) {
				if j.Bucket, err = export.OpenBucket(j.Dir, os.Getenv); err != nil {
					return question(err)
				}
			}
			if j.Since, err = day(since); err != nil {
				return question(err)
			}
			sum, err := run(cmd.Context(), &w, j, fromChain)
			if err != nil {
				return err
			}
			print(cmd.OutOrStdout(), j.Dir, sum)
			return nil
		},
	}
	w.flags(c)
	f := c.Flags()
	f.StringVar(&j.Format, "format", "parquet", "parquet, arrow, csv or sqlite")
	f.StringVar(&j.Dir, "out", "", "folder for the files, which is made, or s3://BUCKET/PREFIX; it must be empty (required)")
	f.StringVar(&j.Domain, "domain", "", "rows of this domain alone")
	f.StringVar(&j.Run, "run", "", "rows of this run alone: its run_name or its id")
	f.StringVar(&since, "since", "", "facts from this moment on: 2026-01-05, 2026-01-05T12:00:00Z, or a duration back from now, 24h")
	f.BoolVar(&fromChain, "from-chain", false, "the tables that the stored chain gives, of all who take part")
	return c
}

// day reads a moment as the tables have it.
func day(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return timestamp.FromTime(time.Now().Add(-d)).ISO(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return timestamp.FromTime(t).ISO(), nil
		}
	}
	return "", fmt.Errorf("--since %q: must be a day, 2026-01-05, a moment, 2026-01-05T12:00:00Z, or a duration, 24h", text)
}

// run exports what the flags say.
func run(ctx context.Context, w *where, j export.Job, fromChain bool) (sum export.Summary, err error) {
	db, chain, err := w.paths()
	if err != nil {
		return sum, question(err)
	}
	if fromChain {
		if chain == "" {
			return sum, question(errors.New("--from-chain: a chain is in a data directory, not in --db"))
		}
		folder, err := os.MkdirTemp("", "doin-cube-")
		if err != nil {
			return sum, err
		}
		defer os.RemoveAll(folder)
		db = filepath.Join(folder, "cube.db")
		if err := cube(ctx, chain, db); err != nil {
			return sum, err
		}
	}
	s, err := sqlite.OpenSnapshot(ctx, db)
	if errors.Is(err, os.ErrNotExist) {
		return sum, question(fmt.Errorf("there are no tables yet: %w", err))
	}
	if err != nil {
		return sum, err
	}
	defer s.Close()
	sum, err = export.Write(ctx, s, j)
	if errors.Is(err, export.ErrFormat) || errors.Is(err, export.ErrOut) {
		return sum, question(err)
	}
	return sum, err
}

// cube makes a SQLite file of a stored chain.
func cube(ctx context.Context, chain, path string) error {
	if !exists(chain) {
		return question(fmt.Errorf("there is no chain at %s", chain))
	}
	st, err := store.OpenReadOnly(chain)
	if err != nil {
		return fmt.Errorf("%w (a chain is read while its node rests)", err)
	}
	defer st.Close()
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	_, err = rows.Cube(ctx, st, time.Now, db.Write)
	return errors.Join(err, db.Close())
}

// print says what was written.
func print(out io.Writer, dir string, sum export.Summary) {
	fmt.Fprintf(out, "%d files in %s\n", sum.Files, dir)
	for _, t := range olap.Tables() {
		if n := sum.Rows[t.Name]; n > 0 {
			fmt.Fprintf(out, "  %-26s %d rows\n", t.Name, n)
		}
	}
}

func checkCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "check",
		Short:   "Check the tables: the file, keys and relations, what is counted, and the chain's rows against the chain.",
		Example: "  doin-node olap check --data-dir doin-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, chain, err := w.paths()
			if err != nil {
				return question(err)
			}
			problems, notes, err := check(cmd.Context(), db, chain)
			if errors.Is(err, os.ErrNotExist) {
				return question(fmt.Errorf("there are no tables yet: %w", err))
			}
			if err != nil {
				return err
			}
			for _, line := range notes {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			if len(problems) > 0 {
				return fmt.Errorf("%s:\n  %s", db, strings.Join(problems, "\n  "))
			}
			fmt.Fprintln(cmd.OutOrStdout(), "everything fits")
			return nil
		},
	}
	w.flags(c)
	return c
}

// check looks at the tables, and at the chain where there is one.
func check(ctx context.Context, path, chain string) (problems, notes []string, err error) {
	s, err := sqlite.OpenSnapshot(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	if problems, err = s.Check(ctx); err != nil {
		return nil, nil, err
	}
	if chain == "" || !exists(chain) {
		return problems, []string{"no chain to compare with"}, nil
	}
	folder, err := os.MkdirTemp("", "doin-cube-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(folder)
	other := filepath.Join(folder, "cube.db")
	if err := cube(ctx, chain, other); err != nil {
		return problems, []string{fmt.Sprintf("not compared with the chain: %v", err)}, nil
	}
	truth, err := sqlite.OpenSnapshot(ctx, other)
	if err != nil {
		return nil, nil, err
	}
	defer truth.Close()
	more, err := s.Compare(ctx, truth)
	return append(problems, more...), notes, err
}
