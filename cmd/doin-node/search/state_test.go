package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// runFor returns a search that has run for a while with its state in dir.
func runFor(t *testing.T, dir string, d time.Duration, change func(*rig)) *rig {
	t.Helper()
	r := newRig(func(r *rig) {
		r.cfg.Dir, r.chain.known.Alone = dir, true
		if change != nil {
			change(r)
		}
	})
	if r.chain.answer == nil {
		r.chain.answer = func(p protocol.Propose) {
			r.steps(p, float64(p.Nonce[0])/100, time.Second/4, protocol.Confirmed, protocol.Withdrawn)
		}
	}
	r.run(t, d)
	return r
}

func fileIn(t *testing.T, dir string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*.state"))
	if err != nil || len(list) != 1 {
		t.Fatalf("files %q, %v, want one", list, err)
	}
	return list[0]
}

// result is what a row must repeat with a seed.
type result struct {
	ID, Parameters, Digest string
	Performance            float64
	Best                   float64
	Evaluations            int64
}

func results(r *rig) (out []result) {
	for _, x := range r.host.rounds() {
		out = append(out, result{x.ID, string(x.Parameters), x.Digest, x.Performance, *x.BestPerformance, x.Evaluations})
	}
	return out
}

// TestResume: a search that ends, or is killed and finds what it last wrote, goes on; with a seed its rows are those of
// one that was never disturbed.
func TestResume(t *testing.T) {
	f := func(kill bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			seed := int64(7)
			seeded := func(r *rig) { r.cfg.Seed = &seed }
			whole := results(runFor(t, "", 20*time.Second+time.Second/2, seeded))
			dir := t.TempDir()
			copied := make(chan []byte, 1)
			if kill {
				time.AfterFunc(8*time.Second+time.Second/3, func() {
					data, err := os.ReadFile(fileIn(t, dir))
					if err != nil {
						t.Error(err)
					}
					copied <- data
				})
			}
			first := runFor(t, dir, 9*time.Second+time.Second/2, seeded)
			next := 9
			if kill { // written after the first, the fourth and the seventh record
				next = 7
				if err := os.WriteFile(fileIn(t, dir), <-copied, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			second := runFor(t, dir, time.Duration(20-next)*time.Second+time.Second/2, seeded)
			if got := string(second.worker.jobs[0].Resume); got != string(fakeGeneration(next-1).Record) {
				t.Fatalf("resumed from record %q, want %d", got, next-1)
			}
			got := append(results(first)[:next], results(second)...)
			if len(got) != 20 {
				t.Fatalf("%d rows, want 20", len(got))
			}
			for i := range got {
				if got[i].ID == "" || i > 0 && got[i].ID == got[i-1].ID {
					t.Errorf("row %d has the id %q", i, got[i].ID)
				}
				got[i].ID, whole[i].ID = "", ""
			}
			if !reflect.DeepEqual(got, whole) {
				t.Errorf("rows differ from an undisturbed run's:\n%v\n%v", got, whole)
			}
			if a, b := results(first)[next-1:], results(second); kill && a[1].ID != b[0].ID {
				t.Error("a round that is run again has another id")
			}
			if s := second.s.Status(); s.Rounds != 20 || *s.Best != 1.9 || s.Confirmed == nil {
				t.Errorf("Status() = %+v", s)
			}
		})
	}
	f(false)
	f(true)
}

