package stack

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/cmd/doin-node/stack/system"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

// families collects what is read only when somebody asks: searches, workers, GPUs, records, disk and money.
type families struct{ s *Stack }

// family is a metric with its labels.
func family(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	descBuild = family("doin_build_info", "The program; always 1.", "version", "goversion", "security")
	descAlarm = family("doin_alarm", "1 for each fault that stands, by name.", "name")
	descCheck = family("doin_check_ok", "Whether a check of /readyz succeeds.", "check")

	descRounds    = family("doin_search_rounds_total", "Rounds of a search, earlier lives included.", "domain")
	descTrials    = family("doin_search_evaluations_total", "Trainings of a search, earlier lives included.", "domain")
	descBest      = family("doin_search_best_performance", "Best of the search, by its own seeds.", "domain")
	descConfirmed = family("doin_search_confirmed_performance", "Best that a confirming run gave.", "domain")
	descVerified  = family("doin_chain_best_performance", "Best of the network, as the chain has it.", "domain")
	descConverged = family("doin_search_converged", "Whether the target is reached.", "domain")
	descOpen      = family("doin_claims_open", "Claims of this node that are under way.", "domain")

	descWorkers     = family("doin_workers", "Worker processes that the node keeps.")
	descReady       = family("doin_workers_ready", "Worker processes that take requests now.")
	descDeaths      = family("doin_worker_restarts_total", "Worker processes that have died.")
	descSlots       = family("doin_worker_slots", "Trainings at a time.", "worker")
	descBusy        = family("doin_worker_busy_seconds_total", "Thread-seconds in trainings since the worker's start.", "worker", "for")
	descMemory      = family("doin_worker_memory_bytes", "Memory that the worker holds.", "worker")
	descTrained     = family("doin_worker_trainings_total", "Trainings finished since the worker's start.", "worker")
	descGPUBusy     = family("doin_gpu_utilization_ratio", "Share of the last moment in which a kernel ran.", "worker", "gpu")
	descGPUMemory   = family("doin_gpu_memory_used_bytes", "Memory in use on the device.", "worker", "gpu")
	descGPUHeat     = family("doin_gpu_temperature_celsius", "Temperature of the chip.", "worker", "gpu")
	descGPUPower    = family("doin_gpu_power_watts", "Power drawn.", "worker", "gpu")
	descGPUEnergy   = family("doin_gpu_energy_joules_total", "Energy taken since some moment.", "worker", "gpu")
	descRows        = family("doin_rows_accepted_total", "Rows taken for the records.")
	descDropped     = family("doin_rows_dropped_total", "Rows that found no room in the spool.")
	descThinned     = family("doin_rows_thinned_total", "Rounds without news that were left out, by the rule of docs/operations.md.")
	descSpool       = family("doin_spool_bytes", "Size of the queue before the records.")
	descPending     = family("doin_sink_pending_rows", "Rows that a sink has not had yet.", "sink")
	descDelivered   = family("doin_sink_delivered_rows_total", "Rows that a sink has taken.", "sink")
	descRejected    = family("doin_sink_rejected_rows_total", "Rows that a sink has refused for good.", "sink")
	descLost        = family("doin_sink_lost_rows_total", "Rows that a sink will never have.", "sink")
	descFree        = family("doin_disk_free_bytes", "Room in the data directory's file system.")
	descDisk        = family("doin_disk_size_bytes", "Size of the data directory's file system.")
	descStored      = family("doin_data_bytes", "What the node keeps on the disk.", "part")
	descBalance     = family("doin_balance_coins", "This node's balance in DOIN.")
	descSupply      = family("doin_supply_coins", "All DOIN there are.")
	descBaseFee     = family("doin_base_fee_coins", "The base fee in DOIN.")
	descWaitingTask = family("doin_tasks", "Tasks of the work queue.", "state")
)

// described are all of them.
var described = []*prometheus.Desc{descBuild, descAlarm, descCheck, descRounds, descTrials, descBest, descConfirmed, descVerified, descConverged, descOpen,
	descWorkers, descReady, descDeaths, descSlots, descBusy, descMemory, descTrained, descGPUBusy, descGPUMemory, descGPUHeat, descGPUPower, descGPUEnergy,
	descRows, descDropped, descThinned, descSpool, descPending, descDelivered, descRejected, descLost, descFree, descDisk, descStored,
	descBalance, descSupply, descBaseFee, descWaitingTask}

// Describe implements prometheus.Collector.
func (f *families) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range described {
		ch <- d
	}
}

// out sends one collection's values.
type out chan<- prometheus.Metric

