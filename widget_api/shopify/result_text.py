"""Tool results as lines of text, for the model: a quarter of the tokens of JSON, with prices as the shop writes them.

    # Merino Half-Zip (id 8036592541886) from 79.95 USD to 89.95 USD
    Description: A close-fitting midlayer.
    Options: Size = XS, S, M (sold out); Colour = Black, Navy
    - M / Navy: 43729076879549 79.95 USD (was 99.95 USD), sold out

The shop chooses most of these words, so no text can look like another line or another field: a text has one line, a
line begins with our own words, and a name that holds a sign of this form is written as a JSON string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, Final

from widget_api.shopify.money import prices_as_text
from widget_api.shopify.selection import NO_CHOICE
from widget_api.text import cut

Json = dict[str, Any]

# How much is told of a variant list, a name and an answer where room is short.
BRIEF_VARIANTS: Final = 10
SHORT_NAME: Final = 80
SHORT_ANSWER: Final = 400

_SPACE = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")
# Signs that have a meaning in our lines, numbers as long as an id, and a beginning like a line's.
_NEEDS_QUOTES = re.compile(r"""[":;,=()#<>\\\x7f]|[0-9]{5}|\A(?:-|id\b|\Z)""")
_GID = re.compile(r"gid://shopify/(?:ProductVariant|Product|CartLine)/")
_PRICE = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,4})? [A-Z]{3}")
_ID = re.compile(r"[A-Za-z0-9:/?&=_.~%#-]+")
# UCP's words for what `available` says already.
_PLAIN_STATUS: Final = frozenset({"in_stock", "out_of_stock"})


class Detail(IntEnum):
    """How much is told of a result."""

    FULL = 0
    BRIEF = 1  # without descriptions, and with the first variants alone
    NAMES = 2  # what names a thing, and its price


def as_lines(tool_name: str, output: Any, detail: Detail = Detail.FULL) -> str:
    """Return what a tool has answered as the model reads it: lines of text, never none.

    `output` is the JSON that `Toolbox.run` made or that a message keeps, also that of earlier releases.
    """
    return "\n".join(as_blocks(tool_name, output, detail))


def as_blocks(tool_name: str, output: Any, detail: Detail = Detail.FULL) -> list[str]:
    """Return the lines in blocks that make sense by themselves: one for a product, an answer, a line of a cart."""
    output = prices_as_text(output)
    if isinstance(output, str):
        return [_sentence(output) or "Nothing."]
    if not isinstance(output, dict):
        return [_data(output)]
    blocks = list(_blocks(tool_name, output, detail))
    return blocks or ["Nothing."]


