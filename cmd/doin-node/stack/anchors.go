package stack

import (
	"context"
	"errors"

	"doin.network/node/chain"
	"doin.network/node/chain/anchor"
	"doin.network/node/chain/protocol"
)

// openAnchors opens the log of anchors. One that is damaged is set aside: what is final is in the chain, and anchored again.
func (b *Base) openAnchors(network string) (*anchor.FileLog, error) {
	path := b.Path("anchors.log")
	log, err := anchor.OpenFileLog(path, b.Key, network)
	if !errors.Is(err, anchor.ErrLog) {
		return log, err
	}
	if err := b.SetAside(err, path); err != nil {
		return nil, err
	}
	return anchor.OpenFileLog(path, b.Key, network)
}

// runAnchors publishes what is due, beginning with what a crash left out.
func (s *Stack) runAnchors(ctx context.Context) error {
	finalized, interval := s.Head().Finalized, s.profile.AnchorInterval
	for h := interval; interval > 0 && h <= finalized && ctx.Err() == nil; h += interval {
		if _, err := s.anchors.Lookup(ctx, h); !errors.Is(err, anchor.ErrUnknown) {
			continue
		}
		hash, err := s.profile.Store.Hash(h)
		if err == nil {
			err = s.publishAnchor(ctx, protocol.AnchorDue{Height: h, Hash: hash})
		}
		if err != nil {
			s.Log.Error("block not anchored", "height", h, "err", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case due := <-s.anchorsDue:
			if err := s.publishAnchor(ctx, due); err != nil {
				s.Log.Error("block not anchored", "height", due.Height, "err", err)
			}
		}
	}
}

// publishAnchor anchors a block with the reference's state hash: of all block hashes up to it.
func (s *Stack) publishAnchor(ctx context.Context, due protocol.AnchorDue) error {
	hashes := make([]string, 0, due.Height+1)
	for h := int64(0); h <= due.Height; h++ {
		hash, err := s.profile.Store.Hash(h)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	if hashes[due.Height] != due.Hash {
		return nil // reorganised away since
	}
	return s.anchors.Publish(ctx, anchor.Record{Height: due.Height, Hash: due.Hash, StateHash: chain.ChainStateHash(hashes)})
}
