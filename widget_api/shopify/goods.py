"""What a shop sells and says, whichever dialect it speaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from widget_api.problems import ProductNotFound, ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.mcp import Result
from widget_api.shopify.money import Money
from widget_api.shopify.notices import Notice, Placed, read_notices, unique
from widget_api.shopify.words import words

# Ids go back to the shop as it sent them, with a suffix such as `?shop=99`. One that carries a cart's key is none.
_SUFFIX = r"(?:\?(?!(?:[^?]*&)?(?:cart|key)=)[A-Za-z0-9=&_.~%-]{1,200})?"
VARIANT_ID = re.compile(r"gid://shopify/ProductVariant/[0-9]{1,20}" + _SUFFIX)
PRODUCT_ID = re.compile(r"gid://shopify/Product/[0-9]{1,20}" + _SUFFIX)
# What a dialect may be able to do for a shop; some shops offer one thing here and another there.
Ability = Literal["catalogue", "cart", "ask"]

# Shopify takes at most 3 options and 2,048 variants a product.
MAX_OPTIONS: Final = 10
MAX_VALUES: Final = 250
MAX_VARIANTS: Final = 100
NAME_CHARACTERS, LABEL_CHARACTERS = 100, 255

# Pairs of an option's name and a value's label.
Selection = tuple[tuple[str, str], ...]


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
class Value:
    """A value of an option. `available` and `exists` are relative to the product's selection (UCP lookup.md)."""

    label: str
    available: bool
    exists: bool

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "available": self.available, "exists": self.exists}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a product, such as its size, with all values that the shop names."""

    name: str
    values: tuple[Value, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "values": [value.to_dict() for value in self.values]}


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
    """What the shop says to a question about itself; `links` are addresses of its pages.

    An excerpt of a page was not written as an answer to the question: `question` is then what stands above it.
    """

    question: str
    answer: str
    links: tuple[str, ...] = ()
    is_excerpt: bool = False

    def to_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {"question": self.question, "answer": self.answer}
        return {**said, "links": list(self.links)} if self.links else said


def selection_to_list(selection: Selection) -> list[dict[str, str]]:
    """Return the selection as UCP and the widget have it: `[{"name": "Size", "label": "44"}]`."""
    return [{"name": name, "label": label} for name, label in selection]


def read_selection(raw: object, label: str = "label") -> Selection:
    """Return the named values of a list such as `[{"name": "Size", "label": "44"}]`; what is none is left out."""
    pairs = [
        (words(each.get("name"), NAME_CHARACTERS), words(each.get(label), LABEL_CHARACTERS))
        for each in (raw if isinstance(raw, list) else [])[:MAX_OPTIONS]
        if isinstance(each, dict)
    ]
    return tuple((name, value) for name, value in pairs if name and value != _NO_CHOICE)


# Shopify's only value of the only option of a product that has none.
_NO_CHOICE: Final = "Default Title"


def read_options(raw: object, variants: Sequence[Variant]) -> tuple[Option, ...]:
    """Return a product's options. Where the shop sends no marks, they are taken from the variants that it lists."""
    options = []
    for each in (raw if isinstance(raw, list) else [])[:MAX_OPTIONS]:
        name = words(each.get("name"), NAME_CHARACTERS) if isinstance(each, dict) else ""
        raws = each.get("values") if name else None
        read = [_value(name, value, variants) for value in (raws if isinstance(raws, list) else [])[:MAX_VALUES]]
        values = tuple(value for value in read if value.label)
        if values and [value.label for value in values] != [_NO_CHOICE]:
            options.append(Option(name, values))
    return tuple(options)


def _value(name: str, raw: object, variants: Sequence[Variant]) -> Value:
    mapping = raw if isinstance(raw, dict) else {"label": raw}
    label = words(mapping.get("label") or mapping.get("value") or mapping.get("name"), LABEL_CHARACTERS)
    exists, available = mapping.get("exists"), mapping.get("available")
    if not isinstance(exists, bool):
        exists = True
    if not isinstance(available, bool):
        listed = [variant.available for variant in variants if variant.matches([(name, label)])]
        available = exists and (any(listed) or not listed)
    return Value(label, available, exists)


def says_in_stock(raw: object) -> bool:
    """Return whether the shop marks any value of these options as one that leads to stock."""
    options = [each for each in (raw if isinstance(raw, list) else []) if isinstance(each, dict)]
    values = [value for each in options if isinstance(each.get("values"), list) for value in each["values"]]
    return any(isinstance(value, dict) and value.get("available") is True for value in values)


