package boost

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/rng"
)

var update = flag.Bool("update", false, "rewrite testdata/golden.txt")

// table makes rows whose target is a step, a product and noise of some features; every 13th value is missing, and the last feature has
// four values only.
func table(rows, features, classes int, step uint32) *Table {
	draws := rng.New(rng.Key{3, 4}, rng.Probe, step)
	t := &Table{Features: features}
	for i := range rows {
		x := make([]float32, features)
		for j := range x {
			x[j] = draws.Uniform(uint32(i*(features+1) + j))
		}
		x[features-1] = float32(math.Floor(float64(x[features-1]) * 4))
		y := float32(2 * x[0] * x[1%features])
		if x[features-1] > 1 {
			y++
		}
		y += float32(0.2 * draws.Uniform(uint32(i*(features+1)+features)))
		for j := range x {
			if (i*features+j)%13 == 5 {
				x[j] = float32(math.NaN())
			}
		}
		t.Values = append(t.Values, x...)
		if classes == 0 {
			t.Targets = append(t.Targets, y)
		} else {
			t.Labels = append(t.Labels, int32(min(float64(y)/3.3*float64(classes), float64(classes-1))))
		}
	}
	return t
}

func mustFit(t testing.TB, c *Config, train, validation *Table) *Model {
	t.Helper()
	m, err := Fit(context.Background(), c, train, validation)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mean returns the mean error of a model, as predictions are judged from outside: absolute, or −log of the probability.
func mean(m *Model, t *Table) (e float64) {
	out := make([]float32, m.Width())
	for i := range t.Len() {
		m.Predict(t.Values[i*t.Features:][:t.Features], out)
		if m.classes == 0 {
			e += math.Abs(float64(out[0] - t.Targets[i]))
		} else {
			e -= math.Log(min(max(float64(out[t.Labels[i]]), 0.001), 0.999))
		}
	}
	return e / float64(t.Len())
}

// What is learned is there on rows that were not seen, and early stopping keeps the best round.
func TestFit(t *testing.T) {
	for _, classes := range []int{0, 2, 3} {
		c := DefaultConfig(classes)
		train, validation, test := table(800, 5, classes, 1), table(300, 5, classes, 2), table(300, 5, classes, 3)
		m := mustFit(t, &c, train, validation)
		if got, want := mean(m, test), mean(m.First(0), test); got > want/2 {
			t.Errorf("%d classes: error %.3f, want half of the constant's %.3f", classes, got, want)
		}
		if mean(m, validation) >= mean(m.First(m.Rounds()-1), validation) {
			t.Errorf("%d classes: the last of %d rounds is not the best", classes, m.Rounds())
		}
		c.Rounds, c.Patience = m.Rounds(), 0
		if again := mustFit(t, &c, train, nil); again.Root() != m.Root() {
			t.Errorf("%d classes: another model of as many rounds without validation", classes)
		}
		var sum float64
		out := make([]float32, m.Width())
		m.Predict(test.Values[:5], out)
		for _, p := range out {
			sum += float64(p)
		}
		if classes > 0 && math.Abs(sum-1) > 1e-6 {
			t.Errorf("%d classes: probabilities %v", classes, out)
		}
	}
}

// Folds stop together, where the sum of their errors is least, and each is the fit of its rows to that round.
func TestFitFolds(t *testing.T) {
	c := DefaultConfig(2)
	folds := []Fold{{table(200, 4, 2, 1), table(90, 4, 2, 2)}, {table(150, 4, 2, 3), table(50, 4, 2, 4)}}
	models, err := FitFolds(t.Context(), &c, folds)
	if err != nil {
		t.Fatal(err)
	}
	rounds := models[0].Rounds()
	sum := func(rounds int) (e float64) {
		for i, f := range folds {
			long := c
			long.Rounds, long.Patience = 200, 0
			m := mustFit(t, &long, f.Train, nil).First(rounds)
			if rounds == models[i].Rounds() && m.Root() != models[i].Root() {
				t.Errorf("fold %d: another model than alone", i)
			}
			e += mean(m, f.Validation) * float64(f.Validation.Len())
		}
		return e
	}
	for _, other := range []int{0, rounds / 2, rounds - 1, rounds + 1, rounds + 5, rounds + 20} {
		if models[1].Rounds() != rounds || sum(rounds) > sum(other)+1e-3 {
			t.Errorf("%d and %d rounds with the error %.4f, want at most %.4f of %d rounds", rounds, models[1].Rounds(), sum(rounds), sum(other), other)
		}
	}
	for _, bad := range [][]Fold{nil, make([]Fold, MaxFolds+1), {folds[0], {Train: folds[1].Train}}} {
		if _, err := FitFolds(t.Context(), &c, bad); !errors.Is(err, ErrData) {
			t.Errorf("FitFolds of %d = %v, want %v", len(bad), err, ErrData)
		}
	}
}

// Scores of binned rows are those of Predict.
func TestPredictMatchesBins(t *testing.T) {
	c := DefaultConfig(0)
	c.Rounds, c.RowShare = 20, 100
	train, other := table(200, 4, 0, 1), table(200, 4, 0, 2)
	f := newFit(&c, train, other)
	for round := range c.Rounds {
		if err := f.round(t.Context(), round); err != nil {
			t.Fatal(err)
		}
	}
	for part, scores := range map[*Table][]int64{train: f.scores, other: f.unseen} {
		var out [1]float32
		for i := range part.Len() {
			if f.model.Predict(part.Values[i*4:][:4], out[:]); out[0] != real(scores[i]) {
				t.Fatalf("row %d: Predict = %v, want %v", i, out[0], real(scores[i]))
			}
		}
	}
}

// Without sampling of rows their order means nothing.
func TestOrderOfRows(t *testing.T) {
	for _, classes := range []int{0, 2, 4} {
		c := DefaultConfig(classes)
		c.Rounds, c.RowShare = 10, Whole
		a := table(300, 5, classes, 1)
		b := &Table{Features: 5}
		order := rng.Permutation(rng.Key{}, rng.Probe, 0, 300)
		for i := range uint32(300) {
			at := int(order.At(i))
			b.Values = append(b.Values, a.Values[at*5:][:5]...)
			if classes == 0 {
				b.Targets = append(b.Targets, a.Targets[at])
			} else {
				b.Labels = append(b.Labels, a.Labels[at])
			}
		}
		if mustFit(t, &c, a, nil).Root() != mustFit(t, &c, b, nil).Root() {
			t.Errorf("%d classes: another model of the same rows in another order", classes)
		}
	}
}

// Trees are those of a second implementation without histograms, whose gains are whole numbers of any size.
func TestGrowMatchesNaive(t *testing.T) {
	for seed := range uint32(12) {
		classes := int(seed % 3 * 2)
		c := DefaultConfig(classes)
		c.Leaves, c.Depth, c.Bins = 2+int(seed), 2+int(seed%5), 4+int(seed)*7
		c.MinRows, c.MinHessian, c.Lambda = 1+int(seed%4)*3, int(seed%3)*200, int(seed%2)*Whole
		data := table(60+int(seed)*9, 3, classes, seed)
		f := newFit(&c, data, nil)
		for round := range 3 {
			if err := f.round(t.Context(), round); err != nil {
				t.Fatal(err)
			}
			for j := range c.Outputs() {
				got := f.model.trees[round*c.Outputs()+j]
				f.sampleColumns(round*c.Outputs() + j)
				if want := naive(f, j); !slices.Equal(got, want) {
					t.Fatalf("seed %d, round %d: tree\n%+v\nwant\n%+v", seed, round, got, want)
				}
			}
		}
	}
}

// naive grows the tree of an output from the slopes of the round.
func naive(f *fit, output int) []node {
	g := f.grower
	type open struct {
		node, depth int
		rows        []int32
	}
	add := func(rows []int32) (s sum) {
		for _, r := range rows {
			s.g += f.slopes[output][r].g
			s.hn += f.slopes[output][r].hn
		}
		return s
	}
	value := func(s sum) *big.Int {
		if s.hessian()+g.lambda == 0 {
			return new(big.Int)
		}
		v := new(big.Int).Mul(big.NewInt(s.g), big.NewInt(s.g))
		return v.Div(v.Lsh(v, 16), big.NewInt(s.hessian()+g.lambda))
	}
	tree := []node{{feature: -1}}
	leaves := []open{{rows: slices.Sorted(slices.Values(f.rows))}}
	for len(leaves) < g.config.Leaves {
		most, at, cut := new(big.Int), -1, node{}
		slices.SortFunc(leaves, func(a, b open) int { return a.node - b.node })
		for i, l := range leaves {
			if l.depth == g.config.Depth {
				continue
			}
			for _, j := range g.columns {
				for _, missingLeft := range []bool{false, true} {
					for bin := 1; bin < g.features[j].bins(); bin++ {
						n := node{feature: int32(j), bin: uint8(bin), missingLeft: missingLeft, edge: g.features[j].edge(uint8(bin))}
						left, right := parts(g.data, l.rows, &n)
						a, b := add(left), add(right)
						if min(a.rows(), b.rows()) < g.minRows || min(a.hessian(), b.hessian()) < g.minHessian {
							continue
						}
						gain := value(a)
						gain.Sub(gain.Add(gain, value(b)), value(add(l.rows)))
						if gain.Cmp(most) > 0 {
							most, at, cut = gain, i, n
						}
					}
				}
			}
		}
		if at < 0 {
			break
		}
		l := leaves[at]
		left, right := parts(g.data, l.rows, &cut)
		cut.left, cut.right = int32(len(tree)), int32(len(tree)+1)
		tree[l.node] = cut
		leaves = append(slices.Delete(leaves, at, at+1), open{len(tree), l.depth + 1, left}, open{len(tree) + 1, l.depth + 1, right})
		tree = append(tree, node{feature: -1}, node{feature: -1})
	}
	for _, l := range leaves {
		s := add(l.rows)
		tree[l.node].value = step(s, g.lambda, g.config.Rate)
	}
	return tree
}

func parts(data *binned, rows []int32, n *node) (left, right []int32) {
	for _, r := range rows {
		if n.goesLeft(data.columns[n.feature][r]) {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	return left, right
}

// A leaf is minus the quotient, rounded, and never overflows.
func TestStep(t *testing.T) {
	f := func(g, h, lambda int64, rate int, want int64) {
		t.Helper()
		if got := step(sum{g, h}, lambda, rate); got != want {
			t.Errorf("step(%d, %d, %d, %d) = %d, want %d", g, h, lambda, rate, got, want)
		}
	}
	f(one, one, 0, Whole, -1<<scoreBits)
	f(-one, one, one, Whole, 1<<(scoreBits-1))
	f(one, one, 0, 1, -1<<(scoreBits-8))
	f(-1, 1<<25, 0, Whole, 1) // a half
	f(1, 1<<25, 0, Whole, -1)
	f(1, 1<<25+1, 0, Whole, 0)
	f(1<<40, 1, 0, Whole, -maxStep)
	f(-1<<40, 0, 0, Whole, maxStep)
	f(0, one, 0, Whole, 0)
}

// Edges part the values in about equal numbers, or each from the next.
func TestNewFeature(t *testing.T) {
	nan := float32(math.NaN())
	f := func(values []float32, bins int, want ...float32) {
		t.Helper()
		if got := newFeature(values, bins).edges; !slices.Equal(got, want) {
			t.Errorf("newFeature(%v, %d) = %v, want %v", values, bins, got, want)
		}
	}
	f(nil, 5)
	f([]float32{nan, nan}, 5)
	f([]float32{1, nan, 1}, 5)
	f([]float32{3, 1, nan, 2, 2}, 5, 1.5, 2.5)
	f([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 4, 2.5, 4.5, 6.5)
	f([]float32{1, 1, 1, 1, 1, 1, 2, 3}, 2, 1.5)
	f([]float32{1, math.Nextafter32(1, 2)}, 2, 1)
	f([]float32{float32(math.Inf(-1)), float32(math.Inf(1))}, 2, float32(math.Inf(-1)))
	for n := 1; n < 600; n += 37 {
		values := table(n, 1, 0, uint32(n)).Values
		for i := range values {
			values[i] = float32(i * i % 601)
		}
		for _, bins := range []int{2, 3, 16, MaxBins} {
			feature := newFeature(values, bins)
			if got := feature.bins(); got > bins+1 {
				t.Errorf("%d values in %d bins, want at most %d", n, got-1, bins)
			}
			for _, v := range values {
				b := int(feature.bin(v))
				if b > 1 && v <= feature.edges[b-2] || b <= len(feature.edges) && v > feature.edges[b-1] {
					t.Fatalf("bin(%v) = %d of edges %v", v, b, feature.edges)
				}
			}
		}
	}
}

// Settings and tables out of range are refused.
func TestRefused(t *testing.T) {
	f := func(want error, change func(c *Config, t *Table)) {
		t.Helper()
		c, data := DefaultConfig(2), table(20, 3, 2, 1)
		change(&c, data)
		if _, err := Fit(t.Context(), &c, data, nil); !errors.Is(err, want) {
			t.Errorf("Fit = %v, want %v", err, want)
		}
	}
	f(nil, func(*Config, *Table) {})
	for _, v := range []int{-1, math.MaxInt} {
		for _, field := range []func(c *Config) *int{
			func(c *Config) *int { return &c.Classes }, func(c *Config) *int { return &c.Rounds }, func(c *Config) *int { return &c.Patience },
			func(c *Config) *int { return &c.Rate }, func(c *Config) *int { return &c.Leaves }, func(c *Config) *int { return &c.Depth },
			func(c *Config) *int { return &c.Bins }, func(c *Config) *int { return &c.MinRows }, func(c *Config) *int { return &c.MinHessian },
			func(c *Config) *int { return &c.Lambda }, func(c *Config) *int { return &c.Clip }, func(c *Config) *int { return &c.RowShare },
			func(c *Config) *int { return &c.ColumnShare },
		} {
			f(ErrConfig, func(c *Config, _ *Table) { *field(c) = v })
		}
	}
	f(ErrConfig, func(c *Config, _ *Table) { c.Rounds, c.Leaves = MaxTrees, MaxLeaves }) // memory
	f(ErrData, func(_ *Config, t *Table) { t.Labels[3] = 2 })
	f(ErrData, func(_ *Config, t *Table) { t.Labels = t.Labels[1:] })
	f(ErrData, func(_ *Config, t *Table) { t.Values = t.Values[1:] })
	f(ErrData, func(_ *Config, t *Table) { t.Values = nil })
	f(ErrData, func(_ *Config, t *Table) { t.Features = 0 })
	f(ErrData, func(c *Config, t *Table) {
		c.Classes, t.Targets = 0, make([]float32, 20)
		t.Targets[7] = float32(math.Inf(1))
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := DefaultConfig(2)
	if _, err := Fit(ctx, &c, table(20, 3, 2, 1), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Fit = %v, want %v", err, context.Canceled)
	}
	if _, err := Fit(t.Context(), &c, table(20, 3, 2, 1), table(20, 4, 2, 1)); !errors.Is(err, ErrData) {
		t.Errorf("Fit = %v, want %v", err, ErrData)
	}
}

// TestGolden pins digests and predictions.
func TestGolden(t *testing.T) {
	var out strings.Builder
	for _, classes := range []int{0, 2, 5} {
		c := DefaultConfig(classes)
		c.Key = rng.Key{1, 2}
		train, validation := table(400, 6, classes, 1), table(150, 6, classes, 2)
		m := mustFit(t, &c, train, validation)
		p := make([]float32, m.Width())
		m.Predict(validation.Values[:6], p)
		fmt.Fprintf(&out, "classes %d, rounds %d, root %x\n", classes, m.Rounds(), m.Root())
		for _, v := range p {
			fmt.Fprintf(&out, "  %08x\n", math.Float32bits(v))
		}
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func FuzzFit(f *testing.F) {
	f.Add([]byte("some bytes that become settings and numbers"), uint8(0))
	f.Add(make([]byte, 64), uint8(2))
	f.Add([]byte("\xff\xff\xff\x7f\x00\x00\x80\xff\x01\x02\x03\x04 values at the ends of their range"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, classes uint8) {
		at := 0
		next := func(n int) int {
			if len(b) == 0 {
				return 1
			}
			at++
			return int(b[at%len(b)]) % n
		}
		c := Config{
			Classes: int(classes) % 5, Rounds: 1 + next(6), Patience: next(4), Rate: 1 + next(Whole), Leaves: 2 + next(20), Depth: 1 + next(8),
			Bins: 2 + next(60), MinRows: 1 + next(4), MinHessian: next(200), Lambda: next(3) * Whole, Clip: 1 + next(MaxClip),
			RowShare: 1 + next(Whole), ColumnShare: 1 + next(Whole),
		}
		data := &Table{Features: 1 + next(4)}
		for i := 0; i+4*data.Features <= len(b) && data.Len() < 200; i += 4 * data.Features {
			for j := range data.Features {
				v := b[i+4*j:]
				data.Values = append(data.Values, math.Float32frombits(uint32(v[0])|uint32(v[1])<<8|uint32(v[2])<<16|uint32(v[3])<<24))
			}
			data.Targets = append(data.Targets, math.Float32frombits(uint32(b[i])<<24|uint32(b[i+1])<<16))
			data.Labels = append(data.Labels, int32(b[i]&3))
		}
		m, err := Fit(t.Context(), &c, data, data)
		if err != nil {
			if !errors.Is(err, ErrConfig) && !errors.Is(err, ErrData) {
				t.Fatal(err)
			}
			return
		}
		out := make([]float32, m.Width())
		m.Predict(data.Values[:data.Features], out)
		for _, v := range out {
			if v-v != 0 {
				t.Fatalf("Predict = %v", out)
			}
		}
	})
}

func BenchmarkFit(b *testing.B) {
	for _, n := range []struct{ rows, features, classes, rounds int }{{1000, 10, 0, 300}, {8000, 30, 0, 200}, {8000, 30, 2, 200}, {1500, 64, 10, 20}} {
		b.Run(fmt.Sprintf("rows=%d/features=%d/classes=%d/rounds=%d", n.rows, n.features, n.classes, n.rounds), func(b *testing.B) {
			c := DefaultConfig(n.classes)
			c.Rounds, c.Patience = n.rounds, 0
			data := table(n.rows, n.features, n.classes, 1)
			for b.Loop() {
				mustFit(b, &c, data, nil)
			}
			b.ReportMetric(float64(b.N*n.rounds*c.Outputs())/b.Elapsed().Seconds(), "trees/s")
		})
	}
}
