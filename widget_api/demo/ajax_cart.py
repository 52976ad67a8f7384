"""The theme's cart as Shopify's Ajax API and its plain forms have it.

https://shopify.dev/docs/api/ajax/reference/cart
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from widget_api.demo import basket, objects, view
from widget_api.demo.carts import CARTS, Cart, CartRefusal, Line, new_token
from widget_api.demo.catalogue import CURRENCY

bp = Blueprint("ajax_cart", __name__)

# Shopify renders no more sections than this for one request.
MAX_SECTIONS = 5


class Malformed(Exception):
    """Shopify's answer to a request that it cannot read: `message` and `description` of a 400."""

    def __init__(self, message: str, description: str) -> None:
        super().__init__(description)
        self.message = message


@bp.get("/cart.js")
def show() -> Response:
    """The cart. Before its first item the token is another one each time."""
    return jsonify(_cart(basket.current()))


@bp.post("/cart/add.js")
def add() -> Response:
    """Put items in: `items` of id and quantity, or one id with its quantity."""
    body = _body()
    items = body.get("items")
    wanted = _wanted(items if isinstance(items, list) else [body])
    cart = basket.ensure()
    CARTS.add(cart, wanted)
    added = [objects.line(line) for line in cart.lines if line.variant_id in wanted]
    return jsonify({**({"items": added} if items else added[0]), **_sections(body)})


@bp.post("/cart/change.js")
def change() -> Response:
    """Make one line, named by variant id, key or place (`line`, from 1), hold `quantity` pieces."""
    body = _body()
    _change(body)
    return jsonify({**_cart(basket.current()), **_sections(body)})


@bp.post("/cart/update.js")
def update() -> Response:
    """Change many lines: `updates` by variant id or key, or a list with a quantity for each line in turn."""
    body = _body()
    _update(body.get("updates") or {})
    return jsonify({**_cart(basket.current()), **_sections(body)})


@bp.post("/cart/clear.js")
def clear() -> Response:
    """Empty the cart. Its token stays."""
    body = _body()
    CARTS.replace(basket.ensure(), {})
    return jsonify({**_cart(basket.current()), **_sections(body)})


# The same as plain forms, for pages whose script has not loaded


@bp.post("/cart/add")
def add_by_form() -> AnyResponse:
    CARTS.add(basket.ensure(), _wanted([_body()]))
    return _to_cart()


@bp.post("/cart/change")
def change_by_form() -> AnyResponse:
    _change(_body())
    return _to_cart()


@bp.post("/cart")
def update_by_form() -> AnyResponse:
    """The cart page's form: new quantities, and on to the checkout when its button was pressed."""
    body = _body()
    _update(body.get("updates") or {})
    return redirect(url_for("pages.checkout"), 303) if "checkout" in body else _to_cart()


@bp.get("/cart/c/<token>")
def open_cart(token: str) -> AnyResponse:
    """Make the cart of a `continue_url` this browser's own, if it carries the cart's key."""
    cart = basket.opened(f"{token}?key={request.args.get('key', '')}")
    if cart:
        basket.adopt(cart)
    return _to_cart()


@bp.get("/cart/<items>")
def permalink(items: str) -> AnyResponse:
    """A cart permalink, "variant:quantity,…": those items and nothing else, and straight to the checkout."""
    if not re.fullmatch(r"\d{1,18}:\d{1,4}(,\d{1,18}:\d{1,4})*", items):
        return view.not_found()
    pairs = (item.split(":") for item in items.split(","))
    CARTS.replace(basket.ensure(), {int(variant): int(quantity) for variant, quantity in pairs})
    return redirect(url_for("pages.checkout"))


@bp.errorhandler(CartRefusal)
def refused(exc: CartRefusal) -> tuple[Response | str, int]:
    if request.path.endswith(".js"):
        return jsonify(status=exc.status, message="Cart Error", description=str(exc)), exc.status
    return view.page("cart", cart_error=str(exc)), exc.status


