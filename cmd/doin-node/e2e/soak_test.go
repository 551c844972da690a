//go:build unix

package e2e

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// TestSoak kills nodes of a network under load, and workers of its nodes, at random moments (make soak). After every
// kill of a node: it begins where it had acknowledged to be, no row is lost, and the tips agree again.
func TestSoak(t *testing.T) {
	s := &soak{t: t, kills: setting(t, "DOIN_SOAK_KILLS"), workerKills: setting(t, "DOIN_SOAK_WORKER_KILLS")}
	if s.kills+s.workerKills == 0 {
		t.Skip("NOT TESTED: many kills; make soak does (DOIN_SOAK_KILLS, DOIN_SOAK_WORKER_KILLS)")
	}
	if text := os.Getenv("DOIN_SOAK_FOR"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("DOIN_SOAK_FOR: %v", err)
		}
		s.deadline = time.Now().Add(d)
	}
	s.seed = uint64(time.Now().UnixNano())
	s.rnd = rand.New(rand.NewPCG(s.seed, 0))
	s.hosts = newNetwork(t, 3, settings(endless()).Set("target_block_time", 1))
	s.heights = make([]reached, len(s.hosts))
	for _, h := range s.hosts {
		h.run()
	}
	eventually(t, "a block", higher(s.hosts[0], 0))
	stop := sync.OnceValue(s.load())
	t.Cleanup(func() { stop() })
	begin := time.Now()
	s.run()
	s.report.Seconds = time.Since(begin).Seconds()
	s.report.Requests = stop()
	s.finish()
	if dir := os.Getenv("DOIN_SOAK_OUT"); dir != "" && !t.Failed() {
		s.write(dir)
	}
	t.Logf("seed %d: %+v", s.seed, s.report)
}

// endless is a domain in which a search gets better for hours.
func endless() *canon.Object {
	target := make([]any, 30)
	for i := range target {
		target[i] = 900 - 60*i
	}
	return canon.NewObject("domain_id", "quadratic", "optimize", true, "evaluate", true, "optimization_plugin", "quadratic",
		"has_synthetic_data", true, "min_increment", 0.0005, "optimization_config", canon.NewObject(
			"step_size", 5, "target", target, "param_bounds", canon.NewObject("x", []any{-1000, 1000})))
}

// setting reads a number of the environment, 0 where there is none.
func setting(t *testing.T, name string) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s is %q: want a number", name, text)
	}
	return n
}

// soak is one run.
type soak struct {
	t                  *testing.T
	kills, workerKills int
	deadline           time.Time // zero for none
	seed               uint64
	rnd                *rand.Rand
	hosts              []*host
	heights            []reached
	restarts           []float64 // milliseconds until a killed node answered
	report             soakReport
}

// reached is the highest final block a node has shown.
type reached struct {
	height int64
	hash   string
}

// over reports that the time is up.
func (s *soak) over() bool { return !s.deadline.IsZero() && time.Now().After(s.deadline) }

// run does the kills, those of workers evenly among those of nodes.
func (s *soak) run() {
	r := &s.report
	for (r.Kills < s.kills || r.WorkerKills < s.workerKills) && !s.over() && !s.t.Failed() {
		if r.WorkerKills*s.kills < s.workerKills*r.Kills || r.Kills >= s.kills {
			s.killWorker(s.hosts[s.rnd.IntN(len(s.hosts))])
			r.WorkerKills++
			continue
		}
		s.killNode(s.rnd.IntN(len(s.hosts)))
		r.Kills++
		if n := r.Kills; n%25 == 0 {
			s.t.Logf("%d nodes and %d workers killed, height %d", n, r.WorkerKills, r.Height)
		}
	}
	if r.Kills+r.WorkerKills == 0 {
		s.t.Error("nothing was killed in the time given")
	}
}

