"""Language models: what a step is asked and answers (`base`), and who answers it (`MODELS`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from widget_api.llm import anthropic, openai
from widget_api.llm.base import Model
from widget_api.llm.condition import Trouble
from widget_api.llm.demo import Demo
from widget_api.llm.provider import SHORTEST_KEY as SHORTEST
from widget_api.llm.provider import Dialect, Fallback, Provider
from widget_api.llm.queue import Queues

MODELS: dict[str, Dialect] = {"openai": openai, "anthropic": anthropic}

# Of MODEL_OPTIONS, what a fallback that speaks another interface understands, too.
_COMMON: Final = frozenset({"temperature", "top_p"})

_WORST_FIRST: Final = ("down", "fallback", "no-fallback")

_ELSEWHERE = re.compile(r"(\w+):(.+?)@(https?://.+)")
# With the maker before it, as in `@cf/meta/llama-3`, or the version behind it, as in `claude-haiku-4-5@20251001`.
_NAME = re.compile(r"(?:@[a-z]+/)?(?!\S*://)[^\s@]+(?:@(?:[0-9]{8}|latest|default))?")
_FALLBACK = "MODEL_FALLBACK cannot be read: write the name of a model, or api:name@base_url as in "
_FALLBACK += "anthropic:claude-haiku-4-5@https://api.anthropic.com, and the key into MODEL_FALLBACK_API_KEY."


class Settings(Protocol):
    """The settings that choose a model. `widget_api.config.Config` has them."""

    @property
    def model_api(self) -> str: ...
    @property
    def model_base_url(self) -> str: ...
    @property
    def model_api_key(self) -> str: ...
    @property
    def model_name(self) -> str: ...
    @property
    def model_fallback(self) -> str: ...
    @property
    def model_fallback_api_key(self) -> str: ...
    @property
    def model_context(self) -> int: ...
    @property
    def model_max_tokens(self) -> int: ...
    @property
    def model_options(self) -> Mapping[str, Any]: ...
    @property
    def model_idle_seconds(self) -> float: ...
    @property
    def model_concurrency(self) -> int: ...
    @property
    def model_thought_tags(self) -> tuple[tuple[str, str], ...]: ...


def from_config(config: Settings, queues: Queues | None = None) -> Model:
    """The model that the settings name, with its fallback. Raises `ValueError` where they cannot be used.

    `queues` are those before the servers; models that are made with the same ones share their servers' places.
    What is set for the first model holds for the fallback, too, but for its name, address and key.

    `model_fallback` is the name of another model of the same provider, or one elsewhere, written
    `api:name@base_url`. The first provider's key goes nowhere else; the other's is `model_fallback_api_key`, or is
    written into its URL:

        openai:llama3.1:8b@http://127.0.0.1:11434/v1
        anthropic:claude-haiku-4-5@https://:sk-ant-…@api.anthropic.com
    """
    if config.model_api == "demo":
        return Demo()
    queues = queues or Queues(config.model_concurrency)
    first = _provider(
        config, queues, config.model_api, config.model_name, config.model_base_url, config.model_api_key
    )
    if not config.model_fallback:
        return first
    return Fallback(first, _second(config, queues))


def report(models: Iterable[Model]) -> dict[str, str]:
    """Return what the operator should know of the models, for anybody to read; empty when all is well."""
    found = [state for state in map(_state, models) if state]
    if not found:
        return {}
    state, trouble = min(found, key=lambda each: _WORST_FIRST.index(each[0]))
    since = trouble.since.isoformat(timespec="seconds")
    return {"model": state, "model_since": since, "model_problem": trouble.reason}


def _state(model: Model) -> tuple[str, Trouble] | None:
    """Return which of a model and its fallback are in trouble, and the trouble; None when neither is."""
    if isinstance(model, Fallback):
        first, second = _trouble(model.first), _trouble(model.second)
        if first:
            return ("down" if second else "fallback"), first
        return ("no-fallback", second) if second else None
    trouble = _trouble(model)
    return ("down", trouble) if trouble else None


def _trouble(model: Model) -> Trouble | None:
    return model.condition.trouble if isinstance(model, Provider) else None


def _provider(config: Settings, queues: Queues, api: str, name: str, base_url: str, key: str) -> Provider:
    options = config.model_options
    if api != config.model_api:
        options = {option: value for option, value in options.items() if option in _COMMON}
    return Provider(
        MODELS[api],
        name=name,
        base_url=base_url,
        key=key,
        idle_seconds=config.model_idle_seconds,
        context_tokens=config.model_context,
        max_tokens=config.model_max_tokens,
        options=options,
        thought_tags=config.model_thought_tags,
        queue=queues.at(base_url or MODELS[api].BASE_URL),
    )


def _second(config: Settings, queues: Queues) -> Provider:
    """Return the fallback. No complaint quotes the setting: a key may stand anywhere in it."""
    elsewhere = _ELSEWHERE.fullmatch(config.model_fallback)
    api, name, address = elsewhere.groups() if elsewhere else (config.model_api, config.model_fallback, "")
    if not _NAME.fullmatch(name):
        raise ValueError(_FALLBACK)
    if not elsewhere:
        key = config.model_fallback_api_key or config.model_api_key
        return _provider(config, queues, api, name, config.model_base_url, key)
    if api not in MODELS:
        named = f" {api!r}" if len(api) < SHORTEST else ""
        raise ValueError(f"MODEL_FALLBACK names the interface{named}: set one of {', '.join(MODELS)}.")
    base_url, key = _address(address)
    if key and config.model_fallback_api_key:
        raise ValueError("MODEL_FALLBACK_API_KEY is set and MODEL_FALLBACK holds a key: leave it in the first alone.")
    return _provider(config, queues, api, name, base_url, key or config.model_fallback_api_key)


def _address(address: str) -> tuple[str, str]:
    """Return the base URL without the key that may stand in it, and the key. Raises `ValueError`."""
    try:
        parts = urlsplit(address)
        is_readable = bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        is_readable = False
    if not is_readable or re.search(r"\s", address) or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError(_FALLBACK)
    base_url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return base_url, unquote(parts.password or "")
