package chain

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
	"doin.network/node/internal/timestamp"
)

// MaxQuorum is the largest quorum that a network may ask for.
const MaxQuorum = 100

// Bounds of the genesis file.
const (
	maxGenesisDomains    = 256
	maxGenesisEvaluators = 10_000
	maxGenesisGrants     = 10_000
)

// What this program writes and speaks. Protocol counts the sets of rules; Format is counted up by every revision that changes
// what is hashed: under one protocol, networks of two formats cannot read each other.
const (
	Protocol = 1
	Format   = 2
)

// Certified is the protocol of certified chains (chain/application), CertifiedFormat its format.
const (
	Certified       = 2
	CertifiedFormat = 1
)

// Bounds of a claim's seeds.
const (
	MaxSeeds     = 64
	DefaultSeeds = 4
)

// Genesis is what a network's nodes agree on beside block 0, which is the same everywhere. It is a
// file; its NetworkID is part of every signature.
type Genesis struct {
	// Protocol and Format are what the network speaks; see CheckFormat. A file without them is of protocol 1, format 0.
	Protocol, Format int

	Parameters Parameters
	Domains    []Domain
	Evaluators []Evaluator
	// Grants are first balances, minted by block 0. Default none.
	Grants []Grant

	// file is the object that was parsed; its spelling decides the network id.
	file *canon.Object
}

// Parameters are the constants of a network's consensus. Numbers are decimal in the file and are
// turned into integers by Micro where consensus needs them.
type Parameters struct {
	// Name is free text for people. Default "".
	Name string
	// StartTime is when the network was made; block 1 counts from it. Required, with an offset.
	StartTime timestamp.Time
	// TargetBlockTime is in seconds. Default 600, from 0.001 to 10⁷.
	TargetBlockTime float64
	// InitialThreshold is the weighted increment that the first blocks need. Default 1, from 10⁻⁶
	// to 10⁹.
	InitialThreshold float64
	// QuorumMinEvaluators is the least number of members of a quorum. Default 3, from 1 to MaxQuorum. Of protocol 2 it is how many must
	// agree, from 0 to 63; 0 is 1 up to three evaluators of a domain, else 2.
	QuorumMinEvaluators int
	// QuorumTolerance is by how much a challenger's synthetic error may exceed the
	// incumbent's. Default 0.05, from 0 to 1.
	QuorumTolerance float64
	// FinalityConfirmationDepth is the number of blocks after which a block is final. Default 6,
	// from 1 to 10⁶.
	FinalityConfirmationDepth int
	// RevealDelay is in seconds from commit to reveal. Default 2, from 0 to 3600.
	RevealDelay float64
	// CommitRevealMaxAge is in seconds; later reveals are refused. Default 600, at least RevealDelay,
	// at most 10⁶.
	CommitRevealMaxAge float64
	// ExternalAnchorInterval is in blocks. Default 100, from 1 to 10⁶.
	ExternalAnchorInterval int
	// Solo lets an optimizer's own re-run count as the quorum while no other evaluator is eligible. Default false.
	Solo bool
	// MayLeave lets evaluators leave by a transaction. Default false; in the file where it is true, evaluators_may_leave.
	MayLeave bool
	// MayAdd lets domains be added by a transaction. Default false; in the file where it is true, domains_may_be_added.
	MayAdd bool

	// SlotTime is the length of a slot in seconds, of protocol 2. Default 2, from 0.001 to 3600.
	SlotTime float64
	// StampBits is how many zero bits the stamp of a commit without a deposit begins with, of protocol 2. Default 20, from 0 to 128.
	StampBits int
}

// DefaultParameters returns the defaults, without name and start time.
func DefaultParameters() Parameters {
	return Parameters{
		TargetBlockTime:           600,
		InitialThreshold:          1,
		QuorumMinEvaluators:       3,
		QuorumTolerance:           0.05,
		FinalityConfirmationDepth: 6,
		RevealDelay:               2,
		CommitRevealMaxAge:        600,
		ExternalAnchorInterval:    100,
		SlotTime:                  2,
		StampBits:                 20,
	}
}

