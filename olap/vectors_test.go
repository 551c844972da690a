package olap

import (
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func TestVectors(t *testing.T) {
	golden.Run(t, "chain_metrics", func(t *testing.T, c golden.Case) {
		switch c.Kind {
		case "build":
			checkEqual(t, buildMetrics(t, c.Inputs), c.Expected)
		case "round3":
			value, err := c.Inputs.Float("value")
			if err != nil {
				t.Fatal(err)
			}
			checkEqual(t, canon.NewObject("rounded", RoundDecimals(value, 3), "rounded6", RoundDecimals(value/7, 6)), c.Expected)
		case "collect":
			checkEqual(t, canon.NewObject("rows", collect(t, c.Inputs)), c.Expected)
		default:
			t.Fatalf("unknown kind %q", c.Kind)
		}
	})
}

func checkEqual(t *testing.T, got, want any) {
	t.Helper()
	if g, w := string(canon.Default(got)), string(canon.Default(want)); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func buildMetrics(t *testing.T, in *canon.Object) *canon.Object {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var m ChainMetrics
	var err error
	m.ExperimentID, err = in.String("experiment_id")
	must(err)
	m.RoundNumber, err = in.Int("round_number")
	must(err)
	m.TimeToThisResultSeconds, err = in.Float("time_to_this_result_seconds")
	must(err)
	config, err := in.Object("optimization_config")
	must(err)
	m.OptimizationConfigHash = ConfigHash(config)
	m.DataHash, err = in.StringOr("data_hash", "")
	must(err)
	m.ReportedPerformance, err = in.Float("reported_performance")
	must(err)
	m.PreviousBestPerformance = payloadFloat(in, "previous_best_performance")
	return m.Object()
}

// collect walks the blocks of a case as a node does.
func collect(t *testing.T, in *canon.Object) []any {
	t.Helper()
	rows := []any{}
	blocks, err := in.List("blocks")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		block := b.(*canon.Object)
		header, _ := block.Object("header")
		height, _ := header.Int("index")
		timestamp, _ := header.String("timestamp")
		txs, _ := block.List("transactions")
		for _, v := range txs {
			tx := v.(*canon.Object)
			if kind, _ := tx.String("tx_type"); kind != "optimae_accepted" {
				continue
			}
			domain, _ := tx.String("domain_id")
			peer, _ := tx.String("peer_id")
			payload, _ := tx.Object("payload")
			row := ChainOptimaeOf(Acceptance{
				DomainID: domain, PeerID: peer, BlockHeight: height, BlockTimestamp: timestamp, Payload: payload,
			})
			rows = append(rows, chainMetricsObject(t, &row))
		}
	}
	return rows
}

// chainMetricsObject is the row as GET /stats/chain-metrics shows it.
func chainMetricsObject(t *testing.T, row *ChainOptimae) *canon.Object {
	t.Helper()
	o := canon.NewObject()
	for _, key := range ChainMetricsKeys() {
		v := ChainOptimaeTable.Column(key).Value(row)
		if text, ok := v.(string); ok && ChainOptimaeTable.Column(key).JSON() {
			var err error
			if v, err = canon.Parse([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		o.Set(key, v)
	}
	return o
}
