package engine_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	computed "doin.network/node/compute/domain"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/graph/recurrent"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// recurrents trains recurrent claims on the hours of a temperature, and remembers them.
type recurrents struct {
	domain *supervised.Domain
	made   map[string]computed.Model
}

func newRecurrents(t *testing.T) *recurrents {
	t.Helper()
	o, err := canon.ParseObject([]byte(`{"data": "../../bench/quality/testdata/series/seattle_hourly.csv", "time_column": "hour", "value_column": "temperature_c",
		"horizon": 24, "folds": 1, "models": ["mlp", "gru"], "max_steps": 30, "eval_every": 15,
		"param_bounds": {"window": [6, 8], "units": [4, 6], "depth": [1, 1], "batch": [8, 16]}}`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := forecast.NewWith(tape.Kinds(recurrent.GRU{}), o)
	if err != nil {
		t.Fatal(err)
	}
	return &recurrents{d, map[string]computed.Model{}}
}

// recipes are so many whose network is a GRU.
func (r *recurrents) recipes(n int) (list []*canon.Object) {
	draws := rng.NewSeq(rng.Key{13, 14}, rng.Probe, 0)
	for range n {
		g := r.domain.Describe().Space.Random(draws.Uniform)
		g[0] = 1
		list = append(list, r.domain.Parameters(g))
	}
	return list
}

func (r *recurrents) model(recipe protocol.Recipe) (computed.Model, error) {
	key := fmt.Sprint(canon.Hash(recipe.Parameters), recipe.Seeds)
	m, ok := r.made[key]
	if ok {
		return m, nil
	}
	m, err := r.domain.Claim(context.Background(), recipe.Parameters, recipe.Seeds, nil)
	if err == nil {
		r.made[key] = m
	}
	return m, err
}

// evaluate is what the worker of a machine finds whose performances are better by such a part of them than this one's.
func (r *recurrents) evaluate(ev protocol.Evaluate, by float64) (o protocol.Outcome, err error) {
	m, err := r.model(ev.Recipe)
	if err != nil {
		return o, err
	}
	base := r.domain.Naive()
	if ev.Base != nil {
		if base, err = r.model(*ev.Base); err != nil {
			return o, err
		}
	}
	s1, s2 := int64(0), new(big.Int)
	for i, e := range m.Cases() {
		d := base.Cases()[i] - e
		s1 += d
		s2.Add(s2, new(big.Int).Mul(big.NewInt(d), big.NewInt(d)))
	}
	o.Sums, err = chain.NewSums(s1, s2, int64(len(m.Cases())))
	o.Performance = m.Performance() * (1 - by) // performances are below 0
	o.Digest, o.Metrics = m.Digest(), canon.NewObject()
	return o, err
}

// TestRecurrent: two nodes whose machines differ by a millionth accept each other's recurrent claims on hourly temperatures, within the
// share that such domains have by default; those of a third, which says twice the share more than it found, are refused by both. One that
// is off by half the share is not refused.
func TestRecurrent(t *testing.T) {
	work := newRecurrents(t)
	recipes := work.recipes(6)
	f := func(lie float64, refused bool) {
		t.Helper()
		c := newCluster(t, 3, 5, func(g *chain.Genesis) {
			d := &g.Domains[0]
			d.Plugin, d.Config = "forecast", canon.NewObject("models", []any{"mlp", "gru"})
			d.Agreement, d.Seeds, d.MinIncrement, d.HasSyntheticData = agreement.Default, 1, 2*share, false
		})
		for i, n := range c.nodes {
			n.search = func(n *node) *canon.Object { return recipes[2*i+int(min(n.number, 1))] }
			n.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
				if i == 2 && ev.Own {
					return work.evaluate(ev, lie)
				}
				return work.evaluate(ev, float64(i)*1e-6)
			}
		}
		liar := c.nodes[2].id
		judged := func() (honest, taken, turned int) {
			for _, d := range c.nodes[0].said {
				switch {
				case d.OptimizerID != liar && d.Accepted:
					honest++
				case d.OptimizerID == liar && d.Accepted:
					taken++
				case d.OptimizerID == liar:
					turned++
				}
			}
			return honest, taken, turned
		}
		var tx *chain.Tx
		for range 120 {
			c.net.Advance(time.Second)
			honest, taken, turned := judged()
			if tx = accepted(c.nodes[0]); tx != nil && honest > 0 && taken+turned > 0 {
				break
			}
		}
		honest, taken, turned := judged()
		if honest == 0 || refused && (taken > 0 || turned == 0) || !refused && turned > 0 {
			t.Errorf("lie of %v: %d claims of the two accepted; of the third %d accepted and %d refused", lie, honest, taken, turned)
		}
		if tx == nil {
			t.Fatal("no acceptance in a block")
		}
		if rough, err := tx.Payload.Bool("approximate"); err != nil || !rough {
			t.Errorf("the record says approximate %v, %v", rough, err)
		}
	}
	f(2*share, true)
	f(share/2, false)
}

// share is that of the default agreement.
var share = float64(agreement.Default.Within.Num) / float64(agreement.Default.Within.Den)
