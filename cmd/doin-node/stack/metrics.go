package stack

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"doin.network/node/net/peerscore"
)

// metrics are the node's counters for GET /metrics. Gauges are read when they are asked for.
type metrics struct {
	registry  *prometheus.Registry
	blocks    prometheus.Counter
	penalties prometheus.Counter
	durations
}

func newMetrics(s *Stack) *metrics {
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		blocks:    prometheus.NewCounter(prometheus.CounterOpts{Name: "doin_blocks_adopted_total", Help: "Blocks that became part of this node's chain."}),
		penalties: prometheus.NewCounter(prometheus.CounterOpts{Name: "doin_protocol_violations_total", Help: "Messages no honest node sends."}),
		durations: newDurations(),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registry.MustRegister(m.blocks, m.penalties,
		gauge("doin_chain_height", "Index of the tip.", func() float64 { return float64(s.Head().Height) }),
		gauge("doin_finalized_height", "Highest final index, -1 before the first.", func() float64 { return float64(s.Head().Finalized) }),
		gauge("doin_pending_transactions", "Transactions waiting for a block.", func() float64 { return float64(s.Head().Pending) }),
		gauge("doin_peers_connected", "Peers that are connected.", func() float64 { return float64(s.PeerCount()) }),
		gauge("doin_busy", "Share of the last minute that the threads spent in trainings of the node's own search.", s.busyOwn),
		gauge("doin_busy_others", "Share of the last minute that the threads spent in trainings for others.", s.busyOthers),
		&refusals{s}, &families{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.registry.MustRegister(m.durations.all()...)
	return m
}

// refusals collects flood's counters by reason and the API's by status.
type refusals struct{ s *Stack }

var (
	descRefused = prometheus.NewDesc("doin_messages_refused_total", "Messages refused, by reason.", []string{"reason"}, nil)
	descTaken   = prometheus.NewDesc("doin_messages_accepted_total", "Messages taken.", nil, nil)
	descScore   = prometheus.NewDesc("doin_score", "Points left of the addresses and authors with the fewest.", []string{"kind", "name"}, nil)
	descCuts    = prometheus.NewDesc("doin_cut_off_total", "How often an address or author was cut off.", []string{"kind"}, nil)
	descConns   = prometheus.NewDesc("doin_connections_refused_total", "Connections above the limits or of addresses that are cut off.", nil, nil)
	descHTTP    = prometheus.NewDesc("doin_http_requests_total", "Requests answered, by route and status.", []string{"route", "status"}, nil)
)

// Describe implements prometheus.Collector.
func (r *refusals) Describe(ch chan<- *prometheus.Desc) {
	ch <- descRefused
	ch <- descTaken
	ch <- descHTTP
	ch <- descScore
	ch <- descCuts
	ch <- descConns
}

// scores is how many of the worst scores are shown, of either kind.
const scores = 16

// Collect implements prometheus.Collector.
func (r *refusals) Collect(ch chan<- prometheus.Metric) {
	net := &r.s.net
	stats := net.flood.Stats()
	for reason, count := range stats.Refused {
		ch <- prometheus.MustNewConstMetric(descRefused, prometheus.CounterValue, float64(count), string(reason))
	}
	ch <- prometheus.MustNewConstMetric(descTaken, prometheus.CounterValue, float64(stats.Accepted))
	now := r.s.Now()
	for kind, board := range map[string]*peerscore.Board{"address": net.callers, "author": net.authors} {
		for _, e := range board.Worst(scores, now) {
			ch <- prometheus.MustNewConstMetric(descScore, prometheus.GaugeValue, e.Points, kind, e.Name)
		}
		ch <- prometheus.MustNewConstMetric(descCuts, prometheus.CounterValue, float64(board.Cuts()), kind)
	}
	ch <- prometheus.MustNewConstMetric(descConns, prometheus.CounterValue, float64(net.server.Stats().Refused))
	for c, count := range net.api.Counts() {
		ch <- prometheus.MustNewConstMetric(descHTTP, prometheus.CounterValue, float64(count), c.Route, strconv.Itoa(c.Status))
	}
}
