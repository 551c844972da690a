package load

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine names what the figures were measured on.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// Row is one endpoint. Rates are requests per second, P99 the 99th percentile of their latency in milliseconds; a ratio
// is the median of the rounds' ratios, node over bare.
type Row struct {
	Path      string  `json:"path"`
	Bytes     int     `json:"bytes"` // of an answer
	Rate      float64 `json:"requests_per_second"`
	BareRate  float64 `json:"bare_requests_per_second"`
	RateRatio float64 `json:"rate_ratio"`
	P99       float64 `json:"p99_ms"`
	BareP99   float64 `json:"bare_p99_ms"`
	P99Ratio  float64 `json:"p99_ratio"`
	// Met says that RateRatio is at least LeastRate and P99Ratio at most MostLatency.
	Met bool `json:"met"`
}

// Report is one run.
type Report struct {
	Machine     Machine `json:"machine"`
	Rounds      int     `json:"rounds"`
	Seconds     float64 `json:"seconds_each"`
	Connections int     `json:"connections"`
	Blocks      int     `json:"blocks"` // of the chain at the end
	Rows        []Row   `json:"rows"`
}

func cpuModel() string {
	data, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}

// WriteText writes the table for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var err error
	p := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	p("%-16s %9s %10s %10s %7s %9s %9s %7s\n", "path", "bytes", "node/s", "bare/s", "ratio", "p99 ms", "bare ms", "ratio")
	for _, x := range r.Rows {
		p("%-16s %9d %10.0f %10.0f %7.2f %9.2f %9.2f %7.2f\n", x.Path, x.Bytes, x.Rate, x.BareRate, x.RateRatio, x.P99, x.BareP99, x.P99Ratio)
	}
	return err
}

// WriteMarkdown writes the table with how it was made: command, and at which time.
func (r *Report) WriteMarkdown(w io.Writer, command string, at time.Time) error {
	m := r.Machine
	var b strings.Builder
	fmt.Fprintf(&b, "# Load\n\nMeasured by `%s` on %s: %s, %d cores, %s, %s. One of two real nodes with a growing chain (%d blocks at the end) beside a bare\n"+
		"fasthttp server that answers the same bytes from memory. wrk, one thread and %d connections, asks them in turn for %.0f s each, %d rounds;\n"+
		"figures are medians; client and servers share the machine with whatever else runs there, so only ratios count.\n\n",
		command, at.Format(time.DateOnly), m.CPU, m.Cores, m.OS, m.Go, r.Blocks, r.Connections, r.Seconds, r.Rounds)
	b.WriteString("| | bytes | node, requests/s | bare, requests/s | ratio | node, p99 ms | bare, p99 ms | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Rows {
		fmt.Fprintf(&b, "| `%s` | %d | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f |\n", x.Path, x.Bytes, x.Rate, x.BareRate, x.RateRatio, x.P99, x.BareP99, x.P99Ratio)
	}
	met := true
	for _, x := range r.Rows {
		met = met && x.Met
	}
	verdict := "The bar, at least %.0f %% of the bare server's requests per second and at most %d times its p99, is met everywhere.\n"
	if !met {
		verdict = "The bar, at least %.0f %% of the bare server's requests per second and at most %d times its p99, is NOT met everywhere.\n"
	}
	fmt.Fprintf(&b, "\n"+verdict, 100*LeastRate, MostLatency)
	_, err := io.WriteString(w, b.String())
	return err
}