// TestResumeWaiting: a search that is ended while it waits for a confirming run, or pauses, goes on as if it had not been.
func TestResumeWaiting(t *testing.T) {
	f := func(interval time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			seed := int64(7)
			slow := func(r *rig) {
				r.cfg.Seed, r.cfg.Interval = &seed, interval
				r.chain.answer = func(p protocol.Propose) {
					r.steps(p, float64(p.Nonce[0])/100, 3*time.Second, protocol.Confirmed, protocol.Withdrawn)
				}
			}
			whole := results(runFor(t, "", time.Minute, slow))
			for end := 10 * time.Second; end < 20*time.Second; end += 700 * time.Millisecond {
				dir := t.TempDir()
				got := results(runFor(t, dir, end, slow))
				got = append(got, results(runFor(t, dir, 30*time.Second, slow))...)
				if len(got) < 8 {
					t.Fatalf("pause %v, ended after %v: %d rows", interval, end, len(got))
				}
				for i := range got[:min(len(got), len(whole))] {
					got[i].ID = whole[i].ID
					if got[i] != whole[i] {
						t.Errorf("pause %v, ended after %v: row %d is %v, want %v", interval, end, i, got[i], whole[i])
						break
					}
				}
			}
		})
	}
	f(0)
	f(1500 * time.Millisecond)
}

// TestOwnChampion: the node's own champion goes back to the chain first of all.
func TestOwnChampion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		c := protocol.Champion{Domain: "d", OptimaeID: "o1", OptimizerID: "me", Recipe: protocol.Recipe{Parameters: canon.NewObject("x", 1.0), Seeds: []uint64{1 << 63}},
			Performance: -0.1, Digest: "abc", Metrics: canon.NewObject("m", 2)}
		runFor(t, dir, 5*time.Second, func(r *rig) {
			r.after = func() { time.AfterFunc(time.Second, func() { r.s.Champion(c) }) }
		})
		r := runFor(t, dir, time.Second, nil)
		restored, ok := r.chain.events[0].(protocol.Restore)
		if !ok || !reflect.DeepEqual(restored.Champion, c) {
			t.Errorf("first event = %+v, want a Restore of %+v", r.chain.events[0], c)
		}
		c.Verified = true
		runFor(t, dir, 5*time.Second, func(r *rig) {
			r.after = func() { time.AfterFunc(time.Second, func() { r.s.Champion(c) }) }
		})
		if r = runFor(t, dir, time.Second, nil); len(r.chain.events) > 0 {
			if ev, ok := r.chain.events[0].(protocol.Restore); ok {
				t.Errorf("a verified champion is restored: %+v", ev)
			}
		}
	})
}

// TestClaimsOverRestart: confirming runs without a result are asked for again with the same nonce; what was committed is
// over, and may be claimed anew if nobody saw it.
func TestClaimsOverRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		open := func(r *rig) {
			r.chain.known.Alone = false
			r.chain.answer = func(p protocol.Propose) {
				stages := [][]protocol.Stage{{protocol.Confirmed, protocol.Committed}, {protocol.Confirmed, protocol.Committed, protocol.Revealed}}
				if i := int(p.Proposal) - 1; i < len(stages) {
					r.steps(p, float64(p.Proposal)/100, time.Second/4, stages[i]...)
				}
			}
		}
		first := runFor(t, dir, 4*time.Second+time.Second/2, open).chain.proposals()
		if len(first) != 4 {
			t.Fatalf("%d proposals, want 4", len(first))
		}
		second := runFor(t, dir, time.Second+time.Second/2, open).chain.proposals()
		if len(second) < 2 || second[0].Proposal != 3 || second[0].Nonce != first[2].Nonce || second[1].Nonce != first[3].Nonce ||
			canon.Hash(second[1].Parameters) != canon.Hash(first[3].Parameters) || second[0].Experiment == nil {
			t.Errorf("proposals after the start = %+v, want the third and the fourth of %+v again", second, first)
		}
		for _, p := range second {
			if p.Proposal <= 2 {
				t.Errorf("proposal %d, which was committed, is made again", p.Proposal)
			}
		}
	})
}

