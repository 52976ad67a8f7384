"""The demo shop's catalogue as the theme and the agents ask it."""

from __future__ import annotations

from widget_api.demo.goods import (
    COLLECTIONS,
    DYES,
    FAQ,
    POLICIES,
    PRODUCTS,
    Collection,
    Policy,
    Product,
    Variant,
)
from widget_api.demo.search import answers, search

__all__ = [
    "COLLECTIONS",
    "DYES",
    "FAQ",
    "POLICIES",
    "PRODUCTS",
    "Collection",
    "Policy",
    "Product",
    "Variant",
    "answers",
    "collection",
    "full_title",
    "in_collection",
    "policy",
    "product",
    "search",
    "variant",
]

_VARIANTS = {variant.id: (product, variant) for product in PRODUCTS for variant in product.variants}


def product(id_or_handle: int | str) -> Product | None:
    """The product with this id or handle."""
    return next((each for each in PRODUCTS if id_or_handle in (each.id, each.handle)), None)


def variant(id: int) -> tuple[Product, Variant] | None:
    """The variant with this id, and its product."""
    return _VARIANTS.get(id)


def collection(handle: str) -> Collection | None:
    return next((each for each in COLLECTIONS if each.handle == handle), None)


def in_collection(handle: str) -> list[Product]:
    """The collection's products in the shop's order."""
    return [each for each in PRODUCTS if handle in each.collections]


def policy(handle: str) -> Policy | None:
    return next((each for each in POLICIES if each.handle == handle), None)


def full_title(product: Product, variant: Variant) -> str:
    """A variant's name as a cart shows it: "Ridge Beanie - Oat"."""
    return product.title if variant.title == "Default Title" else f"{product.title} - {variant.title}"