// Domain is a problem the network works on.
type Domain struct {
	// ID names the domain; required, at most 256 bytes.
	ID string
	// Weight is the domain's share in a block's weighted sum. Default 1, from 0 to 1000.
	Weight float64
	// PerformanceScale is the unit of increments, in units of the performance. Default 1, from 10⁻⁶ to 10⁹.
	PerformanceScale float64
	// MinIncrement is the least increment that counts, in that unit. Default 0.005, from 0 to 10⁶.
	MinIncrement float64
	// Seeds is K, the number of seeds that a claim is trained with. Default 4, from 1 to MaxSeeds; 1 where a seed has no
	// influence.
	Seeds int
	// NoiseZ2 is z²: the mean difference between a claim and its base must be z of its standard errors above 0, where the domain
	// has cases to compare. Default 4.
	NoiseZ2 ratio.Ratio
	// HasSyntheticData says whether evaluators score on data of their own. Default true.
	HasSyntheticData bool
	// HigherIsBetter is the sense of the domain's own performance. Default true.
	HigherIsBetter bool
	// DataHash is the hash of the data, or "".
	DataHash string
	// Plugin names what evaluates the domain, or "".
	Plugin string
	// ConfigHash is the hash of the domain's configuration, or "".
	ConfigHash string
	// Config holds the plugin's settings, all that decide about results and none that only steer a search; nil: the file does not
	// bind them. What it holds is only read.
	Config *canon.Object
	// Files are what the domain reads. Default none, at most MaxFiles.
	Files []File
	// Agreement is when a vote reproduces a claim. Default exact; a file without it means that.
	Agreement agreement.Agreement
	// VerifyWindow is how many slots the members of a draw have to re-run a claim, of protocol 2. Default 300, from 1 to 10⁶.
	VerifyWindow int
	// LargestIncrement is the largest increment that one claim is paid for, in units of PerformanceScale, of protocol 2. Default 1,
	// from 0 to 1000.
	LargestIncrement float64
}

// MaxFiles bounds the files of a domain, MaxFileBytes the size of one.
const (
	MaxFiles     = 16
	MaxFileBytes = 1 << 40
)

// File is a file that every node of a domain has, byte for byte.
type File struct {
	// Key is the setting that names the file: "data".
	Key string
	// Name is what to call it: no folder, at most 128 bytes.
	Name string
	// SHA256 is the hash of its bytes.
	SHA256 string
	// Size is the number of its bytes, from 0 to MaxFileBytes.
	Size int64
}

// Equal reports whether two entries say the same.
func (d *Domain) Equal(other *Domain) bool {
	return canon.Equal(d.object(), other.object())
}

// ParseDomain reads the entry of one domain, as a genesis file has it, and keeps nothing of o but its settings. Unknown members are
// refused, as is what Validate refuses. Errors match ErrInvalid.
func ParseDomain(o *canon.Object) (Domain, error) {
	p := &genesisParser{}
	d := p.domain(o, "domain")
	d.validate(&p.problems, "domain")
	return d, errors.Join(p.problems...)
}

// Object returns the entry as a genesis file has it, every member spelled out. The result is the caller's.
func (d *Domain) Object() *canon.Object { return d.object() }

// With returns the network with more domains than its file has, as those that were added later; its id stays the file's. g is not changed.
func (g *Genesis) With(more []Domain) *Genesis {
	w := *g
	if w.file == nil {
		w.file = g.Object()
	}
	w.Domains = slices.Concat(g.Domains, more)
	return &w
}

// MaxDomains bounds the domains of a network.
const MaxDomains = maxGenesisDomains

// DefaultDomain returns the defaults for a domain.
func DefaultDomain(id string) Domain {
	return Domain{
		ID:               id,
		Weight:           1,
		PerformanceScale: 1,
		MinIncrement:     0.005,
		Seeds:            DefaultSeeds,
		NoiseZ2:          ratio.Ratio{Num: 4, Den: 1},
		HasSyntheticData: true,
		HigherIsBetter:   true,
		VerifyWindow:     300,
		LargestIncrement: 1,
	}
}

// Evaluator is a quorum candidate registered at height 0.
type Evaluator struct {
	PeerID    string // hash of PublicKey
	PublicKey string // lower-case hex
}

// Grant is money that a key has from the start.
type Grant struct {
	PeerID string
	Amount string // decimal DOIN, as ledger.ParseAmount reads it
}