// TestOtherState: a file that is damaged, or of other settings or data, is moved aside, and the search begins.
func TestOtherState(t *testing.T) {
	f := func(name string, damage func([]byte) []byte, change func(*rig)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			runFor(t, dir, 5*time.Second, nil)
			path := fileIn(t, dir)
			data, err := os.ReadFile(path)
			if err == nil && damage != nil {
				err = os.WriteFile(path, damage(data), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			r := runFor(t, dir, 5*time.Second, change)
			if got := r.worker.jobs[0].Resume; got != nil {
				t.Errorf("%s: resumed from %q", name, got)
			}
			if got := strings.Count(r.log.String(), "level=WARN"); got != 1 {
				t.Errorf("%s: %d warnings, want 1:\n%s", name, got, r.log)
			}
			if _, err := os.Stat(path + ".old"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			fileIn(t, dir)
		})
	}
	f("other settings", nil, func(r *rig) { r.cfg.Settings = canon.NewObject("population", 3) })
	f("other data", nil, func(r *rig) { r.cfg.Setup.DataHash = "other" })
	f("other plugin", nil, func(r *rig) { r.cfg.Setup.OptimizerPlugin = "other" })
	f("a seed", nil, func(r *rig) { seed := int64(1); r.cfg.Seed = &seed })
	f("empty", func([]byte) []byte { return nil }, nil)
	f("torn", func(d []byte) []byte { return d[:len(d)/2] }, nil)
	f("flipped", func(d []byte) []byte { d[len(d)/2] ^= 1; return d }, nil)
	f("other version", func(d []byte) []byte { d[12]++; return d }, nil)
}

// TestFullDisk: a state that cannot be written is told once, and the search goes on.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(dir, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		r := runFor(t, dir, 20*time.Second+time.Second/2, nil)
		if got := len(r.worker.answered()); got != 20 {
			t.Errorf("%d records answered, want 20", got)
		}
		if got := strings.Count(r.log.String(), "not written, the search goes on"); got != 1 {
			t.Errorf("%d warnings, want 1:\n%s", got, r.log)
		}
	})
}

func TestPath(t *testing.T) {
	f := func(domain, want string) {
		t.Helper()
		s := New(Config{Domain: domain, Dir: "dir", Migration: newRig(nil).cfg.Migration}, Parts{})
		if got := filepath.Base(s.path()); got != want {
			t.Errorf("path of %q = %q, want %q", domain, got, want)
		}
	}
	f("co2-forecast_1", "co2-forecast_1.state")
	f("CO2", "__2-e2487d5f4b3f.state")
	f("../..", "_____-0cfd1c96cbc0.state")
	f(strings.Repeat("a", 70), strings.Repeat("a", 64)+"-6bd5e5034855.state")
}

