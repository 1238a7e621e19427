-- What somebody should hear of, counted by the minute, so that a thousand failures of one kind are one alert.
-- tenant_id is empty where all tenants are concerned, or none could be read.
CREATE TABLE aiworker.alerts (
    tenant_id    text NOT NULL,
    code         text NOT NULL,
    window_at    timestamptz NOT NULL,
    count        integer NOT NULL DEFAULT 1,
    first_run_id uuid NOT NULL REFERENCES aiworker.runs,
    PRIMARY KEY (tenant_id, code, window_at)
);
CREATE INDEX alerts_latest ON aiworker.alerts (window_at DESC);
