package lessons

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/parquet"
	"doin.network/node/olap/sqlite"
)

// Folder is where a data directory keeps what it has learned, File the networks in it, and Imports how the names of files of trials end.
const (
	Folder  = "prior"
	File    = "network.prior"
	Imports = ".trials"
)

// scan calls each with the values of every row of a table, in the order of its columns.
type scan func(ctx context.Context, t *olap.Table, each func(values []any) error) error

// FromDatabase returns the trials of the tables in a SQLite file.
func FromDatabase(ctx context.Context, path string) ([]prior.Trial, error) {
	s, err := sqlite.OpenSnapshot(ctx, path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return fromTables(ctx, func(ctx context.Context, t *olap.Table, each func([]any) error) error {
		return s.Scan(ctx, t, sqlite.Filter{}, each)
	})
}

// FromParquet returns the trials of the tables in a folder of Parquet files, each table in the folder of its name.
func FromParquet(ctx context.Context, dir string) ([]prior.Trial, error) {
	return fromTables(ctx, func(ctx context.Context, t *olap.Table, each func([]any) error) error {
		var files []string
		err := filepath.WalkDir(filepath.Join(dir, t.Name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".parquet") {
				files = append(files, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, path := range files {
			if err := parquet.Read(ctx, path, t, each); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
}

// row is the values of a table's row by name.
type row struct {
	t      *olap.Table
	values []any
}

func (r row) at(name string) any {
	i := slices.IndexFunc(r.t.Columns, func(c olap.Column) bool { return c.Name == name })
	return r.values[i]
}

func (r row) text(name string) string {
	s, _ := r.at(name).(string)
	return s
}

func (r row) number(name string) (float64, bool) {
	switch v := r.at(name).(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	}
	return 0, false
}

// experiment is what trials take over from theirs.
type experiment struct {
	plugin, dataHash, node string
	lower                  bool // less is better in its rows
}

// fromTables joins trials with their experiments, and adds what the chain accepted of the same domains. Trials that were paused
// before the end of their training are left out: what they scored belongs to another budget.
func fromTables(ctx context.Context, read scan) (out []prior.Trial, err error) {
	experiments, domains := map[string]experiment{}, map[string]experiment{}
	err = read(ctx, olap.ExperimentTable, func(values []any) error {
		r := row{olap.ExperimentTable, values}
		higher, known := r.at("higher_is_better").(bool)
		if n, ok := r.number("higher_is_better"); ok {
			higher, known = n != 0, true
		}
		e := experiment{plugin: r.text("optimizer_plugin"), dataHash: r.text("data_hash"), node: r.text("node_id"), lower: known && !higher}
		experiments[r.text("experiment_id")], domains[r.text("domain_id")] = e, e
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = read(ctx, olap.TrialTable, func(values []any) error {
		r := row{olap.TrialTable, values}
		e, known := experiments[r.text("experiment_id")]
		score, scored := r.number("score")
		if rung, _ := r.number("rung"); !known || rung != 0 || !scored {
			return nil
		}
		author, _, _ := strings.Cut(r.text("island"), "#") // the searches of one node are one author
		if author == "" {
			author = e.node
		}
		if e.lower {
			score = -score
		}
		out, err = add(out, e, r.text("domain_id"), author, r.text("parameters"), score, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = read(ctx, olap.ChainOptimaeTable, func(values []any) error {
		r := row{olap.ChainOptimaeTable, values}
		performance, ok := r.number("verified_performance")
		if e, known := domains[r.text("domain_id")]; ok && known {
			out, err = add(out, e, r.text("domain_id"), r.text("optimizer_id"), r.text("parameters"), performance, true)
		}
		return err
	})
	return out, err
}

// add appends a trial whose recipe can be read. The data's hash is the recipe's own where it has one, else the experiment's.
func add(out []prior.Trial, e experiment, domain, author, recipe string, performance float64, verified bool) ([]prior.Trial, error) {
	if len(out) >= prior.MaxTrials {
		return nil, fmt.Errorf("more than %d trials: export some of them", prior.MaxTrials)
	}
	o, err := canon.ParseObject([]byte(recipe))
	if err != nil {
		return out, nil // longer than the table keeps, or of a program that writes none
	}
	hash, err := o.String("data_hash")
	if err != nil {
		hash = e.dataHash
	}
	if hash == "" {
		hash = "domain " + domain
	}
	t := prior.Trial{Family: e.plugin, Task: prior.Task(e.plugin, hash), Author: author, Recipe: o, Performance: performance, Verified: verified}
	if t.Validate() == nil {
		out = append(out, t)
	}
	return out, nil
}

// FromBlocks returns the recipes that a chain accepted. plugin returns the canonical plugin of a domain, "" of one that is not known.
func FromBlocks(blocks []*chain.Block, plugin func(domain string) string) (out []prior.Trial, err error) {
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if tx.Type != chain.TxOptimaeAccepted {
				continue
			}
			c := olap.ChainOptimaeOf(olap.Acceptance{DomainID: tx.DomainID, PeerID: tx.PeerID, Payload: tx.Payload})
			name := plugin(tx.DomainID)
			if name == "" || c.VerifiedPerformance == nil {
				continue
			}
			e := experiment{plugin: name}
			if c.DataHash != nil {
				e.dataHash = *c.DataHash
			}
			if out, err = add(out, e, tx.DomainID, tx.PeerID, string(c.Parameters), *c.VerifiedPerformance, true); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Imported returns the trials that were imported into a data directory.
func Imported(dir string) (out []prior.Trial, err error) {
	files, err := filepath.Glob(filepath.Join(dir, Folder, "*"+Imports))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		trials, err := prior.ReadTrials(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if out = append(out, trials...); len(out) > prior.MaxTrials {
			return nil, fmt.Errorf("%s: more than %d trials: remove some files", filepath.Dir(path), prior.MaxTrials)
		}
	}
	return out, nil
}
