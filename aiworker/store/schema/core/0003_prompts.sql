-- Which prompt a call was made with, and what its untrusted text looked like.
ALTER TABLE aiworker.calls
    ADD COLUMN prompt_name        text NOT NULL DEFAULT 'none',
    ADD COLUMN prompt_fingerprint text NOT NULL DEFAULT 'none',
    ADD COLUMN prompt_removed     integer NOT NULL DEFAULT 0,
    ADD COLUMN prompt_flags       json NOT NULL DEFAULT '[]';

-- Keys of this installation; made here, so that every worker has the same and nobody has to set one.
CREATE TABLE aiworker.keys (
    name   text PRIMARY KEY,
    secret text NOT NULL
);
INSERT INTO aiworker.keys (name, secret)
VALUES ('tag', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

-- What was left out of a rewrite's prompt, because it would not fit or cost too much.
ALTER TABLE aiworker.resume_rewrites
    ADD COLUMN truncated json NOT NULL DEFAULT '{}';
