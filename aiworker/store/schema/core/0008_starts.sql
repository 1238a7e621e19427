-- Whether BullMQ heard of a failure is read from the job's own traces, which name the start that failed.
ALTER TABLE aiworker.runs DROP COLUMN stalled;

-- The reconciler looks at replays that nobody has claimed, too.
CREATE INDEX runs_replayed ON aiworker.runs (claimed_at) WHERE state = 'replayed';
