"""Pages: bounded in number and in bytes, each going on where the one before ended, whatever was written since."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec
from flask import Response

from widget_api.models import Message
from widget_api.problems import BadRequest
from widget_api.shopify.money import with_exponents
from widget_api.shopify.sizes import fit_parts

# Of the messages of a page, as they are stored. A message alone may have more: words always fit.
PAGE_BYTES: Final = 256 * 1024


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


def as_json(page: dict[str, Any]) -> Response:
    """Return the page as a response, in UTF-8: with each letter escaped it would have up to three times its bytes."""
    return Response(msgspec.json.encode(page), mimetype="application/json")


def document(message: Message) -> dict[str, Any]:
    """Return the message as it is sent. Where an earlier version stored it, too: with an exponent in the prices of
    its cards and carts, and no larger than messages are now."""
    found = message.to_dict()
    parts = [with_exponents(part) if part["type"].startswith("data-") else part for part in fit_parts(found["parts"])]
    return {**found, "parts": parts}
