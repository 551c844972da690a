package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/chain/state"
	"doin.network/node/chain/store"
)

// Store is the chain on the disk, as *store.Store writes it: what a call that returned nil has written stays.
type Store interface {
	AppendAll(ctx context.Context, entries []store.Entry) (stored int, err error)
	Replace(ctx context.Context, ancestor int64, branch []store.Entry) error
	Keep(ctx context.Context, p store.Promise) error
	KeepTree(ctx context.Context, block, parent state.ID, t, base *state.Tree, notes []store.Note) error
}

// store puts on the disk what a step wants there: promises first, then blocks.
func (l *Loop[V]) store(ctx context.Context, out []protocol.Effect) error {
	for _, f := range out {
		if p, ok := f.(protocol.Persist); ok {
			if err := l.keep(ctx, p); err != nil {
				return err
			}
		}
	}
	for _, f := range out {
		if c, ok := f.(protocol.Commit); ok {
			if err := l.persist(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep stores what the machine has promised.
func (l *Loop[V]) keep(ctx context.Context, p protocol.Persist) error {
	var out store.Promise
	for _, b := range p.Blocks {
		out.Blocks = append(out.Blocks, store.Certified(b))
	}
	for _, b := range p.Final {
		out.Final = append(out.Final, store.Certified(b))
	}
	out.Notes = notes(p.Notes)
	err := l.write(ctx, "a promise", func() error { return l.cfg.Store.Keep(ctx, out) })
	if x := p.State; err == nil && x != nil {
		err = l.write(ctx, "a state", func() error { return l.cfg.Store.KeepTree(ctx, x.Block, x.Parent, x.Tree, x.Base, notes(x.Notes)) })
	}
	return err
}

func notes(list []protocol.Note) (out []store.Note) {
	for _, n := range list {
		out = append(out, store.Note(n))
	}
	return out
}

// persist stores what the machine adopted.
func (l *Loop[V]) persist(ctx context.Context, c protocol.Commit) error {
	entries := make([]store.Entry, len(c.Entries))
	for i, e := range c.Entries {
		entries[i] = store.Entry{Block: e.Block, State: e.State, Receipts: e.Receipts}
	}
	return l.write(ctx, fmt.Sprintf("block %d", c.Ancestor+1), func() error {
		if len(c.Dropped) > 0 {
			return l.cfg.Store.Replace(ctx, c.Ancestor, entries)
		}
		n, err := l.cfg.Store.AppendAll(ctx, entries)
		entries = entries[n:]
		return err
	})
}

// write writes what until it is on the disk. A full disk is waited out: nothing later happens until there is room, so nobody hears of
// what this node could lose. It fails with ctx's error when the node stops meanwhile.
func (l *Loop[V]) write(ctx context.Context, what string, try func() error) error {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := try()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, store.ErrDiskFull):
			return fmt.Errorf("store %s: %w", what, err)
		}
		l.cfg.Log.Error("disk is full: nothing is written until there is room", "waits", what, "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
