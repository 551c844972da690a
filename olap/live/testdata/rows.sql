INSERT INTO dim_experiment (experiment_id, domain_id, node_id, hostname, started_at) VALUES
  ('experiment0', 'co2', 'node0', 'host', '2026-01-01T00:00:00.000000+00:00'),
  ('experiment1', 'co2', 'node0', 'host', '2026-01-01T01:00:00.000000+00:00');
INSERT INTO dim_node (node_id, hostname, own) VALUES ('node0', 'host', TRUE), ('node1', NULL, FALSE);
INSERT INTO fact_claim (claim_event_id, experiment_id, domain_id, proposal, round_number, optimae_id, stage, timestamp_utc, elapsed_seconds, performance, verified, reason) VALUES
  ('c1', 'experiment1', 'co2', 1, 3, NULL, 'confirmed', '2026-01-01T01:00:05.000000+00:00', 5, -0.2, FALSE, NULL),
  ('c2', 'experiment1', 'co2', 1, 3, 'o1', 'committed', '2026-01-01T01:00:06.000000+00:00', 6, -0.2, FALSE, NULL),
  ('c3', 'experiment1', 'co2', 1, 3, 'o1', 'accepted', '2026-01-01T01:00:09.000000+00:00', 9, -0.2, TRUE, NULL),
  ('c4', 'experiment1', 'co2', 2, 5, NULL, 'withdrawn', '2026-01-01T01:00:10.000000+00:00', 10, -0.3, FALSE, 'it does not improve on the base');
INSERT INTO fact_decision (optimae_id, domain_id, optimizer_id, accepted, reported_performance, verified_performance, votes_agree, votes, tx_id, block_height, block_timestamp) VALUES
  ('o1', 'co2', 'node0', TRUE, -0.2, -0.2, 2, 2, 't1', 1, '2026-01-01T01:00:09.000000+00:00');
INSERT INTO fact_vote (optimae_id, evaluator_id, domain_id, agree, performance, tx_id, block_height, block_timestamp) VALUES
  ('o1', 'node1', 'co2', TRUE, -0.2, 't1', 1, '2026-01-01T01:00:09.000000+00:00'),
  ('o1', 'node2', 'co2', TRUE, -0.2, 't1', 1, '2026-01-01T01:00:09.000000+00:00');
INSERT INTO fact_chain_optimae (optimae_id, domain_id, optimizer_id, reported_performance, verified_performance, block_height, block_timestamp, ingested_at) VALUES
  ('o1', 'co2', 'node0', -0.2, -0.2, 1, '2026-01-01T01:00:09.000000+00:00', '2026-01-01T01:00:10.000000+00:00');
INSERT INTO fact_block (block_height, block_hash, previous_hash, block_timestamp, generator_id, transactions, weighted_performance_sum, threshold) VALUES
  (0, 'h0', '', '2026-01-01T00:00:00.000000+00:00', 'genesis', 0, 0, 0), (1, 'h1', 'h0', '2026-01-01T01:00:09.000000+00:00', 'node1', 1, 0.5, 0.1);
INSERT INTO fact_migration (migration_id, experiment_id, domain_id, timestamp_utc, from_node, to_node, optimae_id, performance, accepted, round_number, generation) VALUES
  ('m1', 'experiment1', 'co2', '2026-01-01T01:01:00.000000+00:00', 'node1', 'node0', 'o2', -0.19, TRUE, 7, 6),
  ('m2', 'experiment1', 'co2', '2026-01-01T01:02:00.000000+00:00', 'node1', 'node0', 'o3', -0.4, FALSE, 9, 8);
INSERT INTO fact_generation (generation_id, experiment_id, domain_id, round_number, generation, timestamp_utc, population, best, mean, deviation, diversity, seconds, busy, trials_made, trials_recorded) VALUES
  ('g1', 'experiment1', 'co2', 1, 0, '2026-01-01T01:00:01.000000+00:00', 12, -0.5, -0.9, 0.2, 0.3, 1.5, 0.9, 12, 12),
  ('g2', 'experiment1', 'co2', 2, 1, '2026-01-01T01:00:03.000000+00:00', 12, -0.4, -0.8, 0.1, 0.2, 1.6, 0.8, 24, 12);
INSERT INTO dim_run (run_id, node_id, name, tags) VALUES ('run1', 'node0', 'second try', '["wide","slow"]');
UPDATE dim_experiment SET run_id = 'run1' WHERE experiment_id = 'experiment1';
