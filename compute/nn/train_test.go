package nn

import (
	"math"
	"testing"

	"doin.network/node/compute/rng"
)

func smallConfig() Config {
	c := DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs = 24, []int{32, 24}, 2
	c.LearningRate = 0x1p-7
	c.MaxSteps, c.EvalEvery = 200, 20
	return c
}

func TestTrainLearns(t *testing.T) {
	for name := range activations {
		if name == None {
			continue
		}
		c := smallConfig()
		c.Inputs = 4
		c.Activation = name
		key := rng.Key{1, 2}
		r, err := Train(t.Context(), c, key, surface{512, key, 0}, surface{100, key, 1000})
		if err != nil {
			t.Fatal(err)
		}
		if !(r.ValidationLoss < 0.1) || math.IsNaN(float64(r.ValidationLoss)) {
			t.Errorf("%s: validation loss %v after %d steps (%s), want < 0.1", name, r.ValidationLoss, r.StopStep, r.Status)
		}
		t.Log(name, r.Status, r.StopStep, r.BestStep, r.ValidationLoss)
	}
}
