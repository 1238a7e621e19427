"""Every SQL statement of the store, by module and name."""

from __future__ import annotations

import importlib
import pkgutil
import re

from aiworker import store

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def _found() -> dict[str, str]:
    statements: dict[str, str] = {}
    for module in pkgutil.iter_modules(store.__path__):
        for name, value in vars(importlib.import_module(f"aiworker.store.{module.name}")).items():
            if name.isupper() and isinstance(value, str) and SQL.match(value):
                statements[f"{module.name}.{name}"] = value
    return statements


STATEMENTS = _found()
