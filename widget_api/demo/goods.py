"""What the demo shop sells and promises, read from goods.toml and policies.toml. Prices are in cents."""

from __future__ import annotations

import html
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

# The shop's dyes: what a shopper reads, and what the pictures are drawn with.
DYES: Mapping[str, str] = {
    "Oat": "#ddd0b8",
    "Chalk": "#ece6da",
    "Ash": "#a9a9a3",
    "Slate": "#5d6770",
    "Ink": "#2c3a4b",
    "Fjord": "#5b7f92",
    "Moss": "#6b7448",
    "Pine": "#33493f",
    "Rust": "#a9532f",
    "Berry": "#7a3341",
    "Ochre": "#c8963e",
    "Bark": "#6a4b36",
    "Sand": "#c7b08a",
    "Steel": "#b9bec1",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that shoppers must read, beside a product in UCP. `image` and `page` are paths of the shop or ''."""

    code: str
    text: str
    presentation: str = "notice"
    image: str = ""
    page: str = ""
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A line item property that the product's form asks for, at most `longest` characters."""

    name: str
    hint: str
    longest: int


@dataclass(frozen=True, slots=True)
class Unit:
    """UCP's sale basis of 2026-08-25: a UN/CEFACT code, steps of 10^-scale, and the words for it."""

    code: str
    scale: int
    text: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought, its price in euro cents; stock is in pieces, `image` a path of the shop."""

    id: int
    title: str
    price: int
    compare_at: int | None
    stock: int
    options: dict[str, str]
    sku: str
    image: str
    notices: tuple[Notice, ...] = ()

    @property
    def available(self) -> bool:
        return self.stock > 0


@dataclass(frozen=True, slots=True)
class Product:
    """A product with at least one variant. `kind` names its drawing."""

    id: int
    handle: str
    title: str
    description_html: str
    description: str
    tags: tuple[str, ...]
    type: str
    collections: tuple[str, ...]
    image: str
    variants: tuple[Variant, ...]
    kind: str
    fields: tuple[Field, ...] = ()
    notices: tuple[Notice, ...] = ()
    unit: Unit | None = None

    @property
    def available(self) -> bool:
        return any(variant.available for variant in self.variants)

    @property
    def price(self) -> int:
        """The lowest price."""
        return min(variant.price for variant in self.variants)

    @property
    def featured(self) -> Variant:
        """The variant that the shop shows first: the first that can be bought, else the first."""
        return next((each for each in self.variants if each.available), self.variants[0])

    @property
    def options(self) -> dict[str, list[str]]:
        """Each option's values, in the order in which the variants name them."""
        found: dict[str, dict[str, None]] = {}
        for variant in self.variants:
            for name, value in variant.options.items():
                found.setdefault(name, {})[value] = None
        return {name: list(values) for name, values in found.items()}


@dataclass(frozen=True, slots=True)
class Collection:
    """A shelf of the shop."""

    id: int
    handle: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount code's reduction: per cent of each line, or euro cents of the whole."""

    code: str
    title: str
    percent: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy page at /policies/{handle}; paragraphs are plain text."""

    handle: str
    title: str
    paragraphs: tuple[str, ...]

    @property
    def body(self) -> str:
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A product as goods.toml has it."""

    handle: str
    title: str
    kind: str
    type: str
    price: int
    text: str
    details: list[str]
    tags: list[str]
    collections: list[str]
    colours: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    size_name: str = "Size"
    compare_at: int | None = None
    prices: Mapping[str, int] = field(default_factory=dict)
    stock: Mapping[str, int] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    fields: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    unit: dict[str, Any] | None = None

    def image(self, colour: str | None) -> str:
        return f"/cdn/{self.handle}-{colour.lower()}.svg" if colour else f"/cdn/{self.handle}.svg"

    def variant(self, id: int, *, colour: str | None, size: str | None) -> Variant:
        options = {name: value for name, value in (("Colour", colour), (self.size_name, size)) if value}
        title = " / ".join(options.values()) or "Default Title"
        price = next((self.prices[value] for value in options.values() if value in self.prices), self.price)
        return Variant(
            id=id,
            title=title,
            price=price,
            compare_at=self.compare_at + price - self.price if self.compare_at else None,
            stock=self.stock.get(title, 8 + id % 17),
            options=options,
            sku=f"TN-{id}",
            image=self.image(colour),
            notices=tuple(each for each in self._notices() if set(each.only) & set(options.values())),
        )

    def _notices(self) -> list[Notice]:
        return [Notice(**{**entry, "only": tuple(entry.get("only", ()))}) for entry in self.notices]

    def product(self, id: int) -> Product:
        pairs = [(colour, size) for colour in self.colours or (None,) for size in self.sizes or (None,)]
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.details)
        return Product(
            id=id,
            handle=self.handle,
            title=self.title,
            description_html=f"<p>{html.escape(self.text)}</p><ul>{items}</ul>",
            description=f"{self.text} {'. '.join(self.details)}.",
            tags=tuple(self.tags),
            type=self.type,
            collections=tuple(self.collections),
            image=self.image(next(iter(self.colours), None)),
            variants=tuple(
                self.variant(id * 100 + number, colour=colour, size=size)
                for number, (colour, size) in enumerate(pairs, 1)
                if f"{colour} / {size}" not in self.absent
            ),
            kind=self.kind,
            fields=tuple(Field(**entry) for entry in self.fields),
            notices=tuple(each for each in self._notices() if not each.only),
            unit=Unit(**self.unit) if self.unit else None,
        )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text("utf-8"))


_GOODS, _WORDS = _read("goods.toml"), _read("policies.toml")

PRODUCTS: tuple[Product, ...] = tuple(
    _Entry(**entry).product(number) for number, entry in enumerate(_GOODS["products"], 7001)
)
COLLECTIONS: tuple[Collection, ...] = tuple(
    Collection(number, **entry) for number, entry in enumerate(_GOODS["collections"], 9001)
)
DISCOUNTS: Mapping[str, Discount] = {entry["code"]: Discount(**entry) for entry in _GOODS["discounts"]}
POLICIES: tuple[Policy, ...] = tuple(
    Policy(entry["handle"], entry["title"], tuple(entry["paragraphs"])) for entry in _WORDS["policies"]
)
FAQ: tuple[tuple[str, str], ...] = tuple((entry["question"], entry["answer"]) for entry in _WORDS["faq"])
