CREATE SCHEMA IF NOT EXISTS aiworker;

-- A run is our record of working on one job. Identity plus epoch is unique; everything else of ours refers to run_id.
CREATE TABLE aiworker.runs (
    run_id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    prefix        text NOT NULL,
    queue         text NOT NULL,
    job_id        text NOT NULL,
    added_at      timestamptz NOT NULL,
    payload_hash  text NOT NULL,
    epoch         integer NOT NULL DEFAULT 0,
    name          text NOT NULL,
    tenant_id     text,
    student_id    text,
    session_id    text,
    state         text NOT NULL CHECK (state IN ('replayed', 'running', 'succeeded', 'failed')),
    fence         bigint NOT NULL,
    starts        integer NOT NULL DEFAULT 1,
    clean_ends    integer NOT NULL DEFAULT 0,
    attempt       integer NOT NULL DEFAULT 0,
    snoozes       integer NOT NULL DEFAULT 0,
    snoozed_since timestamptz,
    receipt       json,
    error_code    text,
    claimed_by    text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    claimed_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    UNIQUE (prefix, queue, job_id, added_at, payload_hash, epoch)
);
CREATE INDEX runs_running ON aiworker.runs (claimed_at) WHERE state = 'running';
CREATE INDEX runs_of_tenant ON aiworker.runs (tenant_id, created_at DESC);

-- A call is one question or delivery to the outside; its reply is stored before anybody parses it.
CREATE TABLE aiworker.calls (
    run_id          uuid NOT NULL REFERENCES aiworker.runs,
    step            text NOT NULL,
    request_hash    text NOT NULL,
    tenant_id       text NOT NULL,
    kind            text NOT NULL,
    state           text NOT NULL CHECK (state IN ('sending', 'submitted', 'done', 'failed')),
    provider        text NOT NULL,
    requested_model text NOT NULL,
    served_model    text NOT NULL,
    reply           text,
    stop_reason     text,
    tokens_in       integer NOT NULL DEFAULT 0,
    tokens_out      integer NOT NULL DEFAULT 0,
    tokens_cached   integer NOT NULL DEFAULT 0,
    cost_usd        numeric NOT NULL DEFAULT 0,
    price_date      date,
    external_id     text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (run_id, step, request_hash)
);
CREATE INDEX calls_expiring ON aiworker.calls (expires_at) WHERE reply IS NOT NULL;

-- A message is sent after the commit that wrote it, at least once, always under the same key.
CREATE TABLE aiworker.outbox (
    message_id      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    run_id          uuid NOT NULL REFERENCES aiworker.runs,
    event           text NOT NULL,
    tenant_id       text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('http', 'queue')),
    target          text NOT NULL,
    body            json NOT NULL,
    idempotency_key text NOT NULL,
    tries           integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL DEFAULT now(),
    first_tried_at  timestamptz,
    locked_until    timestamptz,
    sent_at         timestamptz,
    dead_at         timestamptz,
    last_status     text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, event)
);
CREATE INDEX outbox_due ON aiworker.outbox (next_at) WHERE sent_at IS NULL AND dead_at IS NULL;

-- What went wrong for good, in words a student may read. tenant_id is null only where no payload could be read.
CREATE TABLE aiworker.ai_job_errors (
    run_id     uuid PRIMARY KEY REFERENCES aiworker.runs,
    tenant_id  text,
    student_id text,
    session_id text,
    job_name   text NOT NULL,
    code       text NOT NULL,
    message    text NOT NULL,
    detail     text NOT NULL,
    raw_ref    text,
    attempts   integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ai_job_errors_of_student ON aiworker.ai_job_errors (tenant_id, student_id, created_at DESC);

CREATE TABLE aiworker.audit (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    action    text NOT NULL,
    run_id    uuid REFERENCES aiworker.runs,
    tenant_id text,
    reason    text NOT NULL DEFAULT '',
    details   json NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_of_run ON aiworker.audit (run_id);
