"""Websites as browsers name them (RFC 6454): scheme, host and port, compared letter by letter."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from widget_api.config import is_loopback

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def web_origin(text: str) -> str:
    """The origin that browsers send for `text`. Raises `ValueError` with the reason when it is none."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as exc:
        raise ValueError(f"{text!r} is no address of a website.") from exc
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"{text!r} must begin with https://")
    host = _host(text, parts.hostname or "")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{text!r} must be https: only this machine itself may use http.")
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{text!r} has more than scheme, host and port: write {parts.scheme}://{host}")
    shown = f":{port}" if port not in {None, _DEFAULT_PORTS[parts.scheme]} else ""
    return f"{parts.scheme}://{host}{shown}"


def _host(text: str, host: str) -> str:
    try:
        ascii_host = host.encode("idna").decode("ascii").lower()
    except UnicodeError as exc:
        raise ValueError(f"{text!r} has no valid host name.") from exc
    if not _HOST.fullmatch(ascii_host):
        raise ValueError(f"{text!r} has no valid host name; wildcards are not possible: name each website.")
    return ascii_host
