package consensus

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// Root returns the hex SHA-256 of the state's canonical JSON: what a block's ext commits to.
func (s *State) Root() string {
	h := sha256.Sum256(s.AppendCanonical(nil))
	return hex.EncodeToString(h[:])
}

// AppendCanonical appends the state's canonical JSON, which is also its stored form. It names the block it follows:
// a block's hash covers its header alone, and ext stands outside it, so there is no circle.
func (s *State) AppendCanonical(dst []byte) []byte { return canon.AppendCanonical(dst, s.object()) }

func (s *State) object() *canon.Object {
	domains, peers, accounts := canon.NewObject(), canon.NewObject(), canon.NewObject()
	for _, id := range sortedKeys(s.Domains) {
		d := s.Domains[id]
		domains.Set(id, canon.NewObject("has_best", d.HasBest, "best", d.Best, "parameters", string(d.Parameters),
			"optimae_id", d.OptimaeID, "optimizer_id", d.OptimizerID, "digest", d.Digest, "sums", d.Sums.AppendTo(canon.NewObject()), "solo", d.Solo, "best_height", d.BestHeight,
			"accepted", d.Accepted, "improved", d.Improved, "rejected", d.Rejected,
			"total_increment", d.TotalIncrement, "inferences", d.Inferences))
	}
	for _, id := range sortedKeys(s.Peers) {
		p := s.Peers[id]
		peers.Set(id, canon.NewObject("public_key", p.PublicKey, "registered", p.Registered,
			"reputation", p.Reputation.Score, "reputation_time", p.Reputation.Last, "accepted", p.Accepted,
			"rejected", p.Rejected, "agreed", p.Agreed, "divergent", p.Divergent, "certified", p.Certified))
	}
	for _, id := range s.Ledger.Peers() {
		accounts.Set(id, []any{s.Ledger.Balance(id), s.Ledger.Nonce(id)})
	}
	recent := make([]any, len(s.Recent))
	for i, r := range s.Recent {
		recent[i] = canon.NewObject("height", r.Height, "hash", r.Hash, "eligible", texts(r.Eligible), "tx", texts(r.TxIDs), "settled", texts(r.Settled), "replaced", texts(r.Replaced))
	}
	d := s.Difficulty
	o := canon.NewObject(
		"version", int64(2), "network", s.rules.Network, "height", s.Height, "tip", s.Tip, "tip_time", s.TipTime,
		"generator", s.Generator, "work", s.Work,
		"difficulty", []any{d.Threshold, d.EMA, d.Last, d.EpochStart, d.InEpoch, d.Adjustments},
		"base_fee", s.BaseFee, "accounts", accounts, "minted", s.Ledger.Minted(), "burned", s.Ledger.Burned(),
		"domains", domains, "peers", peers, "recent", recent,
		"finalized", []any{s.FinalizedHeight, s.FinalizedHash},
	)
	if len(s.Added) > 0 { // states without are those of networks from before there were any
		added := canon.NewObject()
		for _, id := range sortedKeys(s.Added) {
			added.Set(id, s.Added[id].object())
		}
		o.Set("added", added)
	}
	return o
}

// ErrState is matched when a stored state cannot be read.
var ErrState = errors.New("consensus: stored state is unreadable")

