package manual

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFigures: what the README says of the quality of champions is what the benchmark has written.
func TestFigures(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "bench/results/quality.json"))
	if err != nil {
		t.Fatal(err)
	}
	type part struct {
		BestEach float64 `json:"geomean_vs_best_each"`
	}
	var report struct {
		Summary struct{ Forecast, Tabular part }
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(readme)), " ")
	want := fmt.Sprintf("the champions' errors were %.3f of the best anchor of each series and horizon, and %.3f of each table",
		report.Summary.Forecast.BestEach, report.Summary.Tabular.BestEach)
	if !strings.Contains(text, want) {
		t.Errorf("README.md lacks %q", want)
	}
}
