-- A reference version of the platform's tables, for embedded servers, demo and tests. Never applied in production.
CREATE TABLE students (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id     text NOT NULL,
    roll_number   text NOT NULL,
    name          text NOT NULL,
    email         text NOT NULL,
    phone         text,
    degree        text NOT NULL,
    branch        text NOT NULL,
    year          integer NOT NULL,
    cgpa          numeric(4, 2),
    skills        json NOT NULL DEFAULT '[]',
    verified_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, roll_number)
);

-- body is json, not jsonb: key order and 8.40 survive.
CREATE TABLE resumes (
    id             text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id      text NOT NULL,
    student_id     text NOT NULL REFERENCES students (id),
    title          text NOT NULL,
    body           json NOT NULL,
    version        integer NOT NULL DEFAULT 1,
    is_ai_variant  boolean NOT NULL DEFAULT false,
    base_resume_id text REFERENCES resumes (id),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (is_ai_variant = (base_resume_id IS NOT NULL))
);
CREATE INDEX resumes_of_student ON resumes (tenant_id, student_id);

CREATE TABLE jobs (
    id           text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id    text NOT NULL,
    title        text NOT NULL,
    company      text NOT NULL,
    location     text,
    description  text NOT NULL,
    skills       json NOT NULL DEFAULT '[]',
    ctc          numeric(12, 2),
    season       text NOT NULL DEFAULT '2026-27',
    closes_at    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_of_tenant ON jobs (tenant_id, season);

CREATE TABLE applications (
    id          text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id   text NOT NULL,
    student_id  text NOT NULL REFERENCES students (id),
    job_id      text NOT NULL REFERENCES jobs (id),
    resume_id   text REFERENCES resumes (id),
    status      text NOT NULL CHECK (status IN
        ('applied', 'shortlisted', 'interviewed', 'offered', 'accepted', 'rejected', 'withdrawn')),
    applied_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, student_id, job_id)
);

CREATE TABLE offers (
    id          text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id   text NOT NULL,
    student_id  text NOT NULL REFERENCES students (id),
    job_id      text NOT NULL REFERENCES jobs (id),
    kind        text NOT NULL CHECK (kind IN ('full_time', 'internship', 'ppo')),
    ctc         numeric(12, 2) NOT NULL,
    offered_on  date NOT NULL,
    accepted_on date
);
CREATE INDEX offers_of_tenant ON offers (tenant_id, offered_on);

CREATE TABLE questions (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id     text NOT NULL,
    title         text NOT NULL,
    prompt        text NOT NULL,
    language      text NOT NULL,
    difficulty    numeric(5, 3) NOT NULL,
    discrimination numeric(5, 3) NOT NULL DEFAULT 1,
    topics        json NOT NULL DEFAULT '[]',
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE session_recordings (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    tenant_id     text NOT NULL,
    session_id    text NOT NULL,
    candidate_id  text NOT NULL,
    status        text NOT NULL CHECK (status IN ('in_progress', 'completed', 'expired')),
    started_at    timestamptz NOT NULL,
    completed_at  timestamptz,
    files         json NOT NULL DEFAULT '{}',
    UNIQUE (tenant_id, session_id)
);

CREATE TABLE session_event_log (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   text NOT NULL,
    session_id  text NOT NULL,
    sequence    integer NOT NULL,
    kind        text NOT NULL,
    question_id text,
    payload     json NOT NULL,
    at          timestamptz NOT NULL,
    UNIQUE (tenant_id, session_id, sequence)
);