// TestStateKeeps: what is encoded is decoded, 64-bit numbers and the digits of a float included.
func TestStateKeeps(t *testing.T) {
	best := 0.1
	k := &state{Identity: "i", Seed: 1<<64 - 1, Round: 3, Best: &best, Tries: map[string]int{"a": 4}, Last: 9,
		Progress: &olap.Progress{ExperimentID: "e"}, Answers: [][]keptRecipe{{{Parameters: object{canon.NewObject("x", 1.0)}, Performance: 2}}, {}},
		Gains: []float64{0.1, -1e-7}, Again: []keptRecipe{{Parameters: object{canon.NewObject("x", 2.0)}, Performance: 1, Measured: true}},
		Claims: []keptClaim{{Proposal: 2, Nonce: strings.Repeat("ab", 16), Parameters: object{canon.NewObject("x", 1e-7, "<", 1)}}}}
	data, err := encode(k, []byte("record"))
	if err != nil {
		t.Fatal(err)
	}
	got, record, err := decode(data)
	if err != nil || string(record) != "record" {
		t.Fatalf("decode() = %q, %v", record, err)
	}
	a, _ := json.Marshal(k)
	if b, _ := json.Marshal(got); !bytes.Equal(a, b) {
		t.Errorf("decode(encode(k)) = %s, want %s", b, a)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := encode(&state{Claims: []keptClaim{{}}, Answers: [][]keptRecipe{{{}}}, Confirmed: &keptRecipe{}}, []byte("1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[len(fileMagic)+32+4:])
	f.Add([]byte(`{"claims":[{"proposal":1,"nonce":"abababababababababababababababab","parameters":"{}","held":[{"stage":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, head []byte) {
		var k state
		if json.Unmarshal(head, &k) != nil {
			return
		}
		data, err := encode(&k, nil)
		if err != nil {
			return
		}
		got, _, err := decode(data)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(nil)
		r.s.takeUp(got, nil) // any error, no panic
		if n := len(r.s.nominator.Open()); n > r.s.cfg.MaxOpen+island.MaxDecided || len(r.s.claims) != n {
			t.Errorf("%d nominations and %d claims are open", n, len(r.s.claims))
		}
	})
}

func TestDecodeErrors(t *testing.T) {
	for _, data := range []string{"", fileMagic, fileMagic + strings.Repeat("x", 36), "other" + strings.Repeat("x", 99)} {
		if _, _, err := decode([]byte(data)); !errors.Is(err, errDamaged) {
			t.Errorf("decode(%.20q) = %v, want errDamaged", data, err)
		}
	}
}

// TestAnswersOfOtherPause: a pause that was configured since changes how many answers the worker is given.
func TestAnswersOfOtherPause(t *testing.T) {
	f := func(before, after time.Duration, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			runFor(t, dir, 30*time.Second+time.Second/2, func(r *rig) { r.cfg.Interval, r.worker.ends = before, 4 })
			r := runFor(t, dir, time.Second, func(r *rig) { r.cfg.Interval = after })
			if got := len(r.worker.jobs[0].Credits); got != want {
				t.Errorf("pause %v, then %v: %d answers, want %d", before, after, got, want)
			}
		})
	}
	f(0, time.Second, 1)
	f(time.Second, 0, 2)
}

// TestAnswersOverRestart: who was let in last is let in again.
func TestAnswersOverRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		runFor(t, dir, 2*time.Second+time.Second/2, func(r *rig) {
			r.after = func() {
				time.AfterFunc(1500*time.Millisecond, func() {
					r.s.Migrant(protocol.Migrant{Domain: "d", OptimaeID: "x", OptimizerID: "you", Parameters: canon.NewObject("z", 1.0), Performance: 7})
				})
			}
		})
		r := runFor(t, dir, time.Second, nil)
		want := []worker.Immigrant{{Parameters: canon.NewObject("z", 1.0), Performance: 7}}
		if n := len(r.worker.jobs[0].Credits); n != 2 {
			t.Fatalf("%d answers after the start, want 2", n)
		}
		if got := slices.Concat(r.worker.jobs[0].Credits...); !slices.EqualFunc(got, want, func(a, b worker.Immigrant) bool {
			return a.Performance == b.Performance && canon.Hash(a.Parameters) == canon.Hash(b.Parameters)
		}) {
			t.Errorf("immigrants after the start = %v, want %v", got, want)
		}
	})
}

// TestPriorStays: a search begins with the prior that there is then, and goes on with it, whatever there is by now; rows and Status tell of it.
func TestPriorStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		having := func(text string) func(*rig) {
			return func(r *rig) { r.prior = func(context.Context) []byte { return []byte(text) } }
		}
		first := runFor(t, dir, 5*time.Second, having("old"))
		second := runFor(t, dir, 5*time.Second, having("new"))
		if a, b := string(first.worker.jobs[0].Prior), string(second.worker.jobs[0].Prior); a != "old" || b != "old" {
			t.Errorf("began with %q, went on with %q, want old twice", a, b)
		}
	})
	m := canon.NewObject()
	advised(m, canon.NewObject("prior", "ab", "on", false, "checks", []any{canon.NewObject("trials", 8, "tau", 0.3, "on", true), canon.NewObject("trials", 16, "tau", -0.1, "on", false)}))
	if got := string(canon.Canonical(m)); got != `{"prior": "ab", "prior_on": false, "prior_tau": -0.1, "prior_tau_trials": 16}` {
		t.Errorf("a row's metrics = %s", got)
	}
}
