"""The guard held against labelled rewrites: `python -m tests.guard`."""
