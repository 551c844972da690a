package conformance

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"doin.network/node/compute/worker"
)

// asNode runs the program as a node does, through the same code: under supervision, in the highest version that both speak, with
// jobs beside one another, and a search where the program has one. What a node refuses is reported in its words.
func (s *suite) asNode() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Timeout)
	defer cancel()
	sup := worker.NewSupervisor(worker.Options{Path: s.argv[0], Args: s.argv[1:], Own: s.own,
		Limits: worker.Limits{Start: s.config.Timeout}, Logger: s.logger()})
	ended := make(chan struct{})
	running, stop := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		_ = sup.Run(running) // why it ended is what the calls return
	}()
	defer func() { stop(); <-ended }()
	plugin := s.config.Plugin
	if s.own {
		plugin = "exec:" + strings.Join(s.argv, " ")
	}
	if _, err := sup.Configure(ctx, domainID, plugin, s.config.Config); err != nil {
		return err
	}
	if s.evaluateOnly && s.best == nil {
		return errNoRecipe
	}
	if err := s.beside(ctx, sup); err != nil || s.evaluateOnly {
		return err
	}
	x, err := sup.Optimize(ctx, worker.OptimizeJob{Domain: domainID, Seed: 11, Settings: s.config.Settings})
	if err != nil {
		return fmt.Errorf("optimize: %w", err)
	}
	defer x.Close()
	if _, err := x.Next(ctx); err != nil {
		return fmt.Errorf("optimize: %w", err)
	}
	return nil
}

// beside sends a job of the node's own and one for others at once, and asks for a sign of life meanwhile.
func (s *suite) beside(ctx context.Context, sup *worker.Supervisor) error {
	if s.best == nil {
		return nil
	}
	out := make(chan error, 3)
	for _, own := range []bool{true, false} {
		go func() {
			_, err := sup.Evaluate(ctx, worker.Job{Domain: domainID, Parameters: s.best, Seeds: []uint64{3}, Own: own})
			out <- err
		}()
	}
	go func() {
		_, err := sup.Telemetry(ctx)
		out <- err
	}()
	var first error
	for range cap(out) {
		if err := <-out; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// logger hands on what the program says.
func (s *suite) logger() *slog.Logger {
	var w io.Writer = io.Discard
	if s.config.Stderr != nil {
		w = s.config.Stderr
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// accepts holds what the program says of the domain against what a node demands of a program of its own.
func (s *suite) accepts(info *worker.Info) error {
	if !s.own {
		return nil
	}
	return worker.Accept(&s.description, info)
}
