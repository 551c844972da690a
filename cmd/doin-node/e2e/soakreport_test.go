//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// soakReport is what a run of TestSoak measured. It is written only when nothing was lost.
type soakReport struct {
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	Machine string    `json:"machine"`
	Seed    uint64    `json:"seed"`
	Nodes   int       `json:"nodes"`
	// Asked are the kills that were to be done, the others those that were before the time was up.
	AskedKills       int `json:"asked_node_kills"`
	AskedWorkerKills int `json:"asked_worker_kills"`
	Kills            int `json:"node_kills"`
	WorkerKills      int `json:"worker_kills"`
	// Height is of the tip at the end, Rows of all nodes, the same ones in CSV file and database.
	Height int64 `json:"height"`
	Rows   int   `json:"rows"`
	// Replaced counts tips that were shown before a kill and, not being final, replaced by the whole network.
	Replaced int `json:"tips_replaced"`
	// Requests is how many other requests were answered meanwhile.
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	// Restart is the time from the start of the process to its first answer.
	RestartMedian float64 `json:"restart_ms_median"`
	RestartWorst  float64 `json:"restart_ms_worst"`
}

// fill adds what is known when the run has ended.
func (r *soakReport) fill(s *soak) {
	r.Command = fmt.Sprintf("make soak KILLS=%d WORKER_KILLS=%d", s.kills, s.workerKills)
	if d := os.Getenv("DOIN_SOAK_FOR"); d != "" {
		r.Command += " FOR=" + d
	}
	r.Time, r.Seed, r.Nodes = time.Now().UTC().Truncate(time.Second), s.seed, len(s.hosts)
	r.Machine = fmt.Sprintf("%s, %d cores, %s, %s", cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.Version())
	r.AskedKills, r.AskedWorkerKills = s.kills, s.workerKills
	if n := len(s.restarts); n > 0 {
		slices.Sort(s.restarts)
		r.RestartMedian, r.RestartWorst = s.restarts[n/2], s.restarts[n-1]
	}
}

// cpuModel names the processor, where /proc does.
func cpuModel() string {
	data, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}

func (r *soakReport) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "soak.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "soak.md"), []byte(r.markdown()), 0o644)
}

func (r *soakReport) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Kills\n\nMeasured by `%s` on %s: %s, seed %d.\n\n", r.Command, r.Time.Format(time.DateOnly), r.Machine, r.Seed)
	fmt.Fprintf(&b, "%d real nodes of one network search, verify and answer %.0f other requests a second while nodes and workers are killed by\n"+
		"SIGKILL at random moments and started again on what is on their disk. The run fails, and writes nothing, if a node comes back\n"+
		"below the block it had shown, if a block shown as final changes, if a row of the CSV file or the database is gone, or if the\n"+
		"tips do not agree again after any of the kills.\n\n", r.Nodes, float64(r.Requests)/r.Seconds)
	b.WriteString("| | |\n|---|---:|\n")
	row := func(name, format string, v ...any) { fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, v...)) }
	row("nodes killed", "%d of %d asked for", r.Kills, r.AskedKills)
	row("workers killed", "%d of %d asked for", r.WorkerKills, r.AskedWorkerKills)
	row("time", "%.0f s", r.Seconds)
	row("blocks lost", "0")
	row("rows lost", "0 of %d", r.Rows)
	row("tips that were not final and gave way in the whole network", "%d", r.Replaced)
	row("blocks at the end", "%d", r.Height+1)
	row("start of a killed node to its first answer, median", "%.0f ms", r.RestartMedian)
	row("the same, worst", "%.0f ms", r.RestartWorst)
	return b.String()
}