// Object returns the JSON form: of a parsed genesis the object that was parsed, otherwise every
// member spelled out. The result is the caller's.
func (g *Genesis) Object() *canon.Object {
	if g.file != nil {
		return g.file.Clone()
	}
	domains := make([]any, len(g.Domains))
	for i := range g.Domains {
		domains[i] = g.Domains[i].object()
		if g.Protocol == Certified {
			domains[i].(*canon.Object).Set(verifyWindow, g.Domains[i].VerifyWindow).Set(largestIncrement, g.Domains[i].LargestIncrement)
		}
	}
	evaluators := make([]any, len(g.Evaluators))
	for i, e := range g.Evaluators {
		evaluators[i] = canon.NewObject("peer_id", e.PeerID, "public_key", e.PublicKey)
	}
	o := canon.NewObject(
		"protocol", g.Protocol,
		"format", g.Format,
		"parameters", g.parameters(),
		"domains", domains,
		"evaluators", evaluators,
	)
	if len(g.Grants) > 0 {
		grants := make([]any, len(g.Grants))
		for i, e := range g.Grants {
			grants[i] = canon.NewObject("peer_id", e.PeerID, "amount", e.Amount)
		}
		o.Set("grants", grants)
	}
	return o
}

func (p *Parameters) object() *canon.Object {
	o := canon.NewObject(
		"name", p.Name,
		"start_time", p.StartTime.Wire(),
		"target_block_time", p.TargetBlockTime,
		"initial_threshold", p.InitialThreshold,
		"quorum_min_evaluators", p.QuorumMinEvaluators,
		"quorum_tolerance", p.QuorumTolerance,
		"finality_confirmation_depth", p.FinalityConfirmationDepth,
		"reveal_delay", p.RevealDelay,
		"commit_reveal_max_age", p.CommitRevealMaxAge,
		"external_anchor_interval", p.ExternalAnchorInterval,
		"solo", p.Solo,
	)
	if p.MayLeave { // files without it are those of networks that were made before there was one
		o.Set(mayLeave, true)
	}
	if p.MayAdd {
		o.Set(mayAdd, true)
	}
	return o
}

// parameters are the file's: those of a certified chain have more.
func (g *Genesis) parameters() *canon.Object {
	o := g.Parameters.object()
	if g.Protocol == Certified {
		o.Set(slotTime, g.Parameters.SlotTime).Set(stampBits, g.Parameters.StampBits)
	}
	return o
}

// Parameters' names in the file.
const (
	mayLeave  = "evaluators_may_leave"
	mayAdd    = "domains_may_be_added"
	slotTime  = "slot_time"
	stampBits = "stamp_bits"
)

// Names of what only domains of certified chains have.
const (
	verifyWindow     = "verify_window"
	largestIncrement = "largest_increment"
)

// agreementKey is written where a domain's agreement is not exact: files made before it was a member keep their hash.
const agreementKey = "agreement"

func (d *Domain) object() *canon.Object {
	o := canon.NewObject(
		"domain_id", d.ID,
		"weight", d.Weight,
		"performance_scale", d.PerformanceScale,
		"min_increment", d.MinIncrement,
		"seeds", d.Seeds,
		"noise_z2", d.NoiseZ2.Value(),
		"has_synthetic_data", d.HasSyntheticData,
		"higher_is_better", d.HigherIsBetter,
		"data_hash", d.DataHash,
		"plugin", d.Plugin,
		"config_hash", d.ConfigHash,
	)
	if d.Config != nil {
		o.Set("config", d.Config.Clone())
	}
	if len(d.Files) > 0 {
		files := make([]any, len(d.Files))
		for i, f := range d.Files {
			files[i] = canon.NewObject("key", f.Key, "name", f.Name, "sha256", f.SHA256, "size", f.Size)
		}
		o.Set("files", files)
	}
	if !d.Agreement.Exact() {
		o.Set(agreementKey, d.Agreement.Value())
	}
	return o
}

// NetworkID returns the SHA-256 hex of the canonical JSON of Object. Two files that spell one meaning
// differently (a default left out, 600 for 600.0) are two networks; layout and key order do not
// matter. A parsed Genesis must not be changed: its id is that of the file.
func (g *Genesis) NetworkID() string {
	if g.file != nil {
		return canon.Hash(g.file)
	}
	return canon.Hash(g.Object())
}

