"""A cart in UCP: what is read of it, and all of it as it goes back with an update.

An update replaces the whole cart: "The platform MUST send the entire cart resource" (UCP, cart.md, Update Cart). So
everything that the shop has sent goes back as it was, what nobody here knows included, but for what the shop works
out itself (`ucp_request: omit` in the schemas of 2026-04-08 and 2026-08-25).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from widget_api.shopify.cart import Cart, Discount, Line, Total, line_name, named_apart, read_quantity, require_few
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.extras import is_plain, is_shallow, mark_of, read_attributes, read_parent, read_selling_plan
from widget_api.shopify.goods import ids_of
from widget_api.shopify.lines import Plan, Planned
from widget_api.shopify.money import Money, minor
from widget_api.shopify.notices import read_notices, unique
from widget_api.shopify.words import words

# What the shop works out itself, and so is not sent.
_COMPUTED: Final = frozenset(
    {"ucp", "id", "line_items", "currency", "totals", "messages", "actions", "links", "policies", "continue_url"}
    | {"expires_at", "checkout_url", "created_at", "updated_at", "status"}
)
_COMPUTED_OF_LINE: Final = frozenset({"id", "item", "quantity", "totals", "messages"})
_COMPUTED_OF_ITEM: Final = frozenset({"title", "price", "image_url", "unit_price"})
# Objects whose members UCP defines. Their schemas know no null, which some shops send for what they do not tell.
_DEFINED: Final = frozenset({"context", "signals", "attribution", "buyer", "discounts", "fulfillment"})
# UN/CEFACT Rec 20 for "one": the unit of whatever is sold in pieces.
_PIECE: Final = "C62"
_MOST_DIGITS: Final = 9
MAX_DISCOUNTS: Final = 20
MAX_TOTALS: Final = 20


def read_cart(raw: Mapping[str, Any], endpoint: Endpoint, answer: Mapping[str, Any] | None = None) -> Cart:
    """The cart of a UCP answer. Raises `ValueError` and its like for anything else.

    `answer` is what the cart stands in, where messages may stand beside it.
    """
    if not is_shallow(raw):
        raise ValueError("nested too deep")  # it could not be sent back
    currency, raws = raw["currency"], require_few(raw["line_items"])
    lines = [_line(line, currency) for line in raws]
    total = _total(raw.get("totals"), currency)
    cart = Cart(
        lines=named_apart(lines),
        total=total if total is not None else Money(sum(line.total.amount for line in lines), currency),
        checkout_url=endpoint.link(raw.get("continue_url")),
        expires_at=words(raw.get("expires_at"), 40),
        totals=tuple(_totals(raw.get("totals"), currency)),
        discounts=tuple(islice(_discounts(raw, currency), MAX_DISCOUNTS)),
        sent=raw,
    )
    names = (ids_of(raws), ids_of([_item(line) for line in raws]))
    return _noticed(cart, names, raw, answer or raw, endpoint)


def _noticed(
    cart: Cart,
    names: Sequence[list[object]],
    raw: Mapping[str, Any],
    answer: Mapping[str, Any],
    endpoint: Endpoint,
) -> Cart:
    """Return the cart with its notices: at the lines that they name by one of their `names`, else at the cart."""
    own, at = [], {number: list[Any]() for number in range(len(cart.lines))}
    for placed in dict.fromkeys([*read_notices(answer, endpoint), *read_notices(raw, endpoint)]):
        found = (placed.indexes(member, ids) for ids in names for member in ("line_items", "lines"))
        named = next(filter(None, found), [])
        for index in named:
            at[index].append(placed.notice)
        if not named:
            own.append(placed.notice)
    lines = tuple(replace(line, notices=unique(at[number])) for number, line in enumerate(cart.lines))
    return replace(cart, lines=lines, notices=unique(own))


def _line(raw: Mapping[str, Any], currency: object) -> Line:
    """Read a line. It may hold anything: a gift card, a donation, what is sold no more.

    One that cannot be told in full is told in part, for it must not hide the others. Raises `ValueError` and its
    like for what is no line at all.
    """
    if not raw.keys() & {"item", "quantity"}:
        raise ValueError("not a line")
    item, quantity, key = _item(raw), read_quantity(raw.get("quantity")), _key(raw)
    total, price = _total_or_none(raw.get("totals"), currency), _money(item.get("price"), currency)
    if price is None:
        price = Money(total.amount // max(quantity, 1), total.currency) if total else minor(0, currency)
    parent = read_parent(raw)
    return Line(
        id=line_name(key),
        variant_id=words(item.get("id"), 300),
        title=words(item.get("title")) or words(item.get("id")),
        quantity=quantity,
        price=price,
        total=total if total is not None else price * quantity,
        key=key,
        attributes=read_attributes(raw),
        selling_plan=read_selling_plan(raw),
        parent_id=line_name(parent),
        quantity_text=_amount(quantity, item.get("quantity_unit")),
        plain=is_plain(raw),
        mark=mark_of([_members(raw, _COMPUTED_OF_LINE), _members(item, _COMPUTED_OF_ITEM)]),
        sent=raw,
    )


def _item(raw: Any) -> Mapping[str, Any]:
    """Return what the line is of; empty where the shop does not tell, as of a product that it has deleted."""
    item = raw.get("item")
    return item if isinstance(item, dict) else {}


def _key(raw: Mapping[str, Any]) -> str:
    """Return what names the line to the shop; empty without an id."""
    return raw["id"] if isinstance(raw.get("id"), str) else ""


def _amount(quantity: int, unit: object) -> str:
    """Return the quantity in the unit that it is counted in (UCP 2026-08-25): 150 at scale 2 of lb is "1.5 lb"."""
    if not isinstance(unit, dict):
        return ""
    scale = unit.get("scale", 0)
    name = words(unit.get("display_text"), 30) or words(unit.get("unit"), 30)
    if not isinstance(scale, int) or not 0 <= scale <= _MOST_DIGITS or (unit.get("unit") == _PIECE and not scale):
        return ""
    return f"{Decimal(quantity).scaleb(-scale).normalize():f} {name}".strip()


def _money(amount: object, currency: object) -> Money | None:
    try:
        return minor(amount, currency)
    except ValueError:
        return None


def _total_or_none(raw: object, currency: object) -> Money | None:
    try:
        return _total(raw, currency)
    except ValueError:
        return None


def _total(raw: object, currency: object) -> Money | None:
    """The entry of type "total", else "subtotal"."""
    amounts = {str(entry.get("type")): entry.get("amount") for entry in _entries(raw)}
    amount = amounts.get("total", amounts.get("subtotal"))
    return None if amount is None else minor(amount, currency)


def _totals(raw: object, currency: object) -> Iterator[Total]:
    """Yield all entries that have an amount, in the shop's order."""
    for entry in _entries(raw)[:MAX_TOTALS]:
        text = words(entry.get("display_text"), 100)
        with suppress(ValueError, LookupError):
            yield Total(words(entry["type"], 40), text, minor(entry["amount"], currency))


