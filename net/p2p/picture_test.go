package p2p

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // the format of the picture
)

// picture is how many copies of a message a node gets, beside log₂ N, as SVG: what gossip costs a node does not grow with the network.
func picture(rows []*simulation) ([]byte, error) {
	p := plot.New()
	p.Title.Text = "Copies of one message that a node gets"
	p.X.Label.Text, p.Y.Label.Text = "nodes", "copies"
	p.Title.Padding, p.X.Scale = vg.Points(8), plot.LogScale{}
	p.Legend.Left, p.Legend.Padding = true, vg.Points(4)
	var lines []any
	var log plotter.XYs
	for _, scenario := range []string{"honest", "crashes", "loss"} {
		var points plotter.XYs
		for _, s := range rows {
			if s.Scenario == scenario {
				points = append(points, plotter.XY{X: float64(s.Nodes), Y: s.Copies})
			}
		}
		if scenario == "honest" {
			var ticks plot.ConstantTicks
			for _, at := range points {
				log = append(log, plotter.XY{X: at.X, Y: math.Log2(at.X)})
				ticks = append(ticks, plot.Tick{Value: at.X, Label: fmt.Sprint(at.X)})
			}
			p.X.Tick.Marker = ticks
		}
		lines = append(lines, scenario, points)
	}
	if err := plotutil.AddLinePoints(p, append(lines, "log₂ N", log)...); err != nil {
		return nil, err
	}
	p.Y.Min, p.Y.Max = 0, 11
	p.Add(plotter.NewGrid())
	w, err := p.WriterTo(16*vg.Centimeter, 9*vg.Centimeter, "svg")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = w.WriteTo(&out)
	return out.Bytes(), err
}

// TestPicture: the committed picture is that of the committed figures. DOIN_GOSSIP_PICTURE makes it anew.
func TestPicture(t *testing.T) {
	data, err := os.ReadFile(results + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Simulations []*simulation `json:"simulations"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	got, err := picture(all.Simulations)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("DOIN_GOSSIP_PICTURE") != "" {
		if err := os.WriteFile(results+".svg", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(results + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("bench/results/gossip.svg is not what gossip.json says")
	}
}
