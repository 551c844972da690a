package worker

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Info describes a configured domain.
type Info struct {
	Plugin            string
	Space             genome.Space
	DataHash          string
	PerformanceMetric string
	HigherIsBetter    bool
	// Strategy is the search that suits the domain: "ga" or "hill_climber".
	Strategy string
	// Baselines holds the metrics of the naive models.
	Baselines *canon.Object
	// Contract is the numeric contract of its trainings.
	Contract string
	// Defaults holds the settings in force.
	Defaults *canon.Object
	// Notes say what of the data was dropped, decided or looks wrong, at most maxNotes sentences.
	Notes []string
	// Folds is the number of origins or folds of a claim, at least 1; Cases that of its validation cases, 0 where the
	// domain has none.
	Folds, Cases int
	// Deterministic says that one seed is enough for a claim.
	Deterministic bool
	// Baseline is the performance of the domain's baseline; NaN where there is none.
	Baseline float64
}

// maxNotes bounds the notes of an info.
const maxNotes = 64

func infoOf(of domain.Domain) Info {
	d := of.Describe()
	baseline := math.NaN()
	if m := of.Naive(); m != nil { // else an error of the domain's, but no reason to die
		baseline = m.Performance()
	}
	return Info{Folds: max(d.Folds, 1), Cases: d.Cases, Deterministic: d.Deterministic, Baseline: baseline,
		Plugin: d.Plugin, Space: d.Space, DataHash: d.DataHash, PerformanceMetric: d.PerformanceMetric,
		HigherIsBetter: d.HigherIsBetter, Strategy: d.Strategy, Baselines: d.Baselines,
		Contract: d.ContractVersion, Defaults: d.Defaults, Notes: d.Notes[:min(len(d.Notes), maxNotes)]}
}

// Object returns the info as it stands on the wire.
func (i *Info) Object() *canon.Object {
	o := canon.NewObject("plugin", i.Plugin, "space", i.Space.List(), "data_hash", i.DataHash,
		"performance_metric", i.PerformanceMetric, "higher_is_better", i.HigherIsBetter,
		"strategy", i.Strategy, "contract", i.Contract, "baselines", i.Baselines, "defaults", i.Defaults,
		"folds", i.Folds, "cases", i.Cases, "deterministic", i.Deterministic)
	if len(i.Notes) > 0 {
		o.Set("notes", i.Notes)
	}
	if finite(i.Baseline) {
		o.Set("baseline", i.Baseline)
	}
	return o
}

// ParseInfo reads the form of Object.
func ParseInfo(o *canon.Object) (i Info, err error) {
	r := reader{o: o}
	i.Plugin, i.DataHash = r.text("plugin"), r.text("data_hash")
	i.PerformanceMetric, i.Strategy, i.Contract = r.text("performance_metric"), r.text("strategy"), r.text("contract")
	i.Baselines, i.Defaults = r.object("baselines"), r.object("defaults")
	if r.err == nil {
		i.HigherIsBetter, r.err = o.Bool("higher_is_better")
	}
	if r.err == nil {
		i.Folds, r.err = integerIn(o, "folds", 1, 1, maxCases)
	}
	if r.err == nil {
		i.Cases, r.err = integerIn(o, "cases", 0, 0, maxCases)
	}
	if r.err == nil {
		i.Deterministic, r.err = o.BoolOr("deterministic", false)
	}
	if r.err == nil {
		i.Baseline, r.err = o.FloatOr("baseline", math.NaN())
	}
	var list, notes []any
	if r.err == nil {
		notes, r.err = o.ListOr("notes", nil)
	}
	if r.err == nil {
		if i.Notes, r.err = texts(notes[:min(len(notes), maxNotes)]); r.err != nil {
			r.err = fmt.Errorf("notes: %w", r.err)
		}
	}
	if r.err == nil {
		list, r.err = o.ListOr("space", nil)
	}
	if r.err == nil && len(list) > 0 { // a program may keep its space to itself
		i.Space, r.err = genome.ParseSpace(list)
	}
	return i, r.err
}

