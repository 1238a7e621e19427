"""One process that uses the embedded servers: `python -m tests.integration.embedded.user <options as JSON>`.

It prints where the servers are, or the error, as one JSON line, then lives until its stdin closes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, cast

from aiworker import embedded
from aiworker.errors import AiworkerError


class Options(TypedDict):
    data_dir: str
    linger: float
    durable: bool
    leave_child: bool
    stay: bool


def main() -> int:
    options = cast("Options", json.loads(sys.argv[1]))
    try:
        lease = embedded.start(Path(options["data_dir"]), linger=options["linger"], durable=options["durable"])
    except AiworkerError as error:
        say({"error": error.message, "remedy": error.remedy, "exit_code": int(error.exit_code)})
        return int(error.exit_code)
    child = leave_child() if options["leave_child"] else 0
    say({**asdict(lease.servers), "child_pid": child})
    if options["stay"]:
        sys.stdin.read()
    return 0


def leave_child() -> int:
    # close_fds=False: only close-on-exec keeps the lease from the child.
    child = subprocess.Popen(
        ["sleep", "300"],
        close_fds=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    child.returncode = 0  # it is meant to outlive us
    return child.pid


def say(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
