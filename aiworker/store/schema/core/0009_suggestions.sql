-- One better text for one bullet; the student takes or leaves each. The platform shows them and writes status and
-- decided_at. `section` is the path of the bullet in resumes.body: a string, or an object that holds its text under
-- "text" or "content". Accepting is a compare and set: where the text there is not `original` any more, nothing is
-- replaced and the row becomes stale.
CREATE TABLE aiworker.resume_suggestions (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      text NOT NULL,
    student_id     text NOT NULL,
    resume_id      text NOT NULL,
    resume_version integer NOT NULL,
    run_id         uuid NOT NULL REFERENCES aiworker.runs,
    vacancy_id     text,
    section        text NOT NULL,
    bullet_id      text,
    original       text NOT NULL,
    original_hash  text NOT NULL,
    suggested      text NOT NULL,
    reason         text NOT NULL,
    status         text NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'accepted', 'rejected', 'stale', 'superseded')),
    created_at     timestamptz NOT NULL DEFAULT now(),
    decided_at     timestamptz,
    UNIQUE (run_id, section)
);
CREATE INDEX resume_suggestions_of_resume
    ON aiworker.resume_suggestions (tenant_id, student_id, resume_id, created_at DESC);
