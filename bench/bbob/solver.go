package bbob

import (
	"maps"
	"slices"

	"github.com/c-bata/goptuna/cmaes"
	"gonum.org/v1/gonum/mat"

	"doin.network/node/ga/cma"
)

// The solvers.
const (
	Ours    = "cma"
	Goptuna = "goptuna"
)

// versions say of what the lines of a journal are; a change of a solver's results changes its version.
var versions = map[string]string{Ours: "1", Goptuna: "v0.9.0"}

// solvers search until the evaluator is over.
var solvers = map[string]func(e *evaluator, seed uint64) error{Ours: ours, Goptuna: goptuna}

// Solvers returns the names, sorted.
func Solvers() []string { return slices.Sorted(maps.Keys(solvers)) }

// ours is ga/cma with its defaults, one trial at a time.
func ours(e *evaluator, seed uint64) error {
	s, err := cma.New(e.function.Dimension(), cma.DefaultConfig(), 1, seed)
	if err != nil {
		return err
	}
	for {
		t, _ := s.Ask()
		f := e.value(t.X)
		if e.over() {
			return nil
		}
		if err := s.Tell(t.Number, f); err != nil {
			return err
		}
	}
}

// goptuna is goptuna's CMA-ES from the middle of the cube with the steps of ours, its population doubled at every restart.
func goptuna(e *evaluator, seed uint64) error {
	n := e.function.Dimension()
	bounds, mean := mat.NewDense(n, 2, nil), make([]float64, n)
	for i := range n {
		mean[i] = 0.5
		bounds.Set(i, 1, 1)
	}
	for population := cma.DefaultLambda(n); ; population *= 2 {
		o, err := cmaes.NewOptimizer(slices.Clone(mean), 0.2, cmaes.OptimizerOptionBounds(bounds), cmaes.OptimizerOptionSeed(int64(seed)*1000+int64(population)),
			cmaes.OptimizerOptionPopulationSize(population))
		if err != nil {
			return err
		}
		for {
			told := make([]*cmaes.Solution, population)
			for i := range told {
				x, err := o.Ask()
				if err != nil {
					return err
				}
				if told[i] = (&cmaes.Solution{Params: x, Value: e.value(x)}); e.over() {
					return nil
				}
			}
			if err := o.Tell(told); err != nil {
				break // its matrix cannot be decomposed any more: the next restart
			}
			if o.ShouldStop() {
				break
			}
		}
	}
}
