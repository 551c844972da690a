package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/store"
)

// errOtherNetwork is returned when the data directory holds another network's chain.
var errOtherNetwork = errors.New("data directory belongs to another network")

// loadTip returns the state after the newest stored block. An empty store gets block 0. A state that is missing or
// damaged is recomputed from the blocks, from the newest readable state before it.
func loadTip(ctx context.Context, st *store.Store, g *chain.Genesis, log *slog.Logger) (*consensus.State, error) {
	first, err := consensus.NewState(g)
	if err != nil {
		return nil, err
	}
	network, err := st.Meta(metaNetwork)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if err := st.PutMeta(metaNetwork, []byte(g.NetworkID())); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case string(network) != g.NetworkID():
		return nil, fmt.Errorf("%w: it holds %.12s, the genesis file says %.12s (start with --reset-chain to begin anew)", errOtherNetwork, network, g.NetworkID())
	}
	height, _ := st.Tip()
	if height < 0 {
		e := store.Entry{Block: chain.GenesisBlock(), State: first.AppendCanonical(nil)}
		return first, st.Append(ctx, e)
	}
	if damage := st.Damage(); damage != nil {
		log.Error("blocks are missing on the disk and will be fetched from peers", "err", damage)
	}
	at, state := readableState(st, first, height)
	if at == height {
		return state, nil
	}
	log.Warn("recomputing the state from blocks", "from", at, "to", height)
	for h := at + 1; h <= height; h++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := st.Block(h)
		if err != nil {
			return nil, err
		}
		next, _, err := consensus.Apply(state, b)
		if err != nil {
			return nil, fmt.Errorf("stored block %d: %w", h, err)
		}
		state = next
	}
	return state, nil
}

// readableState returns the newest stored state at or below height that is intact and of the chain; block 0's at worst.
func readableState(st *store.Store, first *consensus.State, height int64) (int64, *consensus.State) {
	for h := height; h > 0 && h > height-4*consensus.Window; h-- {
		data, err := st.State(h)
		if err != nil {
			continue
		}
		s, err := consensus.ParseState(data, first.Rules())
		if err != nil {
			continue
		}
		if hash, err := st.Hash(h); err == nil && hash == s.Tip && s.Height == h {
			return h, s
		}
	}
	return 0, first
}

// history is the store as the engine sees it.
type history struct{ *store.Store }

func (h history) Hash(height int64) (string, bool) {
	hash, err := h.Store.Hash(height)
	return hash, err == nil
}

// storeEntry turns what the engine adopted into what the store keeps.
func storeEntry(b *chain.Block, s *consensus.State, r *consensus.Receipts) store.Entry {
	return store.Entry{Block: b, State: s.AppendCanonical(nil), Receipts: r.AppendCanonical(nil)}
}

// Names of the node's own records in the store.
const (
	metaNetwork  = "network"
	metaIngested = "olap_height"
)