// promise is what a node had shown when it was killed.
type promise struct {
	tip       reached
	finalized int64
	sheet     []byte // SHA-256 of the CSV file's whole lines
	sheetSize int
	rows      map[string]bool // of the database, the newest experiment's
	newest    string
}

var startsAt = regexp.MustCompile(`msg="node starts".* height=(\d+)`)

// killNode kills a node in the middle of something, starts it again and looks for everything it had acknowledged.
func (s *soak) killNode(i int) {
	t, h := s.t, s.hosts[i]
	if s.report.Kills%5 == 4 { // just when it has adopted a block
		before, _, err := h.tip()
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "a block of "+h.name, higher(h, before))
	}
	p := s.promised(h)
	h.kill()
	h.mute = true
	begin := time.Now()
	h.run()
	s.restarts = append(s.restarts, float64(time.Since(begin).Microseconds())/1000)
	defer func() {
		if t.Failed() {
			h.mute = false
		}
	}()

	at := int64(-1)
	eventually(t, h.name+" says where it starts", func() (err error) {
		m := startsAt.FindStringSubmatch(h.out.String())
		if m == nil {
			return errors.New("not yet") // what it prints comes through a pipe
		}
		at, err = strconv.ParseInt(m[1], 10, 64)
		return err
	})
	log := h.out.String()
	for _, bad := range []string{"panic", "goroutine ", "is damaged", "blocks are missing"} {
		if strings.Contains(log, bad) {
			t.Errorf("%s said %q when it came back:\n%s", h.name, bad, tail(log, 15))
		}
	}
	eventually(t, fmt.Sprintf("the tips agree after kill %d of %s", s.report.Kills+1, h.name), agree(s.hosts))
	s.checkBlocks(i, p, at)
	s.checkRows(h, p)
}

