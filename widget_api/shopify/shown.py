"""Products and carts as the model reads them: what it needs to answer, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from widget_api.shopify.cart import Cart, Line
from widget_api.shopify.goods import Found, Product, Variant, find_dropped_choices
from widget_api.shopify.money import prices_as_text
from widget_api.shopify.notices import Notice
from widget_api.shopify.selection import Option, Selection, selection_to_list
from widget_api.shopify.words import words

# A list has what tells products apart, and is paid for again in each step; one product is told in full.
MAX_VARIANTS: Final = 3
MAX_VARIANTS_OF_ONE: Final = 50
MAX_VALUES: Final = 12
MAX_VALUES_OF_ONE: Final = 100
MAX_DESCRIPTION: Final = 120
MAX_DESCRIPTION_OF_ONE: Final = 1000
# The shopper sees notices in full; the model must know what they are about.
MAX_NOTICES: Final = 10
NOTICE_CHARACTERS: Final = 1000
# Totals that `discounts` tells in more detail.
_DISCOUNTS: Final = frozenset({"discount", "items_discount"})


def search_output(found: Found) -> dict[str, Any]:
    """Return the products of a search. Notices about the answer as a whole are told once."""
    output: dict[str, Any] = {
        "products": [compact(product, MAX_VARIANTS, found.notices) for product in found.products]
    }
    return output | _notices(found.notices)


def product_output(product: Product, asked: Selection) -> dict[str, Any]:
    """Return one product. `note` says what of the selection that was asked for the shop has let go of."""
    output: dict[str, Any] = {"product": _in_full(product)}
    lost = find_dropped_choices(asked, product)
    return output | ({"note": _relaxed(lost, product)} if lost else {})


def cart_output(cart: Cart) -> dict[str, Any]:
    """Return a cart without its secrets, and without what is empty."""
    output: dict[str, Any] = {
        "lines": [_line(line) for line in cart.lines],
        "total": cart.total.to_text(),
        "count": cart.count,
    }
    if cart.discounts:
        output["discounts"] = [prices_as_text(discount.to_dict()) for discount in cart.discounts]
    if details := [entry for entry in cart.price_details if entry["type"] not in _DISCOUNTS]:
        output["totals"] = prices_as_text(details)
    return output | _notices(cart.notices)


def _line(line: Line) -> dict[str, Any]:
    told = prices_as_text(line.to_dict()) | {"notices": _texts(line.notices)}
    optional = ("quantity_text", "attributes", "selling_plan", "parent_id", "notices")
    return {name: value for name, value in told.items() if value or name not in optional}


def _relaxed(lost: Selection, product: Product) -> str:
    named = ", ".join(f"{name} {label}" for name, label in lost)
    if not product.selected:
        return f"No variant that is listed here has {named}."
    kept = ", ".join(f"{name} {label}" for name, label in product.selected)
    return f"The shop has nothing with all of that and let go of {named}. What is listed is for {kept}."


def compact(product: Product, most_variants: int, told: Iterable[Notice] = ()) -> dict[str, Any]:
    """Return a product as a list tells it. `told` are notices that stand elsewhere in the output."""
    variants = product.variants
    if len(variants) > most_variants:
        variants = tuple(sorted(variants, key=lambda variant: not variant.available)[:most_variants])
    output = _product(product, variants, MAX_DESCRIPTION)
    more = product.has_more_variants or len(product.variants) > len(variants)
    if product.options and more:
        output["options"] = [_option(option, MAX_VALUES) for option in product.options]
        output |= _selected(product)
    if more:
        output["has_more_variants"] = True
    own = set(told)
    return output | _notices(notice for notice in product.notices if notice not in own)


def _in_full(product: Product) -> dict[str, Any]:
    """A product by itself."""
    output = _product(product, product.variants[:MAX_VARIANTS_OF_ONE], MAX_DESCRIPTION_OF_ONE)
    if product.options:
        output["options"] = [_option(option, MAX_VALUES_OF_ONE) for option in product.options]
        output |= _selected(product)
    if product.has_more_variants or len(product.variants) > MAX_VARIANTS_OF_ONE:
        output["has_more_variants"] = True
    return output | _notices(product.notices)


def _product(product: Product, variants: Sequence[Variant], description: int) -> dict[str, Any]:
    output: dict[str, Any] = {
        "id": product.id,
        "title": product.title,
        "url": product.url,
        "image": product.image,
        "description": words(product.description, description),
        "price": product.price.to_text(),
        "available": product.available,
        "variants": [_variant(variant) for variant in variants],
    }
    if product.price_max and product.price_max != product.price:
        output["price_max"] = product.price_max.to_text()
    return output


def _selected(product: Product) -> dict[str, Any]:
    return {"selected": selection_to_list(product.selected)} if product.selected else {}


def _variant(variant: Variant) -> dict[str, Any]:
    output: dict[str, Any] = {
        "id": variant.id,
        "title": variant.title,
        "price": variant.price.to_text(),
        "available": variant.available,
        "options": dict(variant.options),
    }
    if variant.compare_at and variant.compare_at != variant.price:
        output["compare_at"] = variant.compare_at.to_text()
    if variant.status not in {"", "in_stock", "out_of_stock"}:
        output["status"] = variant.status
    return output | _notices(variant.notices)


def _option(option: Option, most: int) -> dict[str, Any]:
    output = {"name": option.name, "values": [value.to_dict() for value in option.values[:most]]}
    rest = len(option.values) - most
    return {**output, "more": f"… and {rest} more values"} if rest > 0 else output


def _notices(notices: Iterable[Notice]) -> dict[str, Any]:
    texts = _texts(notices)
    return {"notices": texts} if texts else {}


def _texts(notices: Iterable[Notice]) -> list[str]:
    return [words(notice.text, NOTICE_CHARACTERS) for notice in list(notices)[:MAX_NOTICES]]
