"""The demo shop's `POST /api/ucp/mcp`: Shopify's UCP endpoint as it was recorded in 2026."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from widget_api.demo import catalogue, negotiation, profiles, ucp_cart, ucp_catalogue
from widget_api.demo.business import bp as business
from widget_api.demo.faults import FAULTS
from widget_api.demo.negotiation import ASK, CART, LOOKUP, SEARCH
from widget_api.demo.rpc import (
    BOOLEAN,
    INTEGER,
    STRING,
    Json,
    RpcError,
    Tool,
    answer,
    array,
    call,
    closed,
    not_found,
    obj,
)
from widget_api.demo.ucp_answers import home, incompatible, ok

bp = Blueprint("demo_ucp", __name__)
bp.register_blueprint(business)

# The version of MCP in which `initialize` is answered.
MCP_VERSION = "2024-11-05"


@bp.get("/api/ucp/mcp")
def get() -> Response:
    return not_found()


@bp.post("/api/ucp/mcp")
def post() -> Any:
    if FAULTS.legacy_only:
        return not_found()
    if FAULTS.password_page:
        return closed()
    return answer(_handle)


def _handle(method: str, params: Json) -> Json:
    _check_header()
    if method != "initialize" or not FAULTS.initialize_anyone:
        _negotiate(params.get("arguments"))
        if not negotiation.current().capabilities:
            return incompatible()
    if method == "initialize":
        return {
            "protocolVersion": MCP_VERSION,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "universal-commerce", "version": "0.1.0"},
        }
    tools = {tool.name: tool for name, group in TOOLS.items() if negotiation.agreed(name) for tool in group}
    if method == "tools/list":
        return {"tools": [tool.to_dict() for tool in tools.values()]}
    if method == "tools/call":
        return call(tools, params)
    raise RpcError(-32601, "Method not found")


def _check_header() -> None:
    """Refuse a version of MCP that this server does not speak, as MCP 2025-06-18 demands of servers."""
    version = request.headers.get("MCP-Protocol-Version", MCP_VERSION)
    if FAULTS.refuse_protocol_header and version != MCP_VERSION:
        said = f"Bad Request: Unsupported protocol version (supported versions: {MCP_VERSION})"
        raise RpcError(-32000, said, status=400)


def _negotiate(arguments: object) -> None:
    try:
        negotiation.negotiate(arguments if isinstance(arguments, dict) else {})
    except profiles.Unusable as exc:
        raise exc.as_error(home()) from exc


def _ask(arguments: Json) -> Json:
    found = catalogue.answers(arguments["ask"]["query"], limit=1)
    plain = found[0][1] if found else "We have no answer to that. Please write to us and we will find out."
    return ok({"answer": {"plain": plain}, "links": list(_links(found)), "messages": []}, ASK)


def _links(found: list[tuple[str, str]]) -> Iterator[Json]:
    for policy in catalogue.POLICIES:
        if found and found[0][0] == policy.title:
            yield {"type": policy.handle, "url": f"{home()}policies/{policy.handle}", "title": policy.title}


_META = obj("ucp-agent", **{"ucp-agent": obj("profile", profile=STRING)})
_CONTEXT = obj(address_country=STRING, currency=STRING, language=STRING, intent=STRING)
_FILTERS = obj(categories=array(STRING), price=obj(min=INTEGER, max=INTEGER), available=BOOLEAN)
_LINES = array(obj("item", "quantity", id=STRING, item=obj("id", id=STRING), quantity=INTEGER))
_CART = obj("line_items", line_items=_LINES, context=_CONTEXT)

TOOLS: dict[str, tuple[Tool, ...]] = {
    SEARCH: (
        Tool(
            "search_catalog",
            "Search for products from the online store. At least one of query or filters must be provided.",
            obj(
                "meta",
                "catalog",
                meta=_META,
                catalog=obj(
                    query=STRING, context=_CONTEXT, filters=_FILTERS, pagination=obj(cursor=STRING, limit=INTEGER)
                ),
            ),
            ucp_catalogue.search,
        ),
    ),
    LOOKUP: (
        Tool(
            "lookup_catalog",
            "Look up multiple products or variants by identifier. Maximum 10 IDs per request.",
            obj("meta", "catalog", meta=_META, catalog=obj("ids", ids=array(STRING), context=_CONTEXT)),
            ucp_catalogue.lookup,
        ),
        Tool(
            "get_product",
            "Get one product with a relevant set of variants; supports interactive option selection via selected.",
            obj(
                "meta",
                "catalog",
                meta=_META,
                catalog=obj(
                    "id",
                    id=STRING,
                    selected=array(obj("name", "label", name=STRING, label=STRING)),
                    preferences=array(STRING),
                    context=_CONTEXT,
                    filters=_FILTERS,
                ),
            ),
            ucp_catalogue.get_product,
        ),
    ),
    CART: (
        Tool("create_cart", "Creates a new cart.", obj("meta", "cart", meta=_META, cart=_CART), ucp_cart.create_cart),
        Tool("get_cart", "Get the cart contents.", obj("meta", "id", meta=_META, id=STRING), ucp_cart.get_cart),
        Tool(
            "update_cart",
            "Perform updates to a cart. Each request replaces the cart's full state.",
            obj("meta", "cart", "id", meta=_META, cart=_CART, id=STRING),
            ucp_cart.update_cart,
        ),
        Tool("cancel_cart", "Cancels a cart.", obj("meta", "id", meta=_META, id=STRING), ucp_cart.cancel_cart),
    ),
    ASK: (
        Tool(
            "ask_business",
            "Ask the business a question about its policies and services.",
            obj("meta", "ask", meta=_META, ask=obj("query", query=STRING, context=_CONTEXT)),
            _ask,
        ),
    ),
}
