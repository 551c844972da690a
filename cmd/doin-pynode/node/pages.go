package node

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"doin.network/node/chain/python/engine"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/api"
	"doin.network/node/net/transport"
)

// shortID is how many characters of an id the reference's pages show, shortHash of a hash or a transaction's id.
const (
	shortID   = 12
	shortHash = 16
)

// pages answers what the reference's dashboard and those of its peers ask.
type pages struct {
	n        *Node
	started  time.Time
	hostname string
	client   *transport.Client

	mu      sync.Mutex // of the network's picture, which one request at a time renews
	network *canon.Object
	at      time.Time

	rateMu  sync.Mutex // of the first look at how many candidates were trained
	counted time.Time
	count   int64
}

func newPages(n *Node) *pages {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	cfg := transport.DefaultClientConfig()
	cfg.Name, cfg.Timeout, cfg.DialTimeout, cfg.MaxResponseBytes = "doin-pynode", monitorTimeout, monitorTimeout, monitorBytes
	return &pages{n: n, started: n.now(), hostname: host, client: transport.NewClient(cfg)}
}

// all are the endpoints; none, where the dashboard is switched off.
func (p *pages) all() []api.Page {
	if p.n.cfg.Network.Dashboard == "off" {
		return nil
	}
	get := func(path string, limit int, answer func(ctx context.Context, limit int) (any, error)) api.Page {
		return api.Page{Method: http.MethodGet, Path: path, Limit: limit, Answer: func(ctx context.Context, limit int) (int, any, error) {
			body, err := answer(ctx, limit)
			return http.StatusOK, body, err
		}}
	}
	ack := get("/api/alerts/ack", 0, func(context.Context, int) (any, error) {
		p.n.journal.seen()
		return canon.NewObject("status", "ok"), nil
	})
	ack.Method = http.MethodPost
	return []api.Page{
		get("/dashboard", 0, func(context.Context, int) (any, error) { return []byte(dashboardPage), nil }),
		get("/api/node", 0, p.node), get("/api/monitor", 20, p.monitor), get("/api/network", 0, p.members), get("/api/peers", 0, p.peers),
		get("/api/optimization", 0, p.optimization), get("/api/training", 0, p.training), get("/api/evaluations", 50, p.evaluations),
		get("/api/metrics", 500, p.metrics), get("/api/plugins", 0, p.plugins), get("/api/chain", 30, p.chain),
		get("/api/events", 200, p.events), get("/api/candidate", 0, p.candidate),
		get("/api/alerts", 200, p.alerts), ack,
	}
}

