package local

import (
	"context"
	"sync"
	"time"

	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
	"doin.network/node/net/transport"
)

// sample is what a node said of itself at one moment.
type sample struct {
	answered  bool // false until the node answered for the first time
	height    int64
	tipHash   string
	finalized int64
	peers     int64
	// busy and busyOthers are the shares of wall time with a training on each thread, of the node's own search and for
	// others: numbers, or nil while the node does not know.
	busy, busyOthers any
	outside          string // why the node is in no quorum and what helps, "" for an evaluator
	domains          []domainSample
}

// domainSample is a node's view of one domain.
type domainSample struct {
	id                  string
	rounds, evaluations int64
	openClaims          int64 // of this node, confirming runs included
	accepted, rejected  int64
	search              any           // best of the node's own search: number or nil
	verified            any           // best of the chain: number or nil
	baselines           *canon.Object // metrics of the naive models, or nil
	// announceRatio is the median seconds of generations during whose breeding a claim was made over the others': number
	// or nil.
	announceRatio any
	champion      *championSample // what answers inferences, nil for none
	converged     bool            // the verified best has reached the domain\'s target
	solo          bool            // the genesis file lets a node alone be its own quorum
}

// championSample is a node's champion of a domain.
type championSample struct {
	performance any // number or nil
	verified    bool
	solo        bool          // verified by its author alone
	metrics     *canon.Object // nil if the node does not tell
	z           any           // of its comparison with its base: number or nil
}

// rounds sums the rounds of all domains.
func (s *sample) rounds() (n int64) {
	for _, d := range s.domains {
		n += d.rounds
	}
	return n
}

// open sums the open claims of all domains.
func (s *sample) open() (n int64) {
	for _, d := range s.domains {
		n += d.openClaims
	}
	return n
}

// announceRatio is the largest of the domains': a number, or nil.
func (s *sample) announceRatio() any {
	var most any
	for _, d := range s.domains {
		if r, ok := score.Float(d.announceRatio); ok {
			if m, known := score.Float(most); !known || r > m {
				most = r
			}
		}
	}
	return most
}

// poller asks the nodes and remembers their last answers.
type poller struct {
	client  *transport.Client
	members []*member
	last    []sample // by index of member
}

// pollTime bounds one question.
const pollTime = 2 * time.Second

func newPoller(members []*member) *poller {
	cfg := transport.DefaultClientConfig()
	cfg.Name = "doin-node local"
	cfg.Timeout, cfg.DialTimeout = pollTime, pollTime
	cfg.MaxResponseBytes = 4 << 20
	return &poller{client: transport.NewClient(cfg), members: members, last: make([]sample, len(members))}
}

// poll asks all nodes at the same time. A node that does not answer keeps its last
// sample.
func (p *poller) poll(ctx context.Context) {
	var wg sync.WaitGroup
	for i, m := range p.members {
		wg.Go(func() {
			if s, err := p.ask(ctx, m); err == nil {
				p.last[i] = s
			}
		})
	}
	wg.Wait()
}

func (p *poller) ask(ctx context.Context, m *member) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	status, err := p.client.GetJSON(ctx, m.endpoint(), "/status")
	if err != nil {
		return sample{}, err
	}
	chain, err := p.client.GetJSON(ctx, m.endpoint(), "/chain/status")
	if err != nil {
		return sample{}, err
	}
	return parseSample(status, chain)
}

// parseSample reads the answers of /status and /chain/status.
func parseSample(status, chain *canon.Object) (sample, error) {
	s := sample{answered: true}
	var err error
	if s.height, err = chain.Int("tip_index"); err != nil {
		return s, err
	}
	if s.tipHash, err = chain.String("tip_hash"); err != nil {
		return s, err
	}
	if s.finalized, err = chain.IntOr("finalized_height", -1); err != nil {
		return s, err
	}
	if s.peers, err = status.IntOr("peers", 0); err != nil {
		return s, err
	}
	s.busy, s.busyOthers = score.Number(status, "busy"), score.Number(status, "busy_others")
	s.outside = outside(status)
	// /status has the reference's members of a domain under "domains", ours under
	// "progress".
	domains, err := status.ObjectOr("domains", canon.NewObject())
	if err != nil {
		return s, err
	}
	progress, err := status.ObjectOr("progress", canon.NewObject())
	if err != nil {
		return s, err
	}
	for _, id := range domains.Keys() {
		o, err := progress.ObjectOr(id, canon.NewObject())
		if err != nil {
			return s, err
		}
		d := parseDomain(id, o)
		line, _ := domains.ObjectOr(id, nil)
		converged, _ := line.Get("converged")
		d.converged = converged == true
		solo, _ := status.Get("solo")
		d.solo = solo == true
		s.domains = append(s.domains, d)
	}
	return s, nil
}

// outside says why a node is in no quorum, with the remedy; "" for one that is, and where /status does not say.
func outside(status *canon.Object) string {
	e, err := status.ObjectOr("evaluator", nil)
	if err != nil || e == nil {
		return ""
	}
	reason, _ := e.StringOr("reason", "")
	if remedy, _ := e.StringOr("remedy", ""); reason != "" && remedy != "" {
		reason += "; " + remedy
	}
	return reason
}

// parseDomain reads the members it finds: a node without a role in the domain has
// fewer of them.
func parseDomain(id string, o *canon.Object) domainSample {
	integer := func(key string) int64 {
		n, _ := o.IntOr(key, 0)
		return n
	}
	baselines, _ := o.ObjectOr("baselines", nil)
	announce, _ := o.ObjectOr("announce", nil)
	return domainSample{
		id: id, rounds: integer("rounds"), evaluations: integer("evaluations"), openClaims: integer("open_claims"),
		accepted: integer("accepted"), rejected: integer("rejected"),
		search: score.Number(o, "search_best"), verified: score.Number(o, "verified_best"), baselines: baselines,
		announceRatio: score.Number(announce, "ratio"), champion: parseChampion(o),
	}
}

// parseChampion reads the champion of a domain's progress, nil for none.
func parseChampion(o *canon.Object) *championSample {
	c, err := o.ObjectOr("champion", nil)
	if err != nil || c == nil {
		return nil
	}
	flag := func(key string) bool {
		v, _ := c.Get(key)
		return v == true
	}
	metrics, _ := c.ObjectOr("metrics", nil)
	return &championSample{performance: score.Number(c, "performance"), verified: flag("verified"), solo: flag("solo"), metrics: metrics, z: score.Number(c, "z")}
}
