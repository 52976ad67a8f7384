"""The cart's tools in UCP. An update replaces the whole cart."""

from __future__ import annotations

import re
from collections.abc import Mapping

from widget_api.demo import catalogue
from widget_api.demo.carts import CARTS, Cart, Line, NotEnough, SoldOut
from widget_api.demo.catalogue import CURRENCY, full_title
from widget_api.demo.faults import FAULTS
from widget_api.demo.negotiation import CART
from widget_api.demo.rpc import Json, ToolError, number
from widget_api.demo.ucp_answers import home, missing, ok, refused

_CART_ID = re.compile(r"gid://shopify/Cart/([A-Za-z0-9_-]{1,100})(\?key=[A-Za-z0-9]{0,100})?")
# The end of the sentence is not recorded; it is the one of the legacy endpoint.
_INVALID_CART_ID = (
    "Invalid id format. Expected a Shopify Cart GID (e.g., 'gid://shopify/Cart/Z212345?key=123456789')."
)


def create_cart(arguments: Json) -> Json:
    wanted = _wanted(arguments["cart"]["line_items"])
    cart = CARTS.create()
    return _cart(cart, cart.gid, _warnings(fill(cart, wanted)))


def get_cart(arguments: Json) -> Json:
    cart = _open(arguments["id"])
    return _cart(cart, arguments["id"], []) if cart else _stale()


def update_cart(arguments: Json) -> Json:
    """All of the cart is replaced: a line that is not sent is gone."""
    if "id" in arguments["cart"]:
        raise ToolError.saying("Invalid arguments: object property at /cart/id is a disallowed additional property")
    cart = _open(arguments["id"])
    if cart is None:
        return _stale()
    wanted = _wanted(arguments["cart"]["line_items"])
    return _cart(cart, arguments["id"], _warnings(fill(cart, wanted)))


def cancel_cart(arguments: Json) -> Json:
    cart = _open(arguments["id"])
    if cart is None:
        return _stale()
    CARTS.cancel(cart.token)
    message = {"type": "info", "code": "cart_canceled", "content": "Cart canceled"}
    return _cart(cart, arguments["id"], [message])


def _open(id: str) -> Cart | None:
    """The cart with that id, None when it is gone. A wrong or missing key is no error: buyer details are nulled."""
    found = _CART_ID.fullmatch(id)
    if not found:
        raise refused("invalid_cart_id", _INVALID_CART_ID)
    return CARTS.get(found[1])


def _stale() -> Json:
    return missing("Cart not found or has expired", CART)


def _wanted(items: list[Json]) -> dict[int, int]:
    """How many of each variant. Raises `ToolError` for what is no variant, or none of this shop's."""
    wanted: dict[int, int] = {}
    for index, item in enumerate(items):
        gid, path = item["item"]["id"], f"$.line_items[{index}].item.id"
        variant = number(gid, "ProductVariant")
        if variant is None:
            raise refused("invalid_input", f'is not a valid ProductVariant GID (got: "{gid}")', path)
        if catalogue.variant(variant) is None:
            raise refused("invalid", f"The merchandise with id {gid} does not exist.")
        wanted[variant] = wanted.get(variant, 0) + max(0, item["quantity"])
    return wanted


def fill(cart: Cart, wanted: Mapping[int, int]) -> list[tuple[str, str]]:
    """Make the cart hold what is wanted, as far as there is stock; returns a code and words for what there is not.

    The Storefront API clamps and warns so; what UCP does is not recorded.
    """
    held, possible, lacking = cart.quantities(), {}, []
    for number_of, quantity in wanted.items():
        product, variant = catalogue.variant(number_of) or (None, None)
        if product is None or variant is None:
            continue
        had = held.get(number_of, 0)
        possible[number_of] = min(quantity, max(had, variant.stock))
        if possible[number_of] < quantity:
            lacking.append(_lack(full_title(product, variant), variant.stock, had))
    CARTS.replace(cart, possible)
    return lacking


def _lack(name: str, stock: int, had: int) -> tuple[str, str]:
    if stock == 0:
        return "merchandise_out_of_stock", str(SoldOut(name))
    return "merchandise_not_enough_stock", str(NotEnough(name, stock, held=had))


def _warnings(lacking: list[tuple[str, str]]) -> list[Json]:
    return [{"type": "warning", "code": code, "content": said} for code, said in lacking]


def _cart(cart: Cart, id: str, messages: list[Json]) -> Json:
    body = {
        "id": id,
        "line_items": [_line(line, cart) for line in cart.lines],
        "currency": CURRENCY,
        "totals": _totals(cart.total),
        "messages": messages,
        "continue_url": f"{home()}cart/c/{id.removeprefix('gid://shopify/Cart/')}",
        "expires_at": cart.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return ok({"cart": body} if FAULTS.nested_cart else body, CART)


def _line(line: Line, cart: Cart) -> Json:
    totals = [{"type": kind, "amount": line.total} for kind in ("subtotal", "total")]
    return {
        "id": f"gid://shopify/CartLine/{line.id}?cart={cart.token}",
        "item": {
            "id": f"gid://shopify/ProductVariant/{line.variant_id}",
            "title": line.title,
            "price": line.variant.price,
        },
        "quantity": line.quantity,
        "totals": totals,
    }


def _totals(amount: int) -> list[Json]:
    return [{"type": kind.lower(), "amount": amount, "display_text": kind} for kind in ("Subtotal", "Total")]
