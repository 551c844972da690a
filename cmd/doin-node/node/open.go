package node

import (
	"context"
	"fmt"
	"log/slog"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack"
)

// loadTip returns the state after the newest stored block. An empty store gets block 0. A state that is missing or
// damaged is recomputed from the blocks, from the newest readable state before it.
func loadTip(ctx context.Context, st *store.Store, g *chain.Genesis, log *slog.Logger) (*consensus.State, error) {
	first, err := consensus.NewState(g)
	if err != nil {
		return nil, err
	}
	if err := stack.Claim(st, g.NetworkID(), log); err != nil {
		return nil, err
	}
	height, _ := st.Tip()
	if height < 0 {
		if err := st.PutMeta(metaFormat, []byte(format())); err != nil {
			return nil, err
		}
		e := store.Entry{Block: chain.GenesisBlock(), State: first.AppendCanonical(nil)}
		return first, st.Append(ctx, e)
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