// ParseState reads what AppendCanonical wrote, for the network of rules.
func ParseState(data []byte, rules *Rules) (*State, error) {
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrState, err)
	}
	f := &fields{o: o}
	if v := f.integer("version"); f.err == nil && v != 2 {
		return nil, fmt.Errorf("%w: version %d", ErrState, v)
	}
	if n := f.text("network"); f.err == nil && n != rules.Network {
		return nil, fmt.Errorf("%w: of network %.12s, this is %.12s", ErrState, n, rules.Network)
	}
	s := &State{rules: rules, Height: f.integer("height"), Tip: f.text("tip"), TipTime: f.integer("tip_time"),
		Generator: f.text("generator"), Work: f.integer("work"), BaseFee: f.integer("base_fee"),
		Ledger: new(ledger.Ledger), Domains: make(map[string]*Domain), Peers: make(map[string]*Peer)}
	if d := f.integers("difficulty", 6); f.err == nil {
		s.Difficulty = Difficulty{d[0], d[1], d[2], d[3], d[4], d[5]}
	}
	domains, peers, accounts := f.object("domains"), f.object("peers"), f.object("accounts")
	for _, id := range domains.Keys() {
		d := f.child(domains, id)
		sums := d.child(d.o, "sums")
		s.Domains[id] = &Domain{Sums: sums.sums(),
			HasBest: d.flag("has_best"), Best: d.number("best"), Parameters: []byte(d.text("parameters")),
			OptimaeID: d.text("optimae_id"), OptimizerID: d.text("optimizer_id"), Digest: d.text("digest"), Solo: d.flag("solo"), BestHeight: d.integer("best_height"),
			Accepted: d.integer("accepted"), Improved: d.integer("improved"), Rejected: d.integer("rejected"),
			TotalIncrement: d.integer("total_increment"), Inferences: d.integer("inferences")}
		f.join(sums)
		f.join(d)
	}
	if err := s.parseAdded(o); f.err == nil {
		f.err = err
	}
	for _, id := range peers.Keys() {
		p := f.child(peers, id)
		s.Peers[id] = &Peer{PublicKey: p.text("public_key"), Registered: p.integer("registered"),
			Reputation: Reputation{Score: p.integer("reputation"), Last: p.integer("reputation_time")},
			Accepted:   p.integer("accepted"), Rejected: p.integer("rejected"), Agreed: p.integer("agreed"),
			Divergent: p.integer("divergent"), Certified: p.integer("certified")}
		f.join(p)
	}
	for _, id := range accounts.Keys() {
		a := &fields{o: accounts}
		if v := a.integers(id, 2); a.err == nil {
			a.err = s.Ledger.Restore(id, v[0], v[1])
		}
		f.join(a)
	}
	if minted, burned := f.integer("minted"), f.integer("burned"); f.err == nil {
		f.err = s.Ledger.RestoreTotals(minted, burned)
	}
	recent, err := o.List("recent")
	get(f, recent, err)
	for _, e := range recent {
		ro, _ := e.(*canon.Object)
		r := &fields{o: ro}
		s.Recent = append(s.Recent, Recent{Height: r.integer("height"), Hash: r.text("hash"),
			Eligible: r.textList("eligible"), TxIDs: r.textList("tx"), Settled: r.textList("settled"), Replaced: r.textList("replaced")})
		f.join(r)
	}
	if fin, err := o.List("finalized"); err != nil || len(fin) != 2 {
		get(f, fin, errors.New("finalized: want [height, hash]"))
	} else {
		h, ok := fin[0].(int64)
		hash, ok2 := fin[1].(string)
		if !ok || !ok2 {
			get(f, fin, errors.New("finalized: want [height, hash]"))
		}
		s.FinalizedHeight, s.FinalizedHash = h, hash
	}
	get(f, 0, s.check())
	if f.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrState, f.err)
	}
	s.index()
	return s, nil
}

// check verifies what the rules take for granted of a state: the domains are the network's, and the window is
// not empty, ends at the tip, ascends and is sorted within.
func (s *State) check() error {
	for id := range s.rules.Domains {
		if s.Domains[id] == nil {
			return fmt.Errorf("domain %q is missing", id)
		}
	}
	for id := range s.Added {
		if _, twice := s.rules.Domains[id]; twice || s.Domains[id] == nil {
			return fmt.Errorf("added domain %q is the genesis file's, or has no record", id)
		}
	}
	if len(s.Domains) != len(s.rules.Domains)+len(s.Added) {
		return errors.New("a domain is not the network's")
	}
	if n := len(s.Recent); n == 0 || n > Window || s.Recent[n-1].Height != s.Height || s.Recent[n-1].Hash != s.Tip {
		return errors.New("recent: does not end at the tip")
	}
	for i, r := range s.Recent {
		if r.Height != s.Height-int64(len(s.Recent)-1-i) {
			return fmt.Errorf("recent: height %d is out of order", r.Height)
		}
		if !slices.IsSorted(r.Eligible) || !slices.IsSorted(r.TxIDs) || !slices.IsSorted(r.Settled) || !slices.IsSorted(r.Replaced) {
			return fmt.Errorf("recent: lists at height %d are not sorted", r.Height)
		}
		for _, id := range r.Eligible {
			if s.Peers[id] == nil {
				return fmt.Errorf("recent: unknown evaluator %q at height %d", id, r.Height)
			}
		}
	}
	return nil
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func (f *fields) flag(k string) bool { v, err := f.o.Bool(k); return get(f, v, err) }

func (f *fields) integers(k string, n int) []int64 {
	list, err := f.o.List(k)
	if err == nil && len(list) != n {
		err = fmt.Errorf("%s: want %d integers", k, n)
	}
	out := make([]int64, 0, n)
	for _, e := range list {
		v, ok := e.(int64)
		if !ok && err == nil {
			err = fmt.Errorf("%s: want integers", k)
		}
		out = append(out, v)
	}
	return get(f, out, err)
}

func (f *fields) textList(k string) []string {
	list, err := f.o.List(k)
	var out []string
	for _, e := range list {
		v, ok := e.(string)
		if !ok && err == nil {
			err = fmt.Errorf("%s: want strings", k)
		}
		out = append(out, v)
	}
	return get(f, slices.Clip(out), err)
}

func (f *fields) child(o *canon.Object, id string) *fields {
	c, err := o.Object(id)
	return &fields{o: get(f, c, err)}
}

func (f *fields) join(c *fields) { get(f, 0, c.err) }