// Domain returns the domain of that id and whether there is one.
func (g *Genesis) Domain(id string) (Domain, bool) {
	for _, d := range g.Domains {
		if d.ID == id {
			return d, true
		}
	}
	return Domain{}, false
}

// CheckFormat reports whether this program speaks what the network speaks; a *FormatError if not.
func (g *Genesis) CheckFormat() error {
	if g.Protocol == Protocol && g.Format == Format || g.Protocol == Certified && g.Format == CertifiedFormat {
		return nil
	}
	return &FormatError{Protocol: g.Protocol, Format: g.Format}
}

// Validate reports every problem at once, joined; nil means g is usable. A network of another protocol or format can be
// usable; see CheckFormat. Errors match ErrInvalid.
func (g *Genesis) Validate() error {
	var p problems
	p.demand(g.Protocol >= 1, "protocol %d: want at least 1", g.Protocol)
	p.demand(g.Format >= 0, "format %d: want at least 0", g.Format)
	g.Parameters.validate(&p, g.Protocol)
	p.demand(len(g.Domains) > 0 && len(g.Domains) <= maxGenesisDomains,
		"domains: want 1 to %d, got %d", maxGenesisDomains, len(g.Domains))
	ids := make([]string, 0, len(g.Domains))
	for i := range g.Domains {
		d := &g.Domains[i]
		d.validate(&p, fmt.Sprintf("domains[%d]", i))
		p.demand(!slices.Contains(ids, d.ID), "domains[%d].domain_id %q: twice", i, d.ID)
		ids = append(ids, d.ID)
	}
	p.demand(len(g.Evaluators) <= maxGenesisEvaluators,
		"evaluators: want at most %d, got %d", maxGenesisEvaluators, len(g.Evaluators))
	peers := make(map[string]bool, len(g.Evaluators))
	for i, e := range g.Evaluators {
		id, err := identity.PeerID(e.PublicKey)
		p.demand(err == nil, "evaluators[%d].public_key: %v", i, err)
		p.demand(err != nil || id == e.PeerID, "evaluators[%d].peer_id %.64q: the key's is %s", i, e.PeerID, id)
		p.demand(!peers[e.PeerID], "evaluators[%d].peer_id %.64q: twice", i, e.PeerID)
		peers[e.PeerID] = true
	}
	g.validateGrants(&p)
	return errors.Join(p...)
}

// validateGrants checks all of the grants but their amounts, which are for the rules of money to read.
func (g *Genesis) validateGrants(p *problems) {
	p.demand(len(g.Grants) <= maxGenesisGrants, "grants: want at most %d, got %d", maxGenesisGrants, len(g.Grants))
	granted := make(map[string]bool, len(g.Grants))
	for i, e := range g.Grants {
		p.demand(identity.IsPeerID(e.PeerID), "grants[%d].peer_id %.64q: want %d lower-case hex digits", i, e.PeerID, identity.PeerIDLen)
		p.demand(!granted[e.PeerID], "grants[%d].peer_id %.64q: twice", i, e.PeerID)
		granted[e.PeerID] = true
	}
}

func (p *Parameters) validate(out *problems, protocol int) {
	const in = "parameters"
	out.demand(len(p.Name) <= maxNameBytes, "%s.name: longer than %d bytes", in, maxNameBytes)
	out.demand(!p.StartTime.IsZero() && !p.StartTime.IsNaive(), "%s.start_time: want a time with an offset", in)
	out.between(in, "target_block_time", p.TargetBlockTime, 1e-3, 1e7)
	out.between(in, "initial_threshold", p.InitialThreshold, 1e-6, 1e9)
	least, most := 1, MaxQuorum
	if protocol == Certified {
		least, most = 0, 63
	}
	out.between(in, "quorum_min_evaluators", float64(p.QuorumMinEvaluators), float64(least), float64(most))
	out.between(in, "quorum_tolerance", p.QuorumTolerance, 0, 1)
	out.between(in, "finality_confirmation_depth", float64(p.FinalityConfirmationDepth), 1, 1e6)
	out.between(in, "reveal_delay", p.RevealDelay, 0, 3600)
	out.between(in, "commit_reveal_max_age", p.CommitRevealMaxAge, p.RevealDelay, 1e6)
	out.between(in, "external_anchor_interval", float64(p.ExternalAnchorInterval), 1, 1e6)
	out.between(in, slotTime, p.SlotTime, 1e-3, 3600)
	out.between(in, stampBits, float64(p.StampBits), 0, 128)
}

