"""The demo shop's things as Liquid objects, in the words of Shopify's theme reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from widget_api.demo import currency
from widget_api.demo.carts import Cart
from widget_api.demo.catalogue import (
    COLLECTIONS,
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
from widget_api.demo.discounts import Applied
from widget_api.demo.goods import Notice
from widget_api.demo.lines import Line

Drop = dict[str, Any]

DOMAIN = "demo-store.myshopify.com"
NAME = "Tarn"
LOCALE = "en"
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
        "price": currency.convert_to_hundredths(shown.price),
        "compare_at_price": currency.convert_to_hundredths(shown.compare_at) if shown.compare_at else None,
        "available": shown.available,
        "inventory_quantity": shown.stock,
        "inventory_management": "shopify",
        "inventory_policy": "deny",
        "sku": shown.sku,
        "options": list(shown.options.values()),
        "featured_image": image(shown.image, full_title(product, shown)),
        "notices": [_notice(each) for each in shown.notices],
        "url": f"/products/{product.handle}?variant={shown.id}",
    }


def image(path: str, alt: str) -> Drop:
    return {"src": path, "alt": alt, "width": 800, "height": 1000, "aspect_ratio": 0.8}


def product(shown: Product, variant_id: int | None = None) -> Drop:
    """A `product` on its page, with the variant that the address names as the selected one."""
    drop = dict(_products(currency.current().code)[shown.id])
    selected = next((each for each in drop["variants"] if each["id"] == variant_id), None)
    drop["selected_variant"] = selected
    drop["selected_or_first_available_variant"] = selected or drop["first_available_variant"]
    return drop


@cache
def _products(_currency: str) -> dict[int, Drop]:
    """Every product's drop, in the currency that the shop sells in."""
    return {each.id: _product(each) for each in PRODUCTS}


def _product(shown: Product) -> Drop:
    variants = [variant(shown, each) for each in shown.variants]
    prices = [each["price"] for each in variants]
    compared = [each["compare_at_price"] for each in variants if each["compare_at_price"]]
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
        "compare_at_price": min(compared, default=None),
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
        # A real theme keeps the next two in metafields and in its settings.
        "fields": [{"name": each.name, "hint": each.hint, "longest": each.longest} for each in shown.fields],
        "notices": [_notice(each) for each in shown.notices],
        "collections": [_head(each) for each in COLLECTIONS if each.handle in shown.collections],
    }


def _notice(notice: Notice) -> Drop:
    return {"text": notice.text, "image": notice.image, "page": notice.page}


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


def collections() -> Drop:
    """The `collections` object: every collection by its handle."""
    return _collections(currency.current().code)


@cache
def _collections(_currency: str) -> Drop:
    return {each.handle: collection(each) for each in (EVERYTHING, *COLLECTIONS)}


def cart(shown: Cart | None) -> Drop:
    """The `cart`; without one, an empty one."""
    lines = shown.lines if shown else []
    applied = shown.discounts if shown else []
    subtotal, total = (shown.subtotal, shown.total) if shown else (0, 0)
    off_lines = [each for each in applied if each.allocations]
    items = [line(each, at, off_lines) for at, each in enumerate(lines)]
    parents = {each.id: item["key"] for each, item in zip(lines, items, strict=True)}
    for each, item in zip(lines, items, strict=True):
        if each.parent_id:
            item["parent_relationship"] = {"parent_key": parents.get(each.parent_id)}
    return {
        "currency": {"iso_code": currency.current().code, "symbol": currency.current().symbol},
        "item_count": sum(each.quantity for each in lines),
        "empty?": not lines,
        "items": items,
        "original_total_price": currency.to_hundredths(subtotal),
        "items_subtotal_price": currency.to_hundredths(subtotal - sum(each.amount for each in off_lines)),
        "total_price": currency.to_hundredths(total),
        "total_discount": currency.to_hundredths(subtotal - total),
        "cart_level_discount_applications": [_application(each) for each in applied if not each.allocations],
        "discount_applications": [_application(each) for each in applied],
        "discount_codes": [{"code": each, "applicable": True} for each in (shown.codes if shown else [])],
        "note": shown.note if shown else "",
        "attributes": dict(shown.attributes) if shown else {},
    }


def _application(applied: Applied) -> Drop:
    amount = currency.to_hundredths(applied.amount)
    return {
        "type": "discount_code",
        "title": applied.code,
        "description": applied.title,
        "total_allocated_amount": amount,
        "target_selection": "all",
        "target_type": "line_item",
        "value_type": "percentage" if applied.allocations else "fixed_amount",
    }


def line(shown: Line, at: int = 0, applied: Sequence[Applied] = ()) -> Drop:
    """A `line_item`, with what the Ajax cart says of it; `applied` take from it what they have at its place `at`."""
    of, bought = shown.product, shown.variant
    price, total = currency.to_hundredths(shown.price), currency.to_hundredths(shown.total)
    shares = [(each, currency.to_hundredths(each.allocations[at])) for each in applied]
    final = total - sum(share for _, share in shares)
    each_final = final // shown.quantity if shown.quantity else price
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
        "price": price,
        "original_price": price,
        "final_price": each_final,
        "discounted_price": each_final,
        "line_price": total,
        "original_line_price": total,
        "final_line_price": final,
        "total_discount": total - final,
        "discounts": [{"amount": share, "title": each.code} for each, share in shares],
        "line_level_discount_allocations": [
            {"amount": share, "discount_application": _application(each)} for each, share in shares
        ],
        "properties": dict(shown.properties),
        "gift_card": of.handle == "gift-card",
        "requires_shipping": of.handle != "gift-card",
        "taxable": True,
        "grams": 0,
        "url": f"/products/{of.handle}?variant={bought.id}",
        "image": bought.image,
        "featured_image": {**image(bought.image, shown.title), "url": bought.image},
        "variant_options": list(bought.options.values()) or ["Default Title"],
        "options_with_values": [{"name": name, "value": value} for name, value in bought.options.items()],
        "notices": [_notice(each) for each in (*of.notices, *bought.notices)],
    }


def policy(shown: Policy) -> Drop:
    """A `policy`, as one of `shop.policies`."""
    return {
        "title": shown.title,
        "handle": shown.handle,
        "url": f"/policies/{shown.handle}",
        "paragraphs": [currency.localize(each) for each in shown.paragraphs],
    }


def shop(url: str) -> Drop:
    """The `shop`; `url` is the origin under which it is open."""
    return {
        "name": NAME,
        "permanent_domain": DOMAIN,
        "domain": url.partition("//")[2],
        "url": url,
        "currency": currency.current().code,
        "money_format": currency.current().pattern.replace("{amount}", "{{amount}}"),
        "policies": [policy(each) for each in POLICIES],
        "products_count": len(PRODUCTS),
        # A real theme keeps its questions in the settings of a section.
        "questions": [{"question": question, "answer": currency.localize(answer)} for question, answer in FAQ],
    }
