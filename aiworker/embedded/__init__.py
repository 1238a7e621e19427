"""Real bundled servers (Valkey, PostgreSQL), shared by all aiworker processes of this user.

Whoever holds a `Lease` keeps them alive; there is no stop at exit: the kernel drops the lease with its process.
Every function blocks: inside an event loop call it through `asyncio.to_thread`.
"""

from aiworker.embedded.control import Status, reset, status, stop
from aiworker.embedded.lease import Lease, join, start
from aiworker.embedded.state import Servers

__all__ = ["Lease", "Servers", "Status", "join", "reset", "start", "status", "stop"]