// promised follows a node until a random moment and returns the last it has shown.
func (s *soak) promised(h *host) *promise {
	t := s.t
	t.Helper()
	p := &promise{rows: map[string]bool{}}
	data := read(t, h.file("experiment_stats.csv"))
	data = data[:strings.LastIndexByte(string(data), '\n')+1]
	sum := sha256.Sum256(data)
	p.sheet, p.sheetSize = sum[:], len(data)
	if ids := experiments(t, h); len(ids) > 0 {
		p.newest = ids[len(ids)-1]
		for _, id := range roundsOf(t, h, p.newest) {
			p.rows[id] = true
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(time.Duration(s.rnd.IntN(400)) * time.Millisecond); ; <-tick.C {
		o, err := h.get("/chain/status")
		if err != nil {
			t.Fatal(err)
		}
		height, err1 := o.Int("tip_index")
		hash, err2 := o.String("tip_hash")
		final, err3 := o.Int("finalized_height")
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		p.tip, p.finalized = reached{height, hash}, final
		if !time.Now().Before(until) {
			return p
		}
	}
}

// hashAt returns the hash of a node's block at a height.
func hashAt(h *host, height int64) (string, error) {
	b, err := h.get(fmt.Sprintf("/chain/block/%d", height))
	if err != nil {
		return "", err
	}
	return b.String("hash")
}

// checkBlocks demands that node i began where it had been, and that what was final is.
func (s *soak) checkBlocks(i int, p *promise, at int64) {
	t, h := s.t, s.hosts[i]
	height, _, err := h.tip()
	if err != nil {
		t.Fatal(err)
	}
	s.report.Height = max(s.report.Height, height)
	now := ""
	if height >= p.tip.height {
		if now, err = hashAt(h, p.tip.height); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case now != p.tip.hash && p.tip.height <= p.finalized:
		t.Errorf("final block %d of %s was %s and is %s", p.tip.height, h.name, p.tip.hash, now)
	case now != p.tip.hash:
		s.report.Replaced++ // by all: the tips agree
	case at < p.tip.height:
		t.Errorf("%s had shown block %d and came back at %d: a block was lost and fetched again", h.name, p.tip.height, at)
	}
	// The highest block it has ever shown as final.
	if f := &s.heights[i]; f.hash != "" {
		if hash, err := hashAt(h, f.height); err != nil || hash != f.hash {
			t.Errorf("final block %d of %s was %s and is %s (%v)", f.height, h.name, f.hash, hash, err)
		}
	}
	if p.finalized > s.heights[i].height {
		hash, err := hashAt(h, p.finalized)
		if err != nil {
			t.Fatal(err)
		}
		s.heights[i] = reached{p.finalized, hash}
	}
}

// checkRows demands that the CSV file still begins as it did, and the database has the rows it had.
func (s *soak) checkRows(h *host, p *promise) {
	data := read(s.t, h.file("experiment_stats.csv"))
	if sum := sha256.Sum256(data[:min(len(data), p.sheetSize)]); string(sum[:]) != string(p.sheet) {
		s.t.Errorf("the first %d bytes of %s, %d long, have changed", p.sheetSize, h.file("experiment_stats.csv"), len(data))
	}
	if lost := missing(p.rows, roundsOf(s.t, h, p.newest)); len(lost) > 0 {
		s.t.Errorf("%d rows of the database of %s were lost: %v", len(lost), h.name, lost)
	}
}

// roundsOf returns the ids of the rounds of an experiment that a node serves, none for "".
func roundsOf(t *testing.T, h *host, experiment string) (ids []string) {
	t.Helper()
	if experiment == "" {
		return nil
	}
	list, err := h.mustGet("/stats/rounds?limit=10000&experiment_id=" + experiment).List("rounds")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		id, err := v.(*canon.Object).String("round_id")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// killWorker kills the process that trains: the node starts another, and its rounds go on.
func (s *soak) killWorker(h *host) {
	t := s.t
	var pid int
	eventually(t, h.name+" has a worker", func() (err error) { pid, err = worker(h, nil); return err })
	before, err := h.rounds("quadratic")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
	eventually(t, "another worker of "+h.name, func() error { _, err := worker(h, map[int]bool{pid: true}); return err })
	eventually(t, "rounds after the worker was killed", func() error {
		if n, err := h.rounds("quadratic"); err != nil || n <= before {
			return fmt.Errorf("%d rounds, %v", n, err)
		}
		return nil
	})
}

// load asks the nodes for everything until the function it returns is called, which counts the answers. Nodes that are
// down do not answer; wrong answers fail the test.
func (s *soak) load() (stop func() int) {
	done, ended := make(chan struct{}), make(chan int)
	own := rand.New(rand.NewPCG(s.seed, 1))
	go func() {
		n := 0
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				ended <- n
				return
			case <-tick.C:
			}
			h := s.hosts[own.IntN(len(s.hosts))]
			path := []string{"/status", "/chain/status", "/chain/blocks?from=0&to=20", "/stats/experiments", "/tasks/pending", "/peers", "/metrics"}[own.IntN(7)]
			a, err := h.ask(http.MethodGet, path, nil)
			switch {
			case err != nil: // it is being killed
			case a.status >= 500 && a.status != http.StatusServiceUnavailable:
				s.t.Errorf("GET %s of %s: %v", path, h.name, a)
			default:
				n++
			}
		}
	}()
	return func() int { close(done); return <-ended }
}

// finish stops the network in order and compares both records of every node.
func (s *soak) finish() {
	eventually(s.t, "the tips agree at the end", agree(s.hosts))
	all, err := s.hosts[0].blocks() // checks every hash
	if err != nil {
		s.t.Fatal(err)
	}
	s.report.Height = int64(len(all) - 1)
	for _, h := range s.hosts {
		h.stop(syscall.SIGTERM)
		s.report.Rows += checkRecords(s.t, h.file("experiment_stats.csv"), h.file("olap.db"))
	}
}

// write puts the figures into dir.
func (s *soak) write(dir string) {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	s.report.fill(s)
	if err := s.report.write(dir); err != nil {
		s.t.Error(err)
	}
}
