"""Settings: flags > environment > `.env` > `aiworker.toml` > defaults, and where each value came from.

Nothing is read at import: commands call `load()`. A setting's environment variable is its name in capitals; the one
field whose Python name differs is `redis_dsn` (`REDIS_URL`), because `redis_url()` composes the effective address.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import PydanticBaseSettingsSource as Source

from aiworker.errors import ConfigurationError
from aiworker.policies import POLICIES, QueuePolicy
from aiworker.settings.values import (
    DatabaseAddress,
    Duration,
    HttpAddress,
    ModelName,
    RedisAddress,
    Size,
    concurrency,
    known_queue,
    queue_list,
)

Provider = Literal["openai", "anthropic", "offline"]
KEY_OF_PROVIDER: Mapping[str, str] = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
REDIS_PARTS = ("redis_host", "redis_port", "redis_username", "redis_password", "redis_db")


class QueueOverride(BaseModel):
    """A `[queues.NAME]` table of aiworker.toml: what differs from `policies.py`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    concurrency: int | None = Field(default=None, ge=1)
    attempts: int | None = Field(default=None, ge=1)
    backoff: Duration | None = None
    max_payload: Size | None = None
    remove_on_complete: StrictBool | Annotated[int, Field(ge=1)] | None = None
    remove_on_fail: StrictBool | Annotated[int, Field(ge=1)] | None = None


class Settings(BaseSettings):
    """Every setting of aiworker, checked. Build it with `load()`; the constructor reads nothing but its arguments."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, env_ignore_empty=True, validate_default=False
    )

    llm_provider: Provider = "openai"
    openai_api_key: SecretStr | None = None
    openai_model: str = "gpt-4o"
    openai_base_url: HttpAddress | None = Field(default=None, repr=False)
    anthropic_api_key: SecretStr | None = None
    anthropic_model: str = "claude-sonnet-4-20250514"
    anthropic_base_url: HttpAddress | None = Field(default=None, repr=False)
    llm_temperature: float = Field(default=0.3, ge=0, le=2)
    llm_retired_model: Literal["successor", "fail"] = "successor"
    llm_compatible: bool | None = None
    llm_requests_per_minute: int | None = Field(default=None, ge=1)
    llm_tokens_per_minute: int | None = Field(default=None, ge=1)
    llm_max_concurrency: int | None = Field(default=None, ge=1)
    llm_breaker_faults: int = Field(default=5, ge=1)
    llm_breaker_pause: Duration = timedelta(seconds=30)
    guard_reask: bool = False
    verify_policy: Literal["spec", "inherit"] = "spec"
    budget_per_job_usd: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    budget_per_tenant_day_usd: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    interview_model: ModelName = "anthropic:claude-haiku-4-5"
    evaluation_model: ModelName = "anthropic:claude-sonnet-4-5"
    redis_dsn: RedisAddress | None = Field(default=None, validation_alias="redis_url")
    redis_host: str = "localhost"
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_username: str | None = None
    redis_password: SecretStr | None = None
    redis_db: int = Field(default=0, ge=0)
    queue_prefix: str = Field(default="bull", min_length=1, pattern=r"^\S+$")
    database_url: DatabaseAddress | None = None
    database_pool_size: int = Field(default=10, ge=1)
    core_api_internal_url: HttpAddress | None = Field(default=None, repr=False)
    core_api_internal_secret: SecretStr | None = None
    notify_in_app: Literal["off", "direct"] = "off"
    interview_api_url: HttpAddress | None = Field(default=None, repr=False)
    internal_api_key: SecretStr | None = None
    interview_tenant: str = Field(default="interviewlm", min_length=1)
    worker_queues: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(queue_list)] = None
    worker_concurrency: Annotated[int | dict[str, int] | None, NoDecode, BeforeValidator(concurrency)] = None
    shutdown_timeout: Duration = timedelta(seconds=60)
    raw_reply_days: int = Field(default=7, ge=1)
    host: str = "127.0.0.1"
    port: int = Field(default=4002, ge=0, le=65535)
    log_format: Literal["json", "pretty", "auto"] = "auto"
    aiworker_data_dir: Path | None = None
    queues: Annotated[dict[Annotated[str, AfterValidator(known_queue)], QueueOverride], NoDecode] = Field(
        default_factory=dict[str, QueueOverride]
    )

    _origins: dict[str, str] = {}

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Source, *others: Source, **named: Source
    ) -> tuple[Source, ...]:
        # `load` asks the sources one by one, since only so it knows which of them a value came from.
        return (init_settings,)

    @classmethod
    def checked(cls, values: Mapping[str, object], origins: Mapping[str, str]) -> Settings:
        """Build settings from values whose origins are known; pydantic's ValidationError if one is wrong."""
        settings = cls.model_validate(dict(values))
        settings._origins.update(origins)
        return settings

    def origin(self, name: str) -> str:
        """Say where the setting `name` came from: `flag`, `env NAME`, a file's name or `default`."""
        return self._origins.get(name, "default")

    def redis_url(self) -> SecretStr | None:
        """Compose the Redis address; None if no Redis variable is set at all."""
        if self.redis_dsn is not None:
            return self.redis_dsn
        if not self.model_fields_set.intersection(REDIS_PARTS):
            return None
        password = self.redis_password.get_secret_value() if self.redis_password else ""
        user = quote(self.redis_username or "", safe="") + (f":{quote(password, safe='')}" if password else "")
        host = f"[{self.redis_host}]" if ":" in self.redis_host else self.redis_host
        return SecretStr(f"redis://{user + '@' if user else ''}{host}:{self.redis_port}/{self.redis_db}")

    def policies(self) -> tuple[QueuePolicy, ...]:
        """Return the effective policy table: WORKER_CONCURRENCY over aiworker.toml over `policies.py`."""
        return tuple(self._policy(policy) for policy in POLICIES)

    def _policy(self, policy: QueuePolicy) -> QueuePolicy:
        override = self.queues.get(policy.queue, QueueOverride())
        slots = self.worker_concurrency
        wanted = slots.get(policy.queue) if isinstance(slots, dict) else slots
        given = {name: getattr(override, name) for name in override.model_fields_set}
        changes = {name: value for name, value in given.items() if value is not None}
        return replace(policy, **(changes | ({"concurrency": wanted} if wanted else {})))

    def missing_key(self, provider: str) -> str | None:
        """Name the environment variable without which `provider` cannot be asked; None if nothing is missing."""
        name = KEY_OF_PROVIDER.get(provider)
        return name if name is not None and getattr(self, name.lower()) is None else None


