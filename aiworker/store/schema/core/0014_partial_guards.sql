-- Whether the lists of English words said nothing of a run, because its source is not English.
ALTER TABLE aiworker.guarded_runs ADD COLUMN is_partial boolean NOT NULL DEFAULT false;
ALTER TABLE aiworker.guarded_runs ALTER COLUMN is_partial DROP DEFAULT;
UPDATE aiworker.guarded_runs SET model = 'unknown' WHERE model IS NULL;
ALTER TABLE aiworker.guarded_runs ALTER COLUMN model SET NOT NULL;

DROP VIEW aiworker.entity_precision;
CREATE VIEW aiworker.entity_precision AS
SELECT job_name, prompt_fingerprint, model, count(*) AS runs,
    count(*) FILTER (WHERE is_partial) AS partial_runs, sum(texts) AS texts, sum(refused) AS refused,
    sum(entities) AS entities, sum(grounded) AS grounded,
    round(sum(grounded)::numeric / nullif(sum(entities), 0), 4) AS entity_precision,
    min(created_at) AS first_at, max(created_at) AS last_at
FROM aiworker.guarded_runs
GROUP BY job_name, prompt_fingerprint, model;
