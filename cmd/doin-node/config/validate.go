package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"doin.network/node/ga/island"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// maxIDBytes bounds the id of a domain: half of what a genesis file may have, so that names made of it fit everywhere.
const maxIDBytes = 128

// Validate reports every problem at once, joined, each a *Problem; nil means c is
// usable. Load and Flags.Apply call it.
func (c *Config) Validate() error {
	ps := c.problems()
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errors.Join(errs...)
}

func (c *Config) problems() []*Problem {
	k := checker{reference: c.Security == Reference}
	k.notEmpty("data_dir", c.DataDir)
	k.oneOf("security", string(c.Security), string(Strict), string(Reference))

	n := &c.Network
	k.notEmpty("host", n.Host)
	k.oneOf("dashboard", n.Dashboard, "local", "public", "off")
	k.oneOf("added_domains", c.AddedDomains, AddedNone, AddedBuiltin)
	k.notEmpty("prior", c.Prior)
	if c.Format != 0 && c.Format != CurrentFormat {
		k.add("format", c.Format, fmt.Sprintf("must be %d, or absent", CurrentFormat))
	}
	k.ints("port", n.Port, 0, 65535)
	k.oneOf("network_protocol", n.Protocol, Flooding, Gossipsub)
	k.oneOf("network", n.Transport, HTTP, P2P)
	k.ints("p2p_port", n.P2PPort, 0, 65535)
	if n.Transport == P2P && c.Security == Reference {
		k.add("network", n.Transport, "must be \"http\" in the reference profile: Python nodes speak nothing else")
	}
	if n.Transport == P2P && n.P2PPort == 0 && n.Port > 65535-P2PPortOffset && n.Port <= 65535 {
		k.add("p2p_port", n.P2PPort, fmt.Sprintf("must be set where port is above %d", 65535-P2PPortOffset))
	}
	k.seconds("discovery_interval", n.DiscoveryInterval, 0.1, maxSeconds)
	if len(n.Bootstrap) > maxPeersList {
		k.add("bootstrap_peers", len(n.Bootstrap), fmt.Sprintf("must have at most %d members", maxPeersList))
	}
	for i, p := range n.Bootstrap {
		if n.Transport == P2P && strings.HasPrefix(p, "/") {
			continue // a multiaddress, which net/p2p reads
		}
		if _, _, err := SplitPeer(p); err != nil {
			k.add(fmt.Sprintf("bootstrap_peers[%d]", i), p, err.Error())
		}
	}

	if c.NetworkID != "" && !hexadecimal(c.NetworkID, 64) {
		k.add("network_id", c.NetworkID, "must be 64 lower-case hex digits, as doin-node join shows them")
	}
	k.versions("component_versions", n.ComponentVersions)

	ch := &c.Chain
	k.ints("chain_protocol", ch.Protocol, 1, 2)
	k.seconds("slot_time", ch.SlotTime, 0.05, 3600)
	k.seconds("target_block_time", ch.TargetBlockTime, 0.1, maxSeconds)
	if c.Security == Reference {
		k.floats("initial_threshold", ch.InitialThreshold, -math.MaxFloat64, math.MaxFloat64) // below 0 every acceptance makes a block
	} else {
		k.above("initial_threshold", ch.InitialThreshold, 0, 1e9)
	}
	k.ints("finality_confirmation_depth", ch.FinalityDepth, 1, 1e6)
	k.ints("external_anchor_interval", ch.AnchorInterval, 1, 1e9)
	k.floats("acceptance_tolerance", ch.AcceptanceTolerance, 0, 1e9)

	q := &c.Quorum
	k.ints("quorum_min_evaluators", q.MinEvaluators, 1, 100)
	k.above("quorum_fraction", q.Fraction, 0, 1)
	if c.Security == Reference {
		k.floats("quorum_tolerance", q.Tolerance, 0, math.MaxFloat64)
	} else {
		k.floats("quorum_tolerance", q.Tolerance, 0, 10)
	}

	r := &c.Rounds
	k.seconds("optimizer_loop_interval", r.OptimizerInterval, 0, maxSeconds)
	k.ints("max_open_claims", r.OpenClaims, 1, island.MaxOpen)
	k.seconds("eval_poll_interval", r.EvalInterval, 0.01, maxSeconds)
	k.ints("eval_max_concurrent", r.EvalBatch, 1, 1000)
	k.seconds("reveal_delay", r.RevealDelay, 0, 600)
	if ch.CommitMaxAge <= r.RevealDelay {
		k.add("commit_reveal_max_age", ch.CommitMaxAge.Seconds(), "must be above reveal_delay")
	}

	f := &c.Fees
	k.floats("fee_config.min_base_fee", f.MinBaseFee, 0, 1e6)
	k.floats("fee_config.max_base_fee", f.MaxBaseFee, f.MinBaseFee, 1e6)
	k.ints("fee_config.base_fee_change_denom", f.ChangeDenom, 1, 1e6)
	k.ints("fee_config.target_block_size", f.TargetBlockSize, 1, 10000)
	k.ints("fee_config.max_block_size", f.MaxBlockSize, f.TargetBlockSize, 10000)
	k.floats("fee_config.optimae_stake_multiplier", f.StakeMultiplier, 0, 1e6)
	k.floats("fee_config.optimae_burn_fraction", f.BurnFraction, 0, 1)

	k.ints("workers", c.Worker.Parallel, 0, 1<<16)
	k.floats("verification_share", c.Worker.VerificationShare, 0.05, 1)
	k.ints("search_window", c.Worker.SearchWindow, 0, 1<<16)
	k.ints("worker_nice", c.Worker.Nice, 0, 19)
	k.floats("cpu_share", c.Worker.CPUShare, 0.01, 1)
	k.device("device", c.Worker.Device)
	k.ints("olap_max_mb", c.Record.MaxMB, 0, 1e9)
	k.floats("olap_keep_days", c.Record.KeepDays, 0, 36500)
	k.ints("olap_full_rounds", c.Record.FullRounds, 0, math.MaxInt)
	k.ints("log_max_mb", c.Log.MaxMB, 1, 1e6)
	k.ints("olap_trials_per_second", c.Record.TrialsPerSecond, 0, 1e6)
	if _, err := c.Log.level(); err != nil {
		k.add("log_level", c.Log.Level, err.Error())
	}
	k.oneOf("log_format", c.Log.Format, "text", "json")

	k.ints("max_body_bytes", c.Limits.MaxBodyBytes, 64<<10, 128<<20)
	k.ints("max_connections", c.Limits.MaxConnections, 1, 65536)
	k.ints("max_connections_per_address", c.Limits.MaxPerAddress, 1, 65536)
	k.seconds("request_timeout", c.Limits.RequestTimeout, 0.1, 3600)
	k.seconds("idle_timeout", c.Limits.IdleTimeout, 0.1, 3600)
	largest := 16 << 20
	if c.Security == Reference {
		largest = 128 << 20
	}
	k.ints("max_message_bytes", c.Limits.MaxMessageBytes, 64<<10, largest)
	k.above("messages_per_second", c.Limits.AddressRate, 0, 1e6)
	k.above("author_messages_per_second", c.Limits.AuthorRate, 0, 1e6)
	k.floats("penalty_points", c.Limits.PenaltyPoints, 1, 1e6)
	k.seconds("penalty_time", c.Limits.PenaltyTime, 0.1, 86400)
	k.ints("max_peers", c.Limits.MaxPeers, 1, 100000)
	k.ints("max_local_peers_per_address", c.Limits.MaxLocalPeers, 1, 100000)
	k.ints("max_pending_transactions", c.Limits.MaxPending, 1, 1000000)

	seen := map[string]bool{}
	for i := range c.Domains {
		d := &c.Domains[i]
		path := fmt.Sprintf("domains[%d].", i)
		k.domain(path, d)
		if seen[d.ID] {
			k.add(path+"domain_id", d.ID, "is the id of an earlier domain too")
		}
		seen[d.ID] = true
	}
	return k.problems
}

