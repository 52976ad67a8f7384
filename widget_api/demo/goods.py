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
class Variant:
    """One thing that can be bought; stock is in pieces, `image` a path on the shop's own host."""

    id: int
    title: str
    price: int
    compare_at: int | None
    stock: int
    options: dict[str, str]
    sku: str
    image: str

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

    @property
    def available(self) -> bool:
        return any(variant.available for variant in self.variants)

    @property
    def price(self) -> int:
        """The lowest price."""
        return min(variant.price for variant in self.variants)

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
        )

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
            ),
            kind=self.kind,
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
POLICIES: tuple[Policy, ...] = tuple(
    Policy(entry["handle"], entry["title"], tuple(entry["paragraphs"])) for entry in _WORDS["policies"]
)
FAQ: tuple[tuple[str, str], ...] = tuple((entry["question"], entry["answer"]) for entry in _WORDS["faq"])
