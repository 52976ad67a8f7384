"""The profile that a shop publishes at /.well-known/ucp: which protocol versions it speaks, and where it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from widget_api.shopify.endpoint import split_url
from widget_api.shopify.mcp import parse

PATH: Final = "/.well-known/ucp"
MAX_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class BusinessProfile:
    """`releases` are the protocol versions that the shop takes, `hosts` where its endpoints are, in their order."""

    releases: frozenset[str]
    hosts: tuple[str, ...]


def read_business_profile(body: bytes) -> BusinessProfile | None:
    """Return what the document says, or None when it is no profile. Versions are compared and never ordered."""
    try:
        document = parse(body)
    except ValueError:
        return None
    ucp = document.get("ucp", document) if isinstance(document, dict) else None
    if not isinstance(ucp, dict) or not isinstance(ucp.get("version"), str):
        return None
    releases = frozenset({ucp["version"], *_supported(ucp.get("supported_versions"))})
    hosts = dict.fromkeys(host for url in _endpoints(ucp.get("services")) if (host := _host(url)))
    return BusinessProfile(releases, tuple(hosts))


def _supported(raw: object) -> Iterator[str]:
    """Yield the versions of `supported_versions`: addresses by version, or a list of versions or of objects."""
    for each in raw if isinstance(raw, dict | list) else ():
        version = each.get("version") if isinstance(each, dict) else each
        if isinstance(version, str):
            yield version


def _endpoints(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the addresses of all endpoints in the services, in whatever release's shape."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        if isinstance(value.get("endpoint"), str):
            yield value["endpoint"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _endpoints(each, depth + 1)


def _host(url: str) -> str:
    parts = split_url(url)
    return (parts.hostname or "").lower() if parts else ""
