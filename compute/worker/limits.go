package worker

import "time"

// Limits are what a Supervisor enforces on its worker. A zero field takes the
// default named; a negative one of Job, Generation or MemoryBytes means no limit.
type Limits struct {
	// Job bounds the wall-clock time of one evaluation, inference or synthetic data
	// set, from the moment it is sent: the wait for a training that a search has
	// under way counts, the wait behind other jobs does not. Default 10 minutes.
	Job time.Duration
	// Share is the worker's --verification-share, in (0, 1]: while a search runs, a job for others may have to wait for
	// its turn, and its limit is Job / Share. Default 1.
	Share float64
	// Generation bounds that of one generation of a search. Default 6 hours.
	Generation time.Duration
	// Configure bounds that of configuring a domain. Default 2 minutes.
	Configure time.Duration
	// Start bounds the time until a new process has described itself. Default 1 minute.
	Start time.Duration
	// Grace is how long a cancelled request may take to end before the worker is
	// killed, and how long the worker may take to end by itself. Default 2 s.
	Grace time.Duration
	// Heartbeat is how often the worker is asked for telemetry, and HeartbeatTimeout
	// how long an answer may take. Defaults 5 s and 30 s.
	Heartbeat, HeartbeatTimeout time.Duration
	// MemoryBytes bounds the resident memory of the worker and its children, where the
	// system tells it (linux). Default: no limit.
	MemoryBytes int64
	// Nice is the scheduling priority of the worker and its children, from 1 to 19, where the system has one (unix). Default 0:
	// that of this process.
	Nice int
	// FrameBytes bounds the body of a frame. Default DefaultFrameBytes.
	FrameBytes int64
	// Attempts is how often a request is tried when the worker dies over it (a job that is alone each time, twice),
	// and how often in a row a process may fail to start before calls give up. Default 3.
	Attempts int
	// BackoffMin and BackoffMax bound the pause before a restart, which doubles with
	// each death that follows a short life. Defaults 100 ms and 30 s.
	BackoffMin, BackoffMax time.Duration
}

// withDefaults returns l with its zero fields filled in.
func (l Limits) withDefaults() Limits {
	fill := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	fill(&l.Job, 10*time.Minute)
	fill(&l.Generation, 6*time.Hour)
	fill(&l.Configure, 2*time.Minute)
	fill(&l.Start, time.Minute)
	fill(&l.Grace, 2*time.Second)
	fill(&l.Heartbeat, 5*time.Second)
	fill(&l.HeartbeatTimeout, 30*time.Second)
	fill(&l.BackoffMin, 100*time.Millisecond)
	fill(&l.BackoffMax, 30*time.Second)
	if l.FrameBytes <= 0 {
		l.FrameBytes = DefaultFrameBytes
	}
	if !(l.Share > 0 && l.Share <= 1) {
		l.Share = 1
	}
	if l.Attempts <= 0 {
		l.Attempts = 3
	}
	return l
}
