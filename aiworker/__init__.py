"""The worker platform for AI jobs: one command on one set of processors."""

__version__ = "0.1.0"