@bp.errorhandler(Malformed)
def malformed(exc: Malformed) -> tuple[Response, int]:
    return jsonify(status=400, message=exc.message, description=str(exc)), 400


def _to_cart() -> AnyResponse:
    return redirect(url_for("pages.cart"), 303)


def _cart(cart: Cart | None) -> dict[str, Any]:
    """The cart as /cart.js gives it; the `token` carries the key since 2024."""
    drop = objects.cart(cart)
    return {
        "token": cart.secret if cart else f"{new_token()}?key={secrets.token_hex(16)}",
        "note": "",
        "attributes": {},
        "original_total_price": drop["total_price"],
        "total_price": drop["total_price"],
        "total_discount": 0,
        "total_weight": 0.0,
        "item_count": drop["item_count"],
        "items": drop["items"],
        "requires_shipping": any(item["requires_shipping"] for item in drop["items"]),
        "currency": CURRENCY,
        "items_subtotal_price": drop["total_price"],
        "cart_level_discount_applications": [],
        "discount_codes": [],
    }


def _body() -> dict[str, Any]:
    """The request's fields, as JSON or as a form. `updates[…]` and `updates[]` become one mapping or list."""
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Malformed("Bad Request", "The body is no JSON object.")
        return body
    fields: dict[str, Any] = request.form.to_dict()
    named = {found[1]: value for name, value in fields.items() if (found := re.fullmatch(r"updates\[(.+)\]", name))}
    listed = request.form.getlist("updates[]")
    return fields | ({"updates": named or listed} if named or listed else {})


def _wanted(items: Iterable[Any]) -> dict[int, int]:
    """Quantities by variant, summed up."""
    wanted: dict[int, int] = {}
    for item in items:
        if not isinstance(item, Mapping) or "id" not in item:
            raise Malformed("Parameter Missing or Invalid", "Required parameter missing or invalid: items")
        variant = _number(item["id"], "id")
        wanted[variant] = wanted.get(variant, 0) + max(1, _number(item.get("quantity", 1), "quantity"))
    if not wanted:
        raise Malformed("Parameter Missing or Invalid", "Required parameter missing or invalid: items")
    return wanted


def _number(value: Any, name: str) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise Malformed("Parameter Missing or Invalid", f"Required parameter missing or invalid: {name}")
    return int(text)


def _change(body: Mapping[str, Any]) -> None:
    cart = basket.ensure()
    line = _line(cart, body)
    if line is None:
        raise Malformed("bad_request", "no valid id or line parameter")
    CARTS.set_quantity(cart, line.variant_id, _number(body.get("quantity", 1), "quantity"))


def _line(cart: Cart, body: Mapping[str, Any]) -> Line | None:
    if "line" in body:
        place = _number(body["line"], "line")
        return cart.lines[place - 1] if 0 < place <= len(cart.lines) else None
    return _named(cart, str(body.get("id", "")))


def _named(cart: Cart, name: str) -> Line | None:
    """The line with this variant id or key."""
    return next(
        (line for line in cart.lines if name in (str(line.variant_id), objects.line(line)["key"])),
        None,
    )


def _update(updates: Mapping[str, Any] | list[Any]) -> None:
    cart = basket.ensure()
    if isinstance(updates, list):
        pairs = [(line.variant_id, value) for line, value in zip(cart.lines, updates, strict=False)]
    else:
        pairs = [(_variant_of(cart, name), value) for name, value in updates.items()]
    changed = {variant: _number(value, "updates") for variant, value in pairs}
    if changed:
        CARTS.update(cart, changed)


def _variant_of(cart: Cart, name: str) -> int:
    line = _named(cart, name)
    return line.variant_id if line else _number(name, "updates")


def _sections(body: Mapping[str, Any]) -> dict[str, Any]:
    """Bundled section rendering: the sections that the request names, as they are after the change."""
    named = body.get("sections")
    if not named:
        return {}
    names = named.split(",") if isinstance(named, str) else [str(name) for name in named]
    return {"sections": {name: view.section(name) for name in names[:MAX_SECTIONS]}}
