"""Logs: one line an event, as text or as JSON. Never a message's text, a token or a cart's key."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterable
from datetime import UTC, datetime

from widget_api.redaction import Redactor

_HELD_BY_VISITORS = Redactor()


class _Formatter(logging.Formatter):
    """Writes no secret, whatever was to be logged."""

    def __init__(self, fmt: str | None = None, redact: Redactor = _HELD_BY_VISITORS) -> None:
        super().__init__(fmt)
        self._redact = redact


class JsonFormatter(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(_Formatter):
    """For people; a line break inside a message cannot begin a forged line."""

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record)).replace("\r", "\\r").replace("\n", "\n    ")


class Guard(logging.Formatter):
    """Writes the lines of another formatter without secrets."""

    def __init__(self, inner: logging.Formatter | None, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()
        self._redact = Redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(self._inner.format(record))


def configure(log_format: str, secrets: Iterable[str] = ()) -> None:
    """Send the product's log lines to standard error, without these secrets and those that visitors hold."""
    formatter = {"text": TextFormatter, "json": JsonFormatter}[log_format]
    line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter, "fmt": line, "redact": Redactor(secrets)}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "loggers": {"widget_api": {"handlers": ["stderr"], "level": "INFO", "propagate": True}},
        }
    )