def _blocks(tool_name: str, output: Json, detail: Detail) -> Iterator[str]:
    for name in sorted(output, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
        yield from _member(tool_name, name, output, detail)


_ORDER: Final = ("error", "note", "products", "product", "answers", "cart", "notices")


def _member(tool_name: str, name: str, output: Json, detail: Detail) -> Iterator[str]:
    match name, output[name]:
        case (("error" | "note"), str(sentence)):
            yield f"{name.title()}: {_sentence(sentence)}"
        case (("products" | "product"), (list() | dict()) as found):
            products = found if isinstance(found, list) else [found]
            yield from _products(products, detail, is_list=name == "products")
            if detail < Detail.NAMES and any(_has_more(each, detail) for each in products):
                yield f"More variants: call get_product{' again, with selected' * (tool_name == 'get_product')}."
        case "answers", list(answers):
            yield from [_answer(each, detail) for each in answers] or ["The shop has no answer to this."]
        case "cart", (dict() | None) as cart:
            yield from _cart(cart, output.get("status"), detail)
        case "status", _ if "cart" in output:
            pass  # told with the cart
        case "notices", list():
            yield from _notices(output, detail)
        case _:
            yield from _others({name: output[name]}, (), detail)


def _others(owner: Json, told: Iterable[str], detail: Detail) -> Iterator[str]:
    """Yield what has no form of its own, as data: nothing is lost that a later release may add."""
    for name, value in owner.items():
        if name not in told and value not in (None, "", [], {}):
            yield f"{_name(name)}: {_data(value) if detail < Detail.NAMES else '…'}"


# products

_PRODUCT: Final = frozenset(
    {"id", "title", "url", "image", "description", "price", "price_max", "available", "variants", "options"}
    | {"selected", "has_more_variants", "notices", "first_variants", "more_variants"}
)


def _products(products: list[Any], detail: Detail, *, is_list: bool) -> Iterator[str]:
    """Yield each product. In a list, three variants of dozens help nobody: of a product with several options those
    are told, which are often the ones of the product before it."""
    before = ""
    for product in products:
        if not isinstance(product, dict):
            yield f"- {_data(product)}"
            continue
        options = _options(product)
        told = "Options: as above" if options and options == before else options
        is_short = is_list and len(_dicts(product, "options")) > 1 and product.get("has_more_variants")
        yield _product(product, detail, told, with_variants=not is_short)
        before = options
    if not products:
        yield "No products were found."


def _product(product: Json, detail: Detail, options: str, *, with_variants: bool) -> str:
    is_reduced = any(each.get("compare_at") for each in _dicts(product, "variants")) and not with_variants
    lines = [_heading(product, detail) + (", reduced" if is_reduced else "")]
    if detail is Detail.FULL and (description := _text(product.get("description"))):
        lines.append(f"Description: {description}")
    if detail < Detail.NAMES:
        lines += filter(None, [_selected(product), options])
        lines += _variants(product, detail) if with_variants else []
        lines += _notices(product, detail)
        lines += _others(product, _PRODUCT, detail)
    return "\n".join(lines)


def _has_more(product: Any, detail: Detail) -> bool:
    """Return whether the product has variants that are not told."""
    if not isinstance(product, dict):
        return False
    is_cut = detail is Detail.BRIEF and len(_dicts(product, "variants")) > BRIEF_VARIANTS
    return is_cut or bool(product.get("has_more_variants"))


def _heading(product: Json, detail: Detail) -> str:
    state = ", sold out" if product.get("available") is False else ""
    return f"# {_title(product, detail)} (id {_id(product.get('id'))}) {_range(product)}".rstrip() + state


def _range(product: Json) -> str:
    lowest, highest = product.get("price"), product.get("price_max")
    if highest not in (None, lowest):
        return f"from {_price(lowest)} to {_price(highest)}"
    return _price(lowest) if _is_one_price(product) else f"from {_price(lowest)}"


def _is_one_price(product: Json) -> bool:
    price = product.get("price")
    prices = [product.get("price_max"), *(each.get("price") for each in _dicts(product, "variants"))]
    return all(each in (None, price) for each in prices)


def _selected(product: Json) -> str:
    """Return the line for the values that the variants were chosen by, or "" where there are none."""
    chosen = [f"{_name(each.get('name'))} = {_name(each.get('label'))}" for each in _dicts(product, "selected")]
    return f"Selected: {'; '.join(chosen)}" if chosen else ""


def _options(product: Json) -> str:
    """Return the line for all values, with what cannot be had beside the chosen ones, or "" where there are none."""
    offered = [f"{_name(each.get('name'))} = {_values(each)}" for each in _dicts(product, "options")]
    return f"Options: {'; '.join(offered)}" if offered else ""


def _values(option: Json) -> str:
    values = [_value(each) for each in option.get("values") or () if isinstance(each, dict | str)]
    more = option.get("more")  # "… and 3 more values"
    return ", ".join([*values, _sentence(more)] if isinstance(more, str) else values)


def _value(value: Json | str) -> str:
    if isinstance(value, str):
        return _name(value)
    label = _name(value.get("label"))
    if value.get("exists") is False:
        return f"{label} (not made)"
    return f"{label} (sold out)" if value.get("available") is False else label


_VARIANT: Final = frozenset(
    {"id", "title", "price", "compare_at", "available", "options", "status", "notices", "image"}
)


def _variants(product: Json, detail: Detail) -> list[str]:
    """Return the variants, each with its price where they cost differently."""
    variants = _dicts(product, "variants")[: BRIEF_VARIANTS if detail is Detail.BRIEF else None]
    with_price = not _is_one_price(product)
    lines = []
    for variant in variants:
        lines.append(_variant(variant, with_price=with_price))
        lines += [f"  {each}" for each in (*_notices(variant, detail), *_others(variant, _VARIANT, detail))]
    return lines


def _variant(variant: Json, *, with_price: bool) -> str:
    before = variant.get("compare_at")
    status = _text(variant.get("status"))
    facts = [
        _id(variant.get("id")),
        _price(variant.get("price")) if with_price or before else "",
        f"(was {_price(before)})" if before else "",
    ]
    states = [
        "sold out" if variant.get("available") is False else "",
        "" if status in _PLAIN_STATUS else _name(status) if status else "",
    ]
    return ", ".join(filter(None, [f"- {_variant_title(variant)}: {' '.join(filter(None, facts))}", *states]))


def _variant_title(variant: Json) -> str:
    """Return the title, which in Shopify is made of the options' values, with those that it leaves out."""
    title, options = _text(variant.get("title")), variant.get("options")
    values = [(_text(name), _text(value)) for name, value in options.items()] if isinstance(options, dict) else []
    missing = [f"{_name(name)} = {_name(value)}" for name, value in values if value not in title]
    if title in {"", NO_CHOICE}:
        return "; ".join(missing) or "the only one"
    return "; ".join([_name(title), *missing])


# answers and carts


def _answer(answer: Any, detail: Detail) -> str:
    if not isinstance(answer, dict):
        return f"- {_data(answer)}"
    text = _text(answer.get("answer"))
    lines = [f"# {_title({'title': answer.get('question')}, detail)}"]
    if detail is Detail.FULL:
        lines.append(f"Answer: {text}")
    elif detail is Detail.BRIEF:
        lines.append(f"Answer: {_shortened(text, SHORT_ANSWER)}")
    links = answer.get("links")
    lines += [f"Page: {_id(each)}" for each in (links if isinstance(links, list) else [])]
    return "\n".join([*lines, *_others(answer, {"question", "answer", "links"}, detail)])


def _cart(cart: Json | None, status: Any, detail: Detail) -> Iterator[str]:
    state = "" if status in (None, "ok") else f" ({_name(status)})"
    if cart is None:
        yield f"Cart{state}: not known" if status != "none" else "Cart: there is none"
        return
    lines = _dicts(cart, "lines")
    count = cart.get("count", len(lines))
    yield f"Cart{state}: {_data(count)} piece{'s' * (count != 1)}, total {_price(cart.get('total'))}"
    if detail < Detail.NAMES:
        shared = [str(line.get("variant_id")) for line in lines]
        yield from (_line(line, detail, is_alone=shared.count(str(line.get("variant_id"))) == 1) for line in lines)
        yield from _sums(cart)
        yield from _notices(cart, detail)
        yield from _others(cart, _CART, detail)


_CART: Final = frozenset(
    {"lines", "total", "totals", "count", "discounts", "notices", "expires_at", "checkout_url", "id"}
)
_LINE: Final = frozenset(
    {"id", "variant_id", "title", "quantity", "quantity_text", "price", "total", "attributes", "selling_plan"}
    | {"parent_id", "notices", "image", "url"}
)


def _line(line: Json, detail: Detail, *, is_alone: bool) -> str:
    """Return a line of a cart; with its id where its variant does not name it."""
    extras = [f"{_name(each.get('name'))} = {_name(each.get('value'))}" for each in _dicts(line, "attributes")]
    extras += [f"plan = {_name(line['selling_plan'])}"] if line.get("selling_plan") else []
    extras += [f"belongs to line {_id(line['parent_id'])}"] if line.get("parent_id") else []
    amount = _name(line["quantity_text"]) if line.get("quantity_text") else f"{_data(line.get('quantity', 1))} x"
    named = f"variant {_id(line.get('variant_id'))}"
    if (extras or not is_alone) and line.get("id"):
        named += f", line {_id(line['id'])}"
    price, total = _price(line.get("price")), _price(line.get("total"))
    costs = total if price in {"", total} else f"{price} each, {total} in all"
    said = "; ".join([f"- {amount} {_title(line, detail)}: {named}, {costs}", *extras])
    lines = [*_notices(line, detail), *_others(line, _LINE, detail)]
    return "\n".join([said, *(f"  {each}" for each in lines)])


def _sums(cart: Json) -> Iterator[str]:
    for discount in _dicts(cart, "discounts"):
        name = discount.get("code") or discount.get("title")
        yield f"Discount: {_name(name)} {_price(discount.get('amount'))}".rstrip()
    for entry in _dicts(cart, "totals"):
        yield f"Included: {_name(entry.get('text') or entry.get('type'))} {_price(entry.get('amount'))}".rstrip()


def _notices(owner: Json, detail: Detail) -> list[str]:
    notices = owner.get("notices")
    if not isinstance(notices, list) or detail is Detail.NAMES:
        return []
    texts = [each.get("text") if isinstance(each, dict) else each for each in notices]
    return [f"Notice: {told}" for each in texts if (told := _text(each))]


# fields


def _title(owner: Json, detail: Detail) -> str:
    title = _text(owner.get("title"))
    return _name(_shortened(title, SHORT_NAME) if detail is Detail.NAMES else title)


def _dicts(owner: Json, name: str) -> list[Json]:
    held = owner.get(name)
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def _price(value: Any) -> str:
    """Return a price, which is text by now. What is none is data, so that nobody takes it for one."""
    return "" if value is None else value if isinstance(value, str) and _PRICE.fullmatch(value) else _data(value)


def _id(value: Any) -> str:
    """Return an id without its prefix: the tools take it so. What is no id is a JSON string."""
    text = _GID.sub("", value) if isinstance(value, str) else str(value)
    return text if _ID.fullmatch(text) else _data(value)


def _name(value: Any) -> str:
    text = _text(value) if isinstance(value, str) else _data(value)
    return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text


def _sentence(text: str) -> str:
    """Return words of ours or the shop's on one line, with ids as the model knows them."""
    return _GID.sub("", _text(text))


def _text(value: Any) -> str:
    """Return a text on one line, its line ends as slashes; empty for what is none."""
    if not isinstance(value, str):
        return ""
    if value.isprintable() and "  " not in value:  # no other blank is printable
        return value.strip()
    return _SPACE.sub(" ", _LINE_ENDS.sub(" / ", value.strip()))


def _data(value: Any) -> str:
    return _SPACE.sub(" ", _GID.sub("", json.dumps(value, ensure_ascii=False)))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{cut(text, most).rpartition(' ')[0] or cut(text, most)}…"