// Accept reports every reason why a parent cannot work with a domain of a program, joined; nil: it can. Who starts a program for
// a plugin of its own asks this, and so does package conformance.
func Accept(d *Description, i *Info) error {
	var errs []error
	if i.DataHash == "" {
		errs = append(errs, errors.New("data_hash: is empty"))
	}
	if !i.HigherIsBetter {
		errs = append(errs, errors.New("higher_is_better: must be true: where less is better, the performance is the negative"))
	}
	if d.Can(EvaluateOnly) {
		if err := i.Space.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("space: %w: a program that only evaluates declares what is searched", err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: the domain that %s describes: %w", ErrRefused, d.Name, err)
	}
	return nil
}

// Description describes a worker process.
type Description struct {
	// Protocol is the version that the program speaks, 1 to Version. Object writes Version for 0.
	Protocol int
	// Name and Version are the program's own.
	Name, Version string
	// Device names what trains, for people: "cpu (8 threads)".
	Device string
	// HasGPU says that Device is a GPU.
	HasGPU bool
	// Devices names the GPUs that the program can be started on, "cuda:0", for its flag --device; none without GPU.
	Devices []string
	// Workers is how many trainings run at once, at least 1.
	Workers int
	// Plugins are the domains it can configure.
	Plugins []string
	// Capabilities are what it can beyond the protocol's least; see Can.
	Capabilities []Capability
}

// Capability is a property of a worker that its parent goes by. Unknown ones are kept and mean nothing.
type Capability string

// The capabilities.
const (
	EvaluateOnly  Capability = "evaluate_only" // declares a space and answers evaluate: the parent's own worker searches for it
	JSONLines     Capability = "json_lines"    // wants tables as JSON lines instead of Arrow
	Deterministic Capability = "deterministic" // the same job gives the same digest on every machine
	Prior         Capability = "prior"         // takes advice of where to begin a search
	Exports       Capability = "export"        // writes models as files
)

// form is that of the tables which the worker takes and sends.
func (d *Description) form() table.Form {
	if d.Protocol >= 2 && d.Can(JSONLines) {
		return table.JSONLines
	}
	return table.Arrow
}

// Can reports whether the worker names a capability.
func (d *Description) Can(c Capability) bool { return slices.Contains(d.Capabilities, c) }

// Object returns the description as it stands on the wire.
func (d *Description) Object() *canon.Object {
	protocol := d.Protocol
	if protocol == 0 {
		protocol = Version
	}
	o := canon.NewObject("protocol", protocol, "name", d.Name, "version", d.Version, "device", d.Device,
		"has_gpu", d.HasGPU, "workers", d.Workers, "plugins", d.Plugins)
	if len(d.Devices) > 0 {
		o.Set("devices", d.Devices)
	}
	if len(d.Capabilities) > 0 {
		list := make([]any, len(d.Capabilities))
		for i, c := range d.Capabilities {
			list[i] = string(c)
		}
		o.Set("capabilities", list)
	}
	return o
}

// own returns the name that a program is asked to configure for a plugin "exec:PROGRAM ARGS…": the first that it names.
// Others are their own.
func (d *Description) own(plugin string) (string, error) {
	if !strings.HasPrefix(plugin, execPrefix) {
		return plugin, nil
	}
	if len(d.Plugins) == 0 {
		return "", fmt.Errorf("%w: plugins: %s names none", ErrRefused, d.Name)
	}
	return d.Plugins[0], nil
}

// devices is what the program is to be started on: on each of its devices, or once as it is.
func (d *Description) devices() []string {
	if len(d.Devices) == 0 {
		return []string{""}
	}
	return d.Devices
}

// Bounds of a description's lists.
const (
	maxDevices      = 256
	maxCapabilities = 64
)

// ParseDescription reads the form of Object.
func ParseDescription(o *canon.Object) (d Description, err error) {
	r := reader{o: o}
	d.Name, d.Version, d.Device = r.text("name"), r.text("version"), r.text("device")
	workers := r.integer("workers")
	if r.err == nil {
		d.HasGPU, r.err = o.BoolOr("has_gpu", false)
	}
	protocol := int64(1)
	if r.err == nil {
		protocol, r.err = o.IntOr("protocol", 1)
	}
	var list, devices, capabilities []any
	if r.err == nil {
		capabilities, r.err = o.ListOr("capabilities", nil)
	}
	if r.err == nil {
		list, r.err = o.List("plugins")
	}
	if r.err == nil {
		devices, r.err = o.ListOr("devices", nil)
	}
	if r.err != nil {
		return d, r.err
	}
	if workers < 1 || workers > 1<<16 {
		return d, fmt.Errorf("workers %d: must be in [1, %d]", workers, 1<<16)
	}
	d.Workers = int(workers)
	if protocol < 1 {
		return d, fmt.Errorf("protocol %d", protocol)
	}
	d.Protocol = int(min(protocol, Version)) // a newer one speaks ours, too
	if len(capabilities) > maxCapabilities {
		return d, fmt.Errorf("%d capabilities: at most %d", len(capabilities), maxCapabilities)
	}
	names, err := texts(capabilities)
	if err != nil {
		return d, fmt.Errorf("capabilities: %w", err)
	}
	for _, name := range names {
		d.Capabilities = append(d.Capabilities, Capability(name))
	}
	if len(devices) > maxDevices {
		return d, fmt.Errorf("%d devices: at most %d", len(devices), maxDevices)
	}
	if d.Plugins, err = texts(list); err != nil {
		return d, fmt.Errorf("plugins: %w", err)
	}
	if d.Devices, err = texts(devices); err != nil {
		return d, fmt.Errorf("devices: %w", err)
	}
	return d, nil
}

// texts reads a list of strings.
func texts(list []any) (out []string, err error) {
	for _, v := range list {
		s, err := canon.AsString(v)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// reader reads members of an object, keeping the first error.
type reader struct {
	o   *canon.Object
	err error
}

func (r *reader) text(key string) (s string) {
	if r.err == nil {
		s, r.err = r.o.String(key)
	}
	return s
}

func (r *reader) integer(key string) (n int64) {
	if r.err == nil {
		n, r.err = r.o.Int(key)
	}
	return n
}

func (r *reader) object(key string) (o *canon.Object) {
	if r.err == nil {
		o, r.err = r.o.Object(key)
	}
	return o
}

// seed reads an unsigned 64-bit integer, which JSON writes as a number.
func (r *reader) seed(key string) (n uint64) {
	if r.err != nil {
		return 0
	}
	v, ok := r.o.Get(key)
	if !ok {
		r.err = fmt.Errorf("%w %q", canon.ErrMissing, key)
		return 0
	}
	if n, ok = unsigned(v); !ok {
		r.err = fmt.Errorf("member %q: want an unsigned 64-bit integer", key)
	}
	return n
}

// unsigned returns a JSON value as an unsigned 64-bit integer.
func unsigned(v any) (n uint64, ok bool) {
	switch v := v.(type) {
	case int64:
		return uint64(v), v >= 0
	case interface {
		IsUint64() bool
		Uint64() uint64
	}:
		if v.IsUint64() {
			return v.Uint64(), true
		}
	}
	return 0, false
}

// seeds reads the member seeds or, without it, the one of seed.
func (r *reader) seeds() (list []uint64) {
	if r.err != nil {
		return nil
	}
	v, ok := r.o.Get("seeds")
	if !ok {
		return []uint64{r.seed("seed")}
	}
	list, r.err = parseSeeds(v)
	return list
}
