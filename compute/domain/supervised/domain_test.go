package supervised_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// open makes the third domain from a file of a sine's half.
func open(t *testing.T, kv ...any) *supervised.Domain {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sine.csv")
	if err := os.WriteFile(path, []byte(curve(100, math.Sin)), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := openSine(canon.NewObject(kv...).Set("data", path))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// plain is one layer of 12, rate 0.02, tanh, mse.
func plain() genome.Genome {
	g := supervised.Lowest(sineSpace())
	g[1], g[5], g[7] = 12, float64(float32(2e-2)), 1
	return g
}

func TestConform(t *testing.T) {
	domaintest.Conform(t, domaintest.Case{
		Open:   func() domaintest.Domain { return open(t, "max_steps", 60, "max_parameters", 150) },
		Genome: plain(), Input: canon.NewObject("x", []float64{0, 1.5}),
	})
}

// A domain of a hundred lines learns what it is for.
func TestLearns(t *testing.T) {
	d := open(t)
	m, err := d.Claim(t.Context(), d.Parameters(plain()), []uint64{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if naive := d.Naive().Performance(); !(m.Performance() > naive/4) {
		t.Errorf("performance %v, naive %v", m.Performance(), naive)
	}
	out, err := m.Infer(t.Context(), canon.NewObject("x", []float64{math.Pi / 2}))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := out.Get("y")
	if y, err := domain.Reals(v, 1); err != nil || math.Abs(y[0]-1) > 0.25 {
		t.Errorf("sin(π/2) = %v, %v, want about 1", y, err)
	}
}

// The digest of a claim is a Merkle root whose leaves are the roots of its trainings, which can be made again one by one,
// and the result.
func TestDigest(t *testing.T) {
	d := open(t, "max_steps", 60)
	p, seeds := d.Parameters(plain()), []uint64{5, 6}
	m, err := d.Claim(t.Context(), p, seeds, nil)
	if err != nil {
		t.Fatal(err)
	}
	var folds, finals [][32]byte
	for _, seed := range seeds {
		var best []int
		for fold := range 2 {
			r := trained(t, d, p, seed, fold, 0)
			folds, best = append(folds, r.Root), append(best, r.BestStep)
		}
		finals = append(finals, trained(t, d, p, seed, 2, min(best[0], best[1])).Root) // the lower median of two
	}
	h := supervised.NewHasher("doin/sine/claim/1\n")
	weights, err := m.Metrics().Object("weights")
	if err != nil {
		t.Fatal(err)
	}
	first, _ := weights.IntOr("network_0", 0)
	second, _ := weights.IntOr("network_1", 0)
	h.Words(2, 2, 2, int(first), int(second), 0, 0, 0) // seeds, folds, the weights, no closed forms in three places
	for _, part := range supervised.Parts {
		h.Words(int(math.Float32bits(float32(domaintest.Metric(t, m, part+"_mae") / 0.5))))
	}
	h.Words(len(m.Cases()))
	for _, e := range m.Cases() {
		h.Words(int(e))
	}
	root := nn.MerkleRoot(append(append(folds, finals...), [32]byte(h.Sum())))
	if got := fmt.Sprintf("%x", root); got != m.Digest() {
		t.Errorf("digest %s, of its parts %s", m.Digest(), got)
	}
}

// trained runs one training of a claim.
func trained(t *testing.T, d *supervised.Domain, p *canon.Object, seed uint64, fold, steps int) *nn.Result {
	t.Helper()
	task, err := d.Training(p, seed, fold, steps)
	if err != nil {
		t.Fatal(err)
	}
	if task.Config.Segment != supervised.Segment || max(task.Config.MaxSteps, task.Config.ScheduleSteps) != 60 {
		t.Errorf("training %+v", task.Config)
	}
	r, err := train(t, task)
	if err != nil {
		t.Fatal(err)
	}
	if steps > 0 && (r.StopStep != steps || r.BestStep != steps) {
		t.Errorf("a final training of %d steps stops at %d, its best step is %d", steps, r.StopStep, r.BestStep)
	}
	return r
}

// A trial goes by one network on some of the folds, and a rung is a pause of the same schedule.
func TestTry(t *testing.T) {
	d := open(t, "max_steps", 60, "eval_every", 1)
	f := func(folds []int, rung int, status string, steps int64) {
		t.Helper()
		got, err := d.Try(t.Context(), domain.Trial{Parameters: d.Parameters(plain()), Seed: 3, Folds: folds, Rung: rung}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := got.Metrics.Int("steps"); got.Status != status || n > steps || !(got.Performance < 0) {
			t.Errorf("Try(folds %v, rung %d) = %+v with %d steps, want %s, at most %d", folds, rung, got, n, status, steps)
		}
	}
	f(nil, 0, "completed", 120)
	f([]int{1}, 0, "completed", 60)
	f([]int{0, 1}, 1, "paused", 42) // epochs of 7 steps of 8 of 60 samples
	f(nil, 2, "completed", 120)
}

// A device runs the trainings.
func TestTrainOn(t *testing.T) {
	d := open(t)
	d.TrainOn(broken{})
	if m, err := d.Claim(t.Context(), d.Parameters(plain()), []uint64{1}, nil); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "sine: train") {
		t.Errorf("Claim = %v, %v, want errBroken", m, err)
	}
}

func TestConfigRefusals(t *testing.T) {
	f := func(config, want string) {
		t.Helper()
		domaintest.Refuses(t, func(o *canon.Object) error {
			_, err := parseSine(o, "population")
			return err
		}, config, want)
	}
	f(`{}`, "data: missing")
	f(`{"data": 1}`, "data")
	f(`{"data": "f", "max_step": 1}`, `did you mean "max_steps"?`)
	f(`{"data": "f", "populaton_size": 1}`, `did you mean "population_size"?`)
	f(`{"data": "f", "populatio": 1}`, `did you mean "population"?`)
	f(`{"data": "f", "elites": 1}`, `unknown key "elites"`)
	f(`{"data": "f", "test_fraction": 0}`, "test_fraction 0")
	f(`{"data": "f", "test_fraction": "0.1"}`, "test_fraction")
	f(`{"data": "f", "test_fraction": 0.5, "validation_fraction": 0.5}`, "below 1")
	f(`{"data": "f", "max_steps": 0}`, "max_steps")
	f(`{"data": "f", "max_steps": 10.0}`, "integer")
	f(`{"data": "f", "eval_every": 0}`, "eval_every")
	f(`{"data": "f", "patience": -1}`, "patience")
	f(`{"data": "f", "max_parameters": 0}`, "max_parameters")
	f(`{"data": "f", "param_bounds": [1]}`, "param_bounds")
	f(`{"data": "f", "param_bounds": {"width_4": [1, 2]}}`, `unknown gene of param_bounds "width_4": did you mean "width_1"?`)
	f(`{"data": "f", "param_bounds": {"population": [1, 2]}}`, `unknown gene of param_bounds "population"`)
	f(`{"data": "f", "param_bounds": {"width_1": [1]}}`, "low, high")
	f(`{"data": "f", "param_bounds": {"width_1": [9, 8]}}`, "low ≤ high")
	f(`{"data": "f", "param_bounds": {"width_1": [1.5, 8]}}`, "integers")
	f(`{"data": "f", "param_bounds": {"hidden_layers": [1, 4]}}`, "hidden_layers")
	f(`{"data": "f", "param_bounds": {"batch": [1, 5000]}}`, "batch")
	f(`{"data": "f", "param_bounds": {"learning_rate": [0, 0.1]}}`, "learning_rate")
	f(`{"data": "f", "param_bounds": {"activation": ["relux"]}}`, "relux")
	f(`{"data": "f", "param_bounds": {"loss": ["mse2"]}}`, "mse2")
	f(`{"data": "f", "hyperparameter_bounds": {"activation": []}}`, "activation")
	f(`{"data": "f", "param_bounds": {"activation": [1, 2]}}`, "names")
}

func TestNewRefuses(t *testing.T) {
	c := supervised.DefaultConfig(sineSpace())
	c.MaxParameters = 12
	file := strings.NewReader(curve(10, math.Sin))
	if d, err := readSine(c, file); d != nil || !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), "has 13") {
		t.Errorf("New = %v, %v, want ErrConfig with 13 parameters", d, err)
	}
}

func TestRepairPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a genome of another space was repaired")
		}
	}()
	open(t).Repair(genome.Genome{1})
}
