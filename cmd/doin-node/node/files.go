package node

import (
	"context"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/net/api"
	netjoin "doin.network/node/net/join"
)

// openFiles completes the configuration by the network's terms, and has the data files that they name: those that are missing
// are asked of the bootstrap peers.
func (n *Node) openFiles(ctx context.Context, b *stack.Base) error {
	if err := terms.Apply(n.cfg, n.terms); err != nil {
		return err
	}
	return n.fetch(ctx, b, n.cfg)
}

// fetch has the files of a configuration's domains, of the bootstrap peers and of those that were connected a moment ago.
func (n *Node) fetch(ctx context.Context, b *stack.Base, cfg *config.Config) error {
	c := netjoin.NewClient()
	defer c.Close()
	endpoints := slices.Concat(n.endpoints, join.Others(cfg.Network.Bootstrap, b.Port))
	return join.Fetch(ctx, c, endpoints, cfg, n.terms, b.Log)
}

var _ api.Data = shelf{}

// shelf gives the network's files away, by their hash.
type shelf struct {
	share bool
	files map[string]terms.Held
}

func newShelf(cfg *config.Config, g *chain.Genesis) shelf {
	s := shelf{cfg.Network.ShareData, map[string]terms.Held{}}
	for _, h := range terms.Files(cfg, g) {
		s.files[h.SHA256] = h
	}
	return s
}

// File implements api.Data.
func (s shelf) File(hash string) (string, int64, error) {
	if !s.share {
		return "", 0, fmt.Errorf("%w: this node keeps its data files to itself (share_data is false)", api.ErrForbidden)
	}
	h, ok := s.files[hash]
	if !ok {
		return "", 0, api.ErrNotFound
	}
	return h.Path, h.Size, nil
}
