package tabular

import (
	"fmt"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

const iris = "../../../examples/iris/iris.csv"

// parse reads a table written in a test.
func parse(t testing.TB, file string, s Schema) *Table {
	t.Helper()
	table, err := Parse(strings.NewReader(file), data.Options{}, s)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// houses makes a table of prices that depend on area, rooms and town, with missing values in rooms and town.
func houses(n int) *Table {
	var b strings.Builder
	b.WriteString("id,area,rooms,town,price\n")
	draws := rng.New(rng.Key{7, 7}, rng.Probe, 1)
	towns := []string{"Rom", "Bari", "Turin"}
	for i := range n {
		u := func(k uint32) float64 { return float64(draws.Uniform(uint32(i)*4 + k)) }
		area, rooms, town := 40+160*u(0), 1+int(6*u(1)), int(3*u(2))
		price := 1000*area + 20000*float64(rooms) + 50000*float64(town) + 5000*u(3)
		room, name := fmt.Sprint(rooms), towns[town]
		if i%7 == 3 {
			room = "NA"
		}
		if i%11 == 5 {
			name = "?"
		}
		fmt.Fprintf(&b, "%d,%.2f,%s,%s,%.0f\n", i, area, room, name, price)
	}
	table, err := Parse(strings.NewReader(b.String()), data.Options{}, Schema{Task: Regression, Ignored: []string{"id"}})
	if err != nil {
		panic(err)
	}
	return table
}

// shops makes a table of sales that depend on a street of many, pooled beyond four, and on whether a shop is at a corner.
func shops(n int) *Table {
	var b strings.Builder
	b.WriteString("corner,metres,street,sales\n")
	draws := rng.New(rng.Key{9, 7}, rng.Probe, 3)
	for i := range n {
		u := func(k uint32) float64 { return float64(draws.Uniform(uint32(i)*4 + k)) }
		street, corner := int(12*u(0)*u(1)), []string{"no", "yes", ""}[int(2.2*u(2))]
		fmt.Fprintf(&b, "%s,%.1f,s%d,%.1f\n", corner, 20+80*u(3), street, 30*float64(street)+200*u(2)+80*u(3))
	}
	table, err := Parse(strings.NewReader(b.String()), data.Options{}, Schema{Task: Regression, MaxCategories: 4})
	if err != nil {
		panic(err)
	}
	return table
}

// blobs makes a table of classes around points of a circle, class k with n·(k+1) rows, mixed.
func blobs(n, classes int) *Table {
	var b strings.Builder
	b.WriteString("class,x,y,side\n")
	draws := rng.New(rng.Key{8, 8}, rng.Probe, 2)
	corners := [][2]float64{{0, 0}, {3, 0}, {0, 3}, {3, 3}}
	i := uint32(0)
	for round := range n * classes {
		for k := range classes {
			if round >= n*(k+1) {
				continue
			}
			x := corners[k][0] + 0.7*float64(draws.Normal(2*i))
			y := corners[k][1] + 0.7*float64(draws.Normal(2*i+1))
			side := "low"
			if y > 1.5 {
				side = "high"
			}
			fmt.Fprintf(&b, "c%d,%.3f,%.3f,%s\n", k, x, y, side)
			i++
		}
	}
	table, err := Parse(strings.NewReader(b.String()), data.Options{}, Schema{Task: Classification, Target: "class"})
	if err != nil {
		panic(err)
	}
	return table
}

// configured returns a changed default configuration.
func configured(task Task, change func(*Config)) Config {
	c := DefaultConfig(task)
	c.Data = "table.csv"
	if change != nil {
		change(&c)
	}
	return c
}

// tested is a domain and the problem that it is made of.
type tested struct {
	*supervised.Domain
	*problem
}

func mustDomain(t testing.TB, table *Table, task Task, change func(*Config)) tested {
	t.Helper()
	d, err := FromTable(configured(task, change), table)
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

// irises is the domain of the example's data.
func irises(t testing.TB) tested {
	t.Helper()
	d, err := New(canon.NewObject("data", iris))
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

// The places of genes in the space.
const (
	geneLayers = iota
	geneWidth1
	geneWidth2
	_
	geneBatch
	geneLearningRate
	geneWeightDecay
	_
	geneActivation
	geneLoss
)

// fixed is a plain genome: one layer of 16, batch 16, rate 0.01, tanh, mse where there is a choice.
func fixed(s genome.Space) genome.Genome {
	g := supervised.Lowest(s)
	g[geneWidth1], g[geneBatch] = 16, 16
	g[geneLearningRate], g[geneWeightDecay] = float64(float32(1e-2)), float64(float32(1e-3))
	g[geneActivation] = 1
	return g
}

func quick(c *Config) { c.MaxSteps = 60 }
