package forecast

import (
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// The places of shared genes in the space.
const (
	geneWidth1 = geneLayers + 1 + iota
	geneWidth2
	geneWidth3

	geneBatch = geneWindow + 1
	geneRate  = geneWindow + 2
	geneDecay = geneWindow + 3
	geneShape = geneWindow + 4
)

// fixed is a plain genome: one layer of 16, window 24, batch 32, rate 0.005, silu, mse.
func fixed(s genome.Space) genome.Genome {
	g := supervised.Lowest(s)
	g[geneWidth1], g[geneWindow], g[geneBatch] = 16, 24, 32
	g[geneRate], g[geneDecay] = float64(float32(5e-3)), float64(float32(1e-3))
	g[geneShape] = 3
	return g
}

// small is a genome that trains fast.
func small(s genome.Space) genome.Genome {
	g := supervised.Lowest(s)
	g[geneRate] = float64(float32(1e-2))
	return g
}

func quick(c *Config) { c.MaxSteps, c.Period = 60, 12 }

// On the CO2 record a perceptron of 449 parameters and a TCN of 721 beat both naive forecasts by far, with whatever seed.
func TestBeatsNaive(t *testing.T) {
	for _, genome := range []func(genome.Space) genome.Genome{fixed, tcn} {
		beatsNaive(t, genome)
	}
}

func beatsNaive(t *testing.T, genome func(genome.Space) genome.Genome) {
	d := carbon(t)
	for seed := range uint64(2) {
		m := domaintest.Claim(t, d, genome(d.config.Space), seed)
		for _, p := range supervised.Parts {
			metric := func(key string) float64 { return domaintest.Metric(t, m, p+key) }
			mae, last, season := metric("_mae"), metric("_naive_mae"), metric("_seasonal_mae")
			t.Logf("seed %d %s: MAE %.3f ppm, last value %.3f, seasonal %.3f", seed, p, mae, last, season)
			if !(mae < last/2 && mae < season/2) {
				t.Errorf("seed %d %s: MAE %v is not far below %v and %v", seed, p, mae, last, season)
			}
		}
		domaintest.BeatsNaive(t, d, m, "val_mase", uint32(seed))
	}
}

// The bits of data, training and synthetic data on the CO2 record, on every machine.
func TestGolden(t *testing.T) {
	d := carbon(t)
	domaintest.Golden(t, "testdata/co2.json", d, fixed(d.config.Space))
	g := tcn(d.config.Space)
	g[geneDropout] = float64(float32(0.05))
	domaintest.Golden(t, "testdata/co2_tcn.json", d, g)
}

func TestConform(t *testing.T) {
	table := monthly(200)
	open := func() tested {
		return mustDomain(t, table, func(c *Config) { quick(c); c.MaxParameters = 500 })
	}
	s := DefaultSpace()
	perceptron, network := small(s), small(s)
	network[geneModel], network[geneDropout] = 1, float64(float32(0.25))
	for name, g := range map[string]genome.Genome{MLP: perceptron, TCN: network} {
		t.Run(name, func(t *testing.T) {
			domaintest.Conform(t, domaintest.Case{
				Open: func() domaintest.Domain { return open() }, Genome: g, Input: canon.NewObject("steps", 3),
			})
		})
	}
}

// The samples of a view and a fold are made once: a device keeps those that it has seen.
func TestSourcesAreKept(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	g := small(d.config.Space)
	train, validation := d.View(g).Sources(1)
	again, validationAgain := d.View(g).Sources(1)
	earlier, _ := d.View(g).Sources(0)
	g[geneWindow]++
	if other, _ := d.View(g).Sources(1); train != again || validation != validationAgain || train == other || train == earlier {
		t.Error("sources are not kept by view and fold")
	}
}

func TestNaive(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	n := d.Naive()
	last, season := domaintest.Metric(t, n, "val_naive_mae"), domaintest.Metric(t, n, "val_seasonal_mae")
	if n.Digest() != "" || !(last < season) {
		t.Errorf("digest %q, MAE %v of the last value, %v of the season", n.Digest(), last, season)
	}
	domaintest.Near(t, "performance", n.Performance(), -last/d.series.to(d.series.scale.Unit), 1e-6)
	out, err := n.Infer(t.Context(), canon.NewObject("steps", 3))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := out.Get("forecast")
	values, _ := domain.Reals(v, 3)
	for _, v := range values {
		domaintest.Near(t, "forecast", v, d.series.table.Value(199), 1e-4)
	}
}

func BenchmarkTrain(b *testing.B) {
	d := carbon(b)
	domaintest.Bench(b, d, fixed(d.config.Space))
}
