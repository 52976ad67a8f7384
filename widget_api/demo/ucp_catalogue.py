"""The catalogue's tools in UCP: search, look up, one product."""

from __future__ import annotations

import base64
import binascii
import json

from widget_api.demo import catalogue
from widget_api.demo.catalogue import CURRENCY, Product, Variant
from widget_api.demo.negotiation import LOOKUP, SEARCH
from widget_api.demo.rpc import Json, ToolError, number
from widget_api.demo.ucp_answers import home, missing, ok

MAX_PRODUCTS = 250


def search(arguments: Json) -> Json:
    catalog = arguments["catalog"]
    filters = catalog.get("filters") or {}
    if not catalog.get("query") and not filters:
        raise ToolError.saying("Invalid arguments: at least one of query or filters must be provided")
    price = filters.get("price") or {}
    found = catalogue.search(
        catalog.get("query", ""),
        available=filters.get("available", True),
        price_min=price.get("min"),
        price_max=price.get("max"),
    )
    categories = filters.get("categories")
    if categories:
        found = [product for product in found if product.type in categories]
    pages = catalog.get("pagination") or {}
    start, limit = _offset(pages.get("cursor", "")), min(max(1, pages.get("limit", 10)), MAX_PRODUCTS)
    page = found[start : start + limit]
    more = {"cursor": _cursor(start + limit)} if start + limit < len(found) else {}
    pagination = {**more, "has_next_page": bool(more), "total_count": len(found)}
    shown = [_product(product, product.variants) for product in page]
    return ok({"products": shown, "pagination": pagination, "messages": []}, SEARCH)


def lookup(arguments: Json) -> Json:
    ids = arguments["catalog"]["ids"]
    if not 1 <= len(ids) <= 10:
        raise ToolError.saying("Invalid arguments: array size at /catalog/ids must be from 1 to 10")
    hits: dict[int, tuple[Product, list[Json]]] = {}
    messages = []
    for gid in dict.fromkeys(ids):
        product, variant, match = _resolve(gid)
        if product is None:
            messages.append({"type": "info", "code": "not_found", "content": gid})
            continue
        shown = _variant(variant or product.variants[0], product) | {"inputs": [{"id": gid, "match": match}]}
        hits.setdefault(product.id, (product, []))[1].append(shown)
    products = [_product(product, ()) | {"variants": variants} for product, variants in hits.values()]
    return ok({"products": products, "messages": messages}, LOOKUP)


def _resolve(id: str) -> tuple[Product | None, Variant | None, str]:
    """The product that an id means, the variant when it means one, and how well it does."""
    found = catalogue.variant(number(id, "ProductVariant") or 0)
    if found:
        return *found, "exact"
    return catalogue.product(number(id, "Product") or 0), None, "featured"


def get_product(arguments: Json) -> Json:
    catalog = arguments["catalog"]
    product, _, _ = _resolve(catalog["id"])
    if product is None:
        return missing(f"Product not found: {catalog['id']}", LOOKUP)
    selected = [entry for entry in catalog.get("selected") or [] if isinstance(entry, dict)]
    chosen = [variant for variant in product.variants if _fits(variant, selected)]
    shown = _product(product, chosen) | {"selected": selected, "options": _options(product, marked=True)}
    return ok({"product": shown, "messages": []}, LOOKUP)


def _fits(variant: Variant, selected: list[Json]) -> bool:
    return all(variant.options.get(entry.get("name", "")) == entry.get("label") for entry in selected)


def _product(product: Product, variants: list[Variant] | tuple[Variant, ...]) -> Json:
    prices = [variant.price for variant in product.variants]
    shelves = [shelf for shelf in catalogue.COLLECTIONS if shelf.handle in product.collections]
    return {
        "id": f"gid://shopify/Product/{product.id}",
        "handle": product.handle,
        "title": product.title,
        "description": {"html": product.description_html, "plain": product.description},
        "url": f"{home()}products/{product.handle}",
        "price_range": {"min": _price(min(prices)), "max": _price(max(prices))},
        "media": [_medium(product.image, product.title)],
        "options": _options(product, marked=False),
        "variants": [_variant(variant, product) for variant in variants],
        "tags": list(product.tags),
        "collections": [
            {"id": f"gid://shopify/Collection/{shelf.id}", "handle": shelf.handle, "title": shelf.title}
            for shelf in shelves
        ],
        "gift_card": False,
    }


def _variant(variant: Variant, product: Product) -> Json:
    listed = {"list_price": _price(variant.compare_at)} if variant.compare_at else {}
    return {
        "id": f"gid://shopify/ProductVariant/{variant.id}",
        "title": variant.title,
        "sku": variant.sku,
        "description": {"plain": variant.title},
        "price": _price(variant.price),
        **listed,
        "availability": {"available": variant.available},
        "options": [{"name": name, "label": label} for name, label in variant.options.items()],
        "media": [_medium(variant.image, product.title)],
        "requires": {"shipping": True, "selling_plan": False},
    }


def _options(product: Product, *, marked: bool) -> list[Json]:
    """The options with their values; `marked` with whether each value is to be had."""
    return [
        {
            "name": name,
            "values": [
                {"label": value, "exists": True, "available": _to_be_had(product, name, value)}
                if marked
                else {"label": value}
                for value in values
            ],
        }
        for name, values in product.options.items()
    ]


def _to_be_had(product: Product, name: str, value: str) -> bool:
    return any(variant.available for variant in product.variants if variant.options.get(name) == value)


def _medium(path: str, alt: str) -> Json:
    return {"type": "image", "url": home() + path.lstrip("/"), "alt_text": alt}


def _price(amount: int) -> Json:
    return {"amount": amount, "currency": CURRENCY}


def _cursor(offset: int) -> str:
    return base64.b64encode(json.dumps({"p": offset}, separators=(",", ":")).encode()).decode()


def _offset(cursor: str) -> int:
    try:
        return max(0, int(json.loads(base64.b64decode(cursor))["p"])) if cursor else 0
    except (binascii.Error, ValueError, TypeError, LookupError) as exc:
        raise ToolError.saying("Invalid arguments: value at /catalog/pagination/cursor is not a cursor") from exc
