package config

import (
	"time"

	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// Security selects the rule set of the chain.
type Security string

// The two rule sets.
const (
	// Strict is the default: integers only, signatures, exact verification.
	Strict Security = "strict"
	// Reference follows the formulas of the Python implementation, for a
	// network shared with its nodes.
	Reference Security = "reference"
)

// CurrentFormat is the format of files written for this program: performances are scaled errors, increments in fixed units.
const CurrentFormat = 2

// Config is the configuration of one node. The zero value is not usable; start
// from DefaultConfig.
type Config struct {
	// Label names the network that is made from this configuration. Key
	// node_label, default "".
	Label string
	// DataDir holds everything the node writes and is made if missing. Key
	// data_dir, default "./doin-data".
	DataDir string
	// IdentityFile holds the node's key. Key identity_file; empty means
	// identity.json in DataDir. See IdentityPath.
	IdentityFile string
	// PassphraseFile holds the passphrase of an encrypted key, in its first line. Key key_passphrase_file; empty means the
	// environment's DOIN_KEY_PASSPHRASE, systemd's credential doin-passphrase, or a question on the terminal.
	PassphraseFile string
	// Register lets the node register as an evaluator by itself as soon as its balance allows. Key register, default false.
	Register bool
	// GenesisFile names the genesis file of the network to join. Key
	// genesis_file; empty means a network of this node alone, made from this
	// configuration or, with bootstrap peers, theirs.
	GenesisFile string
	// NetworkID pins the network: a genesis file of another is refused. Key network_id, 64 hex digits; empty means any.
	NetworkID string
	// TrustedCheckpoint is a block of a chain of protocol 2, HEIGHT:ID, without which no history is taken: somebody who was there
	// names it. Key trusted_checkpoint; empty means none.
	TrustedCheckpoint string
	// Format is the revision of what performances and increments mean that the file was written for. Key format, 0 where the
	// file does not say so, or CurrentFormat.
	Format int
	// Security is the rule set. Key security, default Strict.
	Security Security
	// Seed makes a run repeatable, for simulation only: nonces and, where there
	// is no identity file, the key come from it. Key seed; nil means random.
	Seed *int64
	// ResetChain deletes the chain of DataDir before the start, and nothing else. Key
	// reset_chain, default false.
	ResetChain bool

	Network Network
	Chain   Chain
	Quorum  Quorum
	Rounds  Rounds
	Fees    Fees
	Worker  Worker
	Record  Record
	Log     Log
	Limits  Limits

	// Domains are the domains the node has a role in, in the order of the file.
	// Key domains, default none: such a node only relays.
	Domains []Domain

	// AddedDomains is which domains that were added to the network the node takes up by itself: "none", the default, or "builtin", those
	// with a plugin of this program, settings of their own and at most 256 MiB of files; doin-node domain take is for single ones. Key
	// added_domains, default "none".
	AddedDomains string

	// Prior is what searches with the strategy meta begin with: "auto", the default, what this node's trials, those imported and its
	// chain teach; "none"; or a file that doin-node meta train wrote, relative to the configuration's. Key prior, default "auto".
	Prior string

	// Path is the file that the Config was read from, "" for one that comes from none.
	Path string
	// Raw is the file's object without comments, as it was read: numbers keep
	// the form, integer or float, in which they were written; paths are relative to
	// the current directory. It is nil for a Config that does not come from a file,
	// and flags do not change it.
	Raw *canon.Object
	// Dir is the folder of the file, to which it writes its paths relatively; "" for a Config that does not come from a file.
	Dir string
}

// Network is where the node listens and whom it talks to.
type Network struct {
	// Host is the address to bind. Key host, default "0.0.0.0".
	Host string
	// Port is the port to listen on, 0 for any free one. Key port, default 8470.
	Port int
	// Bootstrap are the peers contacted at the start, each "host:port" or, with network "p2p", a multiaddress that ends in /p2p/ and an id. Key
	// bootstrap_peers, default none.
	Bootstrap []string
	// ShareData gives the network's data files to whoever asks for them by their hash. Key share_data, default true.
	ShareData bool
	// Protocol is how messages spread: "flooding", the default. "gossipsub" is
	// accepted with a warning: network says how messages spread. In the reference profile messages are
	// flooded too, but relayed as the network's other nodes expect it; there
	// "gossipsub" is meant where the file says nothing. Key network_protocol.
	Protocol string
	// Transport is how nodes reach each other: "p2p", the default, is libp2p, with encrypted links, GossipSub and streams, on a port of its
	// own; "http" floods messages over each node's HTTP port, which suits one LAN, and is what networks of Python nodes have. All nodes of a
	// network have the same. Key network, default "p2p".
	Transport string
	// P2PPort is the port of "p2p", of TCP and of UDP; 0 is the HTTP port plus 1000. Key p2p_port, default 0.
	P2PPort int
	// LAN has nodes of a network with "p2p" find each other on a LAN by multicast DNS. Key lan_discovery, default true.
	LAN bool
	// Table has them find each other in a Kademlia table of their own. Key dht, default true.
	Table bool
	// Traversal has a node with "p2p" find out whether others reach it from outside, be reached through relays if not, and relay for others if
	// so. Key nat_traversal, default true.
	Traversal bool
	// PortMapping asks the router to forward the port of "p2p", by UPnP or NAT-PMP. Key port_mapping, default true.
	PortMapping bool
	// Discovery turns on the exchange of peers; without it the node knows its
	// bootstrap peers and who calls it. Key discovery_enabled, default true.
	Discovery bool
	// Dashboard says who sees the page at / and what it asks: "local", programs on this machine, "public", everybody who
	// reaches the port, or "off". Key dashboard, default "local".
	Dashboard string
	// InferenceToken is what a client shows, as "Authorization: Bearer …", to have
	// its forecasts as the clients of this machine have them: free, without a
	// quota, and unknown to the network. Key inference_token, default none.
	InferenceToken string
	// DiscoveryInterval is the time between exchanges. Key discovery_interval,
	// default 60 s, min 0.1 s.
	DiscoveryInterval time.Duration
	// ComponentVersions is what the node says of its components in messages and
	// in /chain/status, component → version, in the reference profile: Python
	// nodes compare it with their own. Key component_versions; nil shows what a
	// plain package installation of theirs has, and says nothing in messages.
	ComponentVersions *canon.Object
}

// Chain is what a network's nodes must agree on about blocks.
type Chain struct {
	// Protocol is the rules of a network that is made from this configuration: 1, or 2, those of certified chains
	// (docs/protocol.md). A node that joins a network takes its genesis file's. Key chain_protocol, default 1.
	Protocol int
	// SlotTime is the length of a slot of a network of protocol 2. Key slot_time, default 2 s, min 0.05 s.
	SlotTime time.Duration
	// TargetBlockTime is the time between blocks that the difficulty aims at.
	// Key target_block_time, default 600 s, min 0.1 s.
	TargetBlockTime time.Duration
	// InitialThreshold is the weighted increment the first block needs. Key
	// initial_threshold, default 1, above 0.
	InitialThreshold float64
	// FinalityDepth is the number of blocks on top of a final one. Key
	// finality_confirmation_depth, default 6, min 1.
	FinalityDepth int
	// Solo lets the re-run of a node that is alone count as the quorum, while no other evaluator of its network is
	// eligible; such an acceptance is marked. Key solo, default false.
	Solo bool
	// Grants are the first balances of a network that is made from this configuration, for example so that later evaluators can
	// register. Key grants, an object of peer id and decimal amount of DOIN as text; default none.
	Grants []Grant
	// AnchorInterval is the number of blocks between external anchors. Key
	// external_anchor_interval, default 100, min 1.
	AnchorInterval int
	// CommitMaxAge is how long after its commit a reveal counts. Key
	// commit_reveal_max_age, default 600 s, above RevealDelay.
	CommitMaxAge time.Duration
	// AcceptanceTolerance is the improvement that replaces a champion in the
	// reference profile; the strict one has a min_increment per domain. Key
	// acceptance_tolerance, default 1e-5, min 0.
	AcceptanceTolerance float64
}

// Grant is the first balance of a key: its peer id and a decimal amount of DOIN.
type Grant struct{ PeerID, Amount string }

// Quorum is how many evaluators verify an optimae and when they agree.
type Quorum struct {
	// MinEvaluators is the size k of a quorum. Key quorum_min_evaluators,
	// default 3, from 1 to 100.
	MinEvaluators int
	// Fraction is the part of a quorum that must agree in the reference profile;
	// in the strict one it is two thirds. Key quorum_fraction, default 0.67, in
	// (0, 1].
	Fraction float64
	// Tolerance is the relative error by which a challenger may be worse than
	// the incumbent on synthetic data (strict), or by which evaluations may
	// differ (reference). Key quorum_tolerance, default 0.05, in [0, 10].
	Tolerance float64
}

// Rounds is the pace of the node's own loops.
type Rounds struct {
	// OptimizerInterval is the pause between two generations of a domain, for who wants pacing. Key
	// optimizer_loop_interval, default 0: the search never waits; among Python nodes 30 s, as theirs is. Min 0.
	OptimizerInterval time.Duration
	// OpenClaims is how many claims of one domain the node has open at most. Key max_open_claims, default and most
	// island.MaxOpen, min 1.
	OpenClaims int
	// EvalInterval is the time between two looks at the task queue. Key
	// eval_poll_interval, default 10 s, min 0.01 s.
	EvalInterval time.Duration
	// EvalBatch is the number of tasks taken per look. Key eval_max_concurrent,
	// default 3, from 1 to 1000.
	EvalBatch int
	// RevealDelay is the time between a commit and its reveal. Key reveal_delay,
	// default 2 s, from 0 to 600 s.
	RevealDelay time.Duration
}

// Fees is the fee market.
type Fees struct {
	// Enabled turns the market on. Key fee_market_enabled, default true.
	Enabled bool
	// The others are the members of fee_config, amounts in DOIN.

	MinBaseFee      float64 // min_base_fee, default 0.001, min 0
	MaxBaseFee      float64 // max_base_fee, default 100, at least MinBaseFee
	ChangeDenom     int     // base_fee_change_denom, default 8, min 1
	TargetBlockSize int     // target_block_size, default 100 transactions, min 1
	MaxBlockSize    int     // max_block_size, default 200, from TargetBlockSize to 10000
	StakeMultiplier float64 // optimae_stake_multiplier, default 5, min 0
	BurnFraction    float64 // optimae_burn_fraction, default 0.2, in [0, 1]
}

// Worker is the child process that computes.
type Worker struct {
	// Path names the executable. Key worker_path; empty means beside this
	// executable, then on PATH.
	Path string
	// Parallel is the number of trainings at the same time, 0 for what suits the
	// device: one per core, or a large population on a GPU. Key workers, default
	// 0, max 65536.
	Parallel int
	// VerificationShare is the part of the slots that work for others, verifications and inferences, may take while
	// the node's own search has work. Key verification_share, default 0.5, from 0.05 to 1.
	VerificationShare float64
	// SearchWindow is how many trials a strategy may be ahead of the results it was told, 0 for the worker's choice. It
	// belongs to what makes a run repeatable. Key search_window, default 0, max 65536.
	SearchWindow int
	// Nice is the scheduling priority of the workers, so that people who work at the machine do not notice them; 0: that of the
	// node. Key worker_nice, default 10, max 19.
	Nice int
	// CPUShare is the part of the processors that trainings take where "workers" is 0. Key cpu_share, default 1, from 0.01
	// to 1.
	CPUShare float64
	// Device is what trains: "cpu"; "cuda:N", one GPU, without which the node does
	// not start; or "auto", the GPUs that can be used, else the processor. Key
	// device, default "auto".
	Device string
}

// Record is where rounds are written.
type Record struct {
	// StatsFile is the CSV of rounds. Key experiment_stats_file; empty means
	// experiment_stats.csv in DataDir. See StatsPath.
	StatsFile string
	// OLAPFile is the SQLite star schema. Key olap_db_path; empty means olap.db
	// in DataDir. See OLAPPath.
	OLAPFile string
	// MaxMB bounds what the CSV files, and what the SQLite file, take on the disk, in MiB each; 0: nothing does. Key
	// olap_max_mb, default 2048, max 1e9.
	MaxMB int
	// KeepDays is how long rounds are kept; 0: as long as there is room. Key olap_keep_days, default 0, max 36500.
	KeepDays float64
	// FullRounds is the number of rounds of an experiment up to which each is recorded; of later ones those that say something
	// new, and one a second. Key olap_full_rounds, default 10000, min 0.
	FullRounds int
	// RunName is what the run is called in the tables (dim_run); another name begins another run. Key run_name, default "".
	RunName string
	// RunTags are words about the run, for whoever reads the tables. Key run_tags, default [].
	RunTags []string
	// RunNote is a sentence about it. Key run_note, default "".
	RunNote string
	// TrialsPerSecond is how many trials are recorded on the average of some seconds; where more are trained, the best of each
	// generation is recorded, and others at equal distances; fact_generation counts both. Key olap_trials_per_second, default
	// 500, 0 records none.
	TrialsPerSecond int
	// PostgresDSN names a PostgreSQL database that gets every row too, "postgres://user@host/database". Key olap_postgres_dsn;
	// empty: none.
	PostgresDSN string
}

// Log is how the node reports.
type Log struct {
	// Level is "debug", "info", "warning" or "error", in any case. Key
	// log_level, default "info".
	Level string
	// Format is "text" or "json". Key log_format, default "text".
	Format string
	// File takes the log in the place of the standard error. Key log_file, default "".
	File string
	// MaxMB bounds the file with the four older ones beside it, in MiB. Key log_max_mb, default 100, from 1 to 1e6.
	MaxMB int
}

// Limits bound what strangers can make the node hold.
type Limits struct {
	// MaxBodyBytes is the largest HTTP body accepted, sent or received. Key
	// max_body_bytes, default 8 MiB, from 64 KiB to 128 MiB; with doin-pynode
	// 101 MiB.
	MaxBodyBytes int
	// MaxConnections is the number of open HTTP connections served. Key
	// max_connections, default 512, from 1 to 65536.
	MaxConnections int
	// MaxPerAddress is how many of them one address may have. Key
	// max_connections_per_address, default 128, from 1 to 65536.
	MaxPerAddress int
	// RequestTimeout is the time to receive one whole request. Key
	// request_timeout, default 15 s, from 0.1 to 3600 s; with doin-pynode 30 s.
	RequestTimeout time.Duration
	// IdleTimeout is how long an open connection may wait for its next request.
	// Key idle_timeout, default 30 s, from 0.1 to 3600 s.
	IdleTimeout time.Duration
	// MaxMessageBytes is the largest message of the network. Key
	// max_message_bytes, default 512 KiB, from 64 KiB to 16 MiB; with doin-pynode
	// 101 MiB, up to 128 MiB: Python nodes send models inside.
	MaxMessageBytes int
	// AddressRate is the number of messages taken from one address in a second,
	// and four times as many at once. Key messages_per_second, default 500, above
	// 0.
	AddressRate float64
	// AuthorRate is the number of new messages of one author in a second, and ten
	// times as many at once. Key author_messages_per_second, default 50, above 0.
	AuthorRate float64
	// PenaltyPoints is the score that addresses and authors begin with; bad
	// messages and requests cost points, one comes back in a second, and who has
	// none is cut off. Key penalty_points, default 100, min 1.
	PenaltyPoints float64
	// PenaltyTime is how long it stays cut off. Key penalty_time, default 60 s,
	// from 0.1 to 86400 s.
	PenaltyTime time.Duration
	// MaxPeers is the number of peers remembered. Key max_peers, default 1000,
	// from 1 to 100000.
	MaxPeers int
	// MaxLocalPeers is how many peers of one loopback or private address are
	// remembered; public ones may have 4, and 16 of a /16 are connected. Key
	// max_local_peers_per_address, default 64, from 1 to 100000.
	MaxLocalPeers int
	// MaxPending is the number of transactions waiting for a block. Key
	// max_pending_transactions, default 10000, from 1 to 1000000.
	MaxPending int
}

// DefaultConfig returns the configuration of an empty file.
func DefaultConfig() Config {
	return Config{
		DataDir:  "./doin-data",
		Security: Strict, AddedDomains: AddedNone, Prior: PriorAuto,
		Network: Network{
			Host: "0.0.0.0", Port: 8470, Protocol: Flooding, Transport: P2P, Dashboard: "local",
			ShareData: true, Discovery: true, LAN: true, Table: true, Traversal: true, PortMapping: true, DiscoveryInterval: time.Minute,
		},
		Chain: Chain{
			Protocol: 1, SlotTime: 2 * time.Second, TargetBlockTime: 10 * time.Minute, InitialThreshold: 1,
			FinalityDepth: 6, AnchorInterval: 100,
			CommitMaxAge: 10 * time.Minute, AcceptanceTolerance: 1e-5,
		},
		Quorum: Quorum{MinEvaluators: 3, Fraction: 0.67, Tolerance: 0.05},
		Rounds: Rounds{
			EvalInterval: 10 * time.Second,
			EvalBatch:    3, RevealDelay: 2 * time.Second, OpenClaims: island.MaxOpen,
		},
		Fees: Fees{
			Enabled: true, MinBaseFee: 0.001, MaxBaseFee: 100, ChangeDenom: 8,
			TargetBlockSize: 100, MaxBlockSize: 200, StakeMultiplier: 5, BurnFraction: 0.2,
		},
		Worker: Worker{Device: DeviceAuto, VerificationShare: 0.5, Nice: 10, CPUShare: 1},
		Record: Record{MaxMB: 2048, FullRounds: 10000, TrialsPerSecond: 500},
		Log:    Log{Level: "info", Format: "text", MaxMB: 100},
		Limits: Limits{
			MaxBodyBytes: 8 << 20, MaxConnections: 512, MaxPeers: 1000, MaxLocalPeers: 64, MaxPending: 10000,
			MaxPerAddress: 128, RequestTimeout: 15 * time.Second, IdleTimeout: 30 * time.Second,
			MaxMessageBytes: 512 << 10, AddressRate: 500, AuthorRate: 50,
			PenaltyPoints: 100, PenaltyTime: time.Minute,
		},
	}
}
