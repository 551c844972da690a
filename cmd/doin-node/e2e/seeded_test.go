//go:build unix

package e2e

import (
	"fmt"
	"math"
	"syscall"
	"testing"
)

// TestSeededRunsAreEqual runs one seeded node twice, from nothing and without an identity file: the champions of the
// first rounds must be the same bit for bit.
func TestSeededRunsAreEqual(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name   string
		rounds int
	}{{"co2", 20}, {"quadratic", 20}} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			first, second := champions(t, d.name, d.rounds), champions(t, d.name, d.rounds)
			digests := 0
			for i := range d.rounds {
				a, b := first[i], second[i]
				if a.number != int64(i+1) || b.number != a.number {
					t.Fatalf("row %d is of rounds %d and %d", i, a.number, b.number)
				}
				if math.Float64bits(a.performance) != math.Float64bits(b.performance) || a.parameters != b.parameters || a.digest != b.digest {
					t.Errorf("round %d differs:\n%v %s %s\n%v %s %s", a.number, a.performance, a.digest, a.parameters,
						b.performance, b.digest, b.parameters)
				}
				if a.digest != "" {
					digests++
				}
			}
			if digests == 0 {
				t.Error("no round has a digest: nothing was confirmed")
			}
		})
	}
}

// champions runs one seeded node for some rounds and returns what it recorded.
func champions(t *testing.T, domain string, n int) []storedRound {
	t.Helper()
	d := quadratic()
	if domain == "co2" {
		d = forecast()
	}
	h := newHost(t, domain, settings(d), "seed", 42, "optimizer_loop_interval", 0.05, "identity_file", "none-yet.json")
	h.run()
	eventually(t, fmt.Sprintf("%d rounds", n), func() error {
		if r, err := h.rounds(domain); err != nil || r < int64(n) {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	h.stop(syscall.SIGTERM)
	rounds := databaseRounds(t, h.file("olap.db"))
	if len(rounds) < n {
		t.Fatalf("%d rounds recorded, want %d", len(rounds), n)
	}
	return rounds[:n]
}
