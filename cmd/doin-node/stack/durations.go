package stack

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/chain/protocol"
)

// durations are the node's histograms.
type durations struct {
	training  *prometheus.HistogramVec
	inference *prometheus.HistogramVec
	http      *prometheus.HistogramVec
	stages    *prometheus.HistogramVec
	claims    *prometheus.CounterVec
	begun     *begun
}

// begun is when the claims under way were confirmed.
type begun struct {
	mu sync.Mutex
	at map[begunClaim]time.Time
}

type begunClaim struct {
	domain   string
	proposal int64
}

// maxBegun bounds the claims whose begin is remembered; a node has a few open.
const maxBegun = 1024

func newDurations() durations {
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	long := prometheus.ExponentialBuckets(0.01, 4, 10) // 10 ms to 44 minutes
	return durations{
		training:  histogram("doin_evaluation_duration_seconds", "Confirmations and verifications of claims, from sent to answered.", long, "domain", "for"),
		inference: histogram("doin_inference_duration_seconds", "Forecasts, from sent to answered by the worker.", prometheus.DefBuckets, "domain"),
		http: histogram("doin_http_request_duration_seconds", "Answers to requests, by route.",
			[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}, "route"),
		stages: histogram("doin_claim_stage_seconds", "Time from a claim's confirmation by this node to a later stage.", prometheus.ExponentialBuckets(0.1, 4, 9), "domain", "stage"),
		claims: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "doin_claims_total", Help: "Claims of this node that reached a stage."}, []string{"domain", "stage"}),
		begun:  &begun{at: map[begunClaim]time.Time{}},
	}
}

func (d *durations) all() []prometheus.Collector {
	return []prometheus.Collector{d.training, d.inference, d.http, d.stages, d.claims}
}

func (d *durations) trained(domain string, own bool, took time.Duration) {
	who := "others"
	if own {
		who = "own"
	}
	d.training.WithLabelValues(domain, who).Observe(took.Seconds())
}

func (d *durations) forecast(domain string, took time.Duration) {
	d.inference.WithLabelValues(domain).Observe(took.Seconds())
}

// answered is told of every request; what is no route is one.
func (d *durations) answered(route string, took time.Duration) {
	d.http.WithLabelValues(route).Observe(took.Seconds())
}

// claimed counts a stage that a claim of this node has reached, and times it from the claim's confirmation.
func (d *durations) claimed(c protocol.Claim, now time.Time) {
	d.claims.WithLabelValues(c.Domain, string(c.Stage)).Inc()
	id := begunClaim{c.Domain, c.Proposal}
	d.begun.mu.Lock()
	defer d.begun.mu.Unlock()
	if c.Stage == protocol.Confirmed {
		if len(d.begun.at) < maxBegun {
			d.begun.at[id] = now
		}
		return
	}
	if at, known := d.begun.at[id]; known {
		d.stages.WithLabelValues(c.Domain, string(c.Stage)).Observe(now.Sub(at).Seconds())
		if c.Stage.Final() {
			delete(d.begun.at, id)
		}
	}
}