func (d *Domain) validate(out *problems, in string) {
	out.demand(d.ID != "" && len(d.ID) <= maxNameBytes, "%s.domain_id: want 1 to %d bytes", in, maxNameBytes)
	out.between(in, "weight", d.Weight, 0, 1000)
	out.between(in, "performance_scale", d.PerformanceScale, 1e-6, 1e9)
	out.between(in, "min_increment", d.MinIncrement, 0, 1e6)
	out.between(in, "seeds", float64(d.Seeds), 1, MaxSeeds)
	out.between(in, verifyWindow, float64(d.VerifyWindow), 1, 1e6)
	out.between(in, largestIncrement, d.LargestIncrement, 0, 1000)
	err := d.NoiseZ2.Validate()
	out.demand(err == nil, "%s.noise_z2: %v", in, err)
	err = d.Agreement.Validate()
	out.demand(err == nil, "%s.%v", in, err)
	d.room(out, in)
	model, rough := agreement.Approximate(d.Plugin, d.Config)
	out.demand(!rough || !d.Agreement.Exact(), "%s.agreement: exact, and config names model %.40q, on which machines agree within a share only", in, model)
	out.demand(d.DataHash == "" || IsHash(d.DataHash), "%s.data_hash: want 64 lower-case hex digits or nothing", in)
	out.demand(d.ConfigHash == "" || IsHash(d.ConfigHash), "%s.config_hash: want 64 lower-case hex digits or nothing", in)
	out.demand(len(d.Plugin) <= maxNameBytes, "%s.plugin: longer than %d bytes", in, maxNameBytes)
	out.demand(len(d.Files) <= MaxFiles, "%s.files: want at most %d, got %d", in, MaxFiles, len(d.Files))
	for i := range d.Files {
		d.Files[i].validate(out, fmt.Sprintf("%s.files[%d]", in, i))
		for _, before := range d.Files[:i] {
			out.demand(before.Key != d.Files[i].Key, "%s.files[%d].key %q: twice", in, i, before.Key)
		}
	}
}

func (f *File) validate(out *problems, in string) {
	out.demand(f.Key != "" && len(f.Key) <= maxNameBytes, "%s.key: want 1 to %d bytes", in, maxNameBytes)
	out.demand(IsFileName(f.Name), "%s.name %.140q: want a name of letters, digits, dots, dashes and underscores, not beginning with a dot, at most %d of them", in, f.Name, maxFileName)
	out.demand(IsHash(f.SHA256), "%s.sha256: want 64 lower-case hex digits", in)
	out.demand(f.Size >= 0 && f.Size <= MaxFileBytes, "%s.size %d: want 0 to %d", in, f.Size, int64(MaxFileBytes))
}

// maxFileName bounds the name of a file.
const maxFileName = 128

// IsFileName reports whether a name is safe to be given to a file on any machine.
func IsFileName(s string) bool {
	if s == "" || len(s) > maxFileName || s[0] == '.' {
		return false
	}
	for _, c := range []byte(s) {
		if c != '.' && c != '-' && c != '_' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z') {
			return false
		}
	}
	return true
}

// room demands that what counts is more than what votes may differ by: a claim and a vote each may be off by r.
func (d *Domain) room(out *problems, in string) {
	least, err := Micro(d.MinIncrement)
	r := d.Agreement.Within
	if d.Agreement.Exact() || err != nil || d.Agreement.Validate() != nil {
		return
	}
	out.demand(least*r.Den >= 2*r.Num*MicroUnit, "%s.min_increment %v: want at least twice the agreement, 2·%d/%d", in, d.MinIncrement, r.Num, r.Den)
}

// problems collects what Validate finds.
type problems []error

func (p *problems) demand(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf("%w genesis: %s", ErrInvalid, fmt.Sprintf(format, args...)))
	}
}

func (p *problems) between(in, name string, v, low, high float64) {
	p.demand(v >= low && v <= high, "%s.%s %v: want %v to %v", in, name, v, low, high) // NaN fails
}
