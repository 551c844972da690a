package stack

import (
	"context"
	"math"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/olap"
)

// Status returns the part of GET /status that every node has. domain is called for each configured domain: it adds what the
// chain says to the domain's line and to its progress. extra goes to the end of the answer.
func (s *Stack) Status(ctx context.Context, domain func(*config.Domain, *api.DomainStatus, *canon.Object), extra *canon.Object) *api.Status {
	h := s.Head()
	st := &api.Status{
		PeerID: s.Key.PeerID(), Port: s.Port, ChainHeight: h.Height + 1, StorageBackend: "badger", Peers: s.PeerCount(),
		NetworkProtocol: s.net.protocol(),
		Queue:           api.QueueStatus{Pending: h.Tasks.Pending, Claimed: h.Tasks.Claimed, Completed: h.Tasks.Completed},
		Security:        api.SecurityStatus{FinalizedHeight: h.Finalized, PendingCommitments: h.Commits, PendingQuorums: h.Quorums},
	}
	peers := s.net.peers.Stats()
	if size, err := s.profile.Store.Size(); err == nil {
		st.Storage = canon.NewObject("height", h.Height+1, "tip_hash", h.Tip, "known_peers", int64(peers.Known), "db_size_bytes", size)
	}
	if s.Config.Network.Discovery {
		by := map[string]int{}
		for source, count := range peers.BySource {
			by[string(source)] = count
		}
		st.Discovery = &api.DiscoveryStatus{Known: peers.Known, Connected: peers.Connected, Bootstrap: len(s.Config.Network.Bootstrap), BySource: by}
	}
	progress := canon.NewObject()
	for i := range s.Config.Domains {
		d := &s.Config.Domains[i]
		line := api.DomainStatus{ID: d.ID, Optimize: d.Optimize, Evaluate: d.Evaluate, Synthetic: d.HasSynthetic, Target: d.Target.Performance()}
		o := s.searches.progress(d.ID, &line)
		domain(d, &line, o)
		if d.Optimize {
			st.OptimizerDomains = append(st.OptimizerDomains, d.ID)
		}
		if d.Evaluate {
			st.EvaluatorDomains = append(st.EvaluatorDomains, d.ID)
		}
		st.Domains = append(st.Domains, line)
		progress.Set(d.ID, o)
	}
	report := s.watch.Health()
	st.Health = report.Status()
	telemetry := s.Workers.Telemetry(ctx)
	st.Extra = canon.NewObject("version", Version, "node_id", s.Key.PeerID(), "network_id", s.profile.Network,
		"security_profile", string(s.Config.Security), "progress", progress, "worker", telemetry,
		"busy", orNil(s.busyOwn()), "busy_others", orNil(s.busyOthers()), "records", recordsObject(s.Recorder.Stats()).Set("thinned", int64(s.Thinned())), "alarms", api.AlarmList(report.Alarms))
	if s.net.mesh != nil {
		st.Extra.Set("p2p", s.net.mesh.object())
	}
	for k, v := range extra.All() {
		st.Extra.Set(k, v)
	}
	return st
}

// recordsObject is what became of the rows since the start: how many were dropped because there was no room, and for each
// sink how many it has not had yet, has refused for good, and never will have.
func recordsObject(st olap.Stats) *canon.Object {
	sinks := canon.NewObject()
	for _, one := range st.Sinks {
		sinks.Set(one.Name, canon.NewObject("pending", one.Pending, "rejected", int64(one.Rejected), "lost", int64(one.Lost)))
	}
	return canon.NewObject("accepted", int64(st.Accepted), "dropped", int64(st.Dropped), "spool_bytes", st.SpoolBytes, "sinks", sinks)
}

// busyOwn and busyOthers are the shares of workers.Busy, NaN while they are unknown.
func (s *Stack) busyOwn() float64 {
	if own, _, ok := s.Workers.Busy(); ok {
		return own
	}
	return math.NaN()
}

func (s *Stack) busyOthers() float64 {
	if _, others, ok := s.Workers.Busy(); ok {
		return others
	}
	return math.NaN()
}

func orNil(f float64) any {
	if math.IsNaN(f) {
		return nil
	}
	return f
}
