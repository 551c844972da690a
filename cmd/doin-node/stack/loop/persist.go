package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/chain/store"
)

// Store is the chain on the disk, as *store.Store writes it: what a call that returned nil has written stays.
type Store interface {
	AppendAll(ctx context.Context, entries []store.Entry) (stored int, err error)
	Replace(ctx context.Context, ancestor int64, branch []store.Entry) error
}

// persist stores what the machine adopted. A full disk is waited out: nothing later happens until there is room, so nobody
// hears of a block that this node could lose. It fails with ctx's error when the node stops meanwhile.
func (l *Loop[V]) persist(ctx context.Context, c protocol.Commit) error {
	entries := make([]store.Entry, len(c.Entries))
	for i, e := range c.Entries {
		entries[i] = store.Entry{Block: e.Block, State: e.State, Receipts: e.Receipts}
	}
	write := func() error {
		if len(c.Dropped) > 0 {
			return l.cfg.Store.Replace(ctx, c.Ancestor, entries)
		}
		n, err := l.cfg.Store.AppendAll(ctx, entries)
		entries = entries[n:]
		return err
	}
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := write()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, store.ErrDiskFull):
			return fmt.Errorf("store block %d: %w", c.Ancestor+1, err)
		}
		l.cfg.Log.Error("disk is full: nothing is written until there is room", "height", c.Ancestor+1, "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
