"""The cart's tools in UCP. An update replaces the whole cart: its lines, and all that was said beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from widget_api.demo import catalogue, currency, discounts, negotiation
from widget_api.demo.carts import CARTS, Cart
from widget_api.demo.faults import FAULTS
from widget_api.demo.lines import Line, Properties, keep_ids, new_line, read_properties
from widget_api.demo.negotiation import CART, DISCOUNT
from widget_api.demo.rpc import Json, ToolError
from widget_api.demo.stock import Lack, clamp_lines
from widget_api.demo.ucp_answers import home, missing, ok, refused
from widget_api.demo.ucp_catalogue import describe_unit, make_variant_gid, make_warning, read_variant_number

# What a cart keeps of what an agent says beside the lines and the codes.
SAID = ("context", "buyer", "attribution", "fulfillment")
_CART_ID = re.compile(r"gid://shopify/Cart/([A-Za-z0-9_-]{1,100})(\?key=[A-Za-z0-9]{0,100})?")
_LINE_ID = re.compile(r"gid://shopify/CartLine/([A-Za-z0-9-]{1,100})(\?.*)?")
# The end of the sentence is not recorded; it is the one of the legacy endpoint.
_INVALID_CART_ID = (
    "Invalid id format. Expected a Shopify Cart GID (e.g., 'gid://shopify/Cart/Z212345?key=123456789')."
)
# The line that the switch `gift_card_line` puts into every cart: its item is no variant.
_GIFT_CARD = "gid://shopify/GiftCard/1"
_GIFT_CARD_CENTS = 2500


def create_cart(arguments: Json) -> Json:
    _check_members(arguments["cart"])
    wanted = _wanted(arguments["cart"]["line_items"])
    cart = CARTS.create()
    return _replaced(cart, cart.gid, arguments["cart"], wanted)


def get_cart(arguments: Json) -> Json:
    cart = _open(arguments["id"])
    return _cart(cart, arguments["id"], []) if cart else _stale()


def update_cart(arguments: Json) -> Json:
    """Replace the cart: a line that is not sent is gone, and so is a code, a buyer or a context."""
    _check_members(arguments["cart"])
    cart = _open(arguments["id"])
    if cart is None:
        return _stale()
    wanted = _wanted(arguments["cart"]["line_items"], cart)
    return _replaced(cart, arguments["id"], arguments["cart"], wanted)


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


# What is wanted


def _check_members(cart: Json) -> None:
    """Refuse the cart's own id, as Shopify is recorded to, and in a strict shop all that UCP does not define."""
    if "id" in cart:
        raise _disallowed("/cart/id")
    if not FAULTS.strict_arguments:
        return
    for name in cart.keys() - {"line_items", "discounts", "signals", *SAID}:
        raise _disallowed(f"/cart/{name}")
    for index, line in enumerate(cart["line_items"]):
        for name in line.keys() - {"id", "item", "quantity", "parent_id"}:
            raise _disallowed(f"/cart/line_items/{index}/{name}")


def _disallowed(path: str) -> ToolError:
    return ToolError.saying(f"Invalid arguments: object property at {path} is a disallowed additional property")


def _wanted(items: list[Json], cart: Cart | None = None) -> list[Line]:
    """Return the lines that the request asks for. Raises `ToolError` for what is no variant of this shop."""
    kept = [item for item in items if item["item"]["id"] != _GIFT_CARD or not FAULTS.gift_card_line]
    lines = [_wanted_line(item, index, cart) for index, item in enumerate(kept)]
    return keep_ids(cart.lines, lines) if cart else lines


def _wanted_line(item: Json, index: int, cart: Cart | None) -> Line:
    gid, path = item["item"]["id"], f"$.line_items[{index}].item.id"
    variant = read_variant_number(gid)
    if variant is None:
        raise refused("invalid_input", f'is not a valid ProductVariant GID (got: "{gid}")', path)
    if catalogue.variant(variant) is None:
        raise refused("invalid", f"The merchandise with id {gid} does not exist.")
    held = cart.line(_line_number(item.get("id"))) if cart else None
    parent = cart.line(_line_number(item.get("parent_id"))) if cart else None
    properties, parent_id = _properties(item.get("attributes")), parent.id if parent else ""
    if held and "attributes" not in item and (FAULTS.keeps_what_is_not_sent or FAULTS.strict_arguments):
        properties = held.properties
    if held and "parent_id" not in item and FAULTS.keeps_what_is_not_sent:
        parent_id = held.parent_id
    line = new_line(variant, max(0, item["quantity"]), properties, parent_id)
    return replace(line, id=held.id) if held else line


def _line_number(gid: object) -> str:
    """Return the id of a line as the cart has it, '' for what is none."""
    found = _LINE_ID.fullmatch(gid) if isinstance(gid, str) else None
    return found[1] if found else ""


def _properties(attributes: object) -> Properties:
    """Return the attributes of a line, which UCP does not define: a list of name (or key) and value."""
    entries = [each for each in attributes if isinstance(each, dict)] if isinstance(attributes, list) else []
    return read_properties((each.get("name") or each.get("key"), each.get("value")) for each in entries)


