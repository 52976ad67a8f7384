"""Keyset cursors: a page goes on where the one before ended, whatever was written meanwhile."""

from __future__ import annotations

import base64
import binascii

from widget_api.problems import BadRequest


def cursor(*position: int) -> str:
    """The position of a page's last row as an opaque word."""
    text = ".".join(map(str, position))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(text: str, length: int) -> tuple[int, ...]:
    """The position that a cursor names. Raises `BadRequest`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        numbers = tuple(int(piece) for piece in raw.split(".") if len(piece) < 19)
    except (binascii.Error, ValueError) as exc:
        raise BadRequest("The cursor is not one of ours: take it from `next`.") from exc
    if len(numbers) != length or min(numbers) < 0:
        raise BadRequest("The cursor is not one of ours: take it from `next`.")
    return numbers
