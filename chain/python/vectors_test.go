package python

import (
	"math"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func TestVectors(t *testing.T) {
	for _, v := range []struct {
		file string
		run  func(*testing.T, golden.Case)
	}{
		{"poo_accumulate", vectorAccumulate},
		{"poo_threshold_adjust", vectorThresholdAdjust},
		{"difficulty", vectorDifficulty},
		{"vuw_weights", vectorWeights},
		{"incentives", vectorIncentives},
		{"fork_choice", vectorForkChoice},
		{"finality", vectorFinality},
		{"seed_validation", vectorSeedValidation},
		{"quorum_selection", vectorQuorumSelection},
		{"quorum_decision", vectorQuorumDecision},
		{"dynamic_quorum", vectorQuorumSize},
		{"reputation", vectorReputation},
		{"commit_reveal", vectorCommitReveal},
		{"bounds", vectorBounds},
		{"coin", vectorCoin},
		{"fee_market", vectorFeeMarket},
		{"chain_metrics", vectorMetrics},
		{"chain_validation", vectorChainValidation},
	} {
		golden.Run(t, v.file, readable(v.run))
	}
}

// readable makes a vector that lacks a member, or has one of another kind, the failure of its own case.
func readable(run func(*testing.T, golden.Case)) func(*testing.T, golden.Case) {
	return func(t *testing.T, c golden.Case) {
		defer func() {
			switch r := recover().(type) {
			case nil:
			case unreadable:
				t.Fatalf("vector: %v", r.error)
			default:
				panic(r)
			}
		}()
		run(t, c)
	}
}

// unreadable is what must panics with.
type unreadable struct{ error }

// identical compares two values by their canonical bytes, which show floats with all their
// digits and keep 1 and 1.0 apart.
func identical(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := canon.Canonical(got), canon.Canonical(want); string(g) != string(w) {
		t.Errorf("%s = %s, want %s", what, g, w)
	}
}

// same is identical but takes a wanted integer for a float where ours is one: the reference's
// numbers are integers when its inputs are.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	identical(t, what, got, likened(want, canon.NewObject("got", got)))
}

// likened returns want with the integers made floats that are floats in member "got" of o.
func likened(want any, o *canon.Object) any {
	switch got := val(o, "got").(type) {
	case float64:
		if n, ok := want.(int64); ok {
			return float64(n)
		}
	case []any:
		if l, ok := want.([]any); ok && len(l) == len(got) {
			out := make([]any, len(l))
			for i := range l {
				out[i] = likened(l[i], canon.NewObject("got", got[i]))
			}
			return out
		}
	case *canon.Object:
		if w, ok := want.(*canon.Object); ok && w != nil {
			out := canon.NewObject()
			for key, v := range w.All() {
				out.Set(key, likened(v, canon.NewObject("got", val(got, key))))
			}
			return out
		}
	}
	return want
}

// near compares two numbers within a relative error of 1e-12.
func near(t *testing.T, what string, got float64, want any) {
	t.Helper()
	w := must(canon.AsFloat(want))
	if !(math.Abs(got-w) <= 1e-12*math.Abs(w)) {
		t.Errorf("%s = %v, want %v", what, got, w)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(unreadable{err})
	}
	return v
}

// Members of vector objects, which must be there and of the right kind.
func str(o *canon.Object, key string) string        { return must(o.String(key)) }
func num(o *canon.Object, key string) float64       { return must(o.Float(key)) }
func whole(o *canon.Object, key string) int64       { return must(o.Int(key)) }
func flag(o *canon.Object, key string) bool         { return must(o.Bool(key)) }
func obj(o *canon.Object, key string) *canon.Object { return must(o.Object(key)) }
func list(o *canon.Object, key string) []any        { return must(o.List(key)) }
func val(o *canon.Object, key string) any           { v, _ := o.Get(key); return v }

func objects(o *canon.Object, key string) []*canon.Object {
	var all []*canon.Object
	for _, v := range list(o, key) {
		all = append(all, must(canon.AsObject(v)))
	}
	return all
}

func floats(o *canon.Object, key string) []float64 {
	var all []float64
	for _, v := range list(o, key) {
		all = append(all, must(canon.AsFloat(v)))
	}
	return all
}

func texts(o *canon.Object, key string) []string {
	var all []string
	for _, v := range list(o, key) {
		all = append(all, must(canon.AsString(v)))
	}
	return all
}
