-- Every decision of the faithfulness guard: what was proposed for a bullet, and what spoke against it.
CREATE TABLE aiworker.guard_findings (
    finding_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id     uuid NOT NULL REFERENCES aiworker.runs,
    tenant_id  text NOT NULL,
    student_id text NOT NULL,
    resume_id  text NOT NULL,
    section    text NOT NULL,
    rule       text NOT NULL,
    token      text NOT NULL,
    severity   text NOT NULL CHECK (severity IN ('violation', 'note', 'warning')),
    original   text NOT NULL,
    proposed   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX guard_findings_of_run ON aiworker.guard_findings (run_id);
CREATE INDEX guard_findings_of_student ON aiworker.guard_findings (tenant_id, student_id, created_at DESC);
