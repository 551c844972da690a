package stack

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Run runs the node until ctx ends or a part fails, then stops everything: first who asks, then who answers, last who
// records. It closes what Open and New opened. first is said in the log at the start.
func (s *Stack) Run(ctx context.Context, first ...any) error {
	defer s.close()
	s.Log.Info("node starts", append([]any{"peer_id", s.Key.PeerID(), "port", s.Port, "network", s.profile.Network,
		"height", s.Head().Height, "domains", len(s.Config.Domains)}, first...)...)
	// Recording outlives the rest, so that the last rows are written.
	recordCtx, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	recorded := make(chan error, 1)
	go func() { recorded <- s.Recorder.Run(recordCtx) }()
	s.stored.Add(s.Head().Height) // what a crash left out

	g, ctx := errgroup.WithContext(ctx)
	for _, part := range s.services() {
		g.Go(func() error {
			err := part.run(ctx)
			switch {
			case err == nil:
			case ctx.Err() == nil:
				return fmt.Errorf("%s: %w", part.name, err)
			default:
				s.Log.Warn("not stopped cleanly", "part", part.name, "err", err)
			}
			return nil
		})
	}
	err := g.Wait()
	s.jobs.Wait()

	s.Record(s.Tracker.Finish(s.Now())...)
	stopRecording()
	if rerr := <-recorded; rerr != nil {
		s.Log.Warn("rows stay in the spool for the next start", "err", rerr)
	}
	s.Log.Info("node stopped", "height", s.Head().Height)
	return err
}

// service is a part that runs until its context ends.
type service struct {
	name string
	run  func(context.Context) error
}

// services are the parts of the node in the order in which they start.
func (s *Stack) services() []service {
	list := []service{
		{"event loop", s.profile.Loop.Run},
		{"clients", func(ctx context.Context) error {
			<-ctx.Done() // so that nothing waits for a slow peer
			s.net.closeClients()
			return nil
		}},
		{"http server", func(ctx context.Context) error { return s.net.server.Run(ctx, s.listener) }},
		{"flood", s.net.flood.Run},
		{"dashboard", s.net.dash.run},
	}
	if n := &s.Config.Network; s.net.mesh != nil || n.Discovery || len(n.Bootstrap) > 0 {
		list = append(list, service{"peers", s.net.peers.Run})
	}
	return append(list,
		service{"chain sync", s.net.syncer.Run},
		service{"worker", s.Workers.Run},
		service{"domains", s.runDomains},
		service{"anchors", s.runAnchors},
		service{"watch", s.watch.run},
		service{"retention", s.retention},
		service{"control", s.control},
		service{"chain rows", func(ctx context.Context) error {
			finalized := func() int64 { return s.Head().Finalized }
			if s.profile.StatesKept == 0 {
				finalized = func() int64 { return -1 } // there are no states to prune
			}
			return s.chainRows().Run(ctx, s.stored, finalized, s.Log)
		}})
}
