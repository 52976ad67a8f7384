"""Option selection as UCP's `get_product` has it: which variants fit, and what can still be chosen.

https://ucp.dev/2026-08-25/specification/catalog/lookup, "Option Selection".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from widget_api.demo.goods import Product, Variant


@dataclass(frozen=True, slots=True)
class Selection:
    """The effective selection of a product's options, by name, and the variants that match it, featured first."""

    chosen: Mapping[str, str]
    variants: tuple[Variant, ...]


def select_variant(variant: Variant) -> Selection:
    """Return the selection that one variant determines by itself."""
    return Selection(variant.options, (variant,))


def select(product: Product, wanted: Mapping[str, str], preferences: Sequence[str] = ()) -> Selection:
    """Return what is left of `wanted` when options that no variant satisfies are dropped.

    Those at the end of `preferences` go first, after those that it does not name.
    """
    chosen = {name: label for name, label in wanted.items() if list(find_matching(product, {name: label}))}
    while not list(find_matching(product, chosen)):
        del chosen[min(chosen, key=lambda name: _rank(name, list(chosen), preferences))]
    found = list(find_matching(product, chosen))
    featured = next((each for each in found if each.available), found[0])
    return Selection(chosen, (featured, *(each for each in found if each is not featured)))


def _rank(name: str, names: list[str], preferences: Sequence[str]) -> tuple[int, int]:
    """Return the priority with which an option is kept; the lowest is dropped first."""
    preferred = -preferences.index(name) if name in preferences else -len(preferences)
    return preferred, -names.index(name)


def find_matching(product: Product, chosen: Mapping[str, str]) -> Iterator[Variant]:
    """Yield the variants that have all of these option values."""
    return (each for each in product.variants if chosen.items() <= each.options.items())


def mark_value(product: Product, chosen: Mapping[str, str], name: str, label: str) -> dict[str, bool]:
    """Return whether a variant with this value and the rest of the selection exists, and whether it is available."""
    found = list(find_matching(product, {**chosen, name: label}))
    return {"available": any(each.available for each in found), "exists": bool(found)}
