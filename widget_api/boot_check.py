"""One small question to the model after a start: does it see its tools? The answer is a warning in the log and a word
in `/readyz`.

It must never cost much, however many workers there are and however often they start. So it waits for a minute, and
the model is not asked at all when it has called a tool for an answer meanwhile, in any process: the database knows.
Otherwise one process of those that share the folder `INSTANCE` asks, and writes that down before anybody else does.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from widget_api.config import Config
from widget_api.llm.base import Model, Tool
from widget_api.llm.check import Sight, see_tools
from widget_api.models import ToolCall, Turn, connected, now, rows

logger = logging.getLogger(__name__)

# After the start, for answers to show what the model can do. Also longer than a process lives that cannot work.
WAIT_SECONDS: Final = 60.0
ASK_SECONDS: Final = 60.0
# For so long what was seen counts: a model that works goes on working, a server that was mended is looked at again.
GOOD_SECONDS: Final = 24 * 3600
BAD_SECONDS: Final = 600
# Of the newest calls in the database, whoever made them.
CALLS_LOOKED_AT: Final = 50

_WARNINGS: Final[dict[Sight, str]] = {
    "no-tools": "the model %s did not call a tool when it had to, so its answers are guesses. Run `flask --app wsgi "
    "model check`%s",
    "refused": "the model %s refuses what we ask. Run `flask --app wsgi model check`: %s",
    "unreachable": "the model %s cannot be reached. Run `flask --app wsgi model check`: %s",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a model with these settings, and when, in seconds since 1970."""

    settings: str
    sight: Sight
    at: float

    @property
    def is_fresh(self) -> bool:
        """Return whether it need not be looked at again."""
        return 0 <= time.time() - self.at < (GOOD_SECONDS if self.sight == "ok" else BAD_SECONDS)


class BootCheck:
    """Looks once in a process whether the model sees its tools. To be called once a minute."""

    def __init__(
        self, config: Config, model: Callable[[], Model], tool: Tool, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._model = model
        self._tool = tool
        self._path = config.instance / "model-check.json"
        self._settings = _fingerprint(config)
        self._started_at = now()
        self._not_before = time.monotonic() + wait_seconds
        self._is_due = config.model_check and config.model_api != "demo"
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Begin the check if it is time. Returns at once; a thread of its own does the work."""
        if self._is_due and time.monotonic() >= self._not_before:
            self._is_due = False
            self._thread = threading.Thread(target=self._look, name="boot check", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until the check under way is over."""
        if self._thread:
            self._thread.join()

    def note(self) -> dict[str, str]:
        """Return what `/readyz` says of the model; nothing while nobody has looked."""
        seen = self._read()
        return {"model_check": seen.sight} if seen and seen.sight != "unknown" else {}

    def _look(self) -> None:
        model = self._model()
        try:
            if self._was_seen_at_work(model.name):
                self._write("ok")
                return
            with _locked(self._path.with_suffix(".lock")) as is_ours:
                if is_ours:
                    self._warn(*self._ask(model), model.name)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the server works without
            logger.info("the model was not checked: %s", exc)

    def _was_seen_at_work(self, name: str) -> bool:
        """Return whether the model has called a tool since the start of this process."""
        with connected():
            calls = ToolCall.select(Turn.model, ToolCall.created_at).join(Turn, on=ToolCall.turn)
            newest = rows(calls.order_by(ToolCall.id.desc()).limit(CALLS_LOOKED_AT))
        return any(model == name and at >= self._started_at for model, at in newest)

    def _ask(self, model: Model) -> tuple[Sight, str]:
        """Return what is written down, if that is new enough; else ask, and write that down first."""
        seen = self._read()
        if seen and seen.is_fresh:
            return seen.sight, ""
        self._write("unknown")
        sight, reason = see_tools(model, self._tool, ASK_SECONDS)
        self._write(sight)
        return sight, reason

    def _warn(self, sight: Sight, reason: str, name: str) -> None:
        if sight in _WARNINGS:
            logger.warning(_WARNINGS[sight], name, " ".join(reason.split())[:300])

    def _read(self) -> Seen | None:
        """Return what was seen with the present settings; None if nothing was, or it cannot be read."""
        with suppress(OSError, ValueError, TypeError):
            seen = Seen(**json.loads(self._path.read_bytes()))
            return seen if hmac.compare_digest(seen.settings, self._settings) else None
        return None

    def _write(self, sight: Sight) -> None:
        told = {"settings": self._settings, "sight": sight, "at": time.time()}
        draft = self._path.with_suffix(f".{os.getpid()}.new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(told))
        draft.replace(self._path)


def _fingerprint(config: Config) -> str:
    """Return what is different for other settings of the model, and tells nobody the key."""
    settings = (config.model_api, config.model_base_url, config.model_api_key, config.model_name)
    return hmac.new(config.secret_keys[-1].encode(), json.dumps(settings).encode(), "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Say whether the lock is ours. No other process has it then, and it is free again when this one ends."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)
