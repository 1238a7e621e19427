-- What a tenant has spent on a UTC day, and what calls under way may still cost.
CREATE TABLE aiworker.budget_days (
    tenant_id text NOT NULL,
    day       date NOT NULL,
    spent_usd numeric NOT NULL DEFAULT 0,
    held_usd  numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
);

-- One call's share: held before it is made, settled after. What a dead worker held is given back when it expires.
CREATE TABLE aiworker.budget_holds (
    hold_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    run_id     uuid NOT NULL REFERENCES aiworker.runs,
    tenant_id  text NOT NULL,
    day        date NOT NULL,
    held_usd   numeric NOT NULL,
    spent_usd  numeric,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    is_expired boolean NOT NULL DEFAULT false
);
CREATE INDEX budget_holds_of_run ON aiworker.budget_holds (run_id);
CREATE INDEX budget_holds_open ON aiworker.budget_holds (expires_at) WHERE spent_usd IS NULL AND NOT is_expired;

-- Waiting for a tenant's next day is counted apart from waiting for a provider.
ALTER TABLE aiworker.runs ADD COLUMN unfunded_since timestamptz;
