"""SQL and asyncpg: each statement is a constant directly above the typed function that runs it."""
