"""The agent profile that UCP asks for before anything else: who is calling, and what it can do."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask

from widget_api.api import profile
from widget_api.demo.faults import FAULTS
from widget_api.demo.rpc import RpcError
from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import is_loopback
from widget_api.shopify.http import Http
from widget_api.shopify.mcp import parse

MAX_BYTES: Final = 65_536
# UCP's floor for the time that a profile is kept, in seconds, and a bound for how many are.
SHORTEST_AGE: Final = 60
MAX_KNOWN: Final = 1000
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_FORBIDDEN = frozenset({"private", "no-store", "no-cache"})


@dataclass(frozen=True, slots=True)
class Document:
    """A profile as it was fetched: the member `ucp`, and the directives of its Cache-Control."""

    ucp: dict[str, Any]
    directives: frozenset[str]

    @property
    def version(self) -> str:
        return str(self.ucp["version"])

    @property
    def capabilities(self) -> dict[str, set[str]]:
        """The versions of each capability that the profile declares, as far as they are well-formed."""
        declared = self.ucp.get("capabilities", {})
        return {name: set(_versions(entries)) for name, entries in declared.items() if isinstance(entries, list)}

    @property
    def max_age(self) -> int:
        """For how many seconds the profile may be kept."""
        return max((int(found[1]) for each in self.directives if (found := _MAX_AGE.fullmatch(each))), default=0)


class Unusable(Exception):
    """The profile cannot be used: a code and words as UCP's overview has them, and the HTTP status."""

    def __init__(self, code: str, content: str, *, message: str = "UCP discovery failed", status: int = 422) -> None:
        super().__init__(code)
        self.code, self.content, self.message, self.status = code, content, message, status

    @classmethod
    def unfetched(cls, code: str, why: str, *, status: int = 422) -> Unusable:
        return cls(code, f"Unable to fetch agent profile: {why}", status=status)

    def as_error(self, home: str) -> RpcError:
        """Return the JSON-RPC error that tells it; `home` is the shop's address."""
        data = {"code": self.code, "content": self.content, "continue_url": home}
        return RpcError(-32001, self.message, data, status=self.status)


