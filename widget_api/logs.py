"""Logs: one line an event, as text or as JSON. Never a message's text, a token or a cart's key."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from widget_api.redaction import Redactor

# Lines of one kind that whoever sends us requests can cause, in so many seconds.
MOST_ALIKE = 10
ALIKE_SECONDS = 60.0
MOST_KINDS = 100


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """For people; a line break inside a message cannot begin a forged line."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\r", "\\r").replace("\n", "\n    ")


class Sparse(logging.Filter):
    """Lets a few lines of a kind through a minute. The first line after that minute says how many were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counted: dict[str, tuple[float, int]] = {}  # by kind: the beginning of its minute, and how many since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        now, kind = self._clock(), _kind(record)
        since, number = self._counted.get(kind, (now, 0))
        if now - since >= ALIKE_SECONDS:
            if number > MOST_ALIKE:
                record.msg = f"{record.msg} ({number - MOST_ALIKE} lines like this one were left out before it)"
            since, number = now, 0
        if len(self._counted) >= MOST_KINDS:
            self._counted.clear()
        self._counted[kind] = since, number + 1
        return number < MOST_ALIKE


def _kind(record: logging.LogRecord) -> str:
    """Return what all lines have in common that differ only in what a request has said."""
    return f"{record.levelname} {re.split('[=%:]', str(record.msg), maxsplit=1)[0]}"


class DiscreetRecord(logging.LogRecord):
    """A record without secrets, whoever logs it: a view, the server, a library."""

    redact: ClassVar[Redactor] = Redactor()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = self.redact(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - the library's name
        return self.redact(super().getMessage())


def configure(log_format: str, secrets: Iterable[str] = ()) -> None:
    """Send the product's log lines to standard error, keep these secrets and those that visitors hold out of all
    lines, and have gunicorn write few lines about each kind of fault."""
    DiscreetRecord.redact = Redactor(secrets)
    logging.setLogRecordFactory(DiscreetRecord)
    formatter = {"text": TextFormatter, "json": JsonFormatter}[log_format]
    line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter, "fmt": line}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "loggers": {"widget_api": {"handlers": ["stderr"], "level": "INFO", "propagate": True}},
        }
    )
    server = logging.getLogger("gunicorn.error")
    if not any(isinstance(each, Sparse) for each in server.filters):
        server.addFilter(Sparse())
