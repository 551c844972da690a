// Package rows writes the analytics rows of the stored chain: one for each block and one for each acceptance, in the order of the blocks, so that a
// crash at any moment leaves out nothing and nothing stands twice.
package rows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// BranchPoint remembers, for whoever follows the stored chain, that it has changed and above which block. The event
// loop adds to it and never waits.
type BranchPoint struct {
	wake chan struct{} // has room for one: the follower reads the store, so one call is as good as many

	mu     sync.Mutex
	lowest int64 // ancestor of everything stored since Take; None: nothing was
}

// None is a height above every block.
const None = int64(1)<<62 - 1

func NewBranchPoint() *BranchPoint { return &BranchPoint{wake: make(chan struct{}, 1), lowest: None} }

// Add notes that every block above ancestor is new.
func (b *BranchPoint) Add(ancestor int64) {
	b.mu.Lock()
	b.lowest = min(b.lowest, ancestor)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Take returns the highest block below everything that was stored since the last Take, None if nothing was.
func (b *BranchPoint) Take() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	lowest := b.lowest
	b.lowest = None
	return lowest
}

// Writer writes a row for each acceptance in the stored chain. What it has written is noted beside the chain, so
// that a crash at any moment leaves out nothing; rows are idempotent.
type Writer struct {
	Store  *store.Store
	Record func(...olap.Row) error
	Now    func() time.Time
	// Retry is the time until rows that could not be recorded are tried again.
	Retry time.Duration
	// Skip tells the acceptances without a row; nil: there are none.
	Skip func(*chain.Block, *chain.Tx) bool
	// Keep is how many states below the finalized height stay in the store.
	Keep int64
}

// Run follows the chain until ctx ends, and prunes states that nobody can need any more.
func (c Writer) Run(ctx context.Context, stored *BranchPoint, finalized func() int64, log *slog.Logger) error {
	ancestor, pruned := None, int64(0)
	var again <-chan time.Time // after an error
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-stored.wake:
		case <-again:
		}
		ancestor = min(ancestor, stored.Take())
		err := c.Write(ctx, ancestor)
		switch {
		case err == nil:
			ancestor, again = None, nil
		case ctx.Err() != nil:
			return nil // the next start goes on here
		default:
			log.Error("chain rows fall behind", "err", err)
			again = time.After(c.Retry)
		}
		if below := finalized() - c.Keep; below >= pruned+pruneEvery {
			if err := c.Store.PruneStates(below); err != nil {
				log.Warn("states not pruned", "below", below, "err", err)
			}
			pruned = below
		}
	}
}

// pruneEvery is how many more states may go before they do.
const pruneEvery = 16

// mark is a block by height and hash.
type mark struct {
	height int64
	hash   string
}

// Write brings the rows up to the tip. Rows of blocks above ancestor are written anew.
func (c Writer) Write(ctx context.Context, ancestor int64) error {
	last, err := c.done()
	if err != nil {
		return err
	}
	if ancestor < last.height {
		if last, err = c.rollback(ancestor); err != nil {
			return err
		}
	}
	for tip := c.tip(); last.height < tip; tip = c.tip() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := c.Store.Block(last.height + 1)
		if err != nil {
			return err
		}
		if b.Header.PreviousHash != last.hash {
			return nil // a reorganisation just now: its branch point comes next
		}
		receipts, err := c.Store.Receipts(b.Header.Index)
		if err != nil {
			return err
		}
		last = mark{b.Header.Index, b.Hash}
		if err := c.note(c.rows(b, receipts), last); err != nil {
			return err
		}
	}
	return nil
}

func (c Writer) tip() int64 {
	height, _ := c.Store.Tip()
	return height
}

// rollback takes back the rows of blocks above a height.
func (c Writer) rollback(height int64) (mark, error) {
	hash, err := c.Store.Hash(height)
	if err != nil {
		return mark{}, err
	}
	to := mark{height, hash}
	return to, c.note([]olap.Row{{Rollback: &olap.Rollback{Height: height}}}, to)
}

// note records rows and then that this has been done up to a block.
func (c Writer) note(rows []olap.Row, last mark) error {
	if len(rows) > 0 {
		if err := c.Record(rows...); err != nil {
			return err
		}
	}
	return c.Store.PutMeta(MetaIngested, fmt.Appendf(nil, "%d %s", last.height, last.hash))
}

// done returns up to which block the rows are written. Where that block is no longer of the chain (a crash came
// between a reorganisation and its rows), all are written anew.
func (c Writer) done() (mark, error) {
	data, err := c.Store.Meta(MetaIngested)
	if errors.Is(err, store.ErrNotFound) {
		return mark{0, chain.GenesisHash}, nil
	}
	if err != nil {
		return mark{}, err
	}
	text, noted, _ := strings.Cut(string(data), " ")
	height, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return mark{}, fmt.Errorf("record %q: %w", MetaIngested, err)
	}
	switch hash, err := c.Store.Hash(height); {
	case err == nil && hash == noted:
		return mark{height, hash}, nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return mark{}, err
	}
	return c.rollback(0)
}

// rows returns the rows of a block and of its acceptances. The effective increment is in no transaction: it comes from
// the block's receipts.
func (c Writer) rows(b *chain.Block, receipts *canon.Object) []olap.Row {
	effective := map[string]float64{}
	if list, err := receipts.List("transactions"); err == nil {
		for _, e := range list {
			if o, ok := e.(*canon.Object); ok {
				id, err1 := o.String("tx_id")
				v, err2 := o.Float("effective_increment")
				if err := errors.Join(err1, err2); err == nil {
					effective[id] = v
				}
			}
		}
	}
	ingested := timestamp.FromTime(c.Now()).ISO()
	rows := []olap.Row{{Block: blockRow(b, receipts, ingested)}}
	for _, tx := range b.Transactions {
		if tx.Type != chain.TxOptimaeAccepted || c.Skip != nil && c.Skip(b, tx) {
			continue
		}
		row := olap.ChainOptimaeOf(olap.Acceptance{DomainID: tx.DomainID, PeerID: tx.PeerID, TxID: tx.ID,
			BlockHeight: b.Header.Index, BlockTimestamp: b.Header.Timestamp.ISO(), BlockHash: b.Hash,
			Payload: tx.Payload, IngestedAt: ingested})
		if v, ok := effective[tx.ID]; ok {
			row.EffectiveIncrement = &v
		}
		rows = append(rows, olap.Row{Optimae: &row})
	}
	return rows
}

// MetaIngested is the store's record of how far the rows are written. Another name has them all written anew: acceptances that
// are there already are known, the other tables of the chain came with version 8 of the schema.
const MetaIngested = "olap_height_8"
