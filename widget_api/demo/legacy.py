"""The demo shop's `POST /api/mcp`: Shopify's Storefront MCP of 2025, of which only the policies are left."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request

from widget_api.demo import catalogue, currency
from widget_api.demo.carts import CARTS, Cart
from widget_api.demo.catalogue import Product, Variant
from widget_api.demo.faults import FAULTS
from widget_api.demo.lines import Line, new_line
from widget_api.demo.rpc import (
    INTEGER,
    STRING,
    Json,
    RpcError,
    Tool,
    ToolError,
    answer,
    array,
    call,
    not_found,
    number,
    obj,
    text,
)
from widget_api.demo.stock import fill
from widget_api.demo.ucp_cart import make_line_gid
from widget_api.shopify.money import decimals

bp = Blueprint("demo_legacy", __name__)

# Here, unlike in UCP, a cart's id without its key is malformed.
_CART_ID = re.compile(r"gid://shopify/Cart/([A-Za-z0-9_-]{1,100})\?key=[A-Za-z0-9]{1,100}")
_INVALID_CART_ID = (
    "Invalid cart_id format. Expected a Shopify Cart GID (e.g., 'gid://shopify/Cart/Z212345?key=123456789')."
)
_NOTICE = (
    "DEPRECATION NOTICE: This tool is served by the Storefront MCP server at /api/mcp, which has been replaced by "
    "the UCP endpoint at /api/ucp/mcp. Access ends on 31 August 2026."
)
_INSTRUCTIONS = "Show prices with their currency. Give the checkout link only when the customer wants to pay."


@bp.get("/api/mcp")
def get() -> Response:
    return not_found()


@bp.post("/api/mcp")
def post() -> Any:
    return answer(_handle)


def _handle(method: str, params: Json) -> Json:
    if method == "initialize":
        return {
            "protocolVersion": "2024-11-05",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "storefront-mcp-server", "version": "0.1.0"},
        }
    tools = {tool.name: tool for tool in _tools()}
    if method == "tools/list":
        return {"tools": [tool.to_dict() for tool in tools.values()]}
    if method == "tools/call":
        result = call(tools, params, quote="`")
        if FAULTS.deprecation_notice:
            result["content"].append({"type": "text", "text": _NOTICE})
        return result
    raise RpcError(-32601, "Method not found")


def _tools() -> list[Tool]:
    offered = TOOLS if FAULTS.legacy_only else (POLICIES,)
    return [tool for tool in offered if tool is not POLICIES or not FAULTS.policies_tool_off]


def _ok(value: object) -> Json:
    return {"isError": False, "content": [text(value)]}


# The catalogue


def _search(arguments: Json) -> Json:
    filters: Json = {}
    for entry in arguments.get("filters") or []:
        filters |= entry
    price = filters.get("price") or {}
    found = catalogue.search(
        arguments["query"],
        available=filters.get("available"),
        price_min=_minor(price.get("min")),
        price_max=_minor(price.get("max")),
    )
    limit = min(max(1, arguments.get("limit", 10)), 250)
    return _ok(
        {
            "products": [_product(product) for product in found[:limit]],
            "pagination": {
                "hasNextPage": len(found) > limit,
                "hasPreviousPage": False,
                "currentPage": 1,
                "maxPages": -(-len(found) // limit),
                "limitReached": False,
            },
            "available_filters": [],
            "instructions": _INSTRUCTIONS,
        }
    )


def _details(arguments: Json) -> Json:
    product = catalogue.product(number(arguments["product_id"], "Product") or 0)
    if product is None:
        raise ToolError.saying(f"Product not found: {arguments['product_id']}")
    wanted = arguments.get("options") or {}
    fitting = [each for each in product.variants if wanted.items() <= each.options.items()]
    chosen = next((each for each in fitting if each.available), (fitting or product.variants)[0])
    shown = {name: value for name, value in _product(product).items() if name not in {"variants", "tags"}}
    details = {
        **shown,
        "url": None,
        "images": [{"url": _url(product.image), "alt_text": product.title}],
        "options": [{"name": name, "values": values} for name, values in product.options.items()],
        "selectedOrFirstAvailableVariant": {
            **_variant(chosen),
            "image_alt_text": product.title,
            "selected_options": [{"name": name, "value": value} for name, value in chosen.options.items()],
        },
    }
    return _ok({"product": details, "instructions": _INSTRUCTIONS})


def _product(product: Product) -> Json:
    prices = [currency.convert(variant.price) for variant in product.variants]
    return {
        "product_id": f"gid://shopify/Product/{product.id}",
        "title": product.title,
        "description": product.description,
        "url": _url(f"/products/{product.handle}"),
        "image_url": _url(product.image),
        "price_range": {
            "min": _decimal(min(prices)),
            "max": _decimal(max(prices)),
            "currency": currency.current().code,
        },
        "product_type": product.type,
        "tags": list(product.tags),
        "variants": [_variant(variant) for variant in product.variants],
    }


def _variant(variant: Variant) -> Json:
    return {
        "variant_id": f"gid://shopify/ProductVariant/{variant.id}",
        "title": variant.title,
        "price": _decimal(currency.convert(variant.price)),
        "currency": currency.current().code,
        "image_url": _url(variant.image),
        "available": variant.available,
    }


def _url(path: str) -> str:
    return request.host_url + path.lstrip("/")


def _decimal(minor: int) -> str:
    """Return "29.0", "4.9", "34.95": as Ruby writes decimals."""
    return str(float(Decimal(minor).scaleb(-decimals(currency.current().code))))


def _minor(price: float | None) -> int | None:
    return None if price is None else round(price * 10 ** decimals(currency.current().code))


# The cart


def _get_cart(arguments: Json) -> Json:
    return _ok(_cart(_open(arguments["cart_id"]), []))


def _update_cart(arguments: Json) -> Json:
    """Changes what is named and leaves the rest. Names of arguments that it does not know are not noticed."""
    cart = _open(arguments["cart_id"]) if arguments.get("cart_id") else None
    lines = {_line_id(line, cart): line for line in cart.lines} if cart else {}
    for key in arguments.get("remove_line_ids") or []:
        lines.pop(key, None)
    for item in arguments.get("update_items") or []:
        if item["id"] in lines:
            lines[item["id"]] = replace(lines[item["id"]], quantity=max(0, item["quantity"]))
    wanted = [*lines.values(), *map(_added, arguments.get("add_items") or [])]
    cart = cart or CARTS.create()
    return _ok(_cart(cart, [{"field": ["lines"], "message": each.said} for each in fill(cart, lambda _: wanted)]))


def _added(item: Json) -> Line:
    variant = number(item["product_variant_id"], "ProductVariant") or 0
    if catalogue.variant(variant) is None:
        raise _no_variant(item["product_variant_id"])
    return new_line(variant, max(0, item["quantity"]))


def _open(id: str) -> Cart:
    found = _CART_ID.fullmatch(id)
    if not found:
        raise ToolError.saying(_INVALID_CART_ID)
    cart = CARTS.get(found[1])
    if cart is None:
        raise _errors(["cart_id"], "The specified cart does not exist.")
    return cart


def _no_variant(id: str) -> ToolError:
    return _errors(["lines", "0", "merchandiseId"], f"The merchandise with id {id} does not exist.")


def _errors(field: list[str], message: str) -> ToolError:
    return ToolError({"content": [text({"errors": [{"field": field, "message": message}]})]})


def _cart(cart: Cart, errors: list[Json]) -> Json:
    shown = {
        "id": cart.gid,
        "created_at": cart.created_at.isoformat(timespec="milliseconds"),
        "updated_at": cart.updated_at.isoformat(timespec="milliseconds"),
        "lines": [_line(line, cart) for line in cart.lines],
        "delivery": {},
        "discounts": {},
        "gift_cards": [],
        "cost": _cost(cart.total),
        "total_quantity": cart.count,
        "checkout_url": _url(f"/cart/c/{cart.secret}"),
    }
    return {"instructions": _INSTRUCTIONS, "cart": shown, "errors": errors}


def _line(line: Line, cart: Cart) -> Json:
    return {
        "id": _line_id(line, cart),
        "quantity": line.quantity,
        "cost": _cost(line.total),
        "merchandise": {
            "id": f"gid://shopify/ProductVariant/{line.variant_id}",
            "title": line.variant.title,
            "product": {"id": f"gid://shopify/Product/{line.product.id}", "title": line.product.title},
        },
    }


def _line_id(line: Line, cart: Cart) -> str:
    return make_line_gid(line.id, cart)


def _cost(minor: int) -> Json:
    amount = {"amount": _decimal(minor), "currency": currency.current().code}
    return {"total_amount": amount, "subtotal_amount": amount}


# Questions about the shop


def _policies(arguments: Json) -> Json:
    found = catalogue.answers(arguments["query"])
    return _ok([{"question": question, "answer": said} for question, said in found])


POLICIES = Tool(
    "search_shop_policies_and_faqs",
    "Answer questions about the store's policies, products and services.",
    obj("query", query=STRING, context=STRING),
    _policies,
)

TOOLS = (
    Tool(
        "search_shop_catalog",
        "Search for products from the online store.",
        obj("query", "context", query=STRING, context=STRING, filters=array({"type": "object"}), limit=INTEGER),
        _search,
    ),
    Tool("get_cart", "Get the cart including items and checkout url.", obj("cart_id", cart_id=STRING), _get_cart),
    Tool(
        "update_cart",
        "Update items in the cart; creates one when no cart_id is given.",
        obj(
            cart_id=STRING,
            add_items=array(obj("product_variant_id", "quantity", product_variant_id=STRING, quantity=INTEGER)),
            update_items=array(obj("id", "quantity", id=STRING, quantity=INTEGER)),
            remove_line_ids=array(STRING),
        ),
        _update_cart,
    ),
    POLICIES,
    Tool(
        "get_product_details",
        "Look up a product by id and optionally specify options to choose a variant.",
        obj("product_id", product_id=STRING, options={"type": "object"}),
        _details,
    ),
)