func (o out) gauge(d *prometheus.Desc, v float64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (o out) counter(d *prometheus.Desc, v float64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// optional is gauge for a value that may be unknown.
func (o out) optional(d *prometheus.Desc, v *float64, labels ...string) {
	if v != nil {
		o.gauge(d, *v, labels...)
	}
}

func (o out) truth(d *prometheus.Desc, v bool, labels ...string) {
	if v {
		o.gauge(d, 1, labels...)
	} else {
		o.gauge(d, 0, labels...)
	}
}

// collectTime bounds what a collection waits for.
const collectTime = 5 * time.Second

// Collect implements prometheus.Collector.
func (f *families) Collect(ch chan<- prometheus.Metric) {
	s, o := f.s, out(ch)
	ctx, cancel := context.WithTimeout(context.Background(), collectTime)
	defer cancel()
	o.gauge(descBuild, 1, Version, runtime.Version(), string(s.Config.Security))
	report := s.watch.Health()
	for _, c := range report.Checks {
		o.truth(descCheck, c.OK, c.Name)
	}
	for _, a := range report.Alarms {
		o.gauge(descAlarm, 1, a.Name)
	}
	f.searches(o)
	f.workers(o)
	f.records(o)
	f.disk(o)
	st, err := s.net.node.Status(ctx)
	if err != nil {
		return // the machine does not answer: its check says so
	}
	f.status(o, st)
}

// searches is what each search tells of itself.
func (f *families) searches(o out) {
	for _, d := range f.s.Config.Domains {
		one := f.s.searches.get(d.ID)
		if one == nil {
			continue
		}
		st := one.Status()
		o.counter(descRounds, float64(st.Rounds), d.ID)
		o.counter(descTrials, float64(st.Evaluations), d.ID)
		o.optional(descBest, st.Best, d.ID)
		o.optional(descConfirmed, st.Confirmed, d.ID)
		o.truth(descConverged, st.Converged, d.ID)
		o.gauge(descOpen, float64(st.Open), d.ID)
	}
}

func (f *families) workers(o out) {
	st := f.s.Workers.State()
	o.gauge(descWorkers, float64(st.Total))
	o.gauge(descReady, float64(st.Ready))
	o.counter(descDeaths, float64(st.Restarts))
}

func (f *families) records(o out) {
	st := f.s.Recorder.Stats()
	o.counter(descRows, float64(st.Accepted))
	o.counter(descDropped, float64(st.Dropped))
	o.counter(descThinned, float64(f.s.Thinned()))
	o.gauge(descSpool, float64(st.SpoolBytes))
	for _, one := range st.Sinks {
		o.gauge(descPending, float64(one.Pending), one.Name)
		o.counter(descDelivered, float64(one.Delivered), one.Name)
		o.counter(descRejected, float64(one.Rejected), one.Name)
		o.counter(descLost, float64(one.Lost), one.Name)
	}
}

func (f *families) disk(o out) {
	if d, ok := system.DiskOf(f.s.Config.DataDir); ok {
		o.gauge(descFree, float64(d.FreeBytes))
		o.gauge(descDisk, float64(d.SizeBytes))
	}
	if n, err := f.s.profile.Store.Size(); err == nil {
		o.gauge(descStored, float64(n), "chain")
	}
	o.gauge(descStored, float64(system.Size(f.s.Config.StatsPath())), "csv")
	o.gauge(descStored, float64(system.Size(f.s.Config.OLAPPath())), "sqlite")
}

// status is what the machine tells, and with it the workers.
func (f *families) status(o out, st *api.Status) {
	o.gauge(descBalance, st.Coin.MyBalance)
	o.gauge(descSupply, st.Coin.TotalSupply)
	if st.FeeMarket != nil {
		o.gauge(descBaseFee, st.FeeMarket.BaseFee)
	}
	o.gauge(descWaitingTask, float64(st.Queue.Pending), "pending")
	o.gauge(descWaitingTask, float64(st.Queue.Claimed), "claimed")
	for _, d := range st.Domains {
		o.optional(descVerified, d.Best, d.ID)
	}
	list, err := st.Extra.ListOr("worker", nil)
	if err != nil {
		return
	}
	for i, v := range list {
		if t, ok := v.(*canon.Object); ok {
			told(o, strconv.Itoa(i), t)
		}
	}
}

// told is what one worker tells of itself; it may be anybody's program, so everything may be missing.
func told(o out, name string, t *canon.Object) {
	of := func(from *canon.Object, key string, send func(float64)) {
		if v, _ := from.Get(key); v != nil {
			if x, err := canon.AsFloat(v); err == nil {
				send(x)
			}
		}
	}
	of(t, "slots", func(x float64) { o.gauge(descSlots, x, name) })
	of(t, "busy_own_seconds", func(x float64) { o.counter(descBusy, x, name, "own") })
	of(t, "busy_others_seconds", func(x float64) { o.counter(descBusy, x, name, "others") })
	of(t, "memory_bytes", func(x float64) { o.gauge(descMemory, x, name) })
	of(t, "trainings", func(x float64) { o.counter(descTrained, x, name) })
	list, err := t.ListOr("gpus", nil)
	if err != nil {
		return
	}
	for i, v := range list {
		g, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		id := strconv.Itoa(i)
		of(g, "utilization_percent", func(x float64) { o.gauge(descGPUBusy, x/100, name, id) })
		of(g, "memory_used_bytes", func(x float64) { o.gauge(descGPUMemory, x, name, id) })
		of(g, "temperature_celsius", func(x float64) { o.gauge(descGPUHeat, x, name, id) })
		of(g, "power_watts", func(x float64) { o.gauge(descGPUPower, x, name, id) })
		of(g, "energy_joules", func(x float64) { o.counter(descGPUEnergy, x, name, id) })
	}
}
