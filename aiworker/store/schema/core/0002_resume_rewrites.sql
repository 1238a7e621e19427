-- Our record of one rewrite: which vacancy text was used, and each bullet's verified flag in the source document.
CREATE TABLE aiworker.resume_rewrites (
    run_id         uuid PRIMARY KEY REFERENCES aiworker.runs,
    tenant_id      text NOT NULL,
    student_id     text NOT NULL,
    base_resume_id text NOT NULL,
    variant_id     text NOT NULL,
    vacancy_id     text NOT NULL,
    vacancy_source text NOT NULL CHECK (vacancy_source IN ('row', 'payload')),
    tone           text NOT NULL,
    provider       text NOT NULL,
    model          text NOT NULL,
    bullets        json NOT NULL,
    ignored_ids    json NOT NULL DEFAULT '[]',
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX resume_rewrites_of_student ON aiworker.resume_rewrites (tenant_id, student_id, created_at DESC);
