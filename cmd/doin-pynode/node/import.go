package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/rows"
	"doin.network/node/cmd/doin-pynode/chaindb"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// Imported says what an import has done.
type Imported struct {
	// Blocks were appended, Known were in the store before. Height is the tip's index now, Tip its hash.
	Blocks, Known int
	Height        int64
	Tip           string
	// Transactions counts those of the appended blocks, Optimae the rows of the chain's acceptances in the star schema.
	Transactions, Optimae int
	// Domains are the domains of the chain's transactions, sorted.
	Domains []string
	// OwnGenesis is whether the chain begins with another block than the reference's today; Explored that it is in a store of its
	// own: no node goes on with it.
	OwnGenesis, Explored bool
}

// ErrOwnGenesis is returned by ImportChain for a chain that begins with another block 0 than the reference's today.
var ErrOwnGenesis = errors.New("this chain begins with a block 0 of its own, as the reference's first revision makes it: no other node has a chain " +
	"that it fits to, and one of today's that took it for the taller would roll its own back to fetch it, so it is not served; --explore " +
	"fills olap.db with what it records")

// ImportChain reads the chain of Python nodes into the data directory dir: files in the order of their blocks, each the
// reference's chain.db (SQLite) or chain.json (a list of blocks) or answers of GET /chain/blocks. Every block is checked as one from a peer
// (engine.CheckBlock); the import stops at the first that is not valid, keeps those before it, and says so by its error.
// Blocks that the store has already are passed over, so an import can be repeated and continued. The star schema gets a row
// for each accepted optimae. A chain with a block 0 of its own is ErrOwnGenesis; with explore the blocks, of any chain, go into a
// store of their own that no node serves, and only their rows to where a node has them.
func ImportChain(ctx context.Context, dir string, files []string, explore bool, log *slog.Logger) (done Imported, err error) {
	if len(files) == 0 {
		return done, errors.New("no file")
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			return done, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return done, fmt.Errorf("data directory: %w", err)
	}
	cfg := config.DefaultConfig()
	cfg.DataDir = dir
	im := &importer{cfg: &cfg, explore: explore, log: log, done: &done, ids: map[string]bool{}, domains: map[string]bool{}, optimae: map[string]bool{}}
	defer func() {
		if im.store != nil {
			err = errors.Join(err, im.store.Close())
		}
	}()
	for _, file := range files {
		if err = im.file(ctx, file); err != nil {
			err = fmt.Errorf("%s: %w", file, err)
			break
		}
	}
	if im.store == nil {
		return done, err
	}
	return done, errors.Join(err, im.finish(ctx))
}

// exploredDir is the store of a chain that is explored, in the data directory.
const exploredDir = "explored"

// importer is an import under way.
type importer struct {
	cfg     *config.Config
	log     *slog.Logger
	done    *Imported
	explore bool            // the rows alone are wanted
	store   *store.Store    // opened by the first block
	ids     map[string]bool // of the chain's transactions
	domains map[string]bool
	optimae map[string]bool // that have a row
}

// file reads one file block by block, so that its length does not matter.
func (im *importer) file(ctx context.Context, name string) error {
	if is, err := chaindb.Is(name); err != nil {
		return err
	} else if is {
		return chaindb.Read(ctx, name, func(b *chain.Block) error { return im.block(ctx, b) })
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	d := json.NewDecoder(f)
	if err := openList(d); err != nil {
		return err
	}
	for d.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("read block: %w", err)
		}
		o, err := canon.ParseObject(raw)
		if err != nil {
			return fmt.Errorf("read block: %w", err)
		}
		b, err := chain.BlockFromObject(o)
		if err != nil {
			return err
		}
		if err := im.block(ctx, b); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// openList moves d to the first block: into a list, or the member "blocks" of an object.
func openList(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("neither a chain.db nor a list of blocks nor an answer of /chain/blocks: %w", err)
	}
	if t == json.Delim('{') {
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return err
			}
			if key == "blocks" {
				if t, err = d.Token(); err != nil {
					return err
				}
				break
			}
			var skipped json.RawMessage
			if err := d.Decode(&skipped); err != nil {
				return err
			}
		}
	}
	if t != json.Delim('[') {
		return errors.New("neither a chain.db nor a list of blocks nor an answer of /chain/blocks")
	}
	return nil
}

