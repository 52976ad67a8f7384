"""Redaction: the last guard before a line of the log is written. What opens something is replaced in it.

Messages are written so that no secret stands in them. But they quote errors of libraries, databases and providers,
and nobody knows what those will quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "[secret]"
# A shorter setting is a placeholder, and would be found in innocent words.
SHORTEST: Final = 8

# What visitors hold: a cart's id and key, a session's token or a stream's ticket, the end of a shared link. However
# the path is spelled: servers also quote requests that they could not read.
_HELD: Final = re.compile(
    r"gid://shopify/Cart/[^\s\"'<>]+"
    r"|(?<=/cart/c/)[^\s\"'<>]+"
    r"|(?P<name>[?&](?:ticket|key|cart)=)[^\s\"'<>&#]+"
    r"|(?P<path>\bapi(?:/|%2f)+shared(?:/|%2f)+)[^\s\"'<>?#]+"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)


class Redactor:
    """Replaces the server's own secrets, which it is given, and what visitors hold."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: one may be a part of another.
        long = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, long))) if long else None

    def __call__(self, text: str) -> str:
        text = self._own.sub(REDACTED, text) if self._own else text
        return _HELD.sub(lambda found: f"{found['name'] or found['path'] or ''}{REDACTED}", text)