class _Kept:
    """Profiles that were fetched and found good, for as long as their Cache-Control allows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[float, Document]] = {}

    def get(self, uri: str) -> Document | None:
        with self._lock:
            until, document = self._documents.get(uri, (0.0, None))
        return document if time.monotonic() < until else None

    def put(self, uri: str, document: Document) -> None:
        with self._lock:
            while len(self._documents) >= MAX_KNOWN:
                self._documents.pop(next(iter(self._documents)))
            self._documents[uri] = (time.monotonic() + max(SHORTEST_AGE, document.max_age), document)


_KEPT = _Kept()


def read(arguments: dict[str, Any], versions: Collection[str]) -> Document:
    """Return the profile that the arguments name. Raises `Unusable`, also when its version is not in `versions`.

    Raises `RpcError` -32000 while the switch `discovery_503_next` is set: UCP's asynchronous discovery.
    """
    uri = _uri(arguments)
    if not uri:
        raise Unusable.unfetched("invalid_profile_url", "Missing profile uri")
    if FAULTS.discovery_503_next and FAULTS.take("discovery_503_next"):
        raise RpcError(-32000, "Service unavailable", {"retry_after": 1}, status=503)
    document = _KEPT.get(uri) or _fetched(uri)
    _judge(document, versions)
    _KEPT.put(uri, document)
    return document


def _uri(arguments: dict[str, Any]) -> str:
    value: Any = arguments
    for name in ("meta", "ucp-agent", "profile"):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _fetched(uri: str) -> Document:
    scheme, host, path = _parts(uri)
    if is_loopback(host):
        return _document(*_download(uri))
    if scheme != "https":
        raise Unusable.unfetched("invalid_profile_url", "Invalid profile uri")
    return _document(*_own(path))


def _parts(uri: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(uri)
        return parts.scheme, parts.hostname or "", parts.path
    except ValueError:
        return "", "", ""


def _download(uri: str) -> tuple[bytes, str]:
    """Return the body and the Cache-Control of the profile."""
    http = Http(total=5)
    try:
        reply = http.get(uri)
    except (ShopUnavailable, ShopRefused) as exc:
        raise Unusable.unfetched("profile_unreachable", "No answer", status=424) from exc
    finally:
        http.close()
    if reply.status != 200:
        raise Unusable.unfetched("profile_unreachable", f"HTTP {reply.status}", status=424)
    if len(reply.body) > MAX_BYTES:
        raise Unusable.unfetched("profile_too_large", f"More than {MAX_BYTES} bytes")
    return reply.body, reply.header("Cache-Control")


def _own(path: str) -> tuple[bytes, str]:
    """Return a profile in place of the one at `path` of another host, for the demo has no internet.

    It is what the product serves at that path, else the product's profile of the release that the path names, as
    Shopify's own agent profiles do: /ucp/agent-profiles/2026-08-25/….
    """
    reply = _product().test_client().get(path or "/")
    if reply.status_code == 200:
        return reply.data, reply.headers.get("Cache-Control", "")
    named = next((release for release in path.split("/") if release in profile.PROFILES), "")
    return json.dumps(profile.PROFILES.get(named, profile.PROFILE)).encode(), "public, max-age=3600"


@cache
def _product() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(profile.bp)
    return app


def _document(body: bytes, cache_control: str) -> Document:
    try:
        found = parse(body)
    except ValueError as exc:
        raise Unusable.unfetched("profile_malformed", "Not JSON") from exc
    ucp = found.get("ucp") if isinstance(found, dict) else None
    if not isinstance(ucp, dict) or not isinstance(ucp.get("version"), str):
        raise Unusable.unfetched("profile_malformed", "No UCP version")
    return Document(ucp, frozenset(each.strip() for each in cache_control.lower().split(",")))


def _judge(document: Document, versions: Collection[str]) -> None:
    if document.version not in versions:
        raise _unsupported(document.version, versions)
    for name in ("services", "capabilities", "payment_handlers"):
        # Capabilities may be left out; then there are none.
        if not isinstance(document.ucp.get(name, {} if name == "capabilities" else None), dict):
            raise Unusable.unfetched("profile_malformed", f"{name} is not an object")
    if FAULTS.strict_profile and (lacking := _lacking(document.ucp)):
        raise Unusable.unfetched("profile_malformed", f"{lacking} is missing")
    if not FAULTS.any_cache_control and not _may_be_kept(document):
        content = f"Cache-Control must be public with a max-age of at least {SHORTEST_AGE}"
        raise Unusable.unfetched("invalid_cache_control", content)


def _unsupported(version: str, versions: Collection[str]) -> Unusable:
    known = " and ".join(sorted(each for each in versions if each != "draft"))
    content = f"Protocol version {version} is not supported. This business supports versions {known}."
    return Unusable("version_unsupported", content, message="Protocol version not supported")


def _may_be_kept(document: Document) -> bool:
    """Return whether UCP's rule for hosting holds: public, at least a minute, and nothing that forbids to keep."""
    public = "public" in document.directives and not document.directives & _FORBIDDEN
    return public and document.max_age >= SHORTEST_AGE


def _lacking(ucp: dict[str, Any]) -> str:
    """Return the path of a member that the published schema of platform profiles requires, or ''."""
    for part in ("services", "capabilities"):
        for name, entries in ucp.get(part, {}).items():
            for entry in entries if isinstance(entries, list) else ():
                missing = [each for each in ("version", "spec", "schema") if each not in entry]
                if missing:
                    return f"{part}.{name}.{missing[0]}"
    return ""


def _versions(entries: list[Any]) -> list[str]:
    return [each["version"] for each in entries if isinstance(each, dict) and isinstance(each.get("version"), str)]