func (k *checker) domain(path string, d *Domain) {
	switch {
	case d.ID == "":
		k.add(path+"domain_id", d.ID, "is required")
	case len(d.ID) > maxIDBytes:
		k.add(path+"domain_id", d.ID, fmt.Sprintf("must have at most %d bytes", maxIDBytes))
	case !printable(d.ID):
		k.add(path+"domain_id", d.ID, "must be printable UTF-8 without commas")
	}
	switch name := d.Plugin(); {
	case name == "" && d.Optimize, name == "" && d.Evaluate:
		k.add(path+"optimization_plugin", name, "must name a plugin: the domain has a role here")
	case d.Optimize && d.OptimizationPlugin == "":
		k.add(path+"optimization_plugin", "", "must name a plugin: optimize is true")
	case name == ExecPrefix:
		k.add(path+"optimization_plugin", name, "must name an executable after the colon")
	case len(name) > MaxPluginBytes || !utf8.ValidString(name):
		k.add(path+"optimization_plugin", name, fmt.Sprintf("must be UTF-8 of at most %d bytes", MaxPluginBytes))
	}
	k.search(path+"optimization_config", d)
	k.floats(path+"performance_scale", d.PerformanceScale, 1e-6, 1e9)
	k.floats(path+"min_increment", d.MinIncrement, 0, 1)
	k.ints(path+"seeds", d.ClaimSeeds(), 1, MaxSeeds)
	if d.Seeds < 0 {
		k.add(path+"seeds", d.Seeds, "must not be negative")
	}
	if model, rough := agreement.Approximate(d.Plugin(), d.OptimizationConfig); rough && d.ClaimAgreement().Exact() {
		k.add(path+"agreement", "exact", fmt.Sprintf("must be a share, as {\"within\": \"1/1000\"}: machines do not agree on model %q bit for bit", model))
	}
	if err := d.NoiseZ2.Validate(); err != nil {
		k.add(path+"noise_z2", d.NoiseZ2.String(), err.Error())
	}
	if d.Target != nil {
		k.floats(path+"target_performance", d.Target.Value, -math.MaxFloat64, math.MaxFloat64)
	}
	for _, b := range d.Bounds {
		if !(b.Low <= b.High) || math.IsInf(b.Low, 0) || math.IsInf(b.High, 0) {
			k.add(path+"param_bounds."+b.Name, []any{b.Low, b.High}, "must be finite with low ≤ high")
		}
	}
	r := &d.Resources
	k.seconds(path+"resource_limits.max_training_seconds", r.MaxTraining, 0.001, maxSeconds)
	k.above(path+"resource_limits.max_memory_mb", r.MaxMemoryMB, 0, 1e9)
	k.ints(path+"resource_limits.max_epochs", r.MaxEpochs, 1, 1e9)
	k.ints(path+"resource_limits.max_batch_size", r.MaxBatchSize, 1, 1e9)
	k.migration(path+"migration", &d.Migration)
	i := &d.Incentives
	k.floats(path+"incentive_config.tolerance_margin", i.ToleranceMargin, 0, 1e6)
	k.floats(path+"incentive_config.bonus_threshold", i.BonusThreshold, 0, 1e6)
	k.floats(path+"incentive_config.min_reward_fraction", i.MinRewardFraction, 0, 1)
	k.floats(path+"incentive_config.max_bonus_multiplier", i.MaxBonusMultiplier, 1, 1e6)
}

