"""What a shop sells and says, whichever dialect it speaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Literal

from widget_api.problems import ProductNotFound, ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.mcp import Result
from widget_api.shopify.money import Money
from widget_api.shopify.notices import Notice, Placed, read_notices, unique
from widget_api.shopify.selection import (
    LABEL_CHARACTERS,
    MAX_OPTIONS,
    MAX_VALUES,
    NAME_CHARACTERS,
    NO_CHOICE,
    Option,
    Selection,
    Value,
    fold_label,
    selection_to_list,
)
from widget_api.shopify.words import words

# Ids go back to the shop as it sent them, with a suffix such as `?shop=99`. One that carries a cart's key is none.
_SUFFIX = r"(?:\?(?!(?:[^?]*&)?(?:cart|key)=)[A-Za-z0-9=&_.~%-]{1,200})?"
VARIANT_ID = re.compile(r"gid://shopify/ProductVariant/[0-9]{1,20}" + _SUFFIX)
PRODUCT_ID = re.compile(r"gid://shopify/Product/[0-9]{1,20}" + _SUFFIX)
MAX_VARIANTS: Final = 100
# Shopify has at most so many variants of a product; nobody asks for so many products at once.
MOST_VARIANTS: Final = 2048
MAX_LISTED: Final = 250
# What a dialect may be able to do for a shop; some shops offer one thing here and another there.
Ability = Literal["catalogue", "cart", "ask"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought. `options` are pairs of name and value, as ("Colour", "Moss").

    `status` is the shop's word for how it can be had, as "preorder"; empty when it says no more than `available`.
    """

    id: str
    title: str
    price: Money
    available: bool
    compare_at: Money | None = None
    options: Selection = ()
    image: str = ""
    status: str = ""
    notices: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "price": self.price.to_dict(),
            "compare_at": self.compare_at.to_dict() if self.compare_at else None,
            "available": self.available,
            "options": dict(self.options),
            "notices": [notice.to_dict() for notice in self.notices],
        }

    def matches(self, selection: Iterable[tuple[str, str]]) -> bool:
        """Return whether the variant has all these values."""
        return set(selection) <= set(self.options)


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its lowest price. `url` and `image` are absolute or empty, `description` is plain text.

    `variants` may be a part of all: those of the selection `selected`. `price_max` is the highest price, where the
    shop tells it.
    """

    id: str
    title: str
    url: str
    image: str
    description: str
    price: Money
    variants: tuple[Variant, ...]
    available: bool
    options: tuple[Option, ...] = ()
    selected: Selection = ()
    has_more_variants: bool = False
    price_max: Money | None = None
    notices: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """An item of the `data-products` event."""
        return {
            "id": self.id,
            "title": self.title,
            "url": self.url,
            "image": self.image,
            "price": self.price.to_dict(),
            "price_max": self.price_max.to_dict() if self.price_max else None,
            "variants": [variant.to_dict() for variant in self.variants],
            "available": self.available,
            "options": [option.to_dict() for option in self.options],
            "selected": selection_to_list(self.selected),
            "has_more_variants": self.has_more_variants,
            "notices": [notice.to_dict() for notice in self.notices],
        }


@dataclass(frozen=True, slots=True)
class Found:
    """The products of a search. `notices` are about the answer as a whole; each product has them too."""

    products: tuple[Product, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The shop's answer to a question about itself; `links` are addresses of its pages.

    An excerpt of a page was not written as an answer to the question: `question` is then what stands above it.
    """

    question: str
    answer: str
    links: tuple[str, ...] = ()
    is_excerpt: bool = False

    def to_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {"question": self.question, "answer": self.answer}
        return {**said, "links": list(self.links)} if self.links else said


def read_options(raw: object, variants: Sequence[Variant]) -> tuple[Option, ...]:
    """Return a product's options. Where the shop sends no marks, they are taken from the variants that it lists."""
    options = []
    listed: dict[tuple[str, str], bool] = {}  # pairs of name and value, and whether a variant with it can be had
    for variant in variants:
        for pair in variant.options:
            listed[pair] = listed.get(pair, False) or variant.available
    for each in (raw if isinstance(raw, list) else [])[:MAX_OPTIONS]:
        name = words(each.get("name"), NAME_CHARACTERS) if isinstance(each, dict) else ""
        raws = each.get("values") if name else None
        read = [_value(name, value, listed) for value in (raws if isinstance(raws, list) else [])[:MAX_VALUES]]
        values = tuple(value for value in read if value.label)
        if values and [value.label for value in values] != [NO_CHOICE]:
            options.append(Option(name, values))
    return tuple(options)


def _value(name: str, raw: object, listed: Mapping[tuple[str, str], bool]) -> Value:
    mapping = raw if isinstance(raw, dict) else {"label": raw}
    label = words(mapping.get("label") or mapping.get("value") or mapping.get("name"), LABEL_CHARACTERS)
    exists, available = mapping.get("exists"), mapping.get("available")
    if not isinstance(exists, bool):
        exists = True
    if not isinstance(available, bool):
        available = exists and listed.get((name, label), True)
    return Value(label, available, exists)


def leads_to_stock(options: Iterable[Option]) -> bool:
    """Return whether some value of the options can be had, as far as the shop's marks or its variants tell."""
    return any(value.available and value.exists for option in options for value in option.values)


