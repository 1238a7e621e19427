-- One summary of a placement season for its officers. `facts` holds what was published, with the figures the text was
-- filled with; `suppressed` holds only ids: what would have told of too few people is stored nowhere.
CREATE TABLE aiworker.analytics_summaries (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    text NOT NULL,
    season       text NOT NULL,
    filters      json NOT NULL DEFAULT '{}',
    run_id       uuid NOT NULL UNIQUE REFERENCES aiworker.runs,
    summary      text NOT NULL,
    facts        json NOT NULL,
    suppressed   json NOT NULL,
    source       text NOT NULL
                 CHECK (source IN ('model', 'trimmed', 'corrected', 'template', 'not_enough_data', 'offline')),
    provider     text NOT NULL,
    model        text NOT NULL,
    generated_at timestamptz NOT NULL
);
CREATE INDEX analytics_summaries_of_season ON aiworker.analytics_summaries (tenant_id, season, generated_at DESC);
