package island

import (
	"fmt"
	"slices"
	"testing"
)

var abcd = []string{"a", "b", "c", "d"}

func TestSources(t *testing.T) {
	f := func(topology Topology, self string, members []string, want ...string) {
		t.Helper()
		c := DefaultConfig()
		c.Topology = topology
		if got := c.Sources(self, members, 1); !slices.Equal(got, want) {
			t.Errorf("%s: Sources(%s, %v) = %v, want %v", topology, self, members, got, want)
		}
	}
	f(Full, "b", abcd, "a", "c", "d")
	f(Full, "x", abcd, abcd...)
	f(Full, "a", []string{"a"})
	f(Ring, "b", abcd, "a")
	f(Ring, "a", abcd, "d")
	f(Ring, "x", abcd, "d")
	f(Ring, "0", abcd, "d")
	f(Ring, "a", []string{"a", "b"}, "b")
	f(Ring, "a", []string{"a"})
	f(Isolated, "a", abcd)
	six := []string{"a", "b", "c", "d", "e", "f"} // as a torus: a b c above d e f
	f(Torus, "a", six, "b", "c", "d")
	f(Torus, "e", six, "b", "d", "f")
	f(Torus, "x", []string{"a", "b", "c", "d", "e"}, "c", "d", "e") // six again, the last of them oneself
	f(Torus, "a", []string{"a", "b", "c", "d", "e"}, "b", "e")      // a prime number: both neighbours of the ring
	f(Hypercube, "a", six, "b", "c", "e")
	f(Hypercube, "f", six, "b", "e") // there is no number 7
	f(Hypercube, "a", []string{"a"})
	f(SmallWorld, "a", []string{"a", "b"}, "b")
	f(SmallWorld, "a", []string{"a", "b", "c"}, "b", "c")
	f(Random, "a", nil)
	f(Random, "a", []string{"a", "b"}, "b")
}

// TestConnected: what is found on one island can reach every other one, and no island takes from itself.
func TestConnected(t *testing.T) {
	for _, name := range Topologies() {
		for n := 2; n <= 33 && Topology(name) != Isolated && Topology(name) != Random; n++ {
			members := make([]string, n)
			for i := range members {
				members[i] = fmt.Sprintf("%02d", i)
			}
			c := DefaultConfig()
			c.Topology = Topology(name)
			reached := map[string]bool{"00": true}
			for range n {
				for _, self := range members {
					sources := c.Sources(self, members, 1)
					if slices.Contains(sources, self) || !slices.IsSorted(sources) {
						t.Fatalf("%s of %d: Sources(%s) = %v", name, n, self, sources)
					}
					if slices.ContainsFunc(sources, func(s string) bool { return reached[s] }) {
						reached[self] = true
					}
				}
			}
			if len(reached) != n {
				t.Errorf("%s of %d: %d islands are reached", name, n, len(reached))
			}
		}
	}
}

// TestNumber: all lets in as many as may enter, the best.
func TestNumber(t *testing.T) {
	g := gate(func(c *Config) { c.Number = 2 })
	if got := g.Open(1, "self", nil); len(got) != 2 || got[0].Fitness < got[1].Fitness {
		t.Errorf("Open() = %v, want the best two", got)
	}
}

// TestRandom: every other island is a source about equally often, and never oneself.
func TestRandom(t *testing.T) {
	c := DefaultConfig()
	c.Topology, c.Degree = Random, 2
	count := map[string]int{}
	for opening := range int64(3000) {
		s := c.Sources("b", abcd, opening)
		if len(s) != 2 || !slices.IsSorted(s) {
			t.Fatalf("opening %d: %v", opening, s)
		}
		for _, id := range s {
			count[id]++
		}
	}
	for _, id := range []string{"a", "c", "d"} {
		if n := count[id]; n < 1900 || n > 2100 {
			t.Errorf("%s was a source %d times of 3000, want about 2000", id, n)
		}
	}
	if count["b"] != 0 {
		t.Error("an island took from itself")
	}
}

// gate returns one before which four champions of two islands wait.
func gate(change func(*Config)) *Gate[int] {
	c := DefaultConfig()
	change(&c)
	g := NewGate[int](c)
	for i, m := range []Migrant[int]{{"c", 1, 0}, {"a", 3, 0}, {"c", 4, 0}, {"a", 3, 0}} {
		m.Value = i
		g.Offer(m)
	}
	return g
}

func values(list []Migrant[int]) (out []int) {
	for _, m := range list {
		out = append(out, m.Value)
	}
	return out
}

func TestOpen(t *testing.T) {
	f := func(name string, change func(*Config), round int64, want ...int) {
		t.Helper()
		if got := values(gate(change).Open(round, "b", abcd)); !slices.Equal(got, want) {
			t.Errorf("%s: Open(%d) = %v, want %v", name, round, got, want)
		}
	}
	f("default", func(*Config) {}, 1, 2, 1, 3, 0)
	f("best", func(c *Config) { c.Policy = Best }, 1, 2)
	f("ring", func(c *Config) { c.Topology = Ring }, 1, 1, 3)
	f("none", func(c *Config) { c.Topology = Isolated }, 1)
	f("closed", func(c *Config) { c.Interval = 3 }, 4)
	f("interval", func(c *Config) { c.Interval = 3 }, 6, 2, 1, 3, 0)
}

// TestOpenTakes: what was eligible has gone, others wait.
func TestOpenTakes(t *testing.T) {
	g := gate(func(c *Config) { c.Topology, c.Policy = Ring, Best })
	if got := values(g.Open(1, "b", abcd)); !slices.Equal(got, []int{1}) {
		t.Errorf("first opening: %v", got)
	}
	if got := g.Open(2, "b", abcd); got != nil {
		t.Errorf("second opening: %v", got)
	}
	if got := values(g.Open(3, "d", abcd)); !slices.Equal(got, []int{2}) { // c is d's source
		t.Errorf("third opening: %v", got)
	}
}

func TestDraw(t *testing.T) {
	count := map[int]int{}
	for round := range int64(3000) {
		g := gate(func(c *Config) { c.Policy = Draw })
		list := g.Open(round+1, "b", abcd)
		if len(list) != 1 {
			t.Fatalf("round %d: %v", round, list)
		}
		count[list[0].Value]++
	}
	for _, v := range []int{2, 1, 3} {
		if n := count[v]; n < 900 || n > 1100 {
			t.Errorf("champion %d was drawn %d times of 3000, want about 1000", v, n)
		}
	}
	if count[0] != 0 {
		t.Error("the fourth best was drawn of three")
	}
}

func TestBounds(t *testing.T) {
	g := NewGate[int](DefaultConfig())
	for i := range 3 * maxSources {
		g.Offer(Migrant[int]{From: fmt.Sprint(i), Fitness: float64(i)})
	}
	for i := range 3 * maxWaiting {
		g.Offer(Migrant[int]{From: "0", Fitness: float64(i)})
	}
	if n := len(g.waiting); n != maxSources {
		t.Errorf("%d sources wait", n)
	}
	if list := g.waiting["0"]; len(list) != maxWaiting || list[0].Fitness != 3*maxWaiting-1 {
		t.Errorf("%d wait, the best with %v", len(list), list[0].Fitness)
	}
}

func TestValidate(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Topology = "star" }, func(c *Config) { c.Policy = "" }, func(c *Config) { c.Degree = 0 },
		func(c *Config) { c.Top = MaxTop + 1 }, func(c *Config) { c.Interval = 0 },
	} {
		c := DefaultConfig()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}
