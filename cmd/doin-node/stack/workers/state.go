package workers

import "doin.network/node/compute/worker"

// State says how the processes are.
type State struct {
	// Ready of Total processes run. Restarts counts those that died, of all.
	Ready, Total, Restarts int
	// Reason says why one does not run, nil if all do or are starting.
	Reason error
	// Missing says why there is no program for the built-in domains; nil: there is one, or none is needed.
	Missing error
}

// State returns how the processes are now.
func (w *Workers) State() State {
	st := State{Total: len(w.all), Missing: w.missing}
	for _, s := range w.all {
		ready, reason := s.State()
		if ready {
			st.Ready++
		} else if reason != nil {
			st.Reason = reason
		}
		st.Restarts += s.Restarts()
	}
	return st
}

// Has reports whether there is a program for a domain. Without one the node has no part in it but relaying.
func (w *Workers) Has(domain string) bool { return w.of[domain] != nil }

// Descriptions are what the programs that have started say of themselves.
func (w *Workers) Descriptions() (out []worker.Description) {
	for _, s := range w.all {
		if about, ok := s.Description(); ok {
			out = append(out, about)
		}
	}
	return out
}
