"""The shop's own UCP profile, which every Shopify storefront has at /.well-known/ucp."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from widget_api.demo import negotiation
from widget_api.demo.faults import FAULTS
from widget_api.demo.negotiation import ASK, CART, CATALOG, DISCOUNT, DRAFT, EXTENDS, LOOKUP, SEARCH
from widget_api.demo.rpc import not_found
from widget_api.demo.ucp_answers import home

bp = Blueprint("demo_business", __name__)

MAX_AGE = 300
_PAGES = {
    SEARCH: "catalog/search",
    LOOKUP: "catalog/lookup",
    CART: "cart",
    DISCOUNT: "discount",
    ASK: "common/ask",
}
_SCHEMAS = {
    SEARCH: "shopping/catalog_search",
    LOOKUP: "shopping/catalog_lookup",
    CART: "shopping/cart",
    DISCOUNT: "shopping/discount",
    ASK: "common/ask",
}


@bp.get("/.well-known/ucp")
def newest() -> Response:
    """The profile of the newest version, with the addresses of the older ones."""
    if FAULTS.no_well_known or FAULTS.legacy_only:
        return not_found()
    root, *older = [each for each in negotiation.versions() if each != DRAFT]
    supported = {version: f"{home()}.well-known/ucp/{version}" for version in older}
    return _profile(root, **({"supported_versions": supported} if supported else {}))


@bp.get("/.well-known/ucp/<version>")
def of_version(version: str) -> Response:
    """The profile of one version alone."""
    if FAULTS.no_well_known or FAULTS.legacy_only or version not in negotiation.versions():
        return not_found()
    return _profile(version)


def _profile(version: str, **more: Any) -> Response:
    offered = negotiation.offered(version)
    services = ["dev.ucp.shopping", *(["dev.ucp.common"] if ASK in offered else [])]
    ucp = {
        "version": version,
        **more,
        "services": {name: [_service(name, version)] for name in services},
        "capabilities": {name: [_capability(name, version)] for name in offered},
        "payment_handlers": {},
    }
    response = jsonify(ucp=ucp)
    response.cache_control.public, response.cache_control.max_age = True, MAX_AGE
    return response


def _service(name: str, version: str) -> dict[str, Any]:
    part = name.rpartition(".")[2]
    return {
        "version": version,
        "spec": f"https://ucp.dev/{version}/specification/overview",
        "transport": "mcp",
        "schema": f"https://ucp.dev/{version}/services/{part}/mcp.openrpc.json",
        "endpoint": f"{home()}api/ucp/mcp",
    }


def _capability(name: str, version: str) -> dict[str, Any]:
    extends = {"extends": list(EXTENDS[name])} if EXTENDS[name] else {}
    if name == CATALOG:
        where = "https://shopify.dev"
        return {
            "version": version,
            "spec": f"{where}/docs/agents/catalog/storefront-catalog",
            "schema": f"{where}/ucp/schemas/{version}/catalog.json",
            **extends,
        }
    return {
        "version": version,
        "spec": f"https://ucp.dev/{version}/specification/{_PAGES[name]}",
        "schema": f"https://ucp.dev/{version}/schemas/{_SCHEMAS[name]}.json",
        **extends,
    }
