package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// strangersReport is what a run of TestStrangers measured. It is written only when every bound held.
type strangersReport struct {
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	Machine string    `json:"machine"`
	// Load is the machine's load average at the start and at the end.
	Load    [2]string      `json:"load"`
	Rounds  int            `json:"rounds"`
	Turn    float64        `json:"turn_seconds"`
	Quiet   counts         `json:"quiet"`
	Plagues []plagueCounts `json:"plagues"`
}

type plagueCounts struct {
	Name string `json:"name"`
	counts
}

// The bounds: parts of the quiet rate, and MiB that a node holds.
const (
	leastBlocks   = 0.8
	leastAccepted = 0.9
	mostMemory    = attackedMemory >> 20
)

func newStrangersReport(rounds int, turn time.Duration) *strangersReport {
	r := &strangersReport{Command: fmt.Sprintf("make soak-strangers ROUNDS=%d", rounds), Time: time.Now().UTC().Truncate(time.Second),
		Machine: fmt.Sprintf("%s, %d cores, %s, %s", cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.Version()), Rounds: rounds, Turn: turn.Seconds()}
	r.Load[0] = loadAverage()
	for _, p := range plagues {
		r.Plagues = append(r.Plagues, plagueCounts{Name: p.name})
	}
	return r
}

func (r *strangersReport) end() { r.Load[1] = loadAverage() }

// loadAverage is the load of the last minute.
func loadAverage() string {
	data, _ := os.ReadFile("/proc/loadavg") // elsewhere there is none
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// all adds the turns of all plagues up.
func (r *strangersReport) all() (c counts) {
	for _, p := range r.Plagues {
		c.add(p.counts)
	}
	return c
}

// hold demands the bounds: of all plagues together, in a short run half of them; of each where what is missing is no chance.
func (r *strangersReport) hold(t *testing.T, long bool) {
	t.Helper()
	f := func(name, what string, n int, seconds float64, of int, least, errors float64) {
		t.Helper()
		if got, sigma := ratio(n, seconds, of, r.Quiet.Seconds); got+errors*sigma < least {
			t.Errorf("%s: %d %s in %.0f s, quiet %d in %.0f s: %.2f ± %.2f, want %.2f", name, n, what, seconds, of, r.Quiet.Seconds, got, sigma, least)
		}
	}
	all := r.all()
	if !long {
		f("all plagues", "blocks", all.Blocks, all.Seconds, r.Quiet.Blocks, 0.5, 0)
		f("all plagues", "acceptances", all.Accepted, all.Seconds, r.Quiet.Accepted, 0.5, 0)
	} else {
		f("all plagues", "blocks", all.Blocks, all.Seconds, r.Quiet.Blocks, leastBlocks, 0)
		f("all plagues", "acceptances", all.Accepted, all.Seconds, r.Quiet.Accepted, leastAccepted, 0)
		for _, p := range r.Plagues {
			f(p.Name, "blocks", p.Blocks, p.Seconds, r.Quiet.Blocks, leastBlocks, 2)
			f(p.Name, "acceptances", p.Accepted, p.Seconds, r.Quiet.Accepted, leastAccepted, 2)
		}
	}
	for _, p := range r.Plagues {
		if p.Memory > mostMemory {
			t.Errorf("%s: a node held %d MiB, want at most %d", p.Name, p.Memory, mostMemory)
		}
	}
}

func (r *strangersReport) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "strangers.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "strangers.md"), []byte(r.markdown()), 0o644)
}

func (r *strangersReport) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Strangers\n\nMeasured by `%s` on %s: %s; load %s at the start, %s at the end.\n\n", r.Command, r.Time.Format(time.DateOnly), r.Machine, r.Load[0], r.Load[1])
	fmt.Fprintf(&b, "Three real nodes, each in a network namespace and at a public address of its own, and a stranger who troubles all of them, from a new\n"+
		"address every time. Turns of %.0f s with and without it alternate, so that other work on the machine falls on both. Rates are parts of\n"+
		"the quiet turns', ± one standard error of the counts; memory is the most that one of the three held. The run fails, and\n"+
		"writes nothing, below %.0f %% of the blocks or %.0f %% of the acceptances, above %d MiB, or if a node has taken a point from another.\n\n",
		r.Turn, 100*leastBlocks, 100*leastAccepted, mostMemory)
	b.WriteString("| | seconds | blocks | of the quiet rate | acceptances | of the quiet rate | MiB |\n|---|---:|---:|---:|---:|---:|---:|\n")
	row := func(name string, c counts, quiet bool) {
		blocks, accepted := "", ""
		if !quiet {
			v, s := ratio(c.Blocks, c.Seconds, r.Quiet.Blocks, r.Quiet.Seconds)
			blocks = fmt.Sprintf("%.2f ± %.2f", v, s)
			v, s = ratio(c.Accepted, c.Seconds, r.Quiet.Accepted, r.Quiet.Seconds)
			accepted = fmt.Sprintf("%.2f ± %.2f", v, s)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %d | %s | %d | %s | %d |\n", name, c.Seconds, c.Blocks, blocks, c.Accepted, accepted, c.Memory)
	}
	row("quiet", r.Quiet, true)
	for _, p := range r.Plagues {
		row(p.Name, p.counts, false)
	}
	row("all of them", r.all(), false)
	return b.String()
}