def has_more(listed: int, variants: Sequence[Variant], options: Sequence[Option], selected: Selection) -> bool:
    """Return whether the shop has variants that are not among `variants`. `listed` is how many it has sent.

    A value stands for a variant at least, and one that exists leads to a variant together with the other values of
    the selection (UCP lookup.md). Where none of those is listed, there are more.
    """
    if listed > len(variants):
        return True
    everywhere = {pair for variant in variants for pair in variant.options}
    for option in options:
        others = [pair for pair in selected if pair[0] != option.name]
        beside = {pair for variant in variants if variant.matches(others) for pair in variant.options}
        for value in option.values:
            if (option.name, value.label) not in (beside if value.exists else everywhere):
                return True
    return False


def find_dropped_choices(asked: Selection, product: Product) -> Selection:
    """Return what was asked for and is not part of the answer's selection: the shop has let go of it."""
    kept = {(fold_label(name), fold_label(label)) for name, label in product.selected}
    lost = tuple(pair for pair in asked if (fold_label(pair[0]), fold_label(pair[1])) not in kept)
    if product.selected or not lost:
        return lost
    # A shop that tells no selection: what it lists says whether it could be had.
    return () if any(variant.matches(asked) for variant in product.variants) else asked


ReadProduct = Callable[[dict[str, Any], Endpoint], Product]


def products_in(result: Result, endpoint: Endpoint, read: ReadProduct, limit: int) -> Found:
    """Return the first `limit` products of a search. What is no product is left out, and what comes behind the last
    one is not read. Raises `ShopRefused`, `ShopUnavailable`."""
    for payload in result.payloads():
        if isinstance(payload, dict) and isinstance(payload.get("products"), list):
            raws = payload["products"][:MAX_LISTED]
            ids = ids_of(raws)
            placed = [(each, each.indexes("products", ids)) for each in read_notices(payload, endpoint)]
            read_all = ((number, _product_or_none(raw, endpoint, read)) for number, raw in enumerate(raws))
            found = []
            for number, product in islice(((number, each) for number, each in read_all if each), limit):
                own = [each for each, indexes in placed if number in indexes or not indexes]
                found.append(_noticed(product, raws[number], own))
            return Found(tuple(found), unique(each.notice for each, indexes in placed if not indexes))
    raise refusal(result)


def product_in(result: Result, endpoint: Endpoint, read: ReadProduct) -> Product:
    """The one product of an answer. Raises `ShopRefused`, `ShopUnavailable`."""
    for payload in result.payloads():
        raw = payload.get("product") if isinstance(payload, dict) else None
        if product := _product_or_none(raw, endpoint, read):
            return _noticed(product, raw, read_notices(payload, endpoint))
    raise refusal(result)


def ids_of(raws: Sequence[object]) -> list[object]:
    """Return the id of each entry, None where it has none that is a text."""
    named = (raw.get("id") if isinstance(raw, dict) else None for raw in raws)
    return [each if isinstance(each, str) else None for each in named]


def _noticed(product: Product, raw: Any, placed: Sequence[Placed]) -> Product:
    """The product with its notices: at the variants that they name, where those are listed, else at the product."""
    ids = ids_of((raw.get("variants") or [])[:MOST_VARIANTS])
    at: dict[object, list[Notice]] = {variant.id: [] for variant in product.variants}
    own = []
    for each in placed:
        named = [ids[index] for index in each.indexes("variants", ids) if ids[index] in at]
        for variant in named:
            at[variant].append(each.notice)
        if not named:
            own.append(each.notice)
    variants = tuple(replace(variant, notices=unique(at[variant.id])) for variant in product.variants)
    return replace(product, variants=variants, notices=unique(own))


def refusal(result: Result) -> ShopRefused | ShopUnavailable:
    """What to raise when the answer is not what was asked for: the shop's own words, if it has any."""
    for payload in result.payloads():
        messages = payload.get("messages") if isinstance(payload, dict) else None
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict) and (said := words(message.get("content"))):
                return _refused(said, str(message.get("code", "")))
    for said in result.sayings():
        return _refused(said)
    return ShopUnavailable("The shop's answer could not be understood.")


_PRODUCT = re.compile(r"\bproduct\b", re.IGNORECASE)
_NOT_FOUND = re.compile(r"\b(not found|does not exist)\b", re.IGNORECASE)


def _refused(said: str, code: str = "") -> ShopRefused:
    if code.lower() in {"not_found", "product_not_found"} or _says_there_is_none(said):
        return ProductNotFound(said)
    return ShopRefused(said)


def _says_there_is_none(said: str) -> bool:
    product = _PRODUCT.search(said)
    return bool(product and _NOT_FOUND.search(said, product.end()))


def _product_or_none(raw: object, endpoint: Endpoint, read: ReadProduct) -> Product | None:
    try:
        return read(raw, endpoint) if isinstance(raw, dict) else None
    except (ValueError, TypeError, AttributeError, LookupError):
        return None


def readable(raws: Iterable[Any], read: Callable[[Any], Variant]) -> tuple[Variant, ...]:
    """Return the variants that can be read. One that cannot be does not hide the others.

    Raises `ValueError` when there are some and none can be read.
    """
    raws, found = list(raws), []
    for raw in raws:
        try:
            found.append(read(raw))
        except (ValueError, TypeError, AttributeError, LookupError):
            continue
    if raws and not found:
        raise ValueError("no variant can be read")
    return tuple(found)
