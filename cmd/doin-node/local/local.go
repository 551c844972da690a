package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// Run runs a network until ctx ends, or what Config names has come to pass, a target for one, all of which are a
// good end, or a node ends early, which is an error with the node's last words. In
// every case the processes have ended when it returns. If the network was started, it has been written what was found and
// which commands use it (see found) or, with Config.JSON, the summary:
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
	cfg, warnings, err := config.Load(o.ConfigPath)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		o.Logger.Warn("configuration", "key", w.Key, "reason", w.Reason)
	}
	dir, err := o.directory(cfg)
	if err != nil {
		return err
	}
	members, err := prepare(&o, cfg, dir)
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
		greet(o.Out, dir, members)
	}
	poller := newPoller(members)
	defer poller.client.Close()
	why, runErr := watch(ctx, &o, ps, poller)
	if !o.JSON {
		if why != "" {
			why += ": "
		}
		fmt.Fprintf(o.Out, "\n%sstopping\n", why) // below the ^C that a terminal shows
	}

	// One last look, even if ctx has ended; all is over within five seconds.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	poller.poll(last)
	cancel()
	for _, i := range stop(ps) {
		o.Logger.Warn("node did not stop in time and was killed", "node", i)
	}
	out := []byte(found(cfg, dir, o.Exe, poller.last))
	if o.JSON {
		out = append(canon.AppendIndent(nil, summary(members, poller.last)), '\n')
	}
	if _, err := o.Out.Write(out); err != nil {
		return errors.Join(runErr, err)
	}
	return runErr
}

// watch shows the network until it is to end; its error is a node's that ended early. why says what ended it, "" for ctx.
func watch(ctx context.Context, o *Config, ps []*process, poller *poller) (why string, err error) {
	early := make(chan *process, len(ps))
	for _, p := range ps {
		go func() { // ends with its process, which ends before Run returns
			<-p.done
			early <- p
		}()
	}
	start := time.Now()
	var end <-chan time.Time
	if o.For > 0 {
		t := time.NewTimer(o.For)
		defer t.Stop()
		end = t.C
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s, goal := newScreen(o), newGoal(o)
	for {
		select {
		case <-ctx.Done():
			return "", nil
		case <-end:
			return fmt.Sprintf("%v have passed", o.For), nil
		case p := <-early:
			return "", p.died()
		case <-tick.C:
			poller.poll(ctx)
			s.show(time.Since(start), poller.members, poller.last)
			if why := goal.reached(time.Since(start), poller.last); why != "" {
				return why, nil
			}
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
func (o *Config) directory(cfg *config.Config) (string, error) {
	dir := o.Dir
	if dir == "" {
		dir = filepath.Join(Folder, networkName(cfg, o.ConfigPath))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// networkName is a name for a network's directory: the configuration's label or, without one, the name of its file or, where that
// is only node.json, of its folder.
func networkName(cfg *config.Config, path string) string {
	name := cfg.Label
	if name == "" {
		if name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)); name == "node" {
			if abs, err := filepath.Abs(path); err == nil {
				name = filepath.Base(filepath.Dir(abs))
			}
		}
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(plain, ". ") == "" {
		return "network"
	}
	return plain[:min(len(plain), 100)]
}
