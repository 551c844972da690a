package closed

import (
	"fmt"
	"math"
	"testing"

	"doin.network/node/compute/onnx"
	"doin.network/node/compute/onnx/onnxtest"
)

// TestExport compares every kind with ONNX Runtime, on the fitting part and on longer series.
func TestExport(t *testing.T) {
	const horizon, rows = 14, 96
	y := make([]float64, rows+40)
	for i := range y {
		turn := 2 * math.Pi * float64(i) / 12
		y[i] = 300 + 1.5*float64(i) + 20*math.Sin(turn) + 5*math.Cos(3*turn) + 7*math.Sin(float64(i*i%17))
	}
	lengths := []int{rows, rows + 1, rows + 13, len(y)}
	g := onnx.New("test")
	in := g.Input("y", onnx.Double, []int{-1}, "")
	models := map[string]*Model{}
	kinds := map[Kind]bool{}
	for _, periods := range [][]int{{12}, nil} {
		for _, spec := range Specs(y[:rows], periods, horizon) {
			m, err := Fit(t.Context(), spec, y[:rows], periods, horizon)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%v %v", spec, periods)
			g.Output(name, m.Export(g, in), onnx.Double, []int{horizon}, "")
			models[name], kinds[spec.Kind] = m, true
		}
	}
	for k := range kindNames {
		if !kinds[Kind(k)] {
			t.Errorf("kind %s is not among those compared", kindNames[k])
		}
	}
	var questions []map[string]onnxtest.Input
	for _, n := range lengths {
		questions = append(questions, map[string]onnxtest.Input{"y": {Type: "double", Dims: []int{n}, Data: y[:n]}})
	}
	for i, a := range onnxtest.Run(t, g.Model("test", "1", ""), questions) {
		for name, m := range models {
			want := make([]float64, horizon)
			m.Walk(y[:lengths[i]], lengths[i], want)
			got := a.Numbers(t, name)
			for k := range want {
				if !(math.Abs(got[k]-want[k]) <= 1e-9*math.Abs(want[k])) {
					t.Errorf("%s, %d rows, step %d: %v, want %v", name, lengths[i], k, got[k], want[k])
				}
			}
		}
	}
}