def _entries(raw: object) -> list[dict[str, Any]]:
    return [entry for entry in _list(raw) if isinstance(entry, dict)]


def _discounts(raw: Mapping[str, Any], currency: object) -> Iterator[Discount]:
    """The discounts that the shop names, else those that stand among the totals."""
    discounts = raw.get("discounts")
    if not isinstance(discounts, dict):
        for entry in _entries(raw.get("totals")):
            if entry.get("type") in {"discount", "items_discount"}:
                amount = _money(entry.get("amount"), currency)
                text = words(entry.get("display_text"), 100)
                yield Discount("", text, Money(abs(amount.amount), amount.currency) if amount else None)
        return
    applied = _entries(discounts.get("applied"))
    for each in applied:
        title = words(each.get("title"), 100)
        yield Discount(words(each.get("code"), 100), title, _money(each.get("amount"), currency))
    known = {str(each.get("code", "")).casefold() for each in applied}
    for code in _codes(discounts):
        if code.casefold() not in known:
            yield Discount(words(code, 100), "")


def _codes(discounts: Mapping[str, Any]) -> list[str]:
    """Return the codes as texts, also of a shop that wraps each in an object."""
    codes = (each.get("code") if isinstance(each, dict) else each for each in _list(discounts.get("codes")))
    return [code for code in codes if isinstance(code, str)]


def _list(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


# Writing


def make_update(plan: Plan, context: Mapping[str, str]) -> dict[str, Any]:
    """Return the whole cart as it is to be. `context` is the shopper's, for a cart that has none."""
    kept = [planned for planned in plan.lines if planned.quantity]
    gone = {planned.line.key for planned in plan.lines if planned.line and not planned.quantity}
    request: dict[str, Any] = {"line_items": [_line_item(planned) for planned in kept]}
    for name, value in _members(plan.cart.sent, _COMPUTED).items():
        sent = _without_nulls(value) if name in _DEFINED else value
        if name == "discounts":
            sent = _discount_codes(sent)
        elif name == "fulfillment":
            sent = _fulfillment(sent, gone)
        if name not in _DEFINED or sent:
            request[name] = sent
    if context and "context" not in request:
        request["context"] = dict(context)
    return request


def keep_defined(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update without what UCP does not define, for a shop that refuses all else."""
    lines = [
        {name: line[name] for name in ("id", "item", "quantity", "parent_id") if name in line}
        | ({"item": {"id": line["item"].get("id")}} if "item" in line else {})
        for line in request["line_items"]
    ]
    return {name: value for name, value in request.items() if name in _DEFINED} | {"line_items": lines}


def new_line_item(variant: str, quantity: int) -> dict[str, Any]:
    """Return a line that the cart does not have yet."""
    return {"item": {"id": variant}, "quantity": quantity}


def _line_item(planned: Planned) -> dict[str, Any]:
    if planned.line is None:
        return new_line_item(planned.variant_id, planned.quantity)
    raw = planned.line.sent
    key = {"id": planned.line.key} if planned.line.key else {}
    if "merchandise" in raw or not raw:  # it was read in the other dialect
        return {**key, **new_line_item(planned.variant_id, planned.quantity)}
    item = {"item": _members(raw["item"], _COMPUTED_OF_ITEM)} if isinstance(raw.get("item"), dict) else {}
    quantity = planned.quantity if planned.changed else raw.get("quantity", planned.quantity)
    return {**key, **item, "quantity": quantity} | _members(raw, _computed_of(raw))


def _members(raw: Mapping[str, Any], computed: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in computed}


def _computed_of(line: Mapping[str, Any]) -> frozenset[str]:
    """Return what of a line is not sent. UCP knows no null parent, which some shops send for none."""
    return _COMPUTED_OF_LINE if line.get("parent_id") is not None else _COMPUTED_OF_LINE | {"parent_id"}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _discount_codes(discounts: Any) -> Any:
    """The codes go back; what was made of them is the shop's to say. Codes replace codes (discount.md)."""
    if not isinstance(discounts, dict):
        return None
    sent = {name: value for name, value in discounts.items() if name != "applied"}
    codes, known = _list(sent.get("codes")), {code.casefold() for code in _codes(discounts)}
    applied = [each for each in _entries(discounts.get("applied")) if not each.get("automatic")]
    more = [each["code"] for each in applied if isinstance(each.get("code"), str) and each["code"]]
    codes = [*codes, *(code for code in dict.fromkeys(more) if code.casefold() not in known)]
    return {**sent, "codes": codes} if codes else sent


def _fulfillment(fulfillment: Any, gone: set[str]) -> Any:
    """The shopper's choices go back, without the offers and without lines that are taken out."""
    if not isinstance(fulfillment, dict):
        return None
    sent = {name: value for name, value in fulfillment.items() if name != "available_methods"}
    if "methods" in sent:
        sent["methods"] = [_method(each, gone) if isinstance(each, dict) else each for each in _list(sent["methods"])]
    return sent


def _method(method: dict[str, Any], gone: set[str]) -> dict[str, Any]:
    sent = dict(method)
    if "line_item_ids" in sent:
        ids = _list(sent["line_item_ids"])
        sent["line_item_ids"] = [each for each in ids if not isinstance(each, str) or each not in gone]
    if "groups" in sent:
        offered = {"options", "line_item_ids"}
        sent["groups"] = [
            {name: value for name, value in each.items() if name not in offered} if isinstance(each, dict) else each
            for each in _list(sent["groups"])
        ]
    return sent
