package chain

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

// ParseGenesis reads a genesis file. Absent members take their defaults; an unknown key, a value of
// another type and anything that Validate finds are errors, reported together, matching
// ErrInvalid.
func ParseGenesis(data []byte) (*Genesis, error) {
	file, err := canon.ParseObject(data)
	if err != nil {
		return nil, malformed("genesis", err)
	}
	p := &genesisParser{}
	p.only(file, "", "protocol", "format", "parameters", "domains", "evaluators", "grants")
	g := &Genesis{Parameters: DefaultParameters(), file: file}
	g.Protocol, g.Format = p.count(file, "", "protocol", 1), p.count(file, "", "format", 0)
	p.certified = g.Protocol == Certified
	p.demandBoth(file)
	if o := field(p, file, "", "parameters", file.ObjectOr, nil); o != nil {
		p.parameters(o, &g.Parameters)
	}
	p.each(file, "domains", func(o *canon.Object, in string) {
		g.Domains = append(g.Domains, p.domain(o, in))
	})
	p.each(file, "evaluators", func(o *canon.Object, in string) {
		p.only(o, in, "peer_id", "public_key")
		g.Evaluators = append(g.Evaluators, Evaluator{
			PeerID:    field(p, o, in, "peer_id", o.StringOr, ""),
			PublicKey: field(p, o, in, "public_key", o.StringOr, ""),
		})
	})
	p.each(file, "grants", func(o *canon.Object, in string) {
		p.only(o, in, "peer_id", "amount")
		g.Grants = append(g.Grants, Grant{
			PeerID: field(p, o, in, "peer_id", o.StringOr, ""),
			Amount: field(p, o, in, "amount", o.StringOr, ""),
		})
	})
	if err := errors.Join(append(p.problems, g.Validate())...); err != nil {
		return nil, err
	}
	return g, nil
}

type genesisParser struct {
	problems problems
	// certified is whether the file may have what only certified chains have.
	certified bool
}

// field reads one member with a default. In a file that people write null is no way to ask for the
// default, and the model layer's readings of texts and booleans as numbers would hide mistakes.
func field[T any](p *genesisParser, o *canon.Object, in, key string, get func(string, T) (T, error), def T) T {
	if v, ok := o.Get(key); ok && !sameKind(v, def) {
		p.problems.demand(false, "%s: a %s is no %T", join(in, key), canon.KindOf(v), def)
		return def
	}
	v, err := get(key, def)
	if err != nil {
		p.problems.demand(false, "%s: %v", join(in, key), err)
		return def
	}
	return v
}

func sameKind(v, like any) bool {
	kind := canon.KindOf(v)
	switch like.(type) {
	case bool:
		return kind == "bool"
	case int64:
		return kind == "int"
	case float64:
		return kind == "int" || kind == "float"
	default: // the getters of the other kinds convert nothing
		return kind != "null"
	}
}

func join(in, key string) string {
	if in == "" {
		return key
	}
	return in + "." + key
}

func (p *genesisParser) only(o *canon.Object, in string, known ...string) {
	for _, key := range o.Keys() {
		p.problems.demand(slices.Contains(known, key), "%s: unknown key; known are %s",
			join(in, fmt.Sprintf("%.64q", key)), strings.Join(known, ", "))
	}
}

func (p *genesisParser) each(file *canon.Object, key string, f func(o *canon.Object, in string)) {
	p.within(file, "", key, f)
}

func (p *genesisParser) within(of *canon.Object, path, key string, f func(o *canon.Object, in string)) {
	for i, v := range field(p, of, path, key, of.ListOr, nil) {
		in := fmt.Sprintf("%s[%d]", join(path, key), i)
		o, err := canon.AsObject(v)
		if err != nil {
			p.problems.demand(false, "%s: %v", in, err)
			continue
		}
		f(o, in)
	}
}

