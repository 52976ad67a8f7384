"""Request bodies: read once, checked against a type, refused with a sentence."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from flask import request

from widget_api.problems import BadRequest, InvalidBody, NotJson
from widget_api.text import clean, cut

T = TypeVar("T")

BODY_BYTES = 16 * 1024
MESSAGE_CHARACTERS = 2000
# A reason may quote the body: the name of a field that nobody knows.
REASON_CHARACTERS = 200
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.:-]{1,64}")
# How many times longer a text may be before it is cleaned: a letter can come with two accents beside it.
_RAW = 3
# Half of a character, as JSON escapes it or as bytes, or a whole one, or another escape. A script that cuts a text by
# UTF-16 units makes halves.
_HALVES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.|(\xed[\xa0-\xbf][\x80-\xbf])",
    re.DOTALL,
)


def shape(type: type[T]) -> type[T]:
    """Have msgspec learn the type now. It would when it first meets it, and two threads that make it do so at once
    crash the process."""
    msgspec.json.Decoder(type)
    return type


def read_optional(type: type[T], *, most: int = BODY_BYTES) -> T | None:
    """Return the request's JSON body as `type`, or None when the request has no body. Raises as `read` does."""
    request.max_content_length = most
    return read(type, most=most) if request.get_data() else None


def read(type: type[T], *, most: int = BODY_BYTES) -> T:
    """The request's JSON body as `type`. Raises `NotJson`, `BodyTooLarge`, `BadRequest` or `InvalidBody`."""
    if request.mimetype != "application/json":
        # Browsers ask for permission (a preflight) before they send JSON across origins: forms get none.
        raise NotJson("Set the header Content-Type: application/json.")
    request.max_content_length = most
    body = request.get_data(cache=False)
    try:
        return _decode(body, type)
    except msgspec.ValidationError as exc:
        raise InvalidBody(reason(exc)) from exc
    except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
        raise BadRequest("The body must be a JSON object in UTF-8.") from exc


def reason(exc: msgspec.ValidationError) -> str:
    """Return why a body is refused, as a sentence of bounded length."""
    return f"{cut(str(exc), REASON_CHARACTERS)}."


def _decode(body: bytes, type: type[T]) -> T:
    """Return the body as `type`. Half a character becomes U+FFFD: no shopper could mend it."""
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeError):
        whole = _HALVES.sub(lambda found: b"\\ufffd" if found.lastindex else found[0], body)
        if whole == body:
            raise
        return msgspec.json.decode(whole, type=type)


def require_id(id: str, name: str) -> str:
    """An id that the client has made. Raises `InvalidBody`."""
    if not _ID.fullmatch(id):
        raise InvalidBody(f"{name} must have 1 to 64 of the characters A-Z a-z 0-9 _ . : -")
    return id


def require_text(text: str, name: str, *, most: int) -> str:
    """Cleaned text of 1 to `most` characters. Raises `InvalidBody`."""
    if len(text) > _RAW * most:  # cleaning takes time
        raise InvalidBody(f"{name} has {len(text)} characters: {most} are the most.")
    text = clean(text).strip()
    if not text:
        raise InvalidBody(f"{name} is empty: write something.")
    if len(text) > most:
        raise InvalidBody(f"{name} has {len(text)} characters: {most} are the most.")
    return text


def query_number(name: str, default: int, *, most: int) -> int:
    """A whole number of the query string. Raises `BadRequest`."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise BadRequest(f"{name} must be a number from 1 to {most}.")
    return int(text)


def without_empty(values: dict[str, str]) -> dict[str, str]:
    """Only the entries that say something."""
    return {name: value for name, value in values.items() if value}
