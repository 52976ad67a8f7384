"""The context window of a model: as it is set, as its server tells it, or as a refusal has shown it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
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
_PRIVATE_NAMES: Final = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


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


def is_private(url: str) -> bool:
    """Return whether the address is one of this machine or of a private network."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_NAMES)


def find_window(base_url: str, headers: Mapping[str, str], model: str) -> int:
    """Return the context window that a server of one's own tells of itself: llama.cpp's at `/props`, vLLM's and
    SGLang's among the models, Ollama's among those that run. 0 when it tells none."""
    base = base_url.rstrip("/")
    root = base.removesuffix("/v1")
    with session(1) as asking:
        for url in (f"{root}/props", f"{base}/models", f"{root}/api/ps"):
            try:
                told = _fetch(asking, url, headers)
            except (requests.RequestException, HTTPError, ValueError, RecursionError):
                continue
            tokens = next(_windows(told, model), 0)
            if tokens:
                return tokens
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
