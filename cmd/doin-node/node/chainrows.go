package node

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
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// branchPoint remembers, for whoever follows the stored chain, that it has changed and above which block. The event
// loop adds to it and never waits.
type branchPoint struct {
	wake chan struct{} // has room for one: the follower reads the store, so one call is as good as many

	mu     sync.Mutex
	lowest int64 // ancestor of everything stored since take; none: nothing was
}

// none is a height above every block.
const none = int64(1)<<62 - 1

func newBranchPoint() *branchPoint { return &branchPoint{wake: make(chan struct{}, 1), lowest: none} }

// add notes that every block above ancestor is new.
func (b *branchPoint) add(ancestor int64) {
	b.mu.Lock()
	b.lowest = min(b.lowest, ancestor)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns the highest block below everything that was stored since the last take, none if nothing was.
func (b *branchPoint) take() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	lowest := b.lowest
	b.lowest = none
	return lowest
}

// chainRows writes a row for each acceptance in the stored chain. What it has written is noted beside the chain, so
// that a crash at any moment leaves out nothing; rows are idempotent.
type chainRows struct {
	store  *store.Store
	record func(...olap.Row) error
	now    func() time.Time
	retry  time.Duration // until rows that could not be recorded are tried again

	skip func(*chain.Block, *chain.Tx) bool // acceptances without a row; nil: none
}

// run follows the chain until ctx ends, and prunes states that nobody can need any more.
func (c chainRows) run(ctx context.Context, stored *branchPoint, finalized func() int64, log *slog.Logger) error {
	ancestor, pruned := none, int64(0)
	var again <-chan time.Time // after an error
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-stored.wake:
		case <-again:
		}
		ancestor = min(ancestor, stored.take())
		err := c.write(ctx, ancestor)
		switch {
		case err == nil:
			ancestor, again = none, nil
		case ctx.Err() != nil:
			return nil // the next start goes on here
		default:
			log.Error("chain rows fall behind", "err", err)
			again = time.After(c.retry)
		}
		if below := finalized() - consensus.Window; below >= pruned+pruneEvery {
			if err := c.store.PruneStates(below); err != nil {
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

// write brings the rows up to the tip. Rows of blocks above ancestor are written anew.
func (c chainRows) write(ctx context.Context, ancestor int64) error {
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
		b, err := c.store.Block(last.height + 1)
		if err != nil {
			return err
		}
		if b.Header.PreviousHash != last.hash {
			return nil // a reorganisation just now: its branch point comes next
		}
		receipts, err := c.store.Receipts(b.Header.Index)
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

func (c chainRows) tip() int64 {
	height, _ := c.store.Tip()
	return height
}

// rollback takes back the rows of blocks above a height.
func (c chainRows) rollback(height int64) (mark, error) {
	hash, err := c.store.Hash(height)
	if err != nil {
		return mark{}, err
	}
	to := mark{height, hash}
	return to, c.note([]olap.Row{{Rollback: &olap.Rollback{Height: height}}}, to)
}

// note records rows and then that this has been done up to a block.
func (c chainRows) note(rows []olap.Row, last mark) error {
	if len(rows) > 0 {
		if err := c.record(rows...); err != nil {
			return err
		}
	}
	return c.store.PutMeta(metaIngested, fmt.Appendf(nil, "%d %s", last.height, last.hash))
}

// done returns up to which block the rows are written. Where that block is no longer of the chain (a crash came
// between a reorganisation and its rows), all are written anew.
func (c chainRows) done() (mark, error) {
	data, err := c.store.Meta(metaIngested)
	if errors.Is(err, store.ErrNotFound) {
		return mark{0, chain.GenesisHash}, nil
	}
	if err != nil {
		return mark{}, err
	}
	text, noted, _ := strings.Cut(string(data), " ")
	height, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return mark{}, fmt.Errorf("record %q: %w", metaIngested, err)
	}
	switch hash, err := c.store.Hash(height); {
	case err == nil && hash == noted:
		return mark{height, hash}, nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return mark{}, err
	}
	return c.rollback(0)
}

// rows returns the rows of a block's acceptances. The effective increment is in no transaction: it comes from
// the block's receipts.
func (c chainRows) rows(b *chain.Block, receipts *canon.Object) []olap.Row {
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
	var rows []olap.Row
	for _, tx := range b.Transactions {
		if tx.Type != consensus.TxAccepted || c.skip != nil && c.skip(b, tx) {
			continue
		}
		row := olap.ChainOptimaeOf(olap.Acceptance{DomainID: tx.DomainID, PeerID: tx.PeerID, TxID: tx.ID,
			BlockHeight: b.Header.Index, BlockTimestamp: b.Header.Timestamp.ISO(), BlockHash: b.Hash,
			Payload: tx.Payload, IngestedAt: timestamp.FromTime(c.now()).ISO()})
		if v, ok := effective[tx.ID]; ok {
			row.EffectiveIncrement = &v
		}
		rows = append(rows, olap.Row{Optimae: &row})
	}
	return rows
}
