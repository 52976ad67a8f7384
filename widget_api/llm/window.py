"""The context window of a model: as it is set, as its server tells it, or as a refusal has shown it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from widget_api.llm.base import CONTEXT_TOKENS
from widget_api.llm.line import session
from widget_api.llm.refusals import LEAST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS

log = logging.getLogger(__name__)

# A refusal that names no size makes the window this part of the request, but never smaller than that.
SHRINK: Final = 0.75
LEAST_GUESS_TOKENS: Final = 2048
LOOK_SECONDS: Final = (2.0, 5.0)
MOST_BYTES: Final = 1024 * 1024
# By its documentation; it says nothing of itself in its headers.
OLLAMA_PORT: Final = 11434


class Window:
    """The size of a model's context window as it is known now, in tokens. Safe for any number of threads."""

    def __init__(self, setting: int = 0) -> None:
        """`setting` is `MODEL_CONTEXT`, 0 when it is not set. Only a refusal knows better."""
        self.tokens = setting or CONTEXT_TOKENS
        self._is_known = bool(setting)
        self._lock = threading.Lock()

    def shrink(self, told: int, taken: int, refused: int) -> None:
        """Learn from a refusal that names `told` tokens, 0 for none. The server took about `taken` tokens before, and
        refused about `refused`."""
        tokens = told or max(LEAST_GUESS_TOKENS, taken, int(refused * SHRINK))
        with self._lock:
            self._is_known = True
            if tokens < self.tokens:
                log.warning("the model's context window is %d tokens, not %d: set MODEL_CONTEXT", tokens, self.tokens)
                self.tokens = tokens

    def look_up(self, find: Callable[[], int]) -> None:
        """Ask the model's server for the window, once and in the background, unless it is known. `find` returns 0
        when the server does not tell it."""
        with self._lock:
            if self._is_known:
                return
            self._is_known = True  # as well as it will be
        threading.Thread(target=self._find, args=(find,), name="context-window", daemon=True).start()

    def _find(self, find: Callable[[], int]) -> None:
        before = self.tokens
        found = find()
        with self._lock:
            if found and self.tokens == before:  # and no refusal has told it meanwhile
                self.tokens = found


def window_page(base_url: str, server: str) -> str:
    """Return where a server tells of its window, or "" for one that is not known to.

    A server says in its `Server` header what it is, or listens where Ollama does. Others are asked for answers alone.
    """
    base = base_url.rstrip("/")
    root = base.removesuffix("/v1")
    if server.startswith("llama.cpp"):
        return f"{root}/props"
    if server.startswith("uvicorn"):  # vLLM and SGLang
        return f"{base}/models"
    return f"{root}/api/ps" if _port(base) == OLLAMA_PORT else ""


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def find_window(url: str, headers: Mapping[str, str], model: str) -> int:
    """Return the context window that a server tells of the model at that address, 0 when it tells none."""
    with session(1) as asking:
        try:
            return next(_windows(_fetch(asking, url, headers), model), 0)
        except (requests.RequestException, HTTPError, ValueError, RecursionError):
            return 0


def _fetch(asking: requests.Session, url: str, headers: Mapping[str, str]) -> Any:
    """Return the JSON at the address, None where there is none."""
    with asking.get(
        url, headers=dict(headers), timeout=LOOK_SECONDS, stream=True, allow_redirects=False, proxies={}
    ) as response:
        if response.status_code != requests.codes.ok or "json" not in response.headers.get("Content-Type", ""):
            return None
        body = response.raw.read(MOST_BYTES, decode_content=True)
    return json.loads(body)


def _windows(told: Any, model: str) -> Iterator[int]:
    """Yield what may be the size of the window in a server's description of itself."""
    if not isinstance(told, dict):
        return
    settings = told.get("default_generation_settings")
    of_server = [settings.get("n_ctx")] if isinstance(settings, dict) else []
    for tokens in (*of_server, *_of_models(told, model)):
        if isinstance(tokens, int) and LEAST_CONTEXT_TOKENS <= tokens <= MOST_CONTEXT_TOKENS:
            yield tokens


def _of_models(told: dict[str, Any], model: str) -> Iterator[Any]:
    """Yield what a list of models says of the one of this name, or of the only one."""
    listed = told.get("data") or told.get("models")
    served = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for each in served:
        if len(served) == 1 or each.get("id", each.get("name")) in (model, f"{model}:latest"):
            yield each.get("max_model_len", each.get("context_length"))
