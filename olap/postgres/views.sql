CREATE OR REPLACE VIEW v_best AS
SELECT r.domain_id, e.node_id, r.experiment_id, d.name AS run_name, r.timestamp_utc, r.round_number, r.best_performance, r.verified_best_performance
FROM fact_round r JOIN dim_experiment e USING (experiment_id) LEFT JOIN dim_run d ON d.run_id = e.run_id;

CREATE OR REPLACE VIEW v_trials_per_minute AS
SELECT date_trunc('minute', timestamp_utc) AS minute, domain_id, experiment_id, SUM(trials_made) AS made, SUM(trials_recorded) AS recorded,
       SUM(trials_failed) AS failed
FROM fact_generation GROUP BY 1, 2, 3;

CREATE OR REPLACE VIEW v_claims AS
SELECT DISTINCT ON (experiment_id, proposal) * FROM fact_claim ORDER BY experiment_id, proposal, timestamp_utc DESC, elapsed_seconds DESC;
