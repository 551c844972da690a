package forecast

import (
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
	"doin.network/node/compute/onnx/onnxtest"
	"doin.network/node/internal/canon"
)

// deviation is that of values from their mean.
func deviation(y []float64) float64 {
	var sum, squares float64
	for _, v := range y {
		sum += v
	}
	mean := sum / float64(len(y))
	for _, v := range y {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(y)))
}

func export(t testing.TB, m domain.Model, f domain.Format) []byte {
	t.Helper()
	data, err := m.(domain.Exporter).Export(t.Context(), f, canon.NewObject("optimae_id", "abc"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What ONNX Runtime makes of an exported model is what the model answers, from every row of the data, and from rows behind them.
func TestExport(t *testing.T) {
	f := func(d tested, g genome.Genome, networks bool) {
		t.Helper()
		m := domaintest.Claim(t, d, g, 1, 2)
		if w, err := m.Metrics().Object("weights"); err != nil || networks && !w.Has("network_0") {
			t.Fatalf("weights %v, %v: no network is compared", w, err)
		}
		y := append([]float64(nil), d.series.table.values...)
		for range 5 { // what the data do not have yet
			y = append(y, y[len(y)-d.config.Period]+1)
		}
		s := deviation(y)
		var questions []map[string]onnxtest.Input
		var lengths []int
		for n := d.config.firstOrigin() + 1; n <= len(y); n++ {
			questions = append(questions, map[string]onnxtest.Input{"series": {Type: "double", Dims: []int{n}, Data: y[:n]}})
			lengths = append(lengths, n)
		}
		worst := 0.0
		for i, a := range onnxtest.Run(t, export(t, m, domain.ONNX), questions) {
			n := lengths[i]
			want, _ := infer(t, m, "series", y[:n], "last_time", d.series.table.Time(n-1), "steps", d.config.Horizon)
			got := a.Numbers(t, "forecast")
			for k := range want {
				e := math.Abs(got[k]-want[k]) / max(math.Abs(want[k]), s)
				if worst = max(worst, e); !(e <= 1e-5) {
					t.Fatalf("%d rows, step %d: %v, want %v", n, k, got[k], want[k])
				}
			}
		}
		t.Logf("%d questions, largest error %.2g", len(lengths), worst)
	}
	f(carbon(t), fixed(carbon(t).config.Space), false)
	// A tent map beside a season: networks can tell what comes next, nothing linear can.
	table, tent := monthly(300), 0.3
	for i := range table.values {
		tent = 1 - 1.9*math.Abs(tent)
		table.values[i] = 300 + 3*math.Sin(2*math.Pi*float64(i)/12) + 5*tent
	}
	d := mustDomain(t, table, func(c *Config) { quick(c); c.Horizon, c.MaxSteps, c.Period = 2, 600, 12 })
	f(d, fixed(d.config.Space), true)
	f(d, tcn(d.config.Space), true)
	seasonal := fixed(d.config.Space)
	seasonal[geneDifference] = 1
	f(d, seasonal, true)
}

// Beyond the networks, every member that an ensemble can have is compared in package closed. One of a kind that cannot be
// written, and formats that do not exist, are errors.
func TestExportRefusals(t *testing.T) {
	d := mustDomain(t, monthly(200), quick)
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	if _, err := m.(domain.Exporter).Export(t.Context(), "pickle", nil); err == nil || !strings.Contains(err.Error(), `unknown format "pickle"`) {
		t.Errorf("Export(pickle) = %v", err)
	}
	l := d.View(nil).(look)
	if _, err := l.exportMember(nil, supervised.Fitted(nil), "", "", ""); err == nil {
		t.Error("exportMember of nothing = nil, want an error")
	}
	if data := export(t, m, domain.Safetensors); !strings.Contains(string(data[8:]), `"network_0.matrix_0.weight": {"dtype": "F32"`) {
		t.Errorf("safetensors begin with %.200q", data)
	}
}

// The evidence of a model has the times and values of the test part as the file has them, and errors that are the metrics'.
func TestEvidence(t *testing.T) {
	d := mustDomain(t, monthly(200), func(c *Config) { c.Horizon = 3; quick(c) })
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	o, err := canon.ParseObject(export(t, m, domain.Evidence))
	if err != nil {
		t.Fatal(err)
	}
	times, _ := o.List("times")
	actual, _ := o.List("actual")
	w := d.View(nil).Test().(*windows)
	if len(times) != w.count || len(actual) != w.count || times[0] != d.series.table.Time(w.first+1) || actual[0] != d.series.table.Value(w.first+1) {
		t.Errorf("%d times from %v, %d values from %v", len(times), times[0], len(actual), actual[0])
	}
	models, _ := o.List("models")
	for _, v := range models {
		model := v.(*canon.Object)
		name, _ := model.String("name")
		list, _ := model.List("errors")
		errors, err := domain.Reals(list, 3)
		if err != nil || len(errors) != 3 {
			t.Fatalf("errors of %s: %v, %v", name, errors, err)
		}
		key := "test_" + name + "_mae"
		if name == "champion" {
			key = "test_mae"
		}
		mae := domaintest.Metric(t, m, key)
		domaintest.Near(t, key, (errors[0]+errors[1]+errors[2])/3, mae, 1e-5*mae)
	}
}

// Of a series with missing rows, the evidence has the cases that are measured.
func TestEvidenceOfGaps(t *testing.T) {
	var b strings.Builder
	b.WriteString("time,value\n")
	table := monthly(200)
	for i := range table.Rows() {
		if i%17 != 5 {
			fmt.Fprintf(&b, "%s,%v\n", table.Time(i), table.Value(i))
		}
	}
	path := filepath.Join(t.TempDir(), "gaps.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := New(canon.NewObject("data", path, "gaps", "mask", "period", 12, "max_steps", 60))
	if err != nil {
		t.Fatal(err)
	}
	d := tested{whole, whole.Problem().(*problem)}
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	o, err := canon.ParseObject(export(t, m, domain.Evidence))
	if err != nil {
		t.Fatal(err)
	}
	times, _ := o.List("times")
	w := d.View(nil).Test().(*windows)
	if w.origins == nil || len(times) != w.count {
		t.Fatalf("%d times of %d cases, masked %t", len(times), w.count, w.origins != nil)
	}
	for i, label := range times {
		if !strings.Contains(b.String(), label.(string)+",") || label != d.series.table.Time(w.origin(i)+1) {
			t.Errorf("case %d is of %v, which the file has not", i, label)
		}
	}
}
