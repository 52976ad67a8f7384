"""What a shop sells and says, whichever dialect it speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.mcp import Result
from widget_api.shopify.money import Money
from widget_api.shopify.words import words

VARIANT_ID = re.compile(r"gid://shopify/ProductVariant/[0-9]{1,20}")
# What a dialect may be able to do for a shop; some shops offer one thing here and another there.
Ability = Literal["catalogue", "cart", "ask"]

PRODUCT_ID = re.compile(r"gid://shopify/Product/[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought. `options` are pairs of name and value, as ("Colour", "Moss")."""

    id: str
    title: str
    price: Money
    available: bool
    compare_at: Money | None = None
    options: tuple[tuple[str, str], ...] = ()
    image: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "price": self.price.to_dict(),
            "compare_at": self.compare_at.to_dict() if self.compare_at else None,
            "available": self.available,
            "options": dict(self.options),
        }


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its lowest price. `url` and `image` are absolute or empty, `description` is plain text."""

    id: str
    title: str
    url: str
    image: str
    description: str
    price: Money
    variants: tuple[Variant, ...]
    available: bool

    def to_dict(self) -> dict[str, Any]:
        """An item of the `data-products` event."""
        return {
            "id": self.id,
            "title": self.title,
            "url": self.url,
            "image": self.image,
            "price": self.price.to_dict(),
            "variants": [variant.to_dict() for variant in self.variants],
            "available": self.available,
        }


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


ReadProduct = Callable[[dict[str, Any], Endpoint], Product]


def products_in(result: Result, endpoint: Endpoint, read: ReadProduct) -> list[Product]:
    """The products of a search. What is no product is left out. Raises `ShopRefused`, `ShopUnavailable`."""
    for payload in result.payloads():
        if isinstance(payload, dict) and isinstance(payload.get("products"), list):
            found = (_product_or_none(raw, endpoint, read) for raw in payload["products"])
            return [product for product in found if product]
    raise refusal(result)


def product_in(result: Result, endpoint: Endpoint, read: ReadProduct) -> Product:
    """The one product of an answer. Raises `ShopRefused`, `ShopUnavailable`."""
    for payload in result.payloads():
        raw = payload.get("product") if isinstance(payload, dict) else None
        if product := _product_or_none(raw, endpoint, read):
            return product
    raise refusal(result)


def refusal(result: Result) -> ShopRefused | ShopUnavailable:
    """What to raise when the answer is not what was asked for: the shop's own words, if it has any."""
    for payload in result.payloads():
        messages = payload.get("messages") if isinstance(payload, dict) else None
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict) and (said := words(message.get("content"))):
                return ShopRefused(said)
    for said in result.sayings():
        return ShopRefused(said)
    return ShopUnavailable("The shop's answer could not be understood.")


def _product_or_none(raw: object, endpoint: Endpoint, read: ReadProduct) -> Product | None:
    try:
        return read(raw, endpoint) if isinstance(raw, dict) else None
    except (ValueError, TypeError, AttributeError, LookupError):
        return None
