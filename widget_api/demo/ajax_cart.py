"""The theme's cart as Shopify's Ajax API and its plain forms have it.

https://shopify.dev/docs/api/ajax/reference/cart
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from widget_api.demo import basket, currency, discounts, objects, stock, view
from widget_api.demo.carts import CARTS, Cart, new_token
from widget_api.demo.faults import FAULTS
from widget_api.demo.lines import CartRefusal, Line, Properties, merge_lines, new_line, put_line, read_properties

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
    """Put items in: `items` of id, quantity and properties, or one item by itself."""
    body = _body()
    items = body.get("items")
    cart = basket.ensure()
    wanted = _wanted(items if isinstance(items, list) else [body], cart)
    lacking = _partly(body, cart, lambda newest: [*newest.lines, *wanted])
    kinds = {line.kind for line in wanted}
    drop = objects.cart(cart)
    added = [item for item, line in zip(drop["items"], cart.lines, strict=True) if line.kind in kinds]
    answer = {"items": added} if items or not added else added[0]
    return jsonify({**answer, **lacking, **_sections(body)})


@bp.post("/cart/change.js")
def change() -> Response:
    """Make one line, named by variant id, key or place (`line`, from 1), hold `quantity` pieces, and `properties`."""
    body = _body()
    lacking = _change(body)
    return jsonify({**_cart(basket.current()), **lacking, **_sections(body)})


@bp.post("/cart/update.js")
def update() -> Response:
    """Change many lines: `updates` by variant id or key, or a list with a quantity for each line in turn; and the
    cart's `attributes`, its `note` and its discount codes (`discount`, between commas)."""
    body = _body()
    _update(body.get("updates") or {})
    _describe(body)
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
    cart = basket.ensure()
    CARTS.add(cart, _wanted([_body()], cart))
    return _to_cart()


@bp.post("/cart/change")
def change_by_form() -> AnyResponse:
    _change(_body())
    return _to_cart()


@bp.post("/cart")
def update_by_form() -> AnyResponse:
    """The cart page's form: new quantities or a code, and on to the checkout when its button was pressed."""
    body = _body()
    _update(body.get("updates") or {})
    _describe(body)
    code = str(body.get("discount", ""))
    if code.strip() and not discounts.keep_known(code.split(",")):
        return make_response(view.page("cart", cart_error=f"We do not know the code {code.strip()[:40]}."), 422)
    return redirect(url_for("pages.checkout"), 303) if "checkout" in body else _to_cart()


@bp.get("/discount/<code>")
def apply_discount(code: str) -> AnyResponse:
    """A link that applies a discount code: https://help.shopify.com/manual/discounts/managing-discount-codes"""
    CARTS.edit(basket.ensure(), lambda cart: cart.codes.append(code))
    target = request.args.get("redirect", "/")
    return redirect(target if re.fullmatch(r"/(?![/\\])[\x21-\x7e]{0,500}", target) else "/")


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
        "note": drop["note"],
        "attributes": drop["attributes"],
        "original_total_price": drop["original_total_price"],
        "total_price": drop["total_price"],
        "total_discount": drop["total_discount"],
        "total_weight": 0.0,
        "item_count": drop["item_count"],
        "items": drop["items"],
        "requires_shipping": any(item["requires_shipping"] for item in drop["items"]),
        "currency": currency.current().code,
        "items_subtotal_price": drop["items_subtotal_price"],
        "cart_level_discount_applications": drop["cart_level_discount_applications"],
        "discount_codes": drop["discount_codes"],
    }


def _body() -> dict[str, Any]:
    """The request's fields, as JSON or as a form. `updates[…]` and `updates[]` become one mapping or list, as do
    `properties[…]` and `attributes[…]`."""
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Malformed("Bad Request", "The body is no JSON object.")
        return body
    fields: dict[str, Any] = request.form.to_dict()
    listed = request.form.getlist("updates[]")
    return {**fields, **({"updates": listed} if listed else {}), **_nested(fields)}


