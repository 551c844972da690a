package cma

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"

	"doin.network/node/compute/domain/bbob"
)

// value is a benchmark's excess at a point of the cube.
func value(f *bbob.Function, x []float64) float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = bbob.Low + float64((bbob.High-bbob.Low)*v)
	}
	return f.Excess(y)
}

func function(t *testing.T, id, n int) *bbob.Function {
	t.Helper()
	f, err := bbob.New(id, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// solve returns after how many evaluations the value is 1e-8, most if it is not. Trials are told in order, the window full.
func solve(t *testing.T, f *bbob.Function, config Config, window int, seed uint64, most int) int {
	t.Helper()
	s, err := New(f.Dimension(), config, window, seed)
	if err != nil {
		t.Fatal(err)
	}
	var open []Trial
	for n := 1; n <= most; n++ {
		for c, ok := s.Ask(); ok; c, ok = s.Ask() {
			open = append(open, c)
		}
		v := value(f, open[0].X)
		if v <= 1e-8 {
			return n
		}
		if err := s.Tell(open[0].Number, v); err != nil {
			t.Fatal(err)
		}
		open = open[1:]
	}
	return most
}

// Each function is solved within a few times what the strategy is known to take.
func TestSolves(t *testing.T) {
	f := func(id, n, window, most int) {
		t.Helper()
		for seed := uint64(1); seed <= 3; seed++ {
			if got := solve(t, function(t, id, n), DefaultConfig(), window, seed, most); got == most {
				t.Errorf("f%d in %d dimensions, window %d, seed %d: no 1e-8 in %d evaluations", id, n, window, seed, most)
			}
		}
	}
	f(1, 5, 1, 1500)
	f(1, 20, 1, 10000)
	f(3, 5, 1, 10000) // separable: Rastrigin
	f(4, 5, 1, 10000) // and with two scales
	f(5, 5, 1, 500)   // in a corner of the box
	f(8, 5, 1, 10000) // Rosenbrock
	f(10, 5, 1, 5000) // condition 10⁶
	f(13, 5, 1, 10000)
	f(8, 5, 8, 20000) // with eight under way
	f(10, 5, 16, 20000)
}

// A search that is stored and read again at any time goes on as one that was not.
func TestResumes(t *testing.T) {
	for _, window := range []int{1, 7} {
		f := function(t, 15, 4)
		whole, err := New(4, DefaultConfig(), window, 3)
		if err != nil {
			t.Fatal(err)
		}
		parts := whole
		for n := range 3000 {
			for _, ok := parts.Ask(); ok; _, ok = parts.Ask() {
			}
			if n%97 == 0 {
				data, err := json.Marshal(parts.State())
				if err != nil {
					t.Fatal(err)
				}
				var s State
				if err := json.Unmarshal(data, &s); err != nil {
					t.Fatal(err)
				}
				if parts, err = Resume(DefaultConfig(), s); err != nil {
					t.Fatal(err)
				}
				if again, err := json.Marshal(parts.State()); err != nil || string(again) != string(data) {
					t.Fatalf("window %d, trial %d: the state changed", window, n)
				}
				for range window {
					parts.Ask()
				}
			}
			x := inside(parts.state.Open[0].X)
			if err := parts.Tell(int64(n), value(f, x)); err != nil {
				t.Fatal(err)
			}
		}
		again, err := New(4, DefaultConfig(), window, 3)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3000 {
			for _, ok := again.Ask(); ok; _, ok = again.Ask() {
			}
			if err := again.Tell(int64(n), value(f, inside(again.state.Open[0].X))); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := json.Marshal(parts.State())
		b, _ := json.Marshal(again.State())
		if string(a) != string(b) {
			t.Errorf("window %d: a search read back 31 times is another", window)
		}
		if again.state.Runs < 2 {
			t.Errorf("window %d: %d runs: no restart was seen", window, again.state.Runs)
		}
	}
}

// Trial i is drawn from the results up to i − window.
func TestWindow(t *testing.T) {
	const window, changed = 6, 800
	run := func(other bool) (out [][]float64) {
		f := function(t, 10, 3)
		s, err := New(3, DefaultConfig(), window, 5)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 1000 {
			for c, ok := s.Ask(); ok; c, ok = s.Ask() {
				out = append(out, c.X)
			}
			v := value(f, out[n])
			if other && n == changed {
				v = -1e9
			}
			if err := s.Tell(int64(n), v); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	a, b := run(false), run(true)
	if !reflect.DeepEqual(a[:changed+window], b[:changed+window]) {
		t.Errorf("a trial before %d depends on the result of trial %d", changed+window, changed)
	}
	if reflect.DeepEqual(a, b) {
		t.Error("a result changed nothing")
	}
}

// Values that are no numbers, and results that are not due, are borne.
func TestHostileValues(t *testing.T) {
	s, err := New(2, DefaultConfig(), 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(0, 1); !errors.Is(err, ErrOrder) {
		t.Errorf("Tell before Ask = %v, want ErrOrder", err)
	}
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.MaxFloat64, 1e-300, -math.MaxFloat64}
	for n := range 5000 {
		for c, ok := s.Ask(); ok; c, ok = s.Ask() {
			for _, v := range c.X {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("trial %d: %v is outside the cube", c.Number, c.X)
				}
			}
		}
		if err := s.Tell(int64(n+1), 1); !errors.Is(err, ErrOrder) {
			t.Fatalf("Tell of another = %v, want ErrOrder", err)
		}
		if err := s.Tell(int64(n), values[n*n%len(values)]); err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(&s.state); n%50 == 0 && err != nil {
			t.Fatalf("trial %d: %v", n, err)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	f := func(change func(*State)) {
		t.Helper()
		s, err := New(3, Config{Sigma: 0.2}, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		state := s.State()
		change(&state)
		if _, err := Resume(Config{Sigma: 0.2}, state); err == nil {
			t.Errorf("Resume(%+v) = nil error", state)
		}
	}
	f(func(s *State) { s.N = 0 })
	f(func(s *State) { s.Window = 0 })
	f(func(s *State) { s.Open[0].X = nil })
	f(func(s *State) { s.Open[0].X[1] = math.NaN() })
	f(func(s *State) { s.Run.C = s.Run.C[1:] })
	f(func(s *State) { s.Run.Lambda = 1 })
	f(func(s *State) { s.Run.Sigma = math.Inf(1) })
	f(func(s *State) { s.Run.D[0] = 0 })
	f(func(s *State) { s.Told = -1 })
	f(func(s *State) { s.Lines = &Lines{} })
	f(func(s *State) { s.Run.Told = make([]Scored, s.Run.Lambda) })
}

// The eigenvectors are orthonormal and make the matrix again.
func TestEigen(t *testing.T) {
	const n = 7
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			a[i*n+j] = 1 / float64(i+j+1) // Hilbert's
		}
	}
	values, b := eigen(n, a, identity(n))
	for i := range n {
		for j := range n {
			made, product := 0.0, 0.0
			for k := range n {
				made += b[i*n+k] * values[k] * b[j*n+k]
				product += b[k*n+i] * b[k*n+j]
			}
			if math.Abs(made-a[i*n+j]) > 1e-14 || math.Abs(product-identity(n)[i*n+j]) > 1e-14 {
				t.Fatalf("eigen: at %d, %d: %v, %v", i, j, made-a[i*n+j], product)
			}
		}
	}
}
