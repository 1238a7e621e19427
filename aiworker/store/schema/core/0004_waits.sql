-- Waiting for a rate limit and waiting for an operator are counted apart: one must not use up the other's patience.
ALTER TABLE aiworker.runs
    ADD COLUMN blocked_since timestamptz,
    -- BullMQ's stalled counter at the last claim: a delivery with a higher one follows a death of ours.
    ADD COLUMN stalled       integer NOT NULL DEFAULT 0;
