CREATE TABLE _schema_version (
    version INTEGER NOT NULL,
    applied_at TEXT NOT NULL
);
CREATE TABLE _sink_state (
    spool TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
);
CREATE TABLE dim_domain (
    domain_id TEXT PRIMARY KEY,
    domain_type TEXT,
    description TEXT
);
CREATE TABLE dim_experiment (
    experiment_id TEXT PRIMARY KEY,
    domain_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    hostname TEXT,
    optimizer_plugin TEXT,
    performance_metric TEXT,
    metric_schema TEXT,
    higher_is_better BOOLEAN DEFAULT TRUE,
    optimization_config JSON,
    param_bounds JSON,
    target_performance REAL,
    started_at TEXT,
    finished_at TEXT,
    converged BOOLEAN DEFAULT FALSE,
    doin_version TEXT
, seed TEXT, data_hash TEXT, network_id TEXT);
CREATE TABLE fact_chain_optimae (
    optimae_id TEXT PRIMARY KEY,
    domain_id TEXT NOT NULL,
    optimizer_id TEXT NOT NULL,
    experiment_id TEXT,
    round_number INTEGER,
    parameters JSON,
    reported_performance REAL,
    verified_performance REAL,
    effective_increment REAL,
    time_to_this_result_seconds REAL,
    optimization_config_hash TEXT,
    data_hash TEXT,
    previous_best_performance REAL,
    reward_fraction REAL,
    quorum_agree_fraction REAL,
    block_height INTEGER NOT NULL,
    block_timestamp TEXT NOT NULL,
    ingested_at TEXT NOT NULL
, block_hash TEXT, tx_id TEXT, digest TEXT);
CREATE TABLE fact_claim (
    claim_event_id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    proposal INTEGER NOT NULL,
    round_number INTEGER NOT NULL,
    optimae_id TEXT,
    base TEXT,
    stage TEXT NOT NULL,
    timestamp_utc TEXT NOT NULL,
    elapsed_seconds REAL,
    performance REAL,
    verified BOOLEAN,
    reason TEXT
, s1 INTEGER, s2 TEXT, cases INTEGER, z REAL);
CREATE TABLE fact_experiment_summary (
    experiment_id TEXT PRIMARY KEY REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    total_rounds INTEGER,
    final_performance REAL,
    best_performance REAL,
    time_to_target_seconds REAL,
    total_elapsed_seconds REAL,
    converged BOOLEAN,
    rounds_to_convergence INTEGER,
    node_id TEXT,
    hostname TEXT
, evaluations INTEGER DEFAULT 0, confirmed_performance REAL, verified_performance REAL);
CREATE TABLE fact_round (
    round_id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    round_number INTEGER NOT NULL,
    timestamp_utc TEXT NOT NULL,
    performance REAL NOT NULL,
    best_performance REAL,
    performance_delta REAL,
    is_improvement BOOLEAN,
    parameters JSON,
    best_parameters JSON,
    wall_clock_seconds REAL,
    elapsed_seconds REAL,
    time_to_current_best_seconds REAL,
    time_to_target_seconds REAL,
    chain_height INTEGER DEFAULT 0,
    peers_count INTEGER DEFAULT 0,
    block_reward_earned REAL DEFAULT 0.0,
    converged BOOLEAN DEFAULT FALSE,
    train_mae REAL,
    train_naive_mae REAL,
    val_mae REAL,
    val_naive_mae REAL,
    test_mae REAL,
    test_naive_mae REAL,
    metric_schema TEXT,
    metrics JSON
, evaluations INTEGER DEFAULT 0, seed TEXT, digest TEXT, verified_best_performance REAL, accepted_count INTEGER DEFAULT 0, rejected_count INTEGER DEFAULT 0, immigrants_count INTEGER DEFAULT 0, gpu_name TEXT, gpu_utilization_percent INTEGER, gpu_memory_used_bytes INTEGER, gpu_temperature_celsius INTEGER, gpu_power_watts REAL, gpu_clock_mhz INTEGER, gpu_energy_joules REAL, digest_parameters JSON, champion_verified BOOLEAN);
CREATE INDEX idx_chain_optimae_domain ON fact_chain_optimae(domain_id);
CREATE INDEX idx_chain_optimae_experiment ON fact_chain_optimae(experiment_id);
CREATE INDEX idx_dim_experiment_domain ON dim_experiment(domain_id);
CREATE INDEX idx_fact_claim_experiment ON fact_claim(experiment_id);
CREATE INDEX idx_fact_claim_optimae ON fact_claim(optimae_id);
CREATE INDEX idx_fact_round_domain ON fact_round(domain_id);
CREATE INDEX idx_fact_round_experiment ON fact_round(experiment_id);
CREATE INDEX idx_fact_round_performance ON fact_round(performance);
CREATE INDEX idx_fact_round_timestamp ON fact_round(timestamp_utc);
CREATE INDEX idx_fact_summary_domain ON fact_experiment_summary(domain_id);
-- versions [3 4 5 6 7]
