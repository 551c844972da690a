package python

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
)

func vectorMetrics(t *testing.T, c golden.Case) {
	switch c.Kind {
	case "build":
		e := Experiment{
			ID: str(c.Inputs, "experiment_id"), Round: whole(c.Inputs, "round_number"),
			Elapsed: num(c.Inputs, "time_to_this_result_seconds"), Config: obj(c.Inputs, "optimization_config"),
			DataHash: must(c.Inputs.StringOr("data_hash", "")), Reported: num(c.Inputs, "reported_performance"),
		}
		if v := val(c.Inputs, "previous_best_performance"); v != nil {
			best := must(canon.AsFloat(v))
			e.PreviousBest = &best
		}
		identical(t, "metrics", e.Metrics(), c.Expected)
		if got, want := e.Metrics().Keys(), c.Expected.Keys(); string(canon.Default(got)) != string(canon.Default(want)) {
			t.Errorf("keys = %v, want %v", got, want)
		}
	case "round3":
		v := num(c.Inputs, "value")
		same(t, "rounded", canon.NewObject("rounded", Round(v, 3), "rounded6", Round(v/7, 6)), c.Expected)
	case "collect":
		domain := must(c.Inputs.StringOr("domain_id", ""))
		rows := []any{}
		for _, b := range objects(c.Inputs, "blocks") {
			h := obj(b, "header")
			for _, tx := range looseTxs(b) {
				if tx.Type == "optimae_accepted" && (domain == "" || tx.DomainID == domain) {
					rows = append(rows, MetricsRow(tx, whole(h, "index"), str(h, "timestamp")))
				}
			}
		}
		identical(t, "rows", canon.NewObject("rows", rows), c.Expected)
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
}

func TestCollectMetrics(t *testing.T) {
	accepted := func(domain string) *chain.Tx {
		return &chain.Tx{Type: "optimae_accepted", DomainID: domain, PeerID: "p", Payload: canon.NewObject("reported_performance", 2.5)}
	}
	b := &chain.Block{
		Header:       chain.Header{Index: 7, Timestamp: timestamp.FromMicro(1_500_000)},
		Transactions: []*chain.Tx{accepted("a"), {Type: "task_completed", DomainID: "a"}, accepted("b")},
	}
	if n := len(CollectMetrics([]*chain.Block{b}, "")); n != 2 {
		t.Errorf("all domains: %d rows, want 2", n)
	}
	rows := CollectMetrics([]*chain.Block{b}, "b")
	if len(rows) != 1 {
		t.Fatalf("one domain: %d rows, want 1", len(rows))
	}
	same(t, "row", []any{val(rows[0], "domain_id"), val(rows[0], "reported_performance"), val(rows[0], "block_height"), val(rows[0], "block_timestamp")},
		[]any{"b", 2.5, int64(7), "1970-01-01T00:00:01.500000+00:00"})
	same(t, "config hash of nothing", ConfigHash(nil), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
}
