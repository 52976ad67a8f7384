"""The agent profile that Shopify's UCP endpoint fetches before it answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

bp = Blueprint("profile", __name__)

VERSION = "2026-04-08"
CAPABILITIES = ("dev.ucp.shopping.cart", "dev.ucp.shopping.catalog.search", "dev.ucp.shopping.catalog.lookup")

PROFILE: dict[str, Any] = {
    "ucp": {
        "version": VERSION,
        "services": {"dev.ucp.shopping": [{"version": VERSION, "transport": "mcp"}]},
        "capabilities": {name: [{"version": VERSION}] for name in CAPABILITIES},
        "payment_handlers": {},
    }
}


@bp.get("/.well-known/ucp-agent.json")
def profile() -> Response:
    """Public and the same for all; Shopify asks for a public cache header."""
    response = jsonify(PROFILE)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
