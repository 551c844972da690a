package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"doin.network/node/internal/canon"
)

// Run runs a network until ctx ends or Config.For has passed, both of which are a
// good end, or a node ends early, which is an error with the node's last words. In
// every case the processes have ended when it returns, and the summary has been
// written if the network was started:
//
//	{"nodes": [{"peer_id", "height", "tip_hash", "finalized_height", "rounds", "busy", "busy_others",
//	            "announce_ratio", "open_claims", "data_dir"}],
//	 "domains": {id: {"best_performance", "accepted", "rejected", "champion": {"performance", "verified", "solo"}}}}
//
// height is the tip's index, best_performance the verified best. busy and busy_others are the shares of wall time with a
// training on each thread, of the node's own search and for others. announce_ratio is the median seconds of generations
// during whose breeding a claim was made over the others', of several domains the largest. All three are null while a node
// does not know. champion is what answers inferences, null for none; solo: nobody but its author has verified it.
func Run(ctx context.Context, o Config) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := o.Validate(); err != nil {
		return err
	}
	dir, err := directory(o.Dir)
	if err != nil {
		return err
	}
	members, err := prepare(&o, dir)
	if err != nil {
		return err
	}
	var ps []*process
	for _, m := range members {
		p, err := m.start(o.Exe, o.LogLevel)
		if err != nil {
			stop(ps)
			return err
		}
		ps = append(ps, p)
	}
	if !o.JSON {
		fmt.Fprintf(o.Out, "logs and data are in %s\n", dir)
	}
	poller := newPoller(members)
	defer poller.client.Close()
	runErr := watch(ctx, &o, ps, poller)
	if !o.JSON {
		fmt.Fprintln(o.Out, "\nstopping") // below the ^C that a terminal shows
	}

	// One last look, even if ctx has ended; all is over within five seconds.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	poller.poll(last)
	cancel()
	for _, i := range stop(ps) {
		o.Logger.Warn("node did not stop in time and was killed", "node", i)
	}
	out := canon.AppendIndent(nil, summary(members, poller.last))
	if _, err := o.Out.Write(append(out, '\n')); err != nil {
		return errors.Join(runErr, err)
	}
	return runErr
}

// watch shows the network until it is to end. Its error is of a node that ended
// early.
func watch(ctx context.Context, o *Config, ps []*process, poller *poller) error {
	start := time.Now()
	var end <-chan time.Time
	if o.For > 0 {
		t := time.NewTimer(o.For)
		defer t.Stop()
		end = t.C
	}
	early := make(chan *process, len(ps))
	for _, p := range ps {
		go func() { // ends with its process, which ends before Run returns
			<-p.done
			early <- p
		}()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s := newScreen(o)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-end:
			return nil
		case p := <-early:
			return p.died()
		case <-tick.C:
			poller.poll(ctx)
			s.show(time.Since(start), poller.members, poller.last)
		}
	}
}

// newScreen chooses between table, lines and nothing.
func newScreen(o *Config) *screen {
	s := &screen{out: o.Out, every: 10 * time.Second, last: -1}
	if o.JSON {
		s.out = io.Discard
		return s
	}
	if f, ok := o.Out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.terminal = true
		s.size = func() (int, int) {
			columns, lines, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 0, 0
			}
			return columns, lines
		}
	}
	return s
}

// directory makes the directory of the network and returns its absolute path.
func directory(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "doin-local-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}
