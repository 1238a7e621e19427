-- How well the answers of each guarded run kept to their facts; without any text, so it may be kept.
CREATE TABLE aiworker.guarded_runs (
    measure_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id             uuid NOT NULL REFERENCES aiworker.runs,
    tenant_id          text NOT NULL,
    job_name           text NOT NULL,
    prompt_fingerprint text NOT NULL,
    model              text,
    texts              integer NOT NULL,
    refused            integer NOT NULL,
    entities           integer NOT NULL,
    grounded           integer NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CHECK (0 <= refused AND refused <= texts AND 0 <= grounded AND grounded <= entities)
);
CREATE INDEX guarded_runs_of_run ON aiworker.guarded_runs (run_id);

-- The share of the answers' figures and names that their sources hold (entity precision), by version of the prompt.
CREATE VIEW aiworker.entity_precision AS
SELECT job_name, prompt_fingerprint, model, count(*) AS runs, sum(texts) AS texts, sum(refused) AS refused,
    sum(entities) AS entities, sum(grounded) AS grounded,
    round(sum(grounded)::numeric / nullif(sum(entities), 0), 4) AS entity_precision,
    min(created_at) AS first_at, max(created_at) AS last_at
FROM aiworker.guarded_runs
GROUP BY job_name, prompt_fingerprint, model;
