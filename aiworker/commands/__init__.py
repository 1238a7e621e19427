"""One thin file per command, each with `register(app)`; no command imports another, nor anything heavy at its top."""
