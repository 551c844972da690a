package islands

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/net/transport"
)

// pollInterval is the time between two looks at a network, pollTime bounds one question.
const (
	pollInterval = 500 * time.Millisecond
	pollTime     = 5 * time.Second
)

// maxRows is how many rounds are asked for.
const maxRows = 10_000

// watcher follows the searches of nodes by their public API.
type watcher struct {
	client *transport.Client
	domain string
}

// watched is a node and what it has recorded.
type watched struct {
	endpoint   string
	experiment string // of the domain's latest search; "" until it is known
	rows       []record
}

// record is one round of a node.
type record struct {
	number      int
	at          string // timestamp, whose text sorts by time
	elapsed     float64
	performance float64
	evaluations int64 // in the round, the confirming run included
}

func newWatcher(domain string) *watcher {
	cfg := transport.DefaultClientConfig()
	cfg.Name = "doin-bench"
	cfg.Timeout, cfg.DialTimeout = pollTime, pollTime
	cfg.MaxResponseBytes = 64 << 20
	return &watcher{client: transport.NewClient(cfg), domain: domain}
}

func (w *watcher) close() { w.client.Close() }

// follow looks at the nodes until every goal is reached, ctx ends, or the time or the rounds are over. It returns what is known then;
// the only error is of ctx.
func (w *watcher) follow(ctx context.Context, nodes []*watched, goals []float64, maxRounds int, timeout time.Duration) (outcome, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		w.look(limited, nodes)
		if _, all := judge(nodes, goals); all || longest(nodes) >= maxRounds {
			w.look(limited, nodes) // somebody asked before the first to reach it may have been faster
			o, _ := judge(nodes, goals)
			return o, ctx.Err()
		}
		select {
		case <-limited.Done():
			o, _ := judge(nodes, goals)
			return o, ctx.Err()
		case <-tick.C:
		}
	}
}

// look reads the records of every node that answers.
func (w *watcher) look(ctx context.Context, nodes []*watched) {
	for _, n := range nodes {
		if rows, err := w.rows(ctx, n); err == nil {
			n.rows = rows
		}
	}
}

func (w *watcher) rows(ctx context.Context, n *watched) ([]record, error) {
	if n.experiment == "" {
		o, err := w.client.GetJSON(ctx, n.endpoint, "/stats/experiments")
		if err != nil {
			return nil, err
		}
		if n.experiment, err = latest(o, w.domain); err != nil {
			return nil, err
		}
	}
	o, err := w.client.GetJSON(ctx, n.endpoint, fmt.Sprintf("/stats/rounds?experiment_id=%s&limit=%d", url.QueryEscape(n.experiment), maxRows))
	if err != nil {
		return nil, err
	}
	return parseRows(o)
}

// latest returns the id of the domain's experiment that began last.
func latest(answer *canon.Object, domain string) (string, error) {
	list, err := answer.List("experiments")
	if err != nil {
		return "", err
	}
	id, begun := "", ""
	for _, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return "", err
		}
		d, _ := o.StringOr("domain_id", "")
		at, _ := o.StringOr("started_at", "")
		if d == domain && at >= begun {
			begun = at
			if id, err = o.String("experiment_id"); err != nil {
				return "", err
			}
		}
	}
	if id == "" {
		return "", fmt.Errorf("islands: no experiment of domain %q yet", domain)
	}
	return id, nil
}

// parseRows reads the answer of /stats/rounds.
func parseRows(answer *canon.Object) ([]record, error) {
	list, err := answer.List("rounds")
	if err != nil {
		return nil, err
	}
	out := make([]record, 0, len(list))
	for _, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return nil, err
		}
		var r record
		number, err := o.Int("round_number")
		if err != nil {
			return nil, err
		}
		r.number = int(number)
		if r.at, err = o.String("timestamp_utc"); err != nil {
			return nil, err
		}
		if r.performance, err = o.Float("performance"); err != nil {
			return nil, err
		}
		if r.elapsed, err = o.Float("elapsed_seconds"); err != nil {
			return nil, err
		}
		if r.evaluations, err = o.IntOr("evaluations", 0); err != nil {
			return nil, err
		}
		if m, err := o.ObjectOr("metrics", nil); err == nil && m != nil {
			// A generation has a population; a step of the hill climber is its own confirmation.
			size, _ := m.IntOr("population_size", 1)
			if _, ok := m.Get("confirmed_performance"); ok && size > 1 {
				r.evaluations++
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// judge finds when each goal was reached first, or what was spent without.
func judge(nodes []*watched, goals []float64) (o outcome, all bool) {
	all = true
	for _, goal := range goals {
		h := first(nodes, goal)
		all = all && h.reached
		o.hits = append(o.hits, h)
	}
	return o, all
}

func first(nodes []*watched, goal float64) hit {
	var h hit
	at := ""
	for _, n := range nodes {
		for _, r := range n.rows {
			if r.performance < goal {
				continue
			}
			if !h.reached || r.at < at {
				h, at = hit{reached: true, rounds: r.number, seconds: r.elapsed}, r.at
			}
			break
		}
	}
	for _, n := range nodes {
		for _, r := range n.rows {
			if h.reached && r.at > at {
				break
			}
			h.evaluations += r.evaluations
			if !h.reached {
				h.rounds, h.seconds = max(h.rounds, r.number), max(h.seconds, r.elapsed)
			}
		}
	}
	return h
}

// longest is the highest round of any node.
func longest(nodes []*watched) (n int) {
	for _, w := range nodes {
		if k := len(w.rows); k > 0 {
			n = max(n, w.rows[k-1].number)
		}
	}
	return n
}
