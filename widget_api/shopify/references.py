"""References: how a tool's answer keeps the products that it has found.

Each is kept as the card that the widget may show, in the answer's own `cards`. Where the model was told of it, the
answer keeps the product's id, its title and what the card does not say; the rest is put back before a model reads it.
In answers that an earlier version stored, the cards stand in the `data-products` part that follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from widget_api.shopify.money import prices_as_text
from widget_api.shopify.shown import MAX_NOTICES, MAX_VALUES, MAX_VALUES_OF_ONE, NOTICE_CHARACTERS
from widget_api.shopify.words import words

Json = dict[str, Any]
# The members of a tool's answer that hold products, each with how many values an option of theirs shows.
_MEMBERS: Final = {"products": MAX_VALUES, "product": MAX_VALUES_OF_ONE}
# A reference always has them; they are how it is told from a whole product, which always has a price.
_NAMES: Final = ("id", "title")
_SAME: Final = ("url", "image", "available")
# The member of a kept answer that holds the cards of what was found.
OWN_CARDS: Final = "cards"


def refer(output: Any, events: Iterable[tuple[str, Any]]) -> Any:
    """Return a tool's answer with the cards of its `events`, and a reference in the place of each product that one of
    them tells in full."""
    cards = _cards(data for kind, data in events if kind == "data-products")
    if not (cards and isinstance(output, dict)):
        return output
    return _replaced(output, lambda product, values: _reference(product, cards, values)) | {
        OWN_CARDS: list(cards.values())
    }


def restore(output: Any, events: Iterable[tuple[str, Any]]) -> Any:
    """Return the answer that `refer` has made this one from. `events` are those of an answer without cards."""
    cards = _cards([*(data for kind, data in events if kind == "data-products"), {"products": cards_of(output)}])
    restored = _replaced(output, lambda product, values: _product(product, cards, values))
    return {name: value for name, value in restored.items() if name != OWN_CARDS} if cards else restored


def cards_of(output: Any) -> list[Json]:
    """Return the cards that a kept answer of a tool holds."""
    cards = output.get(OWN_CARDS) if isinstance(output, dict) else None
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def restore_parts(parts: Sequence[Json]) -> list[Json]:
    """Return the parts of a message with whole products in the answers of its tools.

    In what an earlier version stored, the answers of a step stand in the order of their calls, and so do the
    `data-products` parts that follow them.
    """
    restored = list(parts)
    waiting: deque[int] = deque()  # the places of answers whose cards are still to come
    for place, part in enumerate(parts):
        if part["type"] == "step-start":
            waiting.clear()
        elif cards_of(part.get("output")):
            restored[place] = {**part, "output": restore(part["output"], ())}
        elif _has_reference(part.get("output")):
            waiting.append(place)
        elif part["type"] == "data-products" and waiting:
            answer = parts[waiting[0]]
            restored[waiting.popleft()] = {
                **answer,
                "output": restore(answer["output"], [(part["type"], part["data"])]),
            }
    return restored


def _cards(data: Iterable[Any]) -> dict[str, Json]:
    products = (each.get("products") if isinstance(each, dict) else None for each in data)
    listed = (card for each in products if isinstance(each, list) for card in each)
    return {card["id"]: card for card in listed if isinstance(card, dict) and isinstance(card.get("id"), str)}


def _replaced(output: Any, replace: Callable[[Json, int], Json]) -> Any:
    """Return the answer with each of its products replaced; `replace` gets how many values its options show."""
    if not isinstance(output, dict):
        return output
    result = dict(output)
    for member, values in _MEMBERS.items():
        held = output.get(member)
        if isinstance(held, dict):
            result[member] = replace(held, values)
        elif isinstance(held, list):
            result[member] = [replace(each, values) if isinstance(each, dict) else each for each in held]
    return result


def _has_reference(output: Any) -> bool:
    if not isinstance(output, dict):
        return False
    held = [each for member in _MEMBERS if member in output for each in _listed(output[member])]
    return any(isinstance(each, dict) and _is_reference(each) for each in held)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_reference(product: Json) -> bool:
    return "price" not in product and set(_NAMES) <= product.keys()


def _reference(product: Json, cards: Mapping[str, Json], values: int) -> Json:
    """Return what of the product its card does not say. None stands for what only the card has."""
    card = cards.get(product.get("id", ""))
    if card is None or not {"price", "variants", *_NAMES} <= product.keys():
        return product
    derived = _derive(card, values)
    if derived["price"] != product["price"]:
        return product
    own = {name: value for name, value in product.items() if name not in derived or derived[name] != value}
    own |= dict.fromkeys(derived.keys() - product.keys())
    own.pop("variants", None)
    return {name: product[name] for name in _NAMES} | own | _beyond(product["variants"], derived["variants"])


def _beyond(listed: list[Json], carded: list[Json]) -> Json:
    """Return how many of the card's variants the answer begins with, where that is not all, and its further ones."""
    same = 0
    while same < min(len(listed), len(carded)) and listed[same] == carded[same]:
        same += 1
    first = {"first_variants": same} if same < len(carded) else {}
    return first | ({"more_variants": listed[same:]} if same < len(listed) else {})


def _product(reference: Json, cards: Mapping[str, Json], values: int) -> Json:
    card = cards.get(reference.get("id", ""))
    if card is None or not _is_reference(reference):
        return reference
    derived = _derive(card, values)
    variants = derived["variants"][: reference.get("first_variants")] + reference.get("more_variants", [])
    own = {name: value for name, value in reference.items() if name not in {"first_variants", "more_variants"}}
    whole = {**derived, "variants": variants, **own}
    return {name: value for name, value in whole.items() if value is not None}


def _derive(card: Json, values: int) -> Json:
    """Return what the card says of a product, in the words of `shown.search_output`. Whatever that comes to, `refer`
    keeps what differs from it, so an answer that is put together in another way is restored all the same."""
    text = prices_as_text(card)
    derived = {name: text[name] for name in _SAME if name in text}
    derived |= {"price": text.get("price"), "variants": [_variant(each) for each in text.get("variants") or ()]}
    if text.get("price_max") not in {None, text.get("price")}:
        derived["price_max"] = text["price_max"]
    if text.get("has_more_variants"):
        derived["has_more_variants"] = True
    if text.get("options") and ("has_more_variants" in derived or values > MAX_VALUES):
        derived["options"] = [_option(each, values) for each in text["options"]]
        if text.get("selected"):
            derived["selected"] = text["selected"]
    return derived | _notices(text)


def _variant(variant: Json) -> Json:
    told = {name: variant.get(name) for name in ("id", "title", "price", "available", "options")}
    if variant.get("compare_at") not in {None, variant.get("price")}:
        told["compare_at"] = variant["compare_at"]
    return told | _notices(variant)


def _option(option: Json, most: int) -> Json:
    rest = len(option["values"]) - most
    told = {"name": option["name"], "values": option["values"][:most]}
    return {**told, "more": f"… and {rest} more values"} if rest > 0 else told


def _notices(owner: Json) -> Json:
    texts = [words(notice["text"], NOTICE_CHARACTERS) for notice in (owner.get("notices") or ())[:MAX_NOTICES]]
    return {"notices": texts} if texts else {}
