"""The room as its callers see it."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, aiworker.embedded; print(*sorted({'asyncpg', 'redis', 'ctypes', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
