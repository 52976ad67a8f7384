"""The demo shop's things as Liquid objects, in the words of Shopify's theme reference."""

from __future__ import annotations

from functools import cache
from typing import Any

from widget_api.demo.carts import Cart, Line
from widget_api.demo.catalogue import (
    COLLECTIONS,
    CURRENCY,
    DYES,
    FAQ,
    POLICIES,
    PRODUCTS,
    Collection,
    Policy,
    Product,
    Variant,
    full_title,
    in_collection,
)

Drop = dict[str, Any]

DOMAIN = "demo-store.myshopify.com"
NAME = "Tarn"
LOCALE, COUNTRY = "en", "FI"
VENDOR = "Tarn workshop"

ROUTES: Drop = {
    "root_url": "/",
    "cart_url": "/cart",
    "cart_add_url": "/cart/add",
    "cart_change_url": "/cart/change",
    "cart_update_url": "/cart/update",
    "cart_clear_url": "/cart/clear",
    "search_url": "/search",
    "collections_url": "/collections",
    "all_products_collection_url": "/collections/all",
}

# "All" is no shelf of its own: every shop has it.
EVERYTHING = Collection(9000, "all", "Everything", "The whole range, on one page.")


def variant(product: Product, shown: Variant) -> Drop:
    """A `variant` of `product`."""
    return {
        "id": shown.id,
        "title": shown.title,
        "name": full_title(product, shown),
        "price": shown.price,
        "compare_at_price": shown.compare_at,
        "available": shown.available,
        "inventory_quantity": shown.stock,
        "inventory_management": "shopify",
        "inventory_policy": "deny",
        "sku": shown.sku,
        "options": list(shown.options.values()),
        "featured_image": image(shown.image, full_title(product, shown)),
        "url": f"/products/{product.handle}?variant={shown.id}",
    }


def image(path: str, alt: str) -> Drop:
    return {"src": path, "alt": alt, "width": 800, "height": 1000, "aspect_ratio": 0.8}


def product(shown: Product, variant_id: int | None = None) -> Drop:
    """A `product` on its page, with the variant that the address names as the selected one."""
    drop = dict(_products()[shown.id])
    selected = next((each for each in drop["variants"] if each["id"] == variant_id), None)
    drop["selected_variant"] = selected
    drop["selected_or_first_available_variant"] = selected or drop["first_available_variant"]
    return drop


@cache
def _products() -> dict[int, Drop]:
    return {each.id: _product(each) for each in PRODUCTS}


def _product(shown: Product) -> Drop:
    variants = [variant(shown, each) for each in shown.variants]
    prices = [each.price for each in shown.variants]
    first_available = next((each for each in variants if each["available"]), None)
    return {
        "id": shown.id,
        "handle": shown.handle,
        "title": shown.title,
        "description": shown.description_html,
        "content": shown.description_html,
        "url": f"/products/{shown.handle}",
        "type": shown.type,
        "vendor": VENDOR,
        "tags": list(shown.tags),
        "price": min(prices),
        "price_min": min(prices),
        "price_max": max(prices),
        "price_varies": min(prices) != max(prices),
        "compare_at_price": min((each.compare_at for each in shown.variants if each.compare_at), default=None),
        "available": shown.available,
        "featured_image": image(shown.image, shown.title),
        "has_only_default_variant": len(variants) == 1,
        "variants": variants,
        "options": list(shown.options),
        "options_with_values": [
            {"name": name, "position": position, "values": values}
            for position, (name, values) in enumerate(shown.options.items(), 1)
        ],
        "first_available_variant": first_available,
        "selected_or_first_available_variant": first_available or variants[0],
        "selected_variant": None,
        "swatches": _swatches(shown),
        "collections": [_head(each) for each in COLLECTIONS if each.handle in shown.collections],
    }


