"""Settings as people may see them: every value with its origin, secrets masked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from pydantic import SecretStr

from aiworker.settings import FIELDS, Settings
from aiworker.settings.values import format_duration, format_size

_USERINFO = re.compile(r"([a-z][a-z0-9+.-]*://[^:]*):.*@", re.IGNORECASE | re.DOTALL)
_SECRET_PARAMETER = re.compile(r"([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of `config show`; a value of None means that the setting is not set."""

    name: str
    value: str | None
    origin: str


def explain(settings: Settings) -> tuple[SettingRow, ...]:
    """List every setting with its value, secrets masked, and its origin."""
    plain = (
        SettingRow(name, _shown(field, getattr(settings, field)), settings.origin(name))
        for name, field in FIELDS.items()
        if field != "queues"
    )
    tables = (
        SettingRow(f"queues.{queue}.{field}", _shown(field, getattr(table, field)), settings.origin("queues"))
        for queue, table in settings.queues.items()
        for field in sorted(table.model_fields_set)
    )
    return (*plain, *tables)


def mask_address(address: str) -> str:
    """Return an address without its password; everything up to the last `@` counts as credentials."""
    return _USERINFO.sub(r"\1:****@", _SECRET_PARAMETER.sub(r"\1****", address), count=1)


def mask_key(key: str) -> str:
    """Return a key as `sk-****3f9a`; a short one shows nothing of itself."""
    return "****" if len(key) < 20 else f"{'sk-' if key.startswith('sk-') else ''}****{key[-4:]}"


def _shown(field: str, value: object) -> str | None:
    match value:
        case None:
            return None
        case SecretStr():
            secret = value.get_secret_value()
            if field in ("redis_dsn", "database_url"):
                return mask_address(secret)
            return "****" if field == "redis_password" else mask_key(secret)
        case timedelta():
            return format_duration(value)
        case dict():
            table = cast("dict[str, int]", value)
            return ",".join(f"{queue}={slots}" for queue, slots in table.items())
        case tuple():
            return ",".join(cast("tuple[str, ...]", value))
        case int() if field == "max_payload":
            return format_size(value)
        case _:
            return mask_address(str(value)) if field.endswith("_url") else str(value)