// warnings are about values that are right and do less than they seem to.
func (c *Config) warnings() []Warning {
	var out []Warning
	warn := func(key, reason string) { out = append(out, Warning{Key: key, Reason: reason}) }
	if c.Network.Protocol == Gossipsub && c.Security == Strict && c.Network.Transport == HTTP {
		warn("network_protocol", "has no effect: messages are flooded over HTTP; gossip needs \"network\": \"p2p\"")
	}
	if c.Security == Reference {
		warn("security", "the reference profile trusts what the strict one proves; use it only among Python nodes")
	}
	if c.Security == Strict && c.Network.ComponentVersions != nil {
		warn("component_versions", "accepted but has no effect: only the Python nodes of the reference profile compare them")
	}
	if c.Security == Reference && c.Chain.Solo {
		warn("solo", "accepted but has no effect: the reference profile has no genesis file that could allow it")
	}
	if c.Security == Reference && c.GenesisFile != "" {
		warn("genesis_file", "accepted but has no effect: all chains of the reference profile begin with the same block")
	}
	if c.Security == Strict && c.Quorum.Fraction != DefaultConfig().Quorum.Fraction {
		warn("quorum_fraction", "accepted but has no effect: two thirds of a quorum agree in the strict profile")
	}
	if c.Security == Strict && c.Chain.AcceptanceTolerance != DefaultConfig().Chain.AcceptanceTolerance {
		warn("acceptance_tolerance", "accepted but has no effect: each domain has a min_increment in the strict profile")
	}
	if fees := DefaultConfig().Fees; c.Security == Strict {
		if fees.Enabled = c.Fees.Enabled; c.Fees != fees {
			warn("fee_config", "accepted but has no effect: the fees of the strict profile are the same in every network")
		}
	}
	for i := range c.Domains {
		d := &c.Domains[i]
		path := fmt.Sprintf("domains[%d].", i)
		if why := d.Unavailable(); why != "" && (d.Optimize || d.Evaluate) {
			warn(path+"optimization_plugin", why+fmt.Sprintf("; domain %q is skipped", d.ID))
		}
		for _, other := range []struct{ key, name string }{
			{"inference_plugin", d.InferencePlugin}, {"synthetic_data_plugin", d.SyntheticPlugin},
		} {
			if other.name != "" && pluginName(other.name) != d.Plugin() {
				warn(path+other.key, fmt.Sprintf("accepted but has no effect: %q plays every part of a domain", d.Plugin()))
			}
		}
		for _, other := range []struct {
			key    string
			config *canon.Object
		}{{"inference_config", d.InferenceConfig}, {"synthetic_data_config", d.SyntheticConfig}} {
			if !canon.Equal(other.config, d.OptimizationConfig) {
				warn(path+other.key, "accepted but has no effect: a domain's program is configured by optimization_config alone")
			}
		}
		if c.Security == Strict && c.Format == 0 && d.Target.Performance() != nil && d.Plugin() != PluginQuadratic {
			warn(path+"target_performance", fmt.Sprintf("a number is read as a scaled performance, minus the error in units of a naive one; "+
				"say so with \"format\": %d, or name a metric in the unit of the data, as {\"mae\": 0.22}", CurrentFormat))
		}
		if d.Migration != island.DefaultConfig() && !d.Optimize {
			warn(path+"migration", "accepted but has no effect: the node does not search in this domain")
		}
		if c.Security == Strict && !d.Validate {
			warn(path+"synthetic_data_validation", "accepted but has no effect: every optimae needs a quorum in the strict profile")
		}
		if c.Security == Strict && d.Incentives != DefaultDomain().Incentives {
			warn(path+"incentive_config", "accepted but has no effect: a verified claim earns exactly its increment in the strict profile")
		}
	}
	return out
}

