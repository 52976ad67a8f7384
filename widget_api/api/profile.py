"""The agent profiles that a shop's UCP endpoint fetches before it answers: one for each version of the protocol."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from widget_api.problems import NotFound
from widget_api.shopify.negotiation import DRAFT, PROFILE_PATH, RELEASES

bp = Blueprint("profile", __name__)

VERSION = RELEASES[0]
UCP: Final = "https://ucp.dev"

# Each capability with its page of the specification and its schema. 2026-08-25 moved some pages.
_SCHEMAS: Final = {
    "dev.ucp.shopping.cart": "cart",
    "dev.ucp.shopping.catalog.search": "catalog_search",
    "dev.ucp.shopping.catalog.lookup": "catalog_lookup",
    "dev.ucp.shopping.discount": "discount",
}
_PAGES: Final = {
    "2026-04-08": {
        "dev.ucp.shopping.cart": "cart",
        "dev.ucp.shopping.catalog.search": "catalog/search",
        "dev.ucp.shopping.catalog.lookup": "catalog/lookup",
        "dev.ucp.shopping.discount": "discount",
    },
    "2026-08-25": {
        "dev.ucp.shopping.cart": "shopping/cart",
        "dev.ucp.shopping.catalog.search": "shopping/catalog/search",
        "dev.ucp.shopping.catalog.lookup": "shopping/catalog/lookup",
        "dev.ucp.shopping.discount": "discount",
    },
}
_EXTENDS: Final = {"dev.ucp.shopping.discount": ["dev.ucp.shopping.cart"]}

CAPABILITIES = tuple(_SCHEMAS)


def shopping_profile(release: str) -> dict[str, Any]:
    """Return the profile for a dated release: carts, their discount codes, and the catalogue."""
    capabilities = {name: _capability(name, release) for name in CAPABILITIES}
    return _document(release, "shopping", capabilities)


def ask_profile() -> dict[str, Any]:
    """Return the profile for the draft, which alone has the capability to ask the business questions."""
    ask = {
        "version": DRAFT,
        "spec": f"{UCP}/{DRAFT}/specification/common/ask",
        "schema": f"{UCP}/{DRAFT}/schemas/common/ask.json",
    }
    return _document(DRAFT, "common", {"dev.ucp.common.ask": [ask]})


def _capability(name: str, release: str) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {
        "version": release,
        "spec": f"{UCP}/{release}/specification/{_PAGES[release][name]}",
        "schema": f"{UCP}/{release}/schemas/shopping/{_SCHEMAS[name]}.json",
    }
    return [{**entry, "extends": _EXTENDS[name]} if name in _EXTENDS else entry]


def _document(release: str, service: str, capabilities: dict[str, Any]) -> dict[str, Any]:
    entry = {
        "version": release,
        "spec": f"{UCP}/{release}/specification/overview",
        "transport": "mcp",
        "schema": f"{UCP}/{release}/services/{service}/mcp.openrpc.json",
    }
    services = {f"dev.ucp.{service}": [entry]}
    return {
        "ucp": {"version": release, "services": services, "capabilities": capabilities, "payment_handlers": {}},
    }


PROFILES: Final = {**{release: shopping_profile(release) for release in RELEASES}, DRAFT: ask_profile()}
# The one that shops are asked with first.
PROFILE: dict[str, Any] = PROFILES[VERSION]


@bp.get(PROFILE_PATH)
def profile() -> Response:
    """Return the profile of the version that shops are asked in first."""
    return _respond(PROFILE)


@bp.get("/.well-known/ucp-agent-<release>.json")
def profile_of(release: str) -> Response:
    """Return the profile of one version. Raises `NotFound`."""
    if release not in PROFILES:
        raise NotFound("There is no profile for that version of UCP.")
    return _respond(PROFILES[release])


def _respond(document: dict[str, Any]) -> Response:
    """Answer publicly and alike for all: shops want a public cache header of a minute or more."""
    response = jsonify(document)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    response.make_conditional(request)
    return response
