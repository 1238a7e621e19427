"""The faithfulness guard: what a rewritten bullet may not say."""

from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.guard import Guard

__all__ = ["Finding", "Guard"]
