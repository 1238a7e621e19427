-- What a placement officer reads of a student. The latest of a student is the current one: generated_at is when its
-- profile was read, so that a slow run never covers what a later one made of newer data.
CREATE TABLE aiworker.student_ai_summaries (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id          text NOT NULL,
    student_id         text NOT NULL,
    run_id             uuid NOT NULL UNIQUE REFERENCES aiworker.runs,
    summary            text NOT NULL,
    profile_hash       text NOT NULL,
    source             text NOT NULL CHECK (source IN ('model', 'corrected', 'trimmed', 'template', 'offline')),
    provider           text NOT NULL,
    model              text NOT NULL,
    prompt_fingerprint text NOT NULL,
    generated_at       timestamptz NOT NULL,
    findings           json NOT NULL DEFAULT '[]'
);
CREATE INDEX student_ai_summaries_of_student
    ON aiworker.student_ai_summaries (tenant_id, student_id, generated_at DESC);
