"""The queue suite's server and room, for jobs that cross between Node and Python."""

from __future__ import annotations

from tests.integration.queue.conftest import room, valkey

__all__ = ["room", "valkey"]
