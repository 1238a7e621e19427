-- A call whose price nobody knows has none, which is not the same as free.
ALTER TABLE aiworker.calls
    ALTER COLUMN cost_usd DROP NOT NULL,
    ALTER COLUMN cost_usd DROP DEFAULT,
    ADD COLUMN tokens_cache_written integer NOT NULL DEFAULT 0;