func (p *genesisParser) parameters(o *canon.Object, to *Parameters) {
	const in = "parameters"
	def := *to
	p.only(o, in, append(def.object().Keys(), p.more([]string{mayLeave, mayAdd}, slotTime, stampBits)...)...)
	to.Name = field(p, o, in, "name", o.StringOr, "")
	to.TargetBlockTime = field(p, o, in, "target_block_time", o.FloatOr, def.TargetBlockTime)
	to.InitialThreshold = field(p, o, in, "initial_threshold", o.FloatOr, def.InitialThreshold)
	to.QuorumMinEvaluators = p.count(o, in, "quorum_min_evaluators", def.QuorumMinEvaluators)
	to.QuorumTolerance = field(p, o, in, "quorum_tolerance", o.FloatOr, def.QuorumTolerance)
	to.FinalityConfirmationDepth = p.count(o, in, "finality_confirmation_depth", def.FinalityConfirmationDepth)
	to.RevealDelay = field(p, o, in, "reveal_delay", o.FloatOr, def.RevealDelay)
	to.CommitRevealMaxAge = field(p, o, in, "commit_reveal_max_age", o.FloatOr, def.CommitRevealMaxAge)
	to.ExternalAnchorInterval = p.count(o, in, "external_anchor_interval", def.ExternalAnchorInterval)
	to.Solo = field(p, o, in, "solo", o.BoolOr, def.Solo)
	to.MayLeave = field(p, o, in, mayLeave, o.BoolOr, def.MayLeave)
	to.MayAdd = field(p, o, in, mayAdd, o.BoolOr, def.MayAdd)
	to.SlotTime = field(p, o, in, slotTime, o.FloatOr, def.SlotTime)
	to.StampBits = p.count(o, in, stampBits, def.StampBits)
	if o.Has("start_time") { // its absence is for Validate to report
		r := &reader{object: "genesis", o: o}
		to.StartTime = r.time("start_time")
		p.problems.demand(r.err == nil, "%s.start_time: %v", in, r.err)
	}
}

// demandBoth refuses a file that names its protocol without its format, or the other way round.
func (p *genesisParser) demandBoth(file *canon.Object) {
	p.problems.demand(file.Has("protocol") == file.Has("format"), "protocol and format: want both; without either a file is of protocol 1, format 0")
}

// count reads a small integer; what does not fit stays out of every range.
func (p *genesisParser) count(o *canon.Object, in, key string, def int) int {
	n := field(p, o, in, key, o.IntOr, int64(def))
	return int(min(max(n, math.MinInt32), math.MaxInt32))
}

// more is a list of keys, with those of certified chains where the file is of one.
func (p *genesisParser) more(keys []string, certified ...string) []string {
	if p.certified {
		return append(keys, certified...)
	}
	return keys
}

func (p *genesisParser) domain(o *canon.Object, in string) Domain {
	d := DefaultDomain(field(p, o, in, "domain_id", o.StringOr, ""))
	p.only(o, in, append(d.object().Keys(), p.more([]string{"config", "files", agreementKey}, verifyWindow, largestIncrement)...)...)
	d.Weight = field(p, o, in, "weight", o.FloatOr, d.Weight)
	d.PerformanceScale = field(p, o, in, "performance_scale", o.FloatOr, d.PerformanceScale)
	d.MinIncrement = field(p, o, in, "min_increment", o.FloatOr, d.MinIncrement)
	d.Seeds = p.count(o, in, "seeds", d.Seeds)
	if v, ok := o.Get("noise_z2"); ok {
		var err error
		d.NoiseZ2, err = ratio.Parse(v)
		p.problems.demand(err == nil, "%s: %v", join(in, "noise_z2"), err)
	}
	if v, ok := o.Get(agreementKey); ok {
		var err error
		d.Agreement, err = agreement.Parse(v)
		p.problems.demand(err == nil, "%s.%v", in, err)
	}
	d.HasSyntheticData = field(p, o, in, "has_synthetic_data", o.BoolOr, d.HasSyntheticData)
	d.HigherIsBetter = field(p, o, in, "higher_is_better", o.BoolOr, d.HigherIsBetter)
	d.DataHash = field(p, o, in, "data_hash", o.StringOr, "")
	d.Plugin = field(p, o, in, "plugin", o.StringOr, "")
	d.ConfigHash = field(p, o, in, "config_hash", o.StringOr, "")
	d.Config = field(p, o, in, "config", o.ObjectOr, nil)
	d.VerifyWindow = p.count(o, in, verifyWindow, d.VerifyWindow)
	d.LargestIncrement = field(p, o, in, largestIncrement, o.FloatOr, d.LargestIncrement)
	p.within(o, in, "files", func(o *canon.Object, in string) {
		p.only(o, in, "key", "name", "sha256", "size")
		d.Files = append(d.Files, File{
			Key:    field(p, o, in, "key", o.StringOr, ""),
			Name:   field(p, o, in, "name", o.StringOr, ""),
			SHA256: field(p, o, in, "sha256", o.StringOr, ""),
			Size:   field(p, o, in, "size", o.IntOr, -1),
		})
	})
	return d
}
