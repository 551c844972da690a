package config

import (
	"errors"
	"time"

	"doin.network/node/internal/canon"
)

const (
	noShared    = "populations shared by the whole network are not part of this implementation"
	noBackend   = "the chain is always kept in the store under data_dir"
	noHeartbeat = "messages are flooded, there is no mesh to maintain"
	noSnapshots = "the state of every recent block is kept"
	noPruning   = "blocks keep their transactions: a block without them cannot be verified by a peer"
	noDashboard = "dashboard says who sees it: local, public or off"
)

// keySeedPolicy is the key about seeds, of which there is one policy.
const (
	keySeedPolicy = "require_deterministic_seed"
	alwaysSeeded  = "training seeds are always derived from the commitment"
)

// nodeObjects are the members of the file that are read by code of their own.
var nodeObjects = []string{"domains", "fee_config"}

// nodeKeys are its other members.
var nodeKeys = []key[Config]{
	text("node_label", func(c *Config) *string { return &c.Label }),
	text("host", func(c *Config) *string { return &c.Network.Host }),
	integer("port", func(c *Config) *int { return &c.Network.Port }),
	text("data_dir", func(c *Config) *string { return &c.DataDir }),
	text("identity_file", func(c *Config) *string { return &c.IdentityFile }),
	text("key_passphrase_file", func(c *Config) *string { return &c.PassphraseFile }),
	boolean("register", func(c *Config) *bool { return &c.Register }),
	text("added_domains", func(c *Config) *string { return &c.AddedDomains }),
	text("prior", func(c *Config) *string { return &c.Prior }),
	text("genesis_file", func(c *Config) *string { return &c.GenesisFile }),
	text("network_id", func(c *Config) *string { return &c.NetworkID }),
	text("trusted_checkpoint", func(c *Config) *string { return &c.TrustedCheckpoint }),
	integer("format", func(c *Config) *int { return &c.Format }),
	text("security", func(c *Config) *string { return (*string)(&c.Security) }),
	or(key[Config]{name: "seed", kind: kindInteger, read: readSeed, value: func(c *Config) any {
		if c.Seed == nil {
			return nil
		}
		return *c.Seed
	}}, func(c *Config) { c.Seed = nil }),
	boolean("reset_chain", func(c *Config) *bool { return &c.ResetChain }),

	texts("bootstrap_peers", func(c *Config) *[]string { return &c.Network.Bootstrap }),
	boolean("share_data", func(c *Config) *bool { return &c.Network.ShareData }),
	text("network_protocol", func(c *Config) *string { return &c.Network.Protocol }),
	text("network", func(c *Config) *string { return &c.Network.Transport }),
	integer("p2p_port", func(c *Config) *int { return &c.Network.P2PPort }),
	boolean("lan_discovery", func(c *Config) *bool { return &c.Network.LAN }),
	boolean("dht", func(c *Config) *bool { return &c.Network.Table }),
	boolean("nat_traversal", func(c *Config) *bool { return &c.Network.Traversal }),
	boolean("port_mapping", func(c *Config) *bool { return &c.Network.PortMapping }),
	boolean("discovery_enabled", func(c *Config) *bool { return &c.Network.Discovery }),
	text("dashboard", func(c *Config) *string { return &c.Network.Dashboard }),
	text("inference_token", func(c *Config) *string { return &c.Network.InferenceToken }),
	seconds("discovery_interval", func(c *Config) *time.Duration { return &c.Network.DiscoveryInterval }),

	or(object("component_versions", func(c *Config) **canon.Object { return &c.Network.ComponentVersions }),
		func(c *Config) { c.Network.ComponentVersions = nil }),

	integer("chain_protocol", func(c *Config) *int { return &c.Chain.Protocol }),
	seconds("slot_time", func(c *Config) *time.Duration { return &c.Chain.SlotTime }),
	seconds("target_block_time", func(c *Config) *time.Duration { return &c.Chain.TargetBlockTime }),
	number("initial_threshold", func(c *Config) *float64 { return &c.Chain.InitialThreshold }),
	integer("finality_confirmation_depth", func(c *Config) *int { return &c.Chain.FinalityDepth }),
	boolean("solo", func(c *Config) *bool { return &c.Chain.Solo }),
	{name: "grants", read: readGrants},
	integer("external_anchor_interval", func(c *Config) *int { return &c.Chain.AnchorInterval }),
	seconds("commit_reveal_max_age", func(c *Config) *time.Duration { return &c.Chain.CommitMaxAge }),
	number("acceptance_tolerance", func(c *Config) *float64 { return &c.Chain.AcceptanceTolerance }),

	integer("quorum_min_evaluators", func(c *Config) *int { return &c.Quorum.MinEvaluators }),
	number("quorum_fraction", func(c *Config) *float64 { return &c.Quorum.Fraction }),
	number("quorum_tolerance", func(c *Config) *float64 { return &c.Quorum.Tolerance }),

	seconds("optimizer_loop_interval", func(c *Config) *time.Duration { return &c.Rounds.OptimizerInterval }),
	integer("max_open_claims", func(c *Config) *int { return &c.Rounds.OpenClaims }),
	seconds("eval_poll_interval", func(c *Config) *time.Duration { return &c.Rounds.EvalInterval }),
	integer("eval_max_concurrent", func(c *Config) *int { return &c.Rounds.EvalBatch }),
	seconds("reveal_delay", func(c *Config) *time.Duration { return &c.Rounds.RevealDelay }),

	boolean("fee_market_enabled", func(c *Config) *bool { return &c.Fees.Enabled }),

	text("worker_path", func(c *Config) *string { return &c.Worker.Path }),
	integer("workers", func(c *Config) *int { return &c.Worker.Parallel }),
	number("verification_share", func(c *Config) *float64 { return &c.Worker.VerificationShare }),
	integer("search_window", func(c *Config) *int { return &c.Worker.SearchWindow }),
	integer("worker_nice", func(c *Config) *int { return &c.Worker.Nice }),
	number("cpu_share", func(c *Config) *float64 { return &c.Worker.CPUShare }),
	text("device", func(c *Config) *string { return &c.Worker.Device }),

	text("experiment_stats_file", func(c *Config) *string { return &c.Record.StatsFile }),
	text("olap_db_path", func(c *Config) *string { return &c.Record.OLAPFile }),
	integer("olap_trials_per_second", func(c *Config) *int { return &c.Record.TrialsPerSecond }),
	text("olap_postgres_dsn", func(c *Config) *string { return &c.Record.PostgresDSN }),
	text("run_name", func(c *Config) *string { return &c.Record.RunName }),
	texts("run_tags", func(c *Config) *[]string { return &c.Record.RunTags }),
	text("run_note", func(c *Config) *string { return &c.Record.RunNote }),

	integer("olap_max_mb", func(c *Config) *int { return &c.Record.MaxMB }),
	number("olap_keep_days", func(c *Config) *float64 { return &c.Record.KeepDays }),
	integer("olap_full_rounds", func(c *Config) *int { return &c.Record.FullRounds }),

	text("log_level", func(c *Config) *string { return &c.Log.Level }),
	text("log_format", func(c *Config) *string { return &c.Log.Format }),
	text("log_file", func(c *Config) *string { return &c.Log.File }),
	integer("log_max_mb", func(c *Config) *int { return &c.Log.MaxMB }),

	integer("max_body_bytes", func(c *Config) *int { return &c.Limits.MaxBodyBytes }),
	integer("max_connections", func(c *Config) *int { return &c.Limits.MaxConnections }),
	integer("max_connections_per_address", func(c *Config) *int { return &c.Limits.MaxPerAddress }),
	seconds("request_timeout", func(c *Config) *time.Duration { return &c.Limits.RequestTimeout }),
	seconds("idle_timeout", func(c *Config) *time.Duration { return &c.Limits.IdleTimeout }),
	integer("max_message_bytes", func(c *Config) *int { return &c.Limits.MaxMessageBytes }),
	number("messages_per_second", func(c *Config) *float64 { return &c.Limits.AddressRate }),
	number("author_messages_per_second", func(c *Config) *float64 { return &c.Limits.AuthorRate }),
	number("penalty_points", func(c *Config) *float64 { return &c.Limits.PenaltyPoints }),
	seconds("penalty_time", func(c *Config) *time.Duration { return &c.Limits.PenaltyTime }),
	integer("max_peers", func(c *Config) *int { return &c.Limits.MaxPeers }),
	integer("max_local_peers_per_address", func(c *Config) *int { return &c.Limits.MaxLocalPeers }),
	integer("max_pending_transactions", func(c *Config) *int { return &c.Limits.MaxPending }),

	// A policy flag elsewhere; seeds are always derived here.
	key[Config]{name: keySeedPolicy, kind: kindBool, read: func(_ *Config, v any) error {
		if v != true {
			return errors.New("must be true: " + alwaysSeeded)
		}
		return nil
	}},
	unused(text("storage_backend", discardText[Config]), noBackend),
	unused(text("db_path", discardText[Config]), noBackend),
	unused(integer("snapshot_interval", discardInt[Config]), noSnapshots),
	unused(integer("prune_keep_blocks", discardInt[Config]), noPruning),
	unused(seconds("gossip_heartbeat_interval", discardSeconds[Config]), noHeartbeat),
	unused(boolean("dashboard_enabled", discardBool[Config]), noDashboard),
	unused(seconds("shared_claim_timeout", discardSeconds[Config]), noShared),
	unused(integer("shared_claim_result_patience", discardInt[Config]), noShared),
	unused(integer("shared_min_peers", discardInt[Config]), noShared),
	unused(boolean("shared_initialize_before_peers", discardBool[Config]), noShared),
	unused(seconds("shared_peer_wait_timeout", discardSeconds[Config]), noShared),
	unused(seconds("shared_claim_settle_seconds", discardSeconds[Config]), noShared),
	unused(integer("shared_claim_confirmation_rounds", discardInt[Config]), noShared),
}