def _replaced(cart: Cart, id: str, request: Json, wanted: list[Line]) -> Json:
    """Make the cart what the request says, as far as there is stock, and answer it with what is lacking."""
    codes = _codes(request)
    keeps = FAULTS.keeps_what_is_not_sent
    lacking: list[Lack] = []

    def change(newest: Cart) -> None:
        newest.lines, lacking[:] = clamp_lines(newest, wanted)
        said = {name: request[name] for name in SAID if request.get(name)}
        newest.said = {**newest.said, **said} if keeps else said
        newest.codes = codes if codes is not None else newest.codes if keeps else []

    CARTS.edit(cart, change)
    return _cart(cart, id, [*_rejected(codes or ()), *_warnings(lacking)])


def _codes(request: Json) -> list[str] | None:
    """Return the discount codes that the request submits, None when it says nothing of codes."""
    asked: Any = request.get("discounts")
    codes = asked.get("codes") if isinstance(asked, dict) and negotiation.agreed(DISCOUNT) else None
    return [str(code) for code in codes] if isinstance(codes, list) else None


def _rejected(codes: Iterable[str]) -> list[Json]:
    return [
        {
            "type": "warning",
            "code": "discount_code_invalid",
            "path": f"$.discounts.codes[{index}]",
            "content": f"Code '{code}' is not valid",
        }
        for index, code in enumerate(codes)
        if not discounts.find(code)
    ]


def _warnings(lacking: list[Lack]) -> list[Json]:
    return [{"type": "warning", "code": each.code, "content": each.said} for each in lacking]


# What is answered


def _cart(cart: Cart, id: str, messages: list[Json]) -> Json:
    off = _off_lines(cart)
    lines = [_line(line, cart, off.get(line.id, 0)) for line in cart.lines]
    gift = [_gift_card_line(cart)] if FAULTS.gift_card_line else []
    body = {
        "id": id,
        "line_items": [*lines, *gift],
        "currency": currency.current().code,
        **(cart.said if id.endswith(cart.key) else {"context": cart.said.get("context", {})}),
        **_discounts(cart),
        "totals": _totals(cart, sum(line["totals"][0]["amount"] for line in gift)),
        "messages": [*messages, *_notices(cart)],
        "continue_url": f"{home()}cart/c/{id.removeprefix('gid://shopify/Cart/')}",
        "expires_at": cart.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return ok({"cart": body} if FAULTS.nested_cart else body, CART)


def _off_lines(cart: Cart) -> Mapping[str, int]:
    """Return what the discounts take off each line, by its id."""
    shares = [each.allocations for each in cart.discounts if each.allocations]
    return {line.id: sum(share[at] for share in shares) for at, line in enumerate(cart.lines)}


def _line(line: Line, cart: Cart, off: int) -> Json:
    discount = [{"type": "items_discount", "amount": -off}] if off else []
    attributes = [{"name": name, "key": name, "value": value} for name, value in line.properties]
    return {
        "id": make_line_gid(line.id, cart),
        "item": {
            "id": make_variant_gid(line.variant_id),
            "title": line.title,
            "price": line.price,
            "image_url": home() + line.variant.image.lstrip("/"),
            **describe_unit(line.product),
        },
        "quantity": line.quantity,
        **({"parent_id": make_line_gid(line.parent_id, cart)} if line.parent_id else {}),
        **({"attributes": attributes} if attributes else {}),
        "totals": [
            {"type": "subtotal", "amount": line.total},
            *discount,
            {"type": "total", "amount": line.total - off},
        ],
    }


def make_line_gid(id: str, cart: Cart) -> str:
    return f"gid://shopify/CartLine/{id}?cart={cart.token}"


def _gift_card_line(cart: Cart) -> Json:
    price = currency.convert(_GIFT_CARD_CENTS)
    return {
        "id": make_line_gid("gift-card", cart),
        "item": {"id": _GIFT_CARD, "title": "Gift card", "price": price},
        "quantity": 1,
        "totals": [{"type": "subtotal", "amount": price}, {"type": "total", "amount": price}],
    }


def _discounts(cart: Cart) -> Json:
    """Return the member `discounts`, when the agent can read it and there is something in it."""
    if not negotiation.agreed(DISCOUNT) or not cart.codes:
        return {}
    return {"discounts": {"codes": cart.codes, "applied": [_applied(each) for each in cart.discounts]}}


def _applied(discount: discounts.Applied) -> Json:
    shares = [
        {"path": f"$.line_items[{at}]", "amount": amount} for at, amount in enumerate(discount.allocations) if amount
    ]
    more = {"method": "each", "allocations": shares} if shares else {}
    return {"code": discount.code, "title": discount.title, "amount": discount.amount, **more}


def _totals(cart: Cart, gift: int) -> list[Json]:
    off_lines = sum(each.amount for each in cart.discounts if each.allocations)
    off_all = sum(each.amount for each in cart.discounts if not each.allocations)
    entries = [
        ("subtotal", "Subtotal", cart.subtotal + gift),
        ("items_discount", "Discounts", -off_lines),
        ("discount", "Order discount", -off_all),
        ("total", "Total", cart.total + gift),
    ]
    return [
        {"type": kind, "amount": amount, "display_text": said}
        for kind, said, amount in entries
        if amount or kind in ("subtotal", "total")
    ]


def _notices(cart: Cart) -> list[Json]:
    """Return the warnings about what is in the cart, each at its line."""
    if FAULTS.no_notices:
        return []
    return [
        make_warning(notice, f"$.line_items[{at}]")
        for at, line in enumerate(cart.lines)
        for notice in (*line.product.notices, *line.variant.notices)
    ]
