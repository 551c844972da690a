-- Views over an export: duckdb -init olap/duckdb.sql, in the folder that "doin-node olap export --format parquet --out" wrote,
-- or SET VARIABLE tables = '/path/of/it' before .read olap/duckdb.sql.
CREATE OR REPLACE VIEW trials AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/fact_trial/**/*.parquet', hive_partitioning = true, union_by_name = true);
CREATE OR REPLACE VIEW params AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/fact_param/*.parquet');
CREATE OR REPLACE VIEW curves AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/fact_curve/*.parquet');
CREATE OR REPLACE VIEW rounds AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/fact_round/**/*.parquet', hive_partitioning = true, union_by_name = true);
CREATE OR REPLACE VIEW generations AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/fact_generation/**/*.parquet', hive_partitioning = true, union_by_name = true);
CREATE OR REPLACE VIEW runs AS
  SELECT * FROM read_parquet(COALESCE(getvariable('tables'), '.') || '/dim_run/*.parquet');
-- The genes of a trial as columns: PIVOT params ON name USING first(COALESCE(value_text, value_real::VARCHAR)) GROUP BY trial_id;
CREATE OR REPLACE VIEW best_by_run AS
  SELECT domain_id, run_id, experiment_id, COUNT(*) AS trials, MAX(score) AS best, SUM(seconds) AS seconds
  FROM trials GROUP BY ALL;
-- How much of the variance of the score a numeric gene explains alone, by ten bins.
CREATE OR REPLACE VIEW importance AS
  WITH x AS (SELECT t.domain_id, p.name, t.score, NTILE(10) OVER (PARTITION BY t.domain_id, p.name ORDER BY p.value_real) AS bin
             FROM params p JOIN trials t USING (trial_id) WHERE t.score IS NOT NULL AND p.value_real IS NOT NULL),
       b AS (SELECT domain_id, name, bin, COUNT(*) AS n, AVG(score) AS m, VAR_POP(score) AS v FROM x GROUP BY ALL)
  SELECT domain_id, name, 1 - SUM(n * v) / NULLIF(SUM(n) * ANY_VALUE(total), 0) AS explained
  FROM b JOIN (SELECT domain_id, name, VAR_POP(score) AS total FROM x GROUP BY ALL) USING (domain_id, name)
  GROUP BY ALL ORDER BY explained DESC;
