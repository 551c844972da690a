package lessons

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"doin.network/node/chain"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// Place is where a node's trials are.
type Place struct {
	// Dir is its data directory, Database the SQLite file of its tables, which may be missing.
	Dir, Database string
	// Blocks returns some blocks from a height on, none at the chain's end; nil: there is no chain to be read.
	Blocks func(from int64) ([]*chain.Block, error)
	// Plugin returns the canonical plugin of a domain of the chain, "" of one that is not known.
	Plugin func(domain string) string
}

// Gather returns the trials of a node: its own, those that were imported, and the recipes that its chain has accepted, once each.
func (p *Place) Gather(ctx context.Context) ([]prior.Trial, error) {
	out, err := Imported(p.Dir)
	if err != nil {
		return nil, err
	}
	own, err := FromDatabase(ctx, p.Database)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out = append(out, own...)
	for from := int64(0); p.Blocks != nil; {
		blocks, err := p.Blocks(from)
		if err != nil {
			return nil, fmt.Errorf("chain: %w", err)
		}
		if len(blocks) == 0 {
			break
		}
		accepted, err := FromBlocks(blocks, p.Plugin)
		if err != nil {
			return nil, err
		}
		out, from = append(out, accepted...), from+int64(len(blocks))
	}
	return once(out), nil
}

// once drops what the tables of a node tell of its chain again.
func once(trials []prior.Trial) (out []prior.Trial) {
	seen := map[string]bool{}
	for _, t := range trials {
		if t.Verified {
			key := canon.Hash([]any{t.Task, t.Author, t.Recipe, t.Performance})
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		out = append(out, t)
	}
	return out
}

// Tasks returns, by family, how many tasks have as many trials as a task must have to teach something.
func Tasks(trials []prior.Trial) map[string]int {
	of, out := map[string]int{}, map[string]int{}
	for i := range trials {
		t := &trials[i]
		if of[t.Task]++; of[t.Task] == prior.MinTrials {
			out[t.Family]++
		}
	}
	return out
}
