"""Language models: what a step is asked and answers (`base`), and who answers it (`MODELS`)."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from widget_api.llm import anthropic, openai
from widget_api.llm.base import Model
from widget_api.llm.demo import Demo
from widget_api.llm.provider import SHORTEST_KEY as SHORTEST
from widget_api.llm.provider import Dialect, Fallback, Provider

MODELS: dict[str, Dialect] = {"openai": openai, "anthropic": anthropic}

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


def from_config(config: Settings) -> Model:
    """The model that the settings name, with its fallback. Raises `ValueError` where they cannot be used.

    `model_fallback` is the name of another model of the same provider, or one elsewhere, written
    `api:name@base_url`. The first provider's key goes nowhere else; the other's is `model_fallback_api_key`, or is
    written into its URL:

        openai:llama3.1:8b@http://127.0.0.1:11434/v1
        anthropic:claude-haiku-4-5@https://:sk-ant-…@api.anthropic.com
    """
    if config.model_api == "demo":
        return Demo()
    first = Provider(
        MODELS[config.model_api],
        name=config.model_name,
        base_url=config.model_base_url,
        key=config.model_api_key,
    )
    if not config.model_fallback:
        return first
    return Fallback(first, _second(config))


def _second(config: Settings) -> Provider:
    """Return the fallback. No complaint quotes the setting: a key may stand anywhere in it."""
    elsewhere = _ELSEWHERE.fullmatch(config.model_fallback)
    api, name, address = elsewhere.groups() if elsewhere else (config.model_api, config.model_fallback, "")
    if not _NAME.fullmatch(name):
        raise ValueError(_FALLBACK)
    if not elsewhere:
        key = config.model_fallback_api_key or config.model_api_key
        return Provider(MODELS[api], name=name, base_url=config.model_base_url, key=key)
    if api not in MODELS:
        named = f" {api!r}" if len(api) < SHORTEST else ""
        raise ValueError(f"MODEL_FALLBACK names the interface{named}: set one of {', '.join(MODELS)}.")
    base_url, key = _address(address)
    if key and config.model_fallback_api_key:
        raise ValueError("MODEL_FALLBACK_API_KEY is set and MODEL_FALLBACK holds a key: leave it in the first alone.")
    return Provider(MODELS[api], name=name, base_url=base_url, key=key or config.model_fallback_api_key)


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
