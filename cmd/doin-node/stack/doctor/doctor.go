// Package doctor looks for what keeps a node from working, before it is started or while it runs: in its configuration, on this
// machine, in its files, in its worker and among its peers. Every finding says what is wrong, why that matters and which command
// or change mends it. It changes nothing.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/system"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	OK    Level = "ok"
	Note  Level = "note"  // worth knowing
	Wrong Level = "wrong" // the node does not work, or will stop to
)

// Finding is one thing that was looked at.
type Finding struct {
	// Name says what was looked at, as docs/operations.md lists it; a fault has a name of its own.
	Name  string `json:"name"`
	Level Level  `json:"level"`
	What  string `json:"what"`
	// Why says what it leads to, Mend what to do; "" where all is well.
	Why  string `json:"why,omitempty"`
	Mend string `json:"mend,omitempty"`
}

// Options say what is examined. The zero value of a function is the real thing.
type Options struct {
	// ConfigPath is the node's configuration file.
	ConfigPath string
	// Flags override it, as they do at a start.
	Flags config.Flags
	// Version is this program's, which the worker's is compared with; "" compares nothing.
	Version string

	Now      func() time.Time
	DiskOf   func(path string) (system.Disk, bool)
	Writable func(path string) error
	GPUs     func() (n int, driver bool)
	Clock    func() (kept, ok bool)
}

// examination is one run of the doctor.
type examination struct {
	Options
	cfg     *config.Config
	log     *slog.Logger
	running bool // a node of this data directory runs
	found   []Finding
}

// Examine looks at everything that can be looked at. Findings come in the order in which they are worth mending.
func Examine(ctx context.Context, o Options) []Finding {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.DiskOf == nil {
		o.DiskOf = system.DiskOf
	}
	if o.Writable == nil {
		o.Writable = system.Writable
	}
	if o.GPUs == nil {
		o.GPUs = system.GPUs
	}
	if o.Clock == nil {
		o.Clock = system.ClockKept
	}
	e := &examination{Options: o, log: slog.New(slog.DiscardHandler)}
	if !e.configuration() {
		return e.found // all else is about what it says
	}
	for _, look := range []func(context.Context){e.data, e.disk, e.port, e.key, e.genesis, e.chain, e.database, e.gpu, e.worker, e.peers, e.reachability, e.clock} {
		look(ctx)
	}
	return e.found
}

// Sick reports whether anything is wrong.
func Sick(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Level == Wrong })
}

// Text renders findings for people, what is wrong first.
func Text(all []Finding) (out string) {
	rank := map[Level]int{Wrong: 0, Note: 1, OK: 2}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(rank[a.Level], rank[b.Level]) })
	for _, f := range all {
		out += fmt.Sprintf("%-5s  %s: %s\n", f.Level, f.Name, f.What)
		if f.Why != "" {
			out += "         why:  " + f.Why + "\n"
		}
		if f.Mend != "" {
			out += "         mend: " + f.Mend + "\n"
		}
	}
	return out
}

func (e *examination) ok(name, format string, a ...any) {
	e.found = append(e.found, Finding{Name: name, Level: OK, What: fmt.Sprintf(format, a...)})
}

func (e *examination) note(name, what, why, mend string) {
	e.found = append(e.found, Finding{name, Note, what, why, mend})
}

func (e *examination) wrong(name, what, why, mend string) {
	e.found = append(e.found, Finding{name, Wrong, what, why, mend})
}

// configuration reads the file. Without it there is nothing else to look at.
func (e *examination) configuration() bool {
	cfg, warnings, err := config.LoadFor(config.Strict, e.ConfigPath)
	if err == nil {
		err = e.Flags.Apply(cfg)
	}
	if err != nil {
		for _, one := range config.Faults(err) {
			e.wrong("configuration", one.Error(), "the node does not start", "mend it in "+e.ConfigPath+"; doin-node config validate "+e.ConfigPath+" checks it again")
		}
		return false
	}
	e.cfg = cfg
	e.ok("configuration", "%s has no fault", e.ConfigPath)
	for _, w := range warnings {
		e.note("configuration_warning", w.String(), "", "")
	}
	return true
}