// open opens the store. A new one begins with first if that is a block 0.
func (im *importer) open(first *chain.Block) (err error) {
	genesis := chain.GenesisBlock()
	if first.Header.Index == 0 {
		if err := engine.CheckBlock(0, chain.ZeroHash, first, func(string) bool { return false }); err != nil {
			return err
		}
		genesis = first
	}
	path := im.cfg.StorePath()
	switch {
	case im.explore:
		path = filepath.Join(im.cfg.DataDir, exploredDir)
	case genesis.Hash != chain.GenesisHash:
		return ErrOwnGenesis
	}
	if im.store, err = openStore(path, genesis, im.log); err != nil {
		return fmt.Errorf("chain store %s: %w", path, err)
	}
	top, _ := im.store.Tip()
	for h := int64(0); h <= top; h++ {
		b, err := im.store.Block(h)
		if err != nil {
			return err
		}
		if h == 0 {
			im.done.OwnGenesis = b.Hash != chain.GenesisHash
		}
		im.note(b)
	}
	return nil
}

func (im *importer) note(b *chain.Block) {
	for _, tx := range b.Transactions {
		im.ids[tx.ID] = true
		if tx.DomainID != "" {
			im.domains[tx.DomainID] = true
		}
		if tx.Type == chain.TxOptimaeAccepted && !skipShort(b, tx) {
			id, _ := tx.Payload.String("optimae_id") // it has one, or it had been skipped
			im.optimae[id] = true
		}
	}
}

// block checks and stores one block.
func (im *importer) block(ctx context.Context, b *chain.Block) error {
	if im.store == nil {
		if err := im.open(b); err != nil {
			return err
		}
	}
	height, tip := im.store.Tip()
	if b.Header.Index <= height {
		hash, err := im.store.Hash(b.Header.Index)
		if err != nil {
			return err
		}
		if hash != b.Hash {
			return fmt.Errorf("block %d is %.12s, the store has %.12s there: another chain (import it into a directory of its own)",
				b.Header.Index, b.Hash, hash)
		}
		im.done.Known++
		return nil
	}
	if len(b.Transactions) == 0 && b.Header.MerkleRoot != chain.ZeroHash {
		return fmt.Errorf("block %d has lost its transactions: the node that wrote this file prunes them (prune_keep_blocks)", b.Header.Index)
	}
	if err := engine.CheckBlock(height+1, tip, b, func(id string) bool { return im.ids[id] }); err != nil {
		return err
	}
	if err := im.store.Append(ctx, store.Entry{Block: b}); err != nil {
		return err
	}
	im.note(b)
	im.done.Blocks++
	im.done.Transactions += len(b.Transactions)
	return nil
}

// finish fills the star schema from the stored chain.
func (im *importer) finish(ctx context.Context) (err error) {
	im.done.Height, im.done.Tip = im.store.Tip()
	im.done.Explored = im.explore
	im.done.Optimae = len(im.optimae)
	for id := range im.domains {
		im.done.Domains = append(im.done.Domains, id)
	}
	slices.Sort(im.done.Domains)

	if _, err := im.store.Meta(rows.MetaIngested); errors.Is(err, store.ErrNotFound) {
		hash, err := im.store.Hash(0)
		if err != nil {
			return err
		}
		if err := im.store.PutMeta(rows.MetaIngested, fmt.Appendf(nil, "0 %s", hash)); err != nil {
			return err
		}
	}
	recorder, _, err := stack.OpenRecorder(ctx, im.cfg, filepath.Join(im.cfg.DataDir, "spool"), im.log)
	if err != nil {
		return err
	}
	runCtx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- recorder.Run(runCtx) }()
	defer func() {
		stop()
		err = errors.Join(err, ignoreCanceled(<-ended), recorder.Close())
	}()
	var domains []olap.Row
	for _, id := range im.done.Domains {
		domains = append(domains, olap.Row{Domain: &olap.Domain{ID: id, Description: "from an imported chain"}})
	}
	if len(domains) > 0 {
		if err := recorder.Record(domains...); err != nil {
			return err
		}
	}
	writer := rows.Writer{Store: im.store, Record: recorder.Record, Now: time.Now, Skip: skipShort}
	if err := writer.Write(ctx, rows.None); err != nil {
		return err
	}
	return recorder.Flush(ctx)
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Object is the summary that the command prints.
func (d *Imported) Object(at time.Time) *canon.Object {
	domains := make([]any, len(d.Domains))
	for i, id := range d.Domains {
		domains[i] = id
	}
	return canon.NewObject("imported_at", timestamp.FromTime(at).ISO(), "blocks", int64(d.Blocks), "known_blocks", int64(d.Known),
		"height", d.Height, "tip_hash", d.Tip, "transactions", int64(d.Transactions), "domains", domains,
		"chain_optimae", int64(d.Optimae), "own_genesis", d.OwnGenesis, "explored", d.Explored)
}
