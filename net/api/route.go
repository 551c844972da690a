package api

import (
	"context"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/chain"
)

// route is one endpoint.
type route struct {
	method string
	path   string // of a prefix route without its last segment, ending in "/"
	prefix bool
	// slots bounds the requests at one time.
	slots   chan struct{}
	timeout time.Duration
	// body is the largest one, 0: that of most routes. scored says that what is
	// wrong with it is charged elsewhere.
	body   int
	scored bool
	// do answers the request or returns why not. arg is the last segment of a
	// prefix route.
	do func(ctx context.Context, rc *fasthttp.RequestCtx, arg string) error
}

func (r *route) matches(path string) (arg string, ok bool) {
	if !r.prefix {
		return "", path == r.path
	}
	arg, ok = strings.CutPrefix(path, r.path)
	return arg, ok && arg != "" && !strings.Contains(arg, "/")
}

// Bounds on requests at one time.
const (
	manyRequests = 64
	someMessages = 32 // each holds a parsed body
	fewRequests  = 16
	fewPages     = 4
	oneExport    = 4
	// someStrangers is how many forecasts strangers may wait for, so that the
	// node's own clients find a place.
	someStrangers = 4
)

// table lists the endpoints; exact paths stand before prefixes.
func (a *API) table() []*route {
	type do = func(context.Context, *fasthttp.RequestCtx, string) error
	get := func(path string, bound int, f do) *route {
		return &route{method: fasthttp.MethodGet, path: path, slots: make(chan struct{}, bound), timeout: a.cfg.Timeout, do: f}
	}
	post := func(path string, bound int, f do) *route {
		r := get(path, bound, f)
		r.method = fasthttp.MethodPost
		return r
	}
	under := func(r *route) *route {
		r.prefix = true
		return r
	}
	within := func(d time.Duration, r *route) *route {
		r.timeout = d
		return r
	}
	large := func(r *route) *route {
		r.body = a.cfg.MaxMessageBytes
		return r
	}
	messages := large(post("/message", someMessages, a.message))
	messages.scored = true
	table := []*route{
		get("/health", manyRequests, a.health),
		get("/livez", manyRequests, a.livez),
		get("/readyz", manyRequests, a.readyz),
		get("/status", fewRequests, a.status),
		get("/peers", manyRequests, a.peers),
		get("/fees", fewRequests, a.fees),
		get("/chain/status", manyRequests, a.chainStatus),
		get("/chain/blocks", manyRequests, a.chainBlocks),
		get("/tasks/pending", fewRequests, a.tasksPending),
		get("/stats", fewRequests, a.stats),
		get("/stats/experiments", fewRequests, a.statsExperiments),
		get("/stats/rounds", fewRequests, a.statsRounds),
		get("/stats/claims", fewRequests, a.statsClaims),
		get("/stats/chain-metrics", fewRequests, a.statsChainMetrics),
		within(a.cfg.ExportTimeout, get("/stats/export", fewRequests, a.statsExport)),
		messages,
		post("/tasks/claim", fewRequests, a.tasksClaim),
		large(post("/tasks/complete", fewRequests, a.tasksComplete)),
		within(a.cfg.Timeout+maxWait, post("/inference", fewRequests, a.inference)),
	}
	if a.parts.Metrics != nil {
		table = append(table, get("/metrics", oneExport, a.metrics()))
	}
	if a.parts.Genesis != nil {
		table = append(table, get("/genesis", fewRequests, a.genesis))
	}
	if a.parts.Data != nil {
		table = append(table, under(get("/data/", fewRequests, a.data)))
	}
	if a.parts.Accounts != nil {
		offers := post("/transactions", fewRequests, a.transactions)
		offers.body = chain.MaxTxBytes + 1<<10
		table = append(table, offers,
			under(get("/transactions/", fewRequests, a.transaction)),
			get("/domains", fewRequests, a.domains),
			under(get("/balance/", fewRequests, a.balance)))
	}
	for _, p := range a.cfg.Pages {
		r := get(p.Path, fewPages, p.page)
		r.method = p.Method
		table = append(table, r)
	}
	return append(table,
		under(get("/chain/block/", fewRequests, a.chainBlock)),
		under(get("/tasks/", fewRequests, a.task)),
		within(a.cfg.ExportTimeout, under(get("/export/", fewRequests, a.exportTable))),
	)
}