// feeKeys are the members of fee_config.
var feeKeys = []key[Fees]{
	number("min_base_fee", func(f *Fees) *float64 { return &f.MinBaseFee }),
	number("max_base_fee", func(f *Fees) *float64 { return &f.MaxBaseFee }),
	integer("base_fee_change_denom", func(f *Fees) *int { return &f.ChangeDenom }),
	integer("target_block_size", func(f *Fees) *int { return &f.TargetBlockSize }),
	integer("max_block_size", func(f *Fees) *int { return &f.MaxBlockSize }),
	number("optimae_stake_multiplier", func(f *Fees) *float64 { return &f.StakeMultiplier }),
	number("optimae_burn_fraction", func(f *Fees) *float64 { return &f.BurnFraction }),
	unused(number("target_block_fullness", discardNumber[Fees]), "fees follow target_block_size"),
}

func readSeed(c *Config, v any) error {
	n, ok := v.(int64)
	if !ok {
		return errInteger
	}
	c.Seed = &n
	return nil
}

func readGrants(c *Config, v any) error {
	o, ok := v.(*canon.Object)
	if !ok {
		return errGrants
	}
	c.Chain.Grants = nil
	for peer, v := range o.All() {
		amount, ok := v.(string)
		if !ok {
			return errGrants
		}
		c.Chain.Grants = append(c.Chain.Grants, Grant{peer, amount})
	}
	return nil
}

var errGrants = errors.New(`must be an object of peer ids and amounts as text, for example "12.5"`)
