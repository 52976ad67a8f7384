"""The agent profile that UCP asks for before anything else: who is calling, and what it can do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from widget_api.demo.rpc import RpcError
from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import is_loopback
from widget_api.shopify.http import Http
from widget_api.shopify.mcp import parse

VERSIONS = frozenset({"2026-01-23", "2026-04-08", "2026-08-25"})
MAX_BYTES = 65_536

# Profiles that were fetched and found good. Shopify keeps them as long as their Cache-Control says.
_known: set[str] = set()


def require(arguments: dict[str, Any], home: str) -> None:
    """Raise `RpcError` -32001 unless the arguments name a usable profile. `home` is the shop's address."""
    try:
        _require(arguments)
    except _Unusable as exc:
        data = {"code": exc.code, "content": exc.content, "continue_url": home}
        raise RpcError(-32001, exc.message, data, status=exc.status) from exc


class _Unusable(Exception):
    def __init__(self, code: str, content: str, *, status: int = 422) -> None:
        super().__init__(code)
        self.code, self.status = code, status
        self.content = f"Unable to fetch agent profile: {content}"
        unsupported = code == "version_unsupported"
        self.message = "Protocol version not supported" if unsupported else "UCP discovery failed"


def _require(arguments: dict[str, Any]) -> None:
    uri = _uri(arguments)
    if not uri:
        raise _Unusable("invalid_profile_url", "Missing profile uri")
    if uri in _known:
        return
    scheme, host = _parts(uri)
    if is_loopback(host):
        _judge(_fetch(uri))
        _known.add(uri)
    elif scheme != "https":  # what is out there is taken at its word: the demo has no internet
        raise _Unusable("invalid_profile_url", "Invalid profile uri")


def _uri(arguments: dict[str, Any]) -> str:
    value: Any = arguments
    for name in ("meta", "ucp-agent", "profile"):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _parts(uri: str) -> tuple[str, str]:
    try:
        parts = urlsplit(uri)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""


def _fetch(uri: str) -> bytes:
    http = Http(total=5)
    try:
        reply = http.get(uri)
    except (ShopUnavailable, ShopRefused) as exc:
        raise _Unusable("profile_unreachable", "No answer", status=424) from exc
    finally:
        http.close()
    if reply.status != 200:
        raise _Unusable("profile_unreachable", f"HTTP {reply.status}", status=424)
    if len(reply.body) > MAX_BYTES:
        raise _Unusable("profile_too_large", f"More than {MAX_BYTES} bytes")
    return reply.body


def _judge(body: bytes) -> None:
    try:
        profile = parse(body)
    except ValueError as exc:
        raise _Unusable("profile_malformed", "Not JSON") from exc
    ucp = profile.get("ucp") if isinstance(profile, dict) else None
    if not isinstance(ucp, dict) or not isinstance(ucp.get("version"), str):
        raise _Unusable("profile_malformed", "No UCP version")
    if not isinstance(ucp.get("capabilities"), dict):
        raise _Unusable("profile_malformed", "No capabilities")
    if ucp["version"] not in VERSIONS:
        raise _Unusable("version_unsupported", f"Version {ucp['version']}")
