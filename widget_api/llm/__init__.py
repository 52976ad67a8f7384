"""Language models: what a step is asked and answers (`base`), and who answers it (`MODELS`)."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from widget_api.llm import anthropic, openai
from widget_api.llm.base import Model
from widget_api.llm.demo import Demo
from widget_api.llm.provider import Dialect, Fallback, Provider

MODELS: dict[str, Dialect] = {"openai": openai, "anthropic": anthropic}

_ELSEWHERE = re.compile(r"(\w+):(.+?)@(https?://.+)")


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


def from_config(config: Settings) -> Model:
    """The model that the settings name, with its fallback. Raises `ValueError` where they cannot be used.

    `model_fallback` is the name of another model of the same provider, or one elsewhere, written
    `api:name@base_url`. The provider's key goes nowhere else; another's is written into its URL:

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
    elsewhere = _ELSEWHERE.fullmatch(config.model_fallback)
    if not elsewhere:
        return Provider(
            MODELS[config.model_api],
            name=config.model_fallback,
            base_url=config.model_base_url,
            key=config.model_api_key,
        )
    api, name, address = elsewhere.groups()
    if api not in MODELS:
        raise ValueError(f"MODEL_FALLBACK names the interface {api!r}: set one of {', '.join(MODELS)}.")
    parts = urlsplit(address)
    base_url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return Provider(MODELS[api], name=name, base_url=base_url, key=unquote(parts.password or ""))