def _swatches(shown: Product) -> list[Drop]:
    """One variant for each colour: the first that can be bought. A real theme does this in Liquid, at length."""
    found: dict[str, Variant] = {}
    for each in shown.variants:
        colour = each.options.get("Colour")
        if colour and (colour not in found or (each.available and not found[colour].available)):
            found[colour] = each
    return [
        {
            "name": colour,
            "key": colour.lower(),
            "dye": DYES[colour],
            "available": each.available,
            "url": f"/products/{shown.handle}?variant={each.id}",
        }
        for colour, each in found.items()
    ]


def collection(shown: Collection) -> Drop:
    """A `collection` with all its products."""
    products = list(PRODUCTS) if shown.handle == EVERYTHING.handle else in_collection(shown.handle)
    return {
        **_head(shown),
        "products": [product(each) for each in products],
        "products_count": len(products),
        "all_products_count": len(products),
    }


def _head(shown: Collection) -> Drop:
    return {
        "id": shown.id,
        "handle": shown.handle,
        "title": shown.title,
        "description": shown.description,
        "url": f"/collections/{shown.handle}",
    }


@cache
def collections() -> Drop:
    """The `collections` object: every collection by its handle."""
    return {each.handle: collection(each) for each in (EVERYTHING, *COLLECTIONS)}


def cart(shown: Cart | None) -> Drop:
    """The `cart`; without one, an empty one."""
    lines = shown.lines if shown else []
    return {
        "currency": {"iso_code": CURRENCY, "symbol": "€"},
        "item_count": sum(each.quantity for each in lines),
        "empty?": not lines,
        "items": [line(each) for each in lines],
        "total_price": sum(each.total for each in lines),
        "items_subtotal_price": sum(each.total for each in lines),
        "note": "",
    }


def line(shown: Line) -> Drop:
    """A `line_item`, with what the Ajax cart says of it."""
    of, bought = shown.product, shown.variant
    return {
        "id": bought.id,
        "key": f"{bought.id}:{shown.id.replace('-', '')}",
        "quantity": shown.quantity,
        "variant_id": bought.id,
        "product_id": of.id,
        "title": shown.title,
        "product_title": of.title,
        "variant_title": None if bought.title == "Default Title" else bought.title,
        "product_type": of.type,
        "product_description": of.description,
        "product_has_only_default_variant": len(of.variants) == 1,
        "handle": of.handle,
        "vendor": VENDOR,
        "sku": bought.sku,
        "price": bought.price,
        "original_price": bought.price,
        "final_price": bought.price,
        "discounted_price": bought.price,
        "line_price": shown.total,
        "original_line_price": shown.total,
        "final_line_price": shown.total,
        "total_discount": 0,
        "discounts": [],
        "line_level_discount_allocations": [],
        "properties": {},
        "gift_card": of.handle == "gift-card",
        "requires_shipping": of.handle != "gift-card",
        "taxable": True,
        "grams": 0,
        "url": f"/products/{of.handle}?variant={bought.id}",
        "image": bought.image,
        "featured_image": {**image(bought.image, shown.title), "url": bought.image},
        "variant_options": list(bought.options.values()) or ["Default Title"],
        "options_with_values": [{"name": name, "value": value} for name, value in bought.options.items()],
    }


def policy(shown: Policy) -> Drop:
    """A `policy`, as one of `shop.policies`."""
    return {
        "title": shown.title,
        "handle": shown.handle,
        "url": f"/policies/{shown.handle}",
        "paragraphs": list(shown.paragraphs),
    }


def shop(url: str) -> Drop:
    """The `shop`; `url` is the origin under which it is open."""
    return {
        "name": NAME,
        "permanent_domain": DOMAIN,
        "domain": url.partition("//")[2],
        "url": url,
        "currency": CURRENCY,
        "money_format": "€{{amount}}",
        "policies": [policy(each) for each in POLICIES],
        "products_count": len(PRODUCTS),
        # A real theme keeps its questions in the settings of a section.
        "questions": [{"question": question, "answer": answer} for question, answer in FAQ],
    }
