package closed

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/golden.txt")

// TestGolden pins the bits of every member's coefficients and forecasts, of weights and of periods.
func TestGolden(t *testing.T) {
	var out strings.Builder
	hash := func(x []float64) string {
		h := sha256.New()
		for _, v := range x {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
			h.Write(b[:])
		}
		return fmt.Sprintf("%x", h.Sum(nil)[:8])
	}
	f := func(name string, y []float64, rows, horizon int, frequency Frequency) {
		periods := Periods(y[:rows], frequency)
		fmt.Fprintf(&out, "%s: %d rows, horizon %d, periods %v\n", name, rows, horizon, periods)
		specs := Specs(y[:rows], periods, horizon)
		for _, s := range specs {
			m := fit(t, s, y[:rows], periods, horizon)
			fmt.Fprintf(&out, "  %-32s %s %s\n", s, hash(m.Coefficients()), hash(walk(m, y, rows)))
		}
		fmt.Fprintf(&out, "  weights %v\n", Weights([]Fold{fold(t, specs, y, rows, len(y), periods, horizon)}, Absolute))
	}
	f("unemployment", series(t, "us_unemployment"), 160, 4, Quarterly)
	f("sea", series(t, "elnino_sst")[:400], 340, 3, Monthly)
	f("monthly", monthly(), 200, 6, Unknown)
	f("hourly", hourly(600), 500, 2, Hourly)

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
		t.Errorf("bits =\n%s\nwant\n%s", got, want)
	}
}