// search demands that the search's settings are known, in bounds and given once.
func (k *checker) search(path string, d *Domain) {
	if d.Unavailable() != "" || d.OptimizationConfig == nil || k.reference && !d.Optimize {
		return
	}
	_, err := d.SearchSettings()
	for _, err := range flatten(err) {
		k.problems = append(k.problems, &Problem{Key: path, Reason: err.Error()})
	}
}

// flatten returns the errors that were joined in err, none for nil.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// checker collects problems. Its comparisons are written so that NaN fails.
type checker struct {
	problems  []*Problem
	reference bool // a Python node skips what it does not know
}

func (k *checker) add(key string, v any, reason string) {
	k.problems = append(k.problems, &Problem{Key: key, Value: show(v), Reason: reason})
}

func (k *checker) ints(key string, v, low, high int) {
	if v < low || v > high {
		k.add(key, v, fmt.Sprintf("must be in [%d, %d]", low, high))
	}
}

func (k *checker) floats(key string, v, low, high float64) {
	if !(v >= low && v <= high) {
		k.add(key, v, fmt.Sprintf("must be in [%g, %g]", low, high))
	}
}

// above is floats with low excluded.
func (k *checker) above(key string, v, low, high float64) {
	if !(v > low && v <= high) {
		k.add(key, v, fmt.Sprintf("must be in (%g, %g]", low, high))
	}
}

func (k *checker) seconds(key string, v time.Duration, low, high float64) {
	k.floats(key, v.Seconds(), low, high)
}

// versions demands texts that fit a status line.
func (k *checker) versions(key string, o *canon.Object) {
	if o.Len() > 32 {
		k.add(key, o.Len(), "must have at most 32 members")
		return
	}
	for name, v := range o.All() {
		if s, ok := v.(string); !ok || len(s) > 64 || len(name) > 64 {
			k.add(key+"."+name, v, "must be a string of at most 64 bytes")
		}
	}
}

func (k *checker) notEmpty(key, v string) {
	if v == "" {
		k.add(key, v, "must not be empty")
	}
}

func (k *checker) oneOf(key, v string, allowed ...string) {
	for _, a := range allowed {
		if v == a {
			return
		}
	}
	k.add(key, v, fmt.Sprintf("must be one of %q", allowed))
}

// maxOrdinal is the largest number of a GPU.
const maxOrdinal = 255

func (k *checker) device(key, v string) {
	if v == DeviceAuto || v == DeviceCPU {
		return
	}
	digits, ok := strings.CutPrefix(v, "cuda:")
	if n, err := strconv.Atoi(digits); !ok || err != nil || n < 0 || n > maxOrdinal || strconv.Itoa(n) != digits {
		k.add(key, v, fmt.Sprintf(`must be "cpu", "cuda:N" with N from 0 to %d, or "auto"`, maxOrdinal))
	}
}

func hexadecimal(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

// printable reports whether an id survives a query parameter that is a list, a
// log line and a file.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, ',') &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
