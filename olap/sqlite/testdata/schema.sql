CREATE TABLE _schema_version (
    version INTEGER NOT NULL,
    applied_at TEXT NOT NULL
);
CREATE TABLE _sink_state (
    spool TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
);
CREATE TABLE dim_configuration (
    config_hash TEXT PRIMARY KEY,
    configuration JSON
);
CREATE TABLE dim_device (
    device_id TEXT PRIMARY KEY,
    node_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    places INTEGER DEFAULT 1,
    memory_bytes INTEGER,
    first_seen TEXT
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
, seed TEXT, data_hash TEXT, network_id TEXT, run_id TEXT);
CREATE TABLE dim_node (
    node_id TEXT PRIMARY KEY,
    hostname TEXT,
    program_version TEXT,
    network_id TEXT,
    own BOOLEAN DEFAULT FALSE,
    first_seen TEXT
);
CREATE TABLE dim_run (
    run_id TEXT PRIMARY KEY,
    node_id TEXT NOT NULL,
    network_id TEXT,
    name TEXT,
    tags JSON,
    note TEXT,
    program_version TEXT,
    seed INTEGER,
    config_hash TEXT,
    started_at TEXT,
    finished_at TEXT
);
CREATE TABLE fact_block (
    block_height INTEGER PRIMARY KEY,
    block_hash TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    block_timestamp TEXT NOT NULL,
    generator_id TEXT NOT NULL,
    transactions INTEGER,
    weighted_performance_sum REAL,
    threshold REAL,
    reward INTEGER,
    fees INTEGER,
    supply INTEGER,
    ingested_at TEXT
);
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
, s1 INTEGER, s2 TEXT, cases INTEGER, z REAL, confirmed_at TEXT, committed_at TEXT, revealed_at TEXT, reveal_seconds REAL, decision_seconds REAL);
CREATE TABLE fact_curve (
    trial_id TEXT NOT NULL REFERENCES fact_trial(trial_id),
    step INTEGER NOT NULL,
    train_loss REAL,
    validation_loss REAL,
    PRIMARY KEY (trial_id, step)
) WITHOUT ROWID;
CREATE TABLE fact_decision (
    optimae_id TEXT PRIMARY KEY,
    domain_id TEXT NOT NULL,
    optimizer_id TEXT NOT NULL,
    accepted BOOLEAN NOT NULL,
    reason TEXT,
    reported_performance REAL,
    verified_performance REAL,
    base TEXT,
    digest TEXT,
    votes_agree INTEGER DEFAULT 0,
    votes INTEGER DEFAULT 0,
    tx_id TEXT NOT NULL,
    block_height INTEGER NOT NULL,
    block_timestamp TEXT NOT NULL
);
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
CREATE TABLE fact_generation (
    generation_id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    run_id TEXT,
    round_number INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    timestamp_utc TEXT NOT NULL,
    population INTEGER DEFAULT 0,
    best REAL,
    mean REAL,
    deviation REAL,
    diversity REAL,
    seconds REAL,
    busy REAL,
    trials_made INTEGER DEFAULT 0,
    trials_recorded INTEGER DEFAULT 0,
    trials_failed INTEGER DEFAULT 0,
    immigrants INTEGER DEFAULT 0,
    no_improve INTEGER DEFAULT 0,
    plateau BOOLEAN DEFAULT FALSE
);
CREATE TABLE fact_migration (
    migration_id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    timestamp_utc TEXT NOT NULL,
    from_node TEXT NOT NULL,
    to_node TEXT NOT NULL,
    optimae_id TEXT,
    parameters JSON,
    performance REAL,
    accepted BOOLEAN,
    reason TEXT,
    round_number INTEGER NOT NULL,
    generation INTEGER
);
CREATE TABLE fact_money (
    block_height INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    peer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    domain_id TEXT,
    tx_id TEXT,
    block_timestamp TEXT NOT NULL,
    PRIMARY KEY (block_height, entry)
) WITHOUT ROWID;
CREATE TABLE fact_param (
    trial_id TEXT NOT NULL REFERENCES fact_trial(trial_id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    value_real REAL,
    value_text TEXT,
    PRIMARY KEY (trial_id, name)
) WITHOUT ROWID;
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
CREATE TABLE fact_trial (
    trial_id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES dim_experiment(experiment_id),
    domain_id TEXT NOT NULL,
    run_id TEXT,
    trial_number INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    timestamp_utc TEXT NOT NULL,
    status TEXT NOT NULL,
    origin TEXT NOT NULL,
    operator TEXT,
    parents JSON,
    island TEXT,
    rung INTEGER DEFAULT 0,
    seed TEXT,
    seeds INTEGER DEFAULT 1,
    score REAL,
    expected REAL,
    score_error REAL,
    validation REAL,
    test REAL,
    metrics JSON,
    parameters JSON,
    seconds REAL,
    device TEXT,
    digest TEXT
);
CREATE TABLE fact_vote (
    optimae_id TEXT NOT NULL,
    evaluator_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    agree BOOLEAN NOT NULL,
    performance REAL,
    digest TEXT,
    tx_id TEXT NOT NULL,
    block_height INTEGER NOT NULL,
    block_timestamp TEXT NOT NULL,
    PRIMARY KEY (optimae_id, evaluator_id)
) WITHOUT ROWID;
CREATE INDEX idx_chain_optimae_domain ON fact_chain_optimae(domain_id);
CREATE INDEX idx_chain_optimae_experiment ON fact_chain_optimae(experiment_id);
CREATE INDEX idx_dim_experiment_domain ON dim_experiment(domain_id);
CREATE INDEX idx_fact_claim_experiment ON fact_claim(experiment_id);
CREATE INDEX idx_fact_claim_optimae ON fact_claim(optimae_id);
CREATE INDEX idx_fact_decision_domain ON fact_decision(domain_id, block_height);
CREATE INDEX idx_fact_generation_experiment ON fact_generation(experiment_id, round_number);
CREATE INDEX idx_fact_migration_experiment ON fact_migration(experiment_id);
CREATE INDEX idx_fact_migration_optimae ON fact_migration(optimae_id);
CREATE INDEX idx_fact_money_peer ON fact_money(peer_id);
CREATE INDEX idx_fact_round_domain ON fact_round(domain_id);
CREATE INDEX idx_fact_round_experiment ON fact_round(experiment_id);
CREATE INDEX idx_fact_round_performance ON fact_round(performance);
CREATE INDEX idx_fact_round_timestamp ON fact_round(timestamp_utc);
CREATE INDEX idx_fact_summary_domain ON fact_experiment_summary(domain_id);
CREATE INDEX idx_fact_trial_experiment ON fact_trial(experiment_id, trial_number);
CREATE INDEX idx_fact_trial_run ON fact_trial(run_id);
CREATE INDEX idx_fact_trial_score ON fact_trial(experiment_id, score);
CREATE INDEX idx_fact_vote_evaluator ON fact_vote(evaluator_id);
CREATE INDEX idx_fact_vote_height ON fact_vote(block_height);
-- versions [3 4 5 6 7 8]
