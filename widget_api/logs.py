"""Logs: one line an event, as text or as JSON. Never a message's text, a token or a cart's key."""

from __future__ import annotations

import json
import logging
import logging.config
import re
from datetime import UTC, datetime
from typing import Any

# What opens something to whoever reads it, where an address has it: a shared link's secret, a stream's ticket, a
# cart's key. However the path is spelled: servers also quote requests that they could not read.
_SECRETS = re.compile(
    r"(\bapi(?:/|%2f)+shared(?:/|%2f)+)[^\s\"'<>?#]+|([?&](?:ticket|key|cart)=)[^\s\"'<>&#]+", re.IGNORECASE
)


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


class DiscreetRecord(logging.LogRecord):
    """A record without secrets, whoever logs it: a view, the server, a library."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = hide_secrets(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - the library's name
        return hide_secrets(super().getMessage())


def hide_secrets(text: str) -> str:
    """Return the text with a dash in the place of each secret that an address in it has."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2]}-", text)


def configure(log_format: str) -> None:
    """Send the product's log lines to standard error, and keep secrets out of all lines."""
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
