"""What is wrong with settings that load: models without a key, addresses without a secret."""

from __future__ import annotations

from aiworker.errors import ConfigurationError
from aiworker.settings import Settings


def models_without_key(settings: Settings) -> list[str]:
    """Warn of each model that cannot be asked; ConfigurationError if none can."""
    models = {"LLM_PROVIDER": settings.llm_provider}
    if settings.llm_provider != "offline":
        models["INTERVIEW_MODEL"] = settings.interview_model.partition(":")[0]
        models["EVALUATION_MODEL"] = settings.evaluation_model.partition(":")[0]
    missing = {name: key for name, provider in models.items() if (key := settings.missing_key(provider))}
    if len(missing) == len(models):
        raise ConfigurationError(
            f"No model can be asked: {' and '.join(dict.fromkeys(missing.values()))} not set.",
            remedy="set one of them, or LLM_PROVIDER=offline for the rule engine",
        )
    return [f"{name} needs {key}, which is not set: its queue is not worked" for name, key in missing.items()]


def half_set(settings: Settings) -> list[str]:
    """Warn of an address without the secret that goes there."""
    pairs = (("core_api_internal_url", "core_api_internal_secret"), ("interview_api_url", "internal_api_key"))
    half = [pair for pair in pairs if getattr(settings, pair[0]) and not getattr(settings, pair[1])]
    return [f"{address.upper()} is set without {secret.upper()}" for address, secret in half]
