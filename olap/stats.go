package olap

// Stats is what a recorder has done since it was opened.
type Stats struct {
	Accepted   uint64 // rows taken by Record
	Dropped    uint64 // rows Record refused: the spool or the disk was full
	SpoolBytes int64
	BadRecords int   // records found damaged at the start
	TornBytes  int64 // cut from the spool's end at the start
	Sinks      []SinkStats
}

// SinkStats is the state of the delivery to one sink.
type SinkStats struct {
	Name      string
	Delivered uint64 // rows written since the start
	Pending   int64  // rows in the spool that it has not had
	Retries   uint64 // writes that failed
	Rejected  uint64 // rows it refused for good
	Lost      uint64 // rows that could not be read back from the spool
	LastError string // of the last write; "" if it succeeded
}

// Stats returns the recorder's counters.
func (r *Recorder) Stats() Stats {
	s := Stats{Accepted: r.accepted.Load(), Dropped: r.dropped.Load()}
	s.BadRecords, s.TornBytes = r.spool.Damage()
	s.SpoolBytes, _ = r.spool.Held()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.feeds {
		s.Sinks = append(s.Sinks, SinkStats{
			Name: f.sink.Name(), Delivered: f.delivered, Pending: f.pending.Load(), Retries: f.retries,
			Rejected: f.rejected, Lost: f.lost, LastError: f.lastErr,
		})
	}
	return s
}