// dashboardPage leads to this node's own dashboard.
const dashboardPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>DOIN</title></head>` +
	`<body><a href="/">Dashboard</a></body></html>`

func (p *pages) label() string {
	if p.n.cfg.Label != "" {
		return p.n.cfg.Label
	}
	return fmt.Sprintf("%s:%d", p.hostname, p.n.Port())
}

func (p *pages) uptime() float64 { return math.Round(p.n.now().Sub(p.started).Seconds()*10) / 10 }

func (p *pages) node(context.Context, int) (any, error) {
	domains := []any{}
	for i := range p.n.cfg.Domains {
		d := &p.n.cfg.Domains[i]
		o := canon.NewObject("domain_id", d.ID, "optimize", d.Optimize, "evaluate", d.Evaluate, "synthetic", d.SyntheticPlugin != "")
		for _, key := range []string{"predictor_plugin", "optimizer_plugin", "pipeline_plugin", "preprocessor_plugin"} {
			name, err := d.OptimizationConfig.StringOr(key, "")
			if err != nil {
				name = "" // it names none
			}
			o.Set(key, name)
		}
		domains = append(domains, o)
	}
	return canon.NewObject("node_label", p.label(), "hostname", p.hostname, "peer_id", p.n.PeerID(), "port", int64(p.n.Port()),
		"uptime_s", p.uptime(), "domains", domains, "chain_height", p.n.loop.View().Height+1, "discovery_enabled", p.n.cfg.Network.Discovery,
		"dashboard_enabled", true, "versions", p.n.versions), nil
}

func (p *pages) monitor(_ context.Context, limit int) (any, error) { return p.own(limit), nil }

// own is what this node says of itself to the dashboards of others.
func (p *pages) own(limit int) *canon.Object {
	view := p.n.loop.View()
	domains, best, endpoints := []any{}, canon.NewObject(), []any{}
	for i := range p.n.cfg.Domains {
		id := p.n.cfg.Domains[i].ID
		domains = append(domains, id)
		best.Set(id, performance(view, id))
	}
	for _, e := range p.n.stack.Endpoints() {
		endpoints = append(endpoints, e)
	}
	_, alerts, count, unseen := p.n.journal.newest(limit)
	return canon.NewObject("node_label", p.label(), "hostname", p.hostname, "peer_id", p.n.PeerID(), "port", int64(p.n.Port()),
		"known_endpoints", endpoints, "status", "online", "uptime_s", p.uptime(), "chain_height", view.Height+1, "domains", domains,
		"versions", p.n.versions, "candidate", p.current(), "optimization_history", p.history(),
		"best_performance", best, "alerts", alerts, "alerts_count", count, "alerts_unseen", unseen,
		"checked_at", timestamp.FromTime(p.n.now()).ISO())
}

// performance is the best that this node has measured of a domain, nil for none.
func performance(view *engine.View, domain string) any {
	return value(view.Domains[domain].Best)
}

func (p *pages) peers(context.Context, int) (any, error) {
	connected, others, n := []any{}, []any{}, int64(0)
	known := p.n.stack.Known()
	for _, peer := range known {
		if peer.Connected {
			n++
			connected = append(connected, canon.NewObject("endpoint", peer.Endpoint(), "peer_id", peer.ID, "connected", true))
			continue
		}
		seen := any(nil)
		if !peer.LastSeen.IsZero() {
			seen = timestamp.FromTime(peer.LastSeen).ISO()
		}
		others = append(others, canon.NewObject("endpoint", peer.Endpoint(), "peer_id", peer.ID, "connected", false, "source", string(peer.Source),
			"last_seen", seen, "failures", int64(peer.Failures), "domains", []any{}))
	}
	return canon.NewObject("connected_count", n, "known_count", int64(len(known)), "peers", append(connected, others...)), nil
}

func (p *pages) optimization(ctx context.Context, _ int) (any, error) {
	view, domains := p.n.loop.View(), []any{}
	champions, err := p.champions(ctx)
	margin, higher := 0.0, false
	for i := range p.n.cfg.Domains {
		d := &p.n.cfg.Domains[i]
		if i == 0 {
			margin, higher = d.Incentives.ToleranceMargin, d.HigherIsBetter
		}
		domains = append(domains, p.progress(d, view, champions))
	}
	return canon.NewObject("domains", domains, "tolerance_margin", margin, "higher_is_better", higher), err
}

func (p *pages) plugins(context.Context, int) (any, error) {
	list := []any{}
	for i := range p.n.cfg.Domains {
		d := &p.n.cfg.Domains[i]
		o := canon.NewObject("domain_id", d.ID)
		for _, part := range []struct {
			name, plugin string
			on           bool
		}{{"optimizer", d.OptimizationPlugin, d.Optimize}, {"evaluator", d.InferencePlugin, d.Evaluate}, {"synthetic", d.SyntheticPlugin, true}} {
			if part.on && part.plugin != "" {
				o.Set(part.name, canon.NewObject("name", part.plugin, "module", d.Plugin()))
			} else {
				o.Set(part.name, nil)
			}
		}
		list = append(list, o)
	}
	return canon.NewObject("plugins", list), nil
}

func (p *pages) events(_ context.Context, limit int) (any, error) {
	events, _, _, _ := p.n.journal.newest(limit)
	return canon.NewObject("events", events, "count", int64(len(events))), nil
}

func (p *pages) alerts(_ context.Context, limit int) (any, error) {
	_, alerts, _, unseen := p.n.journal.newest(limit)
	return canon.NewObject("alerts", alerts, "count", int64(len(alerts)), "unseen", unseen), nil
}

// clip is the beginning of an id.
func clip(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }
