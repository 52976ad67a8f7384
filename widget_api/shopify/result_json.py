"""Tool results as lean JSON, for the model: the members that it needs, prices as the shop writes them, bare ids.

    {"products":[{"id":"8036592541886","title":"Merino Half-Zip","price":"79.95 USD","price_max":"89.95 USD",
    "options":{"Size":["S","M","XL"]},"not_made":{"Size":["XL"]},
    "variants":[{"id":"43729076879549","title":"M / Navy","available":false,"price":"79.95 USD"}]}]}

Members have the names of the stored results. What is empty, said elsewhere or of no use in words (addresses of
pictures) is left out; what all variants have in common stands at their product. The shop chooses most of the texts,
and in a JSON string no text can look like another member.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final

from widget_api.shopify.money import prices_as_text
from widget_api.shopify.selection import NO_CHOICE
from widget_api.text import cut, visible

Json = dict[str, Any]

# The most variants of a product, and characters of a name and an answer, where room is short.
BRIEF_VARIANTS: Final = 10
SHORT_NAME: Final = 80
SHORT_ANSWER: Final = 400
# Of a product in a list that has several options and more variants than are listed.
SAMPLE_VARIANTS: Final = 1

_SPACE = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"\n\s*")
_GID = re.compile(r"gid://shopify/(?:ProductVariant|Product|CartLine)/")
# UCP's words for what `available` says already.
_PLAIN_STATUS: Final = frozenset({"in_stock", "out_of_stock"})


class Detail(IntEnum):
    """The degree of detail in which the model is told a result."""

    FULL = 0
    BRIEF = 1  # without descriptions, and with the first variants alone
    NAMES = 2  # what names a thing, and its price


def to_lean_json(output: Any, detail: Detail = Detail.FULL) -> str:
    """Return what a tool has answered as the model reads it."""
    return encode(to_lean(output, detail))


def encode(value: Any) -> str:
    """Return the value as JSON without blanks, with all letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def to_lean(output: Any, detail: Detail = Detail.FULL) -> Json:
    """Return what a tool has answered as one object, with the members that tell most first.

    `output` is the JSON that `Toolbox.run` made or that a message keeps, also that of earlier releases.
    """
    output = prices_as_text(output)
    if not isinstance(output, dict):
        output = {"result": output}
    names = sorted(output, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    told = {_text(name): _member(name, output[name], detail) for name in names}
    return _filled(told | _way_to_more_variants(output, detail), kept=_LISTS)


_ORDER: Final = ("error", "note", "products", "product", "answers", "status", "cart")
# Lists that say something even if they are empty.
_LISTS: Final = frozenset({"products", "answers"})


def _member(name: str, value: Any, detail: Detail) -> Any:
    match name, value:
        case "products", list():
            return _products(value, detail)
        case "product", dict():
            return _product(value, detail, _variants(value, detail), _options(value))
        case "answers", list():
            return [_answer(each, detail) if isinstance(each, dict) else _data(each) for each in value]
        case "cart", dict():
            return _cart(value, detail)
        case "notices", list():
            return _notices(value, detail)
        case _:
            return _data(value) if detail < Detail.NAMES or not isinstance(value, dict | list) else None


# products


def _products(products: list[Any], detail: Detail) -> list[Any]:
    """Return each product. Three variants of dozens help nobody: of a product with several options those are told,
    which are often the ones of the product before it."""
    told, before = [], None
    for product in products:
        if not isinstance(product, dict):
            told.append(_data(product))
            continue
        options = _options(product)
        is_sample = len(_dicts(product, "options")) > 1 and bool(product.get("has_more_variants"))
        variants = _variants(product, detail)[: SAMPLE_VARIANTS if is_sample else None]
        told.append(_product(product, detail, variants, _AS_ABOVE if options and options == before else options))
        before = options
    return told


_AS_ABOVE: Final = {"options": "as above"}
_PRODUCT: Final = frozenset(
    {"id", "title", "url", "image", "description", "price", "price_max", "available", "variants", "options"}
    | {"selected", "has_more_variants", "notices", "first_variants", "more_variants"}
)


def _product(product: Json, detail: Detail, variants: list[Json], options: Json) -> Json:
    told = {"id": _data(product.get("id")), "title": _title(product, detail)} | _prices(product)
    if detail is Detail.FULL:
        told["description"] = _text(product.get("description"))
    if detail < Detail.NAMES:
        told |= {"selected": _selected(product)} | options
        told |= _notices_and_others(product, _PRODUCT, detail)
        told["reduced"] = _is_reduced_beyond(variants, product) or None
    return _filled({**told, "variants": variants}, kept={"variants"})


def _prices(product: Json) -> Json:
    highest = product.get("price_max")
    return {
        "price": _data(product.get("price")),
        "price_max": _data(highest) if highest != product.get("price") else None,
        "available": False if product.get("available") is False else None,
    }


def _selected(product: Json) -> Json:
    return {_text(each.get("name")): _data(each.get("label")) for each in _dicts(product, "selected")}


def _options(product: Json) -> Json:
    """Return the members for all values, and for those that cannot be had beside the chosen ones."""
    told: dict[str, Json] = {"options": {}, "sold_out": {}, "not_made": {}, "more_values": {}}
    for option in _dicts(product, "options"):
        name = _text(option.get("name"))
        values = [each if isinstance(each, dict) else {"label": each} for each in _list(option, "values")]
        not_made = [each for each in values if each.get("exists") is False]
        sold_out = [each for each in values if each.get("available") is False and each not in not_made]
        for member, listed in (("options", values), ("sold_out", sold_out), ("not_made", not_made)):
            told[member][name] = told[member].get(name, []) + [_text(each.get("label")) for each in listed]
        told["more_values"][name] = _data(option.get("more"))  # "… and 3 more values"
    return _filled({member: _filled(options) for member, options in told.items()})


_VARIANT: Final = frozenset(
    {"id", "title", "price", "compare_at", "available", "options", "status", "notices", "image"}
)


def _variants(product: Json, detail: Detail) -> list[Json]:
    """Return the variants, each with its price where they cost differently."""
    if detail is Detail.NAMES:
        return []
    variants = _dicts(product, "variants")
    price = product.get("price")
    prices = [product.get("price_max"), *(each.get("price") for each in variants)]
    with_price = any(each not in (None, price) for each in prices)
    most = BRIEF_VARIANTS if detail is Detail.BRIEF else None
    return [_variant(each, detail, with_price=with_price) for each in variants[:most]]


def _variant(variant: Json, detail: Detail, *, with_price: bool) -> Json:
    status = _data(variant.get("status"))
    told = {
        "id": _data(variant.get("id")),
        **_variant_title(variant),
        "available": variant.get("available") is not False,
        "price": _data(variant.get("price")) if with_price else None,
        "compare_at": _data(variant.get("compare_at")),
        "status": None if status in _PLAIN_STATUS else status,
    }
    return _filled(told | _notices_and_others(variant, _VARIANT, detail))


def _variant_title(variant: Json) -> Json:
    """Return the title, which in Shopify is made of the options' values, and the options that it leaves out."""
    title, options = _text(variant.get("title")), variant.get("options")
    values = [(_text(name), _text(value)) for name, value in options.items()] if isinstance(options, dict) else []
    missing = {name: value for name, value in values if value not in title}
    return {"title": "" if title == NO_CHOICE else title, "options": missing}


def _is_reduced_beyond(told: list[Json], product: Json) -> bool:
    """Return whether the product has a reduced price among its variants that are not told."""
    return any(each.get("compare_at") for each in _dicts(product, "variants")[len(told) :])


def _way_to_more_variants(output: Json, detail: Detail) -> Json:
    """Return how to get to the variants that are not told. A list tells the options of what has more of them."""
    if _has_more(output.get("product"), detail):
        return {"more_variants": "call get_product again, with selected"}
    has_more = any(_has_more(each, detail) for each in _list(output, "products"))
    return {"more_variants": "call get_product"} if has_more else {}


def _has_more(product: Any, detail: Detail) -> bool:
    if not isinstance(product, dict) or detail is Detail.NAMES:
        return False
    is_cut = detail is Detail.BRIEF and len(_dicts(product, "variants")) > BRIEF_VARIANTS
    return is_cut or bool(product.get("has_more_variants"))


# answers and carts


def _answer(answer: Json, detail: Detail) -> Json:
    text = _text(answer.get("answer"))
    told = {
        "question": _name(answer.get("question"), detail),
        "answer": (text, _shortened(text, SHORT_ANSWER), "")[detail],
        "links": _data(answer.get("links")),
    }
    return _filled(told | _notices_and_others(answer, told, detail))


_CART: Final = frozenset(
    {"lines", "total", "totals", "count", "discounts", "notices", "expires_at", "checkout_url", "id"}
)


def _cart(cart: Json, detail: Detail) -> Json:
    told: Json = {"count": _data(cart.get("count")), "total": _data(cart.get("total"))}
    if detail < Detail.NAMES:
        told |= {
            "lines": [_line(each, detail) for each in _dicts(cart, "lines")],
            "discounts": [_amount(each, ("code", "title")) for each in _dicts(cart, "discounts")],
            "totals": [_amount(each, ("text", "type")) for each in _dicts(cart, "totals")],
        }
        told |= _notices_and_others(cart, _CART, detail)
    return _filled(told, kept={"lines"})


_LINE: Final = frozenset({"id", "variant_id", "title", "quantity", "price", "total", "notices", "image", "url"})


def _line(line: Json, detail: Detail) -> Json:
    price, total = _data(line.get("price")), _data(line.get("total"))
    told = {
        "id": _data(line.get("id")),
        "variant_id": _data(line.get("variant_id")),
        "title": _title(line, detail),
        "quantity": _data(line.get("quantity")),
        "price": price if price != total else None,
        "total": total,
    }
    return _filled(told | _notices_and_others(line, _LINE, detail))


def _amount(entry: Json, names: tuple[str, str]) -> Json:
    """Return an amount under the first name that it has."""
    name = names[0] if entry.get(names[0]) else names[1]
    return _filled({name: _data(entry.get(name)), "amount": _data(entry.get("amount"))})


# members


def _notices_and_others(owner: Json, told: Iterable[str], detail: Detail) -> Json:
    """Return the notices, and as data what has no form of its own: nothing is lost that a later release may add."""
    if detail is Detail.NAMES:
        return {}
    others = {_text(name): _data(value) for name, value in owner.items()}
    others = {name: value for name, value in others.items() if name not in told}
    return {**others, "notices": _notices(owner.get("notices"), detail)}


def _notices(notices: Any, detail: Detail) -> list[str]:
    if not isinstance(notices, list) or detail is Detail.NAMES:
        return []
    texts = [each.get("text") if isinstance(each, dict) else each for each in notices]
    return [text for each in texts if (text := _text(each))]


def _title(owner: Json, detail: Detail) -> str:
    return _name(owner.get("title"), detail)


def _name(value: Any, detail: Detail) -> str:
    text = _text(value)
    return _shortened(text, SHORT_NAME) if detail is Detail.NAMES else text


def _dicts(owner: Json, name: str) -> list[Json]:
    return [each for each in _list(owner, name) if isinstance(each, dict)]


def _list(owner: Json, name: str) -> list[Any]:
    held = owner.get(name)
    return held if isinstance(held, list) else []


def _data(value: Any) -> Any:
    """Return a JSON value with clean texts, and without what is empty."""
    if isinstance(value, dict):
        return _filled({_text(name): _data(each) for name, each in value.items()})
    if isinstance(value, list):
        return [_data(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _text(value) if isinstance(value, str) else value


def _filled(owner: Json, kept: Iterable[str] = ()) -> Json:
    """Return the object without members that are empty, other than those that are `kept`."""
    return {name: value for name, value in owner.items() if name in kept or value not in (None, "", [], {})}


def _text(value: Any) -> str:
    """Return a text on one line, its line ends as slashes, with ids as the model knows them; "" for what is none."""
    if not isinstance(value, str):
        return ""
    if not value.isprintable() or "  " in value:  # no other blank is printable
        value = _SPACE.sub(" ", _LINE_ENDS.sub(" / ", visible(value).strip()))
    return _GID.sub("", value.strip())


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{cut(text, most).rpartition(' ')[0] or cut(text, most)}…"
