package stack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/web"
	"doin.network/node/olap/live"
)

// journalLines is how many lines of the log the dashboard shows.
const journalLines = 1000

// dashboard is the page at /, and what it shows. The zero value, and nil, are one that is switched off.
type dashboard struct {
	web      *web.Web
	rows     *live.DB // nil: they cannot be read
	evidence *evidence
}

var (
	_ web.Data     = rowsView{}
	_ web.State    = stateView{}
	_ web.Evidence = (*evidence)(nil)
)

// openDashboard makes the dashboard, nil where it is switched off. A file that it cannot read is no reason for a node not to
// start: the page says that nothing is recorded.
func (s *Stack) openDashboard(node api.Node) (_ *dashboard, err error) {
	cfg := web.DefaultConfig()
	cfg.Mode, cfg.Log = web.Mode(s.Config.Network.Dashboard), s.Log.With("component", "dashboard")
	if cfg.Mode == web.Off {
		return nil, nil
	}
	d := &dashboard{evidence: newEvidence(s)}
	parts := web.Parts{State: stateView{s, node}, Evidence: d.evidence, Journal: s.Journal}
	if d.rows, err = live.Open(context.Background(), s.Config.OLAPPath(), cfg.Log); err != nil {
		cfg.Log.Warn("what was recorded is not shown", "err", err)
	} else {
		parts.Data = rowsView{d.rows}
	}
	if d.web, err = web.New(cfg, parts); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *dashboard) close() {
	if d != nil && d.rows != nil {
		_ = d.rows.Close() // only read
	}
}

// run keeps the dashboard up to date until ctx ends.
func (d *dashboard) run(ctx context.Context) error {
	if d == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.web.Run(ctx) })
	g.Go(func() error { return d.evidence.run(ctx) })
	if d.rows != nil {
		g.Go(func() error { return d.rows.Run(ctx) })
	}
	return g.Wait()
}

// rowsView is what was recorded as the dashboard sees it.
type rowsView struct{ db *live.DB }

func (v rowsView) Version() int64           { return v.db.Version() }
func (v rowsView) Changed() <-chan struct{} { return v.db.Changed() }

func (v rowsView) Answer(ctx context.Context, view string, args url.Values) (web.Answer, error) {
	a, err := v.db.Answer(ctx, view, args)
	switch {
	case err == nil:
		return web.Answer{Binary: a.Binary, Body: a.Body}, nil
	case errors.Is(err, live.ErrInvalid):
		return web.Answer{}, fmt.Errorf("%w: %v", web.ErrInvalid, err)
	case errors.Is(err, live.ErrNoView):
		return web.Answer{}, fmt.Errorf("%w: %v", web.ErrNotFound, err)
	case errors.Is(err, live.ErrBudget):
		return web.Answer{}, fmt.Errorf("%w: %v", web.ErrBusy, err)
	}
	return web.Answer{}, err
}

// stateView is the node as it is now: GET /status, and what else the page shows.
type stateView struct {
	s    *Stack
	node api.Node
}

func (v stateView) State(ctx context.Context) ([]byte, error) {
	st, err := v.node.Status(ctx)
	if err != nil {
		return nil, err
	}
	o := st.Object()
	peers := []any{}
	for _, p := range v.s.net.peers.Connected() {
		peers = append(peers, canon.NewObject("peer_id", p.ID, "endpoint", p.Endpoint(), "verified", p.Verified))
	}
	o.Set("connected", peers).Set("label", v.s.Config.Label).Set("time", float64(v.s.Now().UnixMicro())/1e6)
	if v.s.profile.Standings != nil {
		o.Set("standings", v.s.profile.Standings())
	}
	return canon.Default(o), nil
}

const (
	// evidenceTime bounds the training of a champion for its evidence, and evidenceKept how many are kept.
	evidenceTime = 2 * time.Minute
	evidenceKept = 16
	evidenceName = "evidence" // a format of worker's Export
	forecastMost = 12         // steps ahead
)

// evidence has champions trained for what they say of the test cases, one at a time, and keeps it.
type evidence struct {
	s    *Stack
	wake chan protocol.Champion

	mu   sync.Mutex
	done map[string]shown // by optimae
	next map[string]chan struct{}
}

// shown is what a champion's evidence is, or why there is none.
type shown struct {
	body []byte
	err  error
}

func newEvidence(s *Stack) *evidence {
	return &evidence{s: s, wake: make(chan protocol.Champion, 4), done: map[string]shown{}, next: map[string]chan struct{}{}}
}

// Evidence implements web.Evidence.
func (e *evidence) Evidence(ctx context.Context, domain string) ([]byte, error) {
	e.s.searches.mu.Lock()
	c := e.s.searches.champions[domain]
	e.s.searches.mu.Unlock()
	if c.Parameters == nil {
		return nil, fmt.Errorf("%w: the domain has no champion yet", web.ErrNotFound)
	}
	e.mu.Lock()
	if found, ok := e.done[c.OptimaeID]; ok {
		e.mu.Unlock()
		return found.body, found.err
	}
	wait := e.next[c.OptimaeID]
	if wait == nil {
		select {
		case e.wake <- c:
			wait = make(chan struct{})
			e.next[c.OptimaeID] = wait
		default:
			e.mu.Unlock()
			return nil, fmt.Errorf("%w: other champions are being trained", web.ErrBusy)
		}
	}
	e.mu.Unlock()
	select {
	case <-wait:
		e.mu.Lock()
		defer e.mu.Unlock()
		found := e.done[c.OptimaeID]
		return found.body, found.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: the champion is being trained again to be asked", web.ErrBusy)
	}
}

// run trains champions until ctx ends.
func (e *evidence) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-e.wake:
			body, err := e.make(ctx, c)
			if ctx.Err() != nil {
				return nil
			}
			e.mu.Lock()
			if len(e.done) >= evidenceKept {
				clear(e.done)
			}
			e.done[c.OptimaeID] = shown{body, err}
			close(e.next[c.OptimaeID])
			delete(e.next, c.OptimaeID)
			e.mu.Unlock()
		}
	}
}

func (e *evidence) make(ctx context.Context, c protocol.Champion) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	r := *recipe(&c.Recipe)
	data, err := e.s.Workers.Export(ctx, c.Domain, r, evidenceName, canon.NewObject())
	if err != nil {
		return nil, fmt.Errorf("%w: the domain shows nothing of its champion (%v)", web.ErrNotFound, err)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, err
	}
	if kind, _ := o.StringOr("kind", ""); kind == "series" {
		horizon, _ := o.IntOr("horizon", 1)
		input := canon.NewObject("steps", max(horizon, forecastMost))
		if next, err := e.s.Workers.Infer(ctx, c.Domain, r, input); err == nil {
			o.Set("next", next)
		}
	}
	if c.Metrics != nil {
		o.Set("metrics", c.Metrics)
	}
	return canon.Default(o.Set("optimae_id", c.OptimaeID).Set("verified", c.Verified).Set("performance", c.Performance)), nil
}