def has_more(listed: int, variants: Sequence[Variant], options: Sequence[Option], selected: Selection) -> bool:
    """Return whether the shop has variants that are not among `variants`. `listed` is how many it has sent.

    A value stands for a variant at least, and one that exists leads to a variant together with the other values of
    the selection (UCP lookup.md). Where none of those is listed, there are more.
    """
    if listed > len(variants):
        return True
    for option in options:
        others = [pair for pair in selected if pair[0] != option.name]
        for value in option.values:
            wanted = [*(others if value.exists else ()), (option.name, value.label)]
            if not any(variant.matches(wanted) for variant in variants):
                return True
    return False


def matching_first(raws: Sequence[Any], selected: Selection, options: Callable[[Any], object]) -> list[Any]:
    """Return the variants of an answer with those of the selection first: some shops send all, in their own order."""

    def lacks(raw: Any) -> int:
        return len(set(selected) - set(_pairs(options(raw)))) if isinstance(raw, dict) else len(selected)

    return sorted(raws, key=lacks) if selected else list(raws)


def _pairs(raw: object) -> Selection:
    return read_selection(raw) or read_selection(raw, "value")


def spelled(selected: Selection, raw: object) -> Selection:
    """Return the selection in the shop's own spelling of its options, letter for letter, where it names them.

    Models write "size" for "Size", and our texts are cleaned: the shop compares with what it sent.
    """
    names: dict[str, str] = {}
    labels: dict[tuple[str, str], str] = {}
    for option in raw if isinstance(raw, list) else ():
        if isinstance(option, dict) and isinstance(option.get("name"), str):
            name = _folded(option["name"])
            names[name] = option["name"]
            values = option.get("values")
            for value in values if isinstance(values, list) else ():
                label = value.get("label") if isinstance(value, dict) else value
                if isinstance(label, str):
                    labels.setdefault((name, _folded(label)), label)
    return tuple(
        (names.get(_folded(name), name), labels.get((_folded(name), _folded(label)), label))
        for name, label in selected
    )


def _folded(text: str) -> str:
    return words(text, LABEL_CHARACTERS).casefold()


def dropped(asked: Selection, product: Product) -> Selection:
    """Return what was asked for and is not part of the answer's selection: the shop has let go of it."""
    kept = {(_folded(name), _folded(label)) for name, label in product.selected}
    lost = tuple(pair for pair in asked if (_folded(pair[0]), _folded(pair[1])) not in kept)
    if product.selected or not lost:
        return lost
    # A shop that tells no selection: what it lists says whether it could be had.
    return () if any(variant.matches(asked) for variant in product.variants) else asked


ReadProduct = Callable[[dict[str, Any], Endpoint], Product]


def products_in(result: Result, endpoint: Endpoint, read: ReadProduct) -> Found:
    """The products of a search. What is no product is left out. Raises `ShopRefused`, `ShopUnavailable`."""
    for payload in result.payloads():
        if isinstance(payload, dict) and isinstance(payload.get("products"), list):
            raws = payload["products"]
            placed = [(each, each.indexes("products", ids_of(raws))) for each in read_notices(payload, endpoint)]
            found = []
            for number, raw in enumerate(raws):
                if product := _product_or_none(raw, endpoint, read):
                    own = [each for each, indexes in placed if number in indexes or not indexes]
                    found.append(_noticed(product, raw, own))
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
    """Return the id of each entry, None where it has none."""
    return [raw.get("id") if isinstance(raw, dict) else None for raw in raws]


def _noticed(product: Product, raw: Any, placed: Sequence[Placed]) -> Product:
    """The product with its notices: at the variants that they name, where those are listed, else at the product."""
    ids = ids_of(raw.get("variants") or [])
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


_NOT_FOUND = re.compile(r"\bproduct\b.*\b(not found|does not exist)\b", re.IGNORECASE)


def _refused(said: str, code: str = "") -> ShopRefused:
    if code.lower() in {"not_found", "product_not_found"} or _NOT_FOUND.search(said):
        return ProductNotFound(said)
    return ShopRefused(said)


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


def is_available(raw: object) -> bool:
    """Return whether a variant with this UCP `availability` can be bought. Both of its members are optional."""
    availability: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    if isinstance(availability.get("available"), bool):
        return bool(availability["available"])
    return status_of(raw) not in _NOT_TO_BE_HAD


def status_of(raw: object) -> str:
    """Return the status of a UCP `availability` in its well-known spelling, as `out_of_stock`; empty without one."""
    status = words(raw.get("status"), 60) if isinstance(raw, dict) else ""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status.rpartition("/")[2])  # also https://schema.org/OutOfStock
    return re.sub(r"[\s_-]+", "_", spaced).lower()


_NOT_TO_BE_HAD: Final = frozenset(
    {"out_of_stock", "sold_out", "discontinued", "unavailable", "not_available", "not_for_sale", "no_stock"}
)
