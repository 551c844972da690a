package stack

import (
	"fmt"
	"strings"
	"time"

	"doin.network/node/cmd/doin-node/stack/system"
	"doin.network/node/net/api"
	"doin.network/node/net/discovery"
)

const (
	// lowBytes is the free space below which a word is said; below the store's reserve nothing is written.
	lowBytes = 1 << 30
	// silentFailures is after how many failures in a row a bootstrap peer is said not to answer.
	silentFailures = 3
	// twinTime is how long after the last sign of it a second machine with this key is taken to be there.
	twinTime = 10 * time.Minute
	// manyDeaths in deathSpan is a worker that keeps dying.
	manyDeaths = 3
	deathSpan  = 10 * time.Minute
)

// store reads the tip's hash and asks whether there is room to write.
func (w *watch) store() api.Check {
	if err := w.s.profile.Store.Ready(); err != nil {
		return api.Check{Name: "store", Vital: true, Detail: err.Error()}
	}
	return api.Check{Name: "store", Vital: true, OK: true, Detail: fmt.Sprintf("height %d", w.s.Head().Height)}
}

// peers says whether anybody is connected, where somebody should be.
func (w *watch) peers() api.Check {
	const name = "no_peers"
	n, wanted := w.s.PeerCount(), len(w.s.Config.Network.Bootstrap)
	switch {
	case n > 0:
		w.s.alarms.Set(name, "", "")
		return api.Check{Name: "peers", OK: true, Detail: fmt.Sprintf("%d connected", n)}
	case wanted == 0:
		return api.Check{Name: "peers", OK: true, Detail: "none, and none is configured"}
	case w.young():
		return api.Check{Name: "peers", OK: true, Detail: "none yet"}
	}
	w.s.alarms.Set(name, "no peer is connected",
		"see that one of bootstrap_peers runs and that its port can be reached from here; doin-node doctor tries each")
	return api.Check{Name: "peers", Detail: fmt.Sprintf("none of %d configured is connected", wanted)}
}

// bootstrap raises an alarm for each configured peer that does not answer, and one for nodes of other networks.
func (w *watch) bootstrap() {
	var foreign []string
	for _, p := range w.s.net.peers.Known() {
		if p.Foreign {
			foreign = append(foreign, p.Endpoint())
		}
		if p.Source != discovery.SourceBootstrap {
			continue
		}
		name, what := "bootstrap_silent:"+p.Endpoint(), ""
		if p.Failures >= silentFailures && !p.Foreign {
			what = fmt.Sprintf("bootstrap peer %s does not answer, %d times in a row", p.Endpoint(), p.Failures)
		}
		w.s.alarms.Set(name, what, "start the node there, open its port, or take it out of bootstrap_peers")
	}
	what := ""
	if len(foreign) > 0 {
		what = fmt.Sprintf("%d peers are of another network, %s for one", len(foreign), foreign[0])
	}
	w.s.alarms.Set("other_network", what, "give all nodes the same genesis file; this network is "+w.s.profile.Network[:min(12, len(w.s.profile.Network))])
}

// twins ends the alarm of a second machine with this key when nothing was seen of it for a while.
func (w *watch) twins() {
	if last := w.s.twinAt.Load(); last != 0 && w.s.Now().UnixNano()-last > int64(twinTime) {
		w.s.alarms.Set("same_key", "", "")
	}
}

// worker says whether the processes that compute run.
func (w *watch) worker() api.Check {
	st := w.s.Workers.State()
	w.deaths.add(w.s.Now(), st.Restarts)
	dying := ""
	if n := w.deaths.count(w.s.Now()); n >= manyDeaths {
		dying = fmt.Sprintf("workers keep dying, %d times in %v", n, deathSpan)
		if st.Reason != nil {
			dying += ": " + st.Reason.Error()
		}
	}
	w.s.alarms.Set("worker_dies", dying, "look at the lines of component worker in the log; too little memory (max_memory_mb) and a broken GPU are the usual reasons")
	missing := ""
	if st.Missing != nil {
		missing = "there is no worker, this node only relays: " + st.Missing.Error()
	}
	w.s.alarms.Set("worker_missing", missing, "put doin-worker beside doin-node or on PATH, or name it in worker_path, and start again")
	switch {
	case st.Missing != nil:
		return api.Check{Name: "worker", Detail: missing}
	case st.Total == 0:
		return api.Check{Name: "worker", OK: true, Detail: "no domain has a role here"}
	case st.Ready == st.Total:
		return api.Check{Name: "worker", OK: true, Detail: fmt.Sprintf("%d running", st.Ready)}
	case w.young() && st.Reason == nil:
		return api.Check{Name: "worker", OK: true, Detail: "starting"}
	}
	detail := fmt.Sprintf("%d of %d running", st.Ready, st.Total)
	if st.Reason != nil {
		detail += ": " + st.Reason.Error()
	}
	return api.Check{Name: "worker", Detail: detail}
}

// disk says how much room the data directory has.
func (w *watch) disk() api.Check {
	c := api.Check{Name: "disk", Vital: true, OK: true, Detail: "not told by this system"}
	d, ok := system.DiskOf(w.s.Config.DataDir)
	if !ok {
		return c
	}
	c.Detail = fmt.Sprintf("%d MiB free of %d", d.FreeBytes>>20, d.SizeBytes>>20)
	what := ""
	if d.FreeBytes < lowBytes {
		what = "the disk is nearly full: " + c.Detail
	}
	w.s.alarms.Set("disk_low", what, "make room, or bound the records with olap_max_mb; below 64 MiB the node writes no blocks")
	c.OK = !d.ReadOnly
	if d.ReadOnly {
		c.Detail = "read-only"
	}
	return c
}

// clock compares this machine's clock with the authors of messages.
func (w *watch) clock() api.Check {
	offset, n := w.clocks.offset(w.s.Now())
	off := n >= fewAuthors && offset.Abs() > maxOffset
	what := ""
	if off {
		word := "slow"
		if offset < 0 {
			word = "fast"
		}
		what = fmt.Sprintf("this machine's clock is %v %s, by what %d peers say", offset.Abs().Round(time.Second), word, n)
	}
	w.s.alarms.Set("clock_off", what, "have the clock kept: timedatectl set-ntp true, or chronyd")
	switch {
	case off:
		return api.Check{Name: "clock", Detail: what}
	case n < fewAuthors:
		return api.Check{Name: "clock", OK: true, Detail: "too few peers to compare with"}
	}
	return api.Check{Name: "clock", OK: true, Detail: fmt.Sprintf("%v beside %d peers", offset.Round(time.Millisecond), n)}
}

// recorder says whether rows reach their files.
func (w *watch) recorder() api.Check {
	st := w.s.Recorder.Stats()
	var failing []string
	for _, sink := range st.Sinks {
		if sink.LastError != "" {
			failing = append(failing, sink.Name+": "+sink.LastError)
		}
	}
	what := ""
	if len(failing) > 0 {
		what = "records are not written, they wait in the spool: " + strings.Join(failing, "; ")
	}
	w.s.alarms.Set("records_wait", what, "see that the file can be written and that the disk has room; the rows are delivered as soon as it does")
	if what != "" {
		return api.Check{Name: "recorder", Detail: what}
	}
	return api.Check{Name: "recorder", OK: true, Detail: fmt.Sprintf("%d rows taken, %d dropped", st.Accepted, st.Dropped)}
}
