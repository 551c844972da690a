package node

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Bounds on asking the peers for their monitors.
const (
	monitorTimeout = 2 * time.Second
	monitorKept    = 2 * time.Second
	monitorBytes   = 1 << 20
	maxMembers     = 64
	askedAtOnce    = 16
	maxNetAlerts   = 50
)

// members is this node beside its peers, as they show themselves. It is made anew after two seconds.
func (p *pages) members(ctx context.Context, _ int) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network != nil && p.n.now().Sub(p.at) < monitorKept {
		return p.network, nil
	}
	endpoints := p.n.stack.Endpoints()
	endpoints = endpoints[:min(len(endpoints), maxMembers)]
	answers := make([]*canon.Object, len(endpoints))
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	for i, endpoint := range endpoints {
		group.Go(func() error {
			o, err := p.ask(ctx, endpoint)
			if err != nil {
				o = canon.NewObject("node_label", endpoint, "status", "offline", "error", err.Error())
			}
			answers[i] = o.Set("endpoint", endpoint).Set("dashboard_url", "http://"+endpoint+"/dashboard")
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err // not reached: none returns one
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	own := fmt.Sprintf("%s:%d", p.hostname, p.n.Port())
	self := p.own(20).Set("endpoint", own).Set("dashboard_url", "/dashboard").Set("is_local", true)
	p.network, p.at = p.summary(append([]*canon.Object{self}, answers...)), p.n.now()
	return p.network, nil
}

// ask fetches a peer's monitor. What it holds is the peer's word.
func (p *pages) ask(ctx context.Context, endpoint string) (*canon.Object, error) {
	return p.client.GetJSON(ctx, endpoint, "/api/monitor")
}

// summary counts what the members say.
func (p *pages) summary(members []*canon.Object) *canon.Object {
	var online, candidates, alerts, unseen, differ, low, high int64
	list, all := []any{}, []any{}
	local, err := p.history().Int("candidate_evaluations_total")
	if err != nil {
		local = 0 // not reached: the object is our own
	}
	for _, m := range members {
		mismatches := []any{}
		if theirs, err := m.ObjectOr("versions", nil); err == nil && theirs != nil {
			for key, v := range theirs.All() {
				if own, ok := p.n.versions.Get(key); !ok || own != v {
					mismatches = append(mismatches, key)
				}
			}
		}
		if len(mismatches) > 0 {
			differ++
		}
		if status, err := m.StringOr("status", ""); err == nil && status == "online" {
			online++
			if h, err := m.IntOr("chain_height", 0); err == nil {
				if online == 1 || h < low {
					low = h
				}
				high = max(high, h)
			}
		}
		if c, err := m.ObjectOr("candidate", nil); err == nil && c != nil && c.Len() > 0 {
			candidates++
		}
		alerts, unseen = alerts+count(m, "alerts_count"), unseen+count(m, "alerts_unseen")
		all = append(all, memberAlerts(m)...)
		list = append(list, m.Set("version_mismatches", mismatches))
	}
	return canon.NewObject("summary", canon.NewObject("total_nodes", int64(len(members)), "online_nodes", online,
		"offline_nodes", int64(len(members))-online, "active_candidates", candidates, "local_candidate_evaluations", local,
		"candidates_per_hour", p.rate(local), "alerts_total", alerts, "alerts_unseen", unseen, "version_mismatch_nodes", differ, "chain_min", low,
		"chain_max", high), "members", list, "alerts", all[:min(len(all), maxNetAlerts)], "generated_at", timestamp.FromTime(p.n.now()).ISO())
}

// count is a member's number, 0 where it is none that can be.
func count(m *canon.Object, key string) int64 {
	n, err := m.IntOr(key, 0)
	if err != nil || n < 0 || n > 1<<32 {
		return 0
	}
	return n
}

// memberAlerts are a member's alerts with whose they are.
func memberAlerts(m *canon.Object) (out []any) {
	list, err := m.ListOr("alerts", nil)
	if err != nil {
		return nil
	}
	label, _ := m.Get("node_label")
	endpoint, _ := m.Get("endpoint")
	for _, a := range list[:min(len(list), maxNetAlerts)] {
		if o, ok := a.(*canon.Object); ok {
			out = append(out, o.Clone().Set("node_label", label).Set("node_endpoint", endpoint))
		}
	}
	return out
}
