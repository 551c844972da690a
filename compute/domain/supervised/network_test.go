package supervised_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

var errBroken = errors.New("broken")

// broken is a device that trains nothing.
type broken struct{}

func (broken) Train(context.Context, *nn.Task) (*nn.Result, error) { return nil, errBroken }

func train(t *testing.T, task nn.Task) (*nn.Result, error) {
	t.Helper()
	return nn.Train(t.Context(), task.Config, task.Key, task.Train, task.Validation)
}

func TestTraining(t *testing.T) {
	c := supervised.DefaultConfig(sineSpace())
	c.MaxSteps = 10
	g := plain()
	g[4], g[8] = 17, 2
	n := c.Training(g)
	if n.Batch != 17 || n.LearningRate != 2e-2 || n.WeightDecay != 1e-6 || n.Activation != nn.Tanh || n.Loss != nn.MAE ||
		n.MaxSteps != 10 || n.WarmupSteps != 9 || n.Segment != 0 {
		t.Errorf("training %+v", n)
	}
}

// The widest layer, of equals the deepest, loses a unit; then the network loses a layer.
func TestShrink(t *testing.T) {
	s := sineSpace()
	g := supervised.Lowest(s)
	copy(g, genome.Genome{2, 5, 5, 20})
	var got [][]int
	for layers.Shrink(s, g) {
		got = append(got, layers.Widths(g))
	}
	want := [][]int{{5, 4}, {4, 4}, {4}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("widths %v, want %v", got, want)
	}
	if g[3] != 20 {
		t.Error("an inactive width was changed")
	}
}

func TestLower(t *testing.T) {
	s := sineSpace()
	g := supervised.Lowest(s)
	g[2]++
	if !supervised.Lower(s, g, 1, 2, 3) || g[2] != s[2].Low {
		t.Errorf("genome %v", g)
	}
	if supervised.Lower(s, g, 1, 2, 3) {
		t.Errorf("lowered to %v", g)
	}
}

func TestScale(t *testing.T) {
	s := supervised.Scale{Offset: 10, Unit: 4}
	if v, ok := s.To(12); v != 0.5 || !ok || s.From(0.5) != 12 {
		t.Errorf("To(12) = %v, %v, From(0.5) = %v", v, ok, s.From(0.5))
	}
	if v, ok := s.To(1e30); ok {
		t.Errorf("To(1e30) = %v", v)
	}
}
