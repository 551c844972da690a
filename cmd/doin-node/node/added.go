package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
)

// rolesFile is the file of a data directory that holds a node's parts in domains that were added to its network.
const rolesFile = "domains.json"

// maxRolesBytes bounds it.
const maxRolesBytes = 1 << 20

// Role is a node's part in a domain that was added to its network; neither of the two means that it has none, whatever the
// configuration says of such domains.
type Role struct{ Optimize, Evaluate bool }

// ReadRoles reads a data directory's parts in added domains, by domain.
func ReadRoles(dataDir string) (map[string]Role, error) {
	path := filepath.Join(dataDir, rolesFile)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRolesBytes {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", path, info.Size(), maxRolesBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	roles := make(map[string]Role)
	for _, id := range o.Keys() {
		e, err := o.Object(id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		optimize, oerr := e.BoolOr("optimize", false)
		evaluate, eerr := e.BoolOr("evaluate", false)
		if err := errors.Join(oerr, eerr); err != nil {
			return nil, fmt.Errorf("%s: domain %q: %w", path, id, err)
		}
		roles[id] = Role{optimize, evaluate}
	}
	return roles, nil
}

// WriteRole changes a data directory's part in one added domain. A running node takes it up within seconds.
func WriteRole(dataDir, domain string, r Role) error {
	roles, err := ReadRoles(dataDir)
	if err != nil {
		return err
	}
	o := canon.NewObject()
	if roles == nil {
		roles = make(map[string]Role)
	}
	roles[domain] = r
	for id, r := range roles {
		o.Set(id, canon.NewObject("optimize", r.Optimize, "evaluate", r.Evaluate))
	}
	return stack.WriteFile(filepath.Join(dataDir, rolesFile), append(canon.AppendIndent(nil, o), '\n'))
}

// maxUnasked bounds the files of a domain that a node takes up by itself.
const maxUnasked = 256 << 20

// partIn returns a node's part in an added domain: what the data directory says, else what added_domains says.
func partIn(entry *chain.Domain, roles map[string]Role, added string) Role {
	if r, ok := roles[entry.ID]; ok {
		return r
	}
	size := int64(0)
	for _, f := range entry.Files {
		size += f.Size
	}
	if added != config.AddedBuiltin || join.Playable(entry) != "" || size > maxUnasked {
		return Role{}
	}
	return Role{true, true}
}

// joined returns the added domains that the node takes a part in and its configuration has not, by id, each as a configuration's
// domain. It is what decides whether the node must begin anew.
func joined(cfg *config.Config, s *consensus.State, roles map[string]Role) (out []config.Domain) {
	for _, a := range s.Added {
		if a.Closed != 0 || slices.ContainsFunc(cfg.Domains, func(d config.Domain) bool { return d.ID == a.Entry.ID }) {
			continue
		}
		r := partIn(&a.Entry, roles, cfg.AddedDomains)
		if r == (Role{}) {
			continue
		}
		d := config.DefaultDomain()
		d.Added = true
		d.ID, d.OptimizationPlugin, d.Optimize, d.Evaluate = a.Entry.ID, a.Entry.Plugin, r.Optimize, r.Evaluate
		d.HasSynthetic, d.HigherIsBetter = a.Entry.HasSyntheticData, a.Entry.HigherIsBetter
		d.PerformanceScale, d.MinIncrement, d.Seeds, d.NoiseZ2 = a.Entry.PerformanceScale, a.Entry.MinIncrement, a.Entry.Seeds, a.Entry.NoiseZ2
		agreement := a.Entry.Agreement
		d.Agreement = &agreement
		d.InferenceConfig, d.SyntheticConfig = d.OptimizationConfig, d.OptimizationConfig
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b config.Domain) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// addDomains puts the added domains that the node takes a part in into its configuration, as far as their settings fit and their files
// are to be had, and takes closed ones out of it.
func (n *Node) addDomains(ctx context.Context, b *stack.Base, tip *consensus.State) error {
	roles, err := ReadRoles(n.cfg.DataDir)
	if err != nil {
		return err
	}
	more := joined(n.cfg, tip, roles)
	n.parts = signature(more)
	n.cfg.Domains = slices.DeleteFunc(slices.Clone(n.cfg.Domains), func(d config.Domain) bool {
		a := tip.Added[d.ID]
		if a != nil && a.Closed != 0 {
			b.Log.Warn("domain was closed by who added it: it has no role here", "domain", d.ID, "height", a.Closed)
		}
		return a != nil && a.Closed != 0
	})
	var entries []chain.Domain
	for _, a := range tip.Added {
		if a.Closed == 0 {
			entries = append(entries, a.Entry)
		}
	}
	slices.SortFunc(entries, func(a, b chain.Domain) int { return strings.Compare(a.ID, b.ID) })
	n.terms = n.genesis.With(entries)
	if n.renewed {
		n.cfg.Domains, n.awaited = split(n.cfg.Domains, n.terms)
		for _, id := range n.awaited {
			b.Log.Warn("the network has a domain of the configuration no more: it has no role here until it is added again", "domain", id)
		}
	}
	if err := fits(n.cfg, n.cfg.GenesisPath(), n.terms); err != nil {
		return err
	}
	for _, d := range more {
		if err := n.obtain(ctx, b, d); err != nil {
			pause := min(obtainSoon<<min(n.tries, 10), obtainLate)
			b.Log.Warn("no part in an added domain until this is over", "domain", d.ID, "again_in", pause, "err", err)
			n.obtainAt = b.Now().Add(pause)
			continue
		}
		b.Log.Info("takes part in a domain that was added to the network", "domain", d.ID, "optimize", d.Optimize, "evaluate", d.Evaluate)
		n.cfg.Domains = append(n.cfg.Domains, d)
	}
	if n.tries++; n.obtainAt.IsZero() {
		n.tries = 0
	}
	return nil
}

// split parts the domains that a network has from the ids of those that it has not. A node that begins anew waits for the latter: a
// reorganization takes the transaction that added a domain out of the chain, often for a block. At a node's first start such an id is
// a mistake of its configuration, and an error.
func split(domains []config.Domain, g *chain.Genesis) (has []config.Domain, awaited []string) {
	for _, d := range domains {
		if _, ok := g.Domain(d.ID); ok {
			has = append(has, d)
		} else {
			awaited = append(awaited, d.ID)
		}
	}
	return has, awaited
}

// Bounds of getting an added domain's files: for how long at a time, and how long until the next, at first and later: who has added a
// domain serves its files a moment after.
const (
	obtainTime = 10 * time.Minute
	obtainSoon = 4 * time.Second
	obtainLate = 5 * time.Minute
)

// obtain has the files of one domain, from peers that may have them.
func (n *Node) obtain(ctx context.Context, b *stack.Base, d config.Domain) error {
	ctx, cancel := context.WithTimeout(ctx, obtainTime)
	defer cancel()
	alone := *n.cfg
	alone.Domains = []config.Domain{d}
	if err := terms.Apply(&alone, n.terms); err != nil {
		return err
	}
	return n.fetch(ctx, b, &alone)
}

// signature is one text for one set of parts.
func signature(domains []config.Domain) string {
	text := ""
	for _, d := range domains {
		text += fmt.Sprintf("%q %v %v\n", d.ID, d.Optimize, d.Evaluate)
	}
	return text
}

// errRenewed ends a run whose network has other domains now.
var errRenewed = errors.New("the network's domains have changed")

// lookEvery is how often a node looks whether they have.
const lookEvery = time.Second

// watch returns errRenewed when the node has to begin anew to take another part in added domains, and nil when ctx ends. Of those it has
// no part in it says once how to take one.
func (n *Node) watch(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	told := make(map[string]bool)
	var failed bool
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s := n.loop.View().State
		roles, err := ReadRoles(n.cfg.DataDir)
		if err != nil {
			if !failed {
				n.log.Warn("parts in added domains stay as they are", "err", err)
			}
			failed = true
			continue
		}
		failed = false
		again := !n.obtainAt.IsZero() && time.Now().After(n.obtainAt)
		if signature(joined(n.original, s, roles)) != n.parts || n.lost(s) || slices.ContainsFunc(n.awaited, s.Running) || again {
			return errRenewed
		}
		for id, a := range s.Added {
			if _, said := roles[id]; a.Closed == 0 && !told[id] && !said && !slices.ContainsFunc(n.cfg.Domains, func(d config.Domain) bool { return d.ID == id }) {
				told[id] = true
				n.log.Warn("a domain was added to the network, in which this node has no part", "domain", id, "author", a.Author,
					"remedy", fmt.Sprintf("doin-node domain take %s", id))
			}
		}
	}
}

// lost reports whether the configuration has a domain that the tip's network has not, or no more.
func (n *Node) lost(s *consensus.State) bool {
	return slices.ContainsFunc(n.cfg.Domains, func(d config.Domain) bool { return !s.Running(d.ID) })
}

// domains describes the network's domains, those of the genesis file first.
func (n *Node) domains() *canon.Object {
	s := n.loop.View().State
	list := make([]any, 0, len(n.genesis.Domains)+len(s.Added))
	role := func(id string, o *canon.Object) *canon.Object {
		for _, d := range n.cfg.Domains {
			if d.ID == id {
				return o.Set("optimize", d.Optimize).Set("evaluate", d.Evaluate)
			}
		}
		return o.Set("optimize", false).Set("evaluate", false)
	}
	for i := range n.genesis.Domains {
		d := &n.genesis.Domains[i]
		list = append(list, role(d.ID, canon.NewObject("domain_id", d.ID, "added", false, "entry", d.Object())))
	}
	added := make([]*consensus.Added, 0, len(s.Added))
	for _, a := range s.Added {
		added = append(added, a)
	}
	slices.SortFunc(added, func(a, b *consensus.Added) int { return strings.Compare(a.Entry.ID, b.Entry.ID) })
	for _, a := range added {
		o := canon.NewObject("domain_id", a.Entry.ID, "added", true, "author", a.Author, "deposit", ledger.FormatAmount(a.Deposit), "height", a.Height)
		if a.Closed != 0 {
			o.Set("closed_at", a.Closed)
		}
		list = append(list, role(a.Entry.ID, o.Set("entry", a.Entry.Object())))
	}
	return canon.NewObject("domains", list, "may_be_added", n.genesis.Parameters.MayAdd,
		"deposit", ledger.FormatAmount(consensus.Deposit(s.Height+1)), "height", s.Height, "network_id", n.rules.Network)
}
