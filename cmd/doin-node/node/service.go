package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"doin.network/node/cmd/doin-node/config"
)

// Service is a node that begins anew, on the same port and with the same key, when it has to take another part in the domains that
// were added to its network: everything of it is made for the domains that it has. Nothing that is on the disk is lost by it.
type Service struct {
	cfg  *config.Config // as it was loaded
	log  *slog.Logger
	node runner
}

// NewService opens the first node. Its errors are New's.
func NewService(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Service, error) {
	s := &Service{cfg: cfg, log: log}
	var err error
	s.node, err = s.open(ctx, *cfg, nil)
	return s, err
}

// open makes a node of a configuration of its own: a node completes it by what its network says.
func (s *Service) open(ctx context.Context, cfg config.Config, before *Node) (runner, error) {
	cfg.Domains = slices.Clone(s.cfg.Domains)
	return openAny(ctx, &cfg, s.log, before)
}

// Run runs nodes, one after the other, until ctx ends or one fails.
func (s *Service) Run(ctx context.Context) error {
	for {
		err := s.node.Run(ctx)
		if !errors.Is(err, errRenewed) || ctx.Err() != nil {
			if errors.Is(err, errRenewed) {
				return nil
			}
			return err
		}
		s.log.Info("begins anew", "reason", err)
		cfg := *s.cfg
		cfg.Network.Port, cfg.ResetChain = s.node.Port(), false
		before, _ := s.node.(*Node) // nobody else begins anew
		if s.node, err = s.open(ctx, cfg, before); err != nil {
			return err
		}
	}
}
