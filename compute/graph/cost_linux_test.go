package graph

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"doin.network/node/compute/nn"
)

// The bounds: of a lowering, and of what the trainings of lowered graphs take by what those of their twins take.
const (
	mostLowering = 5 * time.Millisecond
	mostRatio    = 1.02
)

// How trainings are compared: a task as often at a time as takes so long, twin and lowered graph in turns so many times.
const (
	timed  = 4 * time.Millisecond
	rounds = 25
)

// spent is the processor time of do on a thread of its own, so that other work of the machine is not in it, but for what that does to
// caches and clock rates: what is compared is measured side by side, and the least of many rounds.
func spent(t *testing.T, do func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &before)
	do()
	if err == nil {
		err = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &after)
	}
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(after.Nano() - before.Nano())
}

// cost is what was measured of a task, the least of all rounds.
type cost struct {
	name                      string
	parameters, nodes, times  int
	same                      bool // the lowered configuration is the task's own to the letter
	native, lowered, lowering time.Duration
}

func (c *cost) ratio() float64 { return float64(c.lowered) / float64(c.native) }

// measure trains a task and its graph, lowered, in turns, and lowers it.
func measure(t *testing.T, name string, task *nn.Task) cost {
	m := built(t, task.Config, 1)
	twin, _, err := m.lower(task.Config)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	once := spent(t, func() { root(t, *task, task.Config) })
	c := cost{name: name, parameters: twin.Parameters(), nodes: len(m.Graph.AllNodes()), times: 1 + int(timed/max(once, 1)),
		same: reflect.DeepEqual(twin, task.Config), native: time.Hour, lowered: time.Hour, lowering: time.Hour}
	train := func(config nn.Config) time.Duration {
		return spent(t, func() {
			for range c.times {
				root(t, *task, config)
			}
		}) / time.Duration(c.times)
	}
	for round := range rounds {
		if round%2 == 0 {
			c.native = min(c.native, train(task.Config))
			c.lowered = min(c.lowered, train(twin))
		} else {
			c.lowered = min(c.lowered, train(twin))
			c.native = min(c.native, train(task.Config))
		}
		c.lowering = min(c.lowering, spent(t, func() { _, _, _ = m.lower(task.Config) }))
	}
	return c
}

// TestCost bounds what it costs that a model is said as a graph, for every committed task that is one: the trainings of all lowered graphs by
// those of their twins, and each lowering. It writes the table into the directory DOIN_GRAPH_OUT (make bench-graph).
func TestCost(t *testing.T) {
	out := os.Getenv("DOIN_GRAPH_OUT")
	if out == "" {
		t.Skip("a benchmark: make bench-graph")
	}
	tasks := committedTasks(t)
	var costs []cost
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		costs = append(costs, measure(t, strings.TrimSuffix(name, ".json"), tasks[name]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Graphs\n\nMade by `make bench-graph`, %s, on %s, %d cores, %s. Load of the machine at the end: %s.\n\n", time.Now().UTC().Format(time.DateOnly),
		line("/proc/cpuinfo", "model name"), runtime.NumCPU(), runtime.Version(), line("/proc/loadavg", ""))
	fmt.Fprintf(&b, "Every committed task that a graph says is built as a graph of one sample and lowered; then the task's own configuration and what was lowered are\n"+
		"trained in turns, %d rounds, every other one the other way round, each training as often as takes %v. Figures are processor time of the one thread that trains, the least\n"+
		"of all rounds, so that they hold on a loaded machine. Where the two configurations are the same to the letter, a ratio other than 1 is what the\n"+
		"measurement itself is worth.\n\n", rounds, timed)
	b.WriteString("| tasks | | own ms | lowered ms | ratio | worst ratio of one | longest lowering ms |\n|---|---:|---:|---:|---:|---|---:|\n")
	group := func(name string, in func(*cost) bool) (ratio float64, longest time.Duration) {
		var worst, n, all = cost{native: 1}, 0, cost{}
		for i := range costs {
			c := &costs[i]
			if !in(c) {
				continue
			}
			n++
			all.native, all.lowered, longest = all.native+c.native, all.lowered+c.lowered, max(longest, c.lowering)
			if c.ratio() > worst.ratio() {
				worst = *c
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %.2f | %.2f | %.4f | %.3f %s | %.2f |\n", name, n, ms(all.native), ms(all.lowered), all.ratio(), worst.ratio(), worst.name, ms(longest))
		return all.ratio(), longest
	}
	ratio, longest := group("all", func(*cost) bool { return true })
	group("the same to the letter", func(c *cost) bool { return c.same })
	group("in normal form", func(c *cost) bool { return !c.same })
	b.WriteString("\nThe ten whose lowering takes longest:\n\n| task | parameters | nodes | lowering ms | own ms | lowered ms | ratio |\n|---|---:|---:|---:|---:|---:|---:|\n")
	slices.SortStableFunc(costs, func(x, y cost) int { return int(y.lowering - x.lowering) })
	for i := range costs[:min(len(costs), 10)] {
		c := &costs[i]
		fmt.Fprintf(&b, "| %s | %d | %d | %.2f | %.3f | %.3f | %.3f |\n", c.name, c.parameters, c.nodes, ms(c.lowering), ms(c.native), ms(c.lowered), c.ratio())
	}
	biggest := time.Hour
	c := large()
	m := built(t, c, 1)
	for range rounds {
		biggest = min(biggest, spent(t, func() { _, _, _ = m.lower(c) }))
	}
	fmt.Fprintf(&b, "\nNo committed task, but the largest that domains train (eight blocks of a temporal convolution on 168 steps): %d parameters, %d nodes, lowered in %.2f ms.\n",
		c.Parameters(), len(m.Graph.AllNodes()), ms(biggest))
	if err := os.WriteFile(out+"/graph.md", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log(b.String())
	if ratio > mostRatio || max(longest, biggest) > mostLowering {
		t.Errorf("trainings of lowered graphs take %.4f of their twins' (at most %v), the longest lowering %v (at most %v)", ratio, mostRatio, max(longest, biggest), mostLowering)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// line returns what the first line of a system's file that begins with a name says, "unknown" without one.
func line(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for l := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(l, name); ok {
			return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), ":"))
		}
	}
	return "unknown"
}