FIELDS: Mapping[str, str] = {str(f.validation_alias or name): name for name, f in Settings.model_fields.items()}


def load(
    config_file: Path | None = None, env_file: Path | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Read and check all settings; ConfigurationError names every wrong one, never its value."""
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, layer in _layers(config_file, env_file, overrides or {}):
        # A secret that was mounted from a file ends in a line break, which no header and no password may hold.
        values |= {name: value.strip("\r\n") if isinstance(value, str) else value for name, value in layer.items()}
        origins |= {name: f"env {name.upper()}" if origin == "env" else origin for name in layer}
    try:
        settings = Settings.checked(values, origins)
    except ValidationError as error:
        wrong = [
            _complaint(tuple(map(str, item["loc"])), item["msg"], origins)
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        # The cause is left out: it holds the values.
        raise ConfigurationError("; ".join(wrong), remedy="correct it and run: aiworker config check") from None
    _warn_of_two_redis_addresses(settings)
    return settings


def _find(given: Path | None, default: Path) -> Path | None:
    if given is None:
        return default if default.is_file() else None
    if not given.is_file():
        raise ConfigurationError(
            f"The settings file {given} does not exist.", remedy=f"check the path, or leave it out to use ./{default}"
        )
    return given


def _layers(
    config_file: Path | None, env_file: Path | None, overrides: Mapping[str, object]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    if config := _find(config_file, Path("aiworker.toml")):
        yield config.name, _known(config, _read(config, lambda: TomlConfigSettingsSource(Settings, config)))
    if dotenv := _find(env_file, Path(".env")):
        yield dotenv.name, _variables(_read(dotenv, lambda: DotEnvSettingsSource(Settings, dotenv)))
    yield "env", _variables(EnvSettingsSource(Settings)())
    yield "flag", {name: value for name, value in overrides.items() if value is not None}


def _read(path: Path, source: Callable[[], Source]) -> dict[str, object]:
    try:
        return {name: value for name, value in source()().items() if value != ""}
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error}.", remedy="correct the file") from error


def _variables(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name in FIELDS and name != "queues"}


def _known(path: Path, table: dict[str, object]) -> dict[str, object]:
    for name in table.keys() - FIELDS.keys():
        near = difflib.get_close_matches(name, FIELDS, n=1)
        raise ConfigurationError(
            f"{path.name} has an unknown setting {name!r}.",
            remedy=f"did you mean {near[0]}?" if near else "aiworker config show lists every setting",
        )
    return table


def _complaint(location: tuple[str, ...], message: str, origins: Mapping[str, str]) -> str:
    name = location[0] if location else ""
    label = ".".join(location) if name == "queues" else name.upper()
    origin = origins.get(name, "default")
    place = "" if origin.startswith("env ") else f" (from {origin})"
    return f"{label}{place} {message.removeprefix('Value error, ').replace('Input should', 'should')}"


def _warn_of_two_redis_addresses(settings: Settings) -> None:
    if settings.redis_dsn is None:
        return
    url = urlsplit(settings.redis_dsn.get_secret_value())
    used = {
        "redis_host": url.hostname or "",
        "redis_port": url.port or 6379,
        "redis_username": unquote(url.username or ""),
        "redis_password": SecretStr(unquote(url.password or "")),
        "redis_db": int(url.path.strip("/")) if url.path.strip("/").isdigit() else 0,
    }
    set_too = [name for name in REDIS_PARTS if name in settings.model_fields_set]
    if differing := [name.upper() for name in set_too if getattr(settings, name) != used[name]]:
        logging.getLogger(__name__).warning("REDIS_URL wins over %s, which would point elsewhere", ", ".join(differing))