def _nested(fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a form's names such as `properties[Engraving]` say, by the name before the brackets."""
    nested: dict[str, dict[str, Any]] = {}
    for name, value in fields.items():
        if found := re.fullmatch(r"(updates|properties|attributes)\[(.+)\]", name):
            nested.setdefault(found[1], {})[found[2]] = value
    return nested


def _wanted(items: Iterable[Any], cart: Cart) -> list[Line]:
    """Return the lines to be added, those of one kind as often as they are named."""
    wanted: list[Line] = []
    for item in items:
        if not isinstance(item, Mapping) or "id" not in item:
            raise Malformed("Parameter Missing or Invalid", "Required parameter missing or invalid: items")
        variant = _number(item["id"], "id")
        quantity = max(1, _number(item.get("quantity", 1), "quantity"))
        wanted.append(new_line(variant, quantity, _properties(item.get("properties")), _parent(item, cart)))
    if not wanted:
        raise Malformed("Parameter Missing or Invalid", "Required parameter missing or invalid: items")
    return wanted


def _properties(given: Any) -> Properties:
    """Return line item properties; what is left blank is none."""
    return read_properties(given.items() if isinstance(given, Mapping) else ())


def _parent(item: Mapping[str, Any], cart: Cart) -> str:
    """Return the id of the line that the item is a part of (`parent_line_key`, or `parent_id`: a variant), or ''."""
    name = item.get("parent_line_key") or item.get("parent_id")
    line = _named(cart, str(name)) if name else None
    return line.id if line else ""


def _number(value: Any, name: str) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise Malformed("Parameter Missing or Invalid", f"Required parameter missing or invalid: {name}")
    return int(text)


def _partly(body: Mapping[str, Any], cart: Cart, wanted: Callable[[Cart], list[Line]]) -> dict[str, Any]:
    """Make the cart hold what is wanted, and return nothing; raise `CartRefusal` for more than there is.

    With `partly`, which is the demo's own and which its standard actions send, do it as far as there is stock and
    return the `warnings` that the Storefront API has since 2024-10. Shopify's standard actions write through it.
    """
    if body.get("partly") is True and not FAULTS.stock_in_user_errors:
        lacking = stock.fill(cart, wanted)
        return {"warnings": [{"code": each.code.upper(), "message": each.said} for each in lacking]}

    def change(newest: Cart) -> None:
        newest.lines = merge_lines(wanted(newest))

    CARTS.edit(cart, change)
    return {}


def _change(body: Mapping[str, Any]) -> dict[str, Any]:
    cart = basket.ensure()
    line = _line(cart, body)
    if line is None:
        raise Malformed("bad_request", "no valid id or line parameter")
    properties = _properties(body["properties"]) if isinstance(body.get("properties"), Mapping) else line.properties
    changed = replace(line, quantity=_number(body.get("quantity", line.quantity), "quantity"), properties=properties)
    return _partly(body, cart, lambda newest: put_line(newest.lines, changed))


def _describe(body: Mapping[str, Any]) -> None:
    """Take over what the request says of the cart as a whole."""
    if not {"attributes", "note", "discount"} & body.keys():
        return

    def change(cart: Cart) -> None:
        if isinstance(body.get("attributes"), Mapping):
            given = {str(name): str(value) for name, value in body["attributes"].items()}
            cart.attributes = {name: value for name, value in {**cart.attributes, **given}.items() if value}
        if "note" in body:
            cart.note = str(body["note"] or "")[:5000]
        if "discount" in body:
            cart.codes = str(body["discount"] or "").split(",")

    CARTS.edit(basket.ensure(), change)


def _line(cart: Cart, body: Mapping[str, Any]) -> Line | None:
    if "line" in body:
        place = _number(body["line"], "line")
        return cart.lines[place - 1] if 0 < place <= len(cart.lines) else None
    return _named(cart, str(body.get("id", "")))


def _named(cart: Cart, name: str) -> Line | None:
    """The line with this variant id or key, or with this id, by which the standard actions know it."""
    return next(
        (line for line in cart.lines if name in (str(line.variant_id), objects.line(line)["key"], line.id)),
        None,
    )


def _update(updates: Mapping[str, Any] | list[Any]) -> None:
    cart = basket.ensure()
    if isinstance(updates, list):
        pairs = [(line, value) for line, value in zip(cart.lines, updates, strict=False)]
    else:
        pairs = [(_named(cart, name) or new_line(_number(name, "updates")), value) for name, value in updates.items()]
    changed = [replace(line, quantity=_number(value, "updates")) for line, value in pairs]
    if changed:
        CARTS.set_lines(cart, changed)


def _sections(body: Mapping[str, Any]) -> dict[str, Any]:
    """Bundled section rendering: the sections that the request names, as they are after the change."""
    named = body.get("sections")
    if not named:
        return {}
    names = named.split(",") if isinstance(named, str) else [str(name) for name in named]
    return {"sections": {name: view.section(name) for name in names[:MAX_SECTIONS]}}
