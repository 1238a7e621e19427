"""What a starter asks of the supervisor; it travels as one JSON argument."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiworker.embedded.binaries import Binaries


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to run which programs, and how long to outlast the last user."""

    data_dir: Path
    binaries: Binaries
    linger: float
    durable: bool

    def dump(self) -> str:
        """Return the plan as JSON."""
        programs = self.binaries
        return json.dumps(
            {
                "data_dir": str(self.data_dir),
                "postgres": str(programs.postgres),
                "initdb": str(programs.initdb),
                "postgres_major": programs.postgres_major,
                "valkey": str(programs.valkey),
                "linger": self.linger,
                "durable": self.durable,
            }
        )

    @classmethod
    def load(cls, text: str) -> Plan:
        """Read a plan that `dump` wrote."""
        document = cast("dict[str, str | float | bool]", json.loads(text))
        return cls(
            data_dir=Path(str(document["data_dir"])),
            binaries=Binaries(
                postgres=Path(str(document["postgres"])),
                initdb=Path(str(document["initdb"])),
                postgres_major=int(document["postgres_major"]),
                valkey=Path(str(document["valkey"])),
            ),
            linger=float(document["linger"]),
            durable=bool(document["durable"]),
        )
