package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"doin.network/node/cmd/doin-node/stack/system"
)

// monthsBound is olap_max_mb of the node of TestMonths.
const monthsBound = 16

// TestMonths runs a node that never waits and records every round, for DOIN_MONTHS (8 s): its records stay within their bound
// and, over five minutes and more, its memory is flat: the median of the last third is within 10 % of that of the middle one.
func TestMonths(t *testing.T) {
	t.Parallel()
	length := 8 * time.Second
	if text := os.Getenv("DOIN_MONTHS"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	h := newHost(t, "old", settings(quadratic()), "solo", true, "discovery_enabled", false, "optimizer_loop_interval", 0, "olap_max_mb", monthsBound)
	h.run()
	var memory []int64
	var most int64 // of the records
	end := time.Now().Add(length)
	tick := time.NewTicker(max(time.Second, length/300))
	defer tick.Stop()
	for time.Now().Before(end) {
		<-tick.C
		memory = append(memory, resident(t, h.cmd.Process.Pid))
		most = max(most, recordBytes(t, h))
	}
	rounds, err := h.rounds("quadratic")
	if err != nil || rounds == 0 {
		t.Fatalf("%d rounds, %v", rounds, err)
	}
	third := len(memory) / 3
	middle, last := medianOf(memory[third:2*third]), medianOf(memory[2*third:])
	t.Logf("%v: %d rounds, %d MiB of records at most, %d MiB of memory in the middle third and %d in the last", length, rounds, most>>20, middle>>20, last>>20)
	if out := os.Getenv("DOIN_MONTHS_OUT"); out != "" {
		text := fmt.Sprintf("# A node that never waits and records every round\n\n| | |\n|---|---|\n| time | %v |\n| rounds | %d |\n| records at most, bound | %d, %d MiB |\n"+
			"| memory in the middle and the last third | %d, %d MiB |\n", length, rounds, most>>20, 2*monthsBound, middle>>20, last>>20)
		write(t, filepath.Join(out, "months.md"), []byte(text))
	}
	// Bounds are looked at once a minute: what a minute brings may lie above them.
	if most > 2*2*monthsBound<<20 {
		t.Errorf("the records took %d MiB, their bound is %d", most>>20, 2*monthsBound)
	}
	if length >= 5*time.Minute && float64(last) > 1.1*float64(middle) {
		t.Errorf("the node held %d bytes in the middle third and %d in the last, want 10 %% more at most", middle, last)
	}
	h.stop(syscall.SIGTERM)
}

// recordBytes is what a node's records take on the disk.
func recordBytes(t *testing.T, h *host) (n int64) {
	t.Helper()
	for _, pattern := range []string{"experiment_stats.csv*", "olap.db*"} {
		files, err := filepath.Glob(h.file(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			n += system.Size(f)
		}
	}
	return n
}

func medianOf(x []int64) int64 {
	x = slices.Clone(x)
	slices.Sort(x)
	if len(x) == 0 {
		return 0
	}
	return x[len(x)/2]
}
