"""The catalogue's tools in UCP: search, look up, one product."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence

from widget_api.demo import catalogue, currency, negotiation, selection
from widget_api.demo.catalogue import Product, Variant
from widget_api.demo.faults import FAULTS
from widget_api.demo.goods import Notice
from widget_api.demo.negotiation import CATALOG, LOOKUP, NEW, SEARCH
from widget_api.demo.rpc import Json, ToolError, number
from widget_api.demo.selection import Selection
from widget_api.demo.ucp_answers import home, missing, ok

MAX_PRODUCTS = 250
SUFFIX = "?shop=99"


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
    shown = [_product(product, _variants(product.variants, product)) for product in page]
    messages = [
        message
        for index, product in enumerate(page)
        for message in _notices(product, product.variants, f"$.products[{index}]")
    ]
    return ok({"products": shown, "pagination": pagination, "messages": messages}, SEARCH)


def lookup(arguments: Json) -> Json:
    ids = arguments["catalog"]["ids"]
    if not 1 <= len(ids) <= 10:
        raise ToolError.saying("Invalid arguments: array size at /catalog/ids must be from 1 to 10")
    hits: dict[int, tuple[Product, dict[int, list[Json]]]] = {}
    messages: list[Json] = []
    for gid in dict.fromkeys(ids):
        product, variant = _resolve(gid)
        if product is None:
            messages.append({"type": "info", "code": "not_found", "content": gid})
            continue
        inputs = hits.setdefault(product.id, (product, {}))[1]
        match = {"id": gid, "match": "exact" if variant else "featured"}
        inputs.setdefault((variant or product.featured).id, []).append(match)
    products = []
    for index, (product, asked) in enumerate(hits.values()):
        variants = [variant for variant in product.variants if variant.id in asked]
        shown = [_variant(variant, product) | {"inputs": asked[variant.id]} for variant in variants]
        products.append(_product(product, shown))
        messages += _notices(product, variants, f"$.products[{index}]")
    return ok({"products": products, "messages": messages}, LOOKUP)


def _resolve(id: str) -> tuple[Product | None, Variant | None]:
    """Return the product that an id means, and the variant when it means one."""
    found = catalogue.variant(read_variant_number(id) or 0)
    return found or (catalogue.product(number(id, "Product") or 0), None)


def get_product(arguments: Json) -> Json:
    catalog = arguments["catalog"]
    product, variant = _resolve(catalog["id"])
    if product is None:
        return missing(f"Product not found: {catalog['id']}", LOOKUP)
    chosen = _selected(product, variant, catalog)
    options = {"selected": _labels(chosen.chosen), "options": _options(product, chosen)} if product.options else {}
    shown = _product(product, _variants(chosen.variants, product)) | options
    return ok({"product": shown, "messages": _notices(product, chosen.variants, "$.product")}, LOOKUP)


def _selected(product: Product, variant: Variant | None, catalog: Json) -> Selection:
    """Return the effective selection: the variant's own, or what can be had of the request's, or the featured one."""
    if FAULTS.all_variants:
        return Selection({}, product.variants)
    wanted = {entry["name"]: entry["label"] for entry in catalog.get("selected") or []}
    if variant or not wanted:
        return selection.select_variant(variant or _featured(product))
    return selection.select(product, wanted, catalog.get("preferences") or [])


def _featured(product: Product) -> Variant:
    sold_out = next((each for each in product.variants if not each.available), None)
    return (sold_out if FAULTS.featured_sold_out else None) or product.featured


def _product(product: Product, variants: list[Json]) -> Json:
    prices = [currency.convert(variant.price) for variant in product.variants]
    return {
        "id": f"gid://shopify/Product/{product.id}",
        "handle": product.handle,
        "title": product.title,
        "description": {"html": product.description_html, "plain": product.description},
        "url": f"{home()}products/{product.handle}",
        "price_range": {"min": _price(min(prices)), "max": _price(max(prices))},
        "media": [_medium(product.image, product.title)],
        "options": _options(product),
        "variants": variants,
        "tags": list(product.tags),
        **(_fields_of_shopify(product) if _invited() else {}),
    }


def _invited() -> bool:
    """Return whether Shopify's own fields go along: when the agent advertises their capability."""
    return FAULTS.shopify_fields or negotiation.agreed(CATALOG)


def _fields_of_shopify(product: Product) -> Json:
    shelves = [shelf for shelf in catalogue.COLLECTIONS if shelf.handle in product.collections]
    return {
        "collections": [
            {"id": f"gid://shopify/Collection/{shelf.id}", "handle": shelf.handle, "title": shelf.title}
            for shelf in shelves
        ],
        "gift_card": product.handle == "gift-card",
    }


def _variants(variants: Iterable[Variant], product: Product) -> list[Json]:
    return [_variant(variant, product) for variant in variants]


def _variant(variant: Variant, product: Product) -> Json:
    listed = {"list_price": _price(currency.convert(variant.compare_at))} if variant.compare_at else {}
    shopify = {"requires": {"shipping": product.handle != "gift-card", "selling_plan": False}}
    return {
        "id": make_variant_gid(variant.id),
        "title": variant.title,
        "sku": variant.sku,
        "description": {"plain": variant.title},
        "price": _price(currency.convert(variant.price)),
        **listed,
        **describe_unit(product),
        "availability": _availability(variant),
        "options": _labels(variant.options),
        "media": [_medium(variant.image, product.title)],
        **(shopify if _invited() else {}),
    }


def describe_unit(product: Product) -> Json:
    """Return the member `quantity_unit` of goods that are sold by weight, which UCP has since 2026-08-25."""
    unit = product.unit
    if unit is None or not FAULTS.quantity_units or negotiation.current().version != NEW:
        return {}
    shown = {"unit": unit.code, "scale": unit.scale, "display_text": unit.text, "increment": 10 ** (unit.scale - 1)}
    return {"quantity_unit": shown}


def make_variant_gid(id: int) -> str:
    """Return the global id of a variant, with the suffix of the global catalogue's ids if that is switched on."""
    return f"gid://shopify/ProductVariant/{id}{SUFFIX if FAULTS.id_suffix else ''}"


def read_variant_number(gid: str) -> int | None:
    """Return the number of the variant that a global id names, None when it names none."""
    return number(gid.removesuffix(SUFFIX) if FAULTS.id_suffix else gid, "ProductVariant")


def _availability(variant: Variant) -> Json:
    if FAULTS.availability_by_status:
        return {"status": "in_stock" if variant.available else "out_of_stock"}
    return {"available": variant.available}


def _options(product: Product, chosen: Selection | None = None) -> list[Json]:
    """Return the options with their values; with `chosen` also whether each can be had together with the rest."""

    def value(name: str, label: str) -> Json:
        return {"label": label, **(selection.mark_value(product, chosen.chosen, name, label) if chosen else {})}

    return [
        {"name": name, "values": [value(name, label) for label in labels]} for name, labels in product.options.items()
    ]


def _labels(options: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "label": label} for name, label in options.items()]


def _notices(product: Product, variants: Sequence[Variant], path: str) -> list[Json]:
    """Return the warnings about a product, and about those of its variants that are shown, at `path`."""
    about = [(notice, path) for notice in product.notices]
    about += [(each, f"{path}.variants[{at}]") for at, variant in enumerate(variants) for each in variant.notices]
    return [make_warning(notice, where) for notice, where in about if not FAULTS.no_notices]


def make_warning(notice: Notice, path: str) -> Json:
    """Return a notice as UCP's message_warning."""
    message = {"type": "warning", "code": notice.code, "path": path, "content": notice.text}
    if notice.presentation != "notice":
        message["presentation"] = notice.presentation
    if notice.image:
        message["image_url"] = home() + notice.image.lstrip("/")
    if notice.page:
        message["url"] = home() + notice.page.lstrip("/")
    return message


def _medium(path: str, alt: str) -> Json:
    return {"type": "image", "url": home() + path.lstrip("/"), "alt_text": alt}


def _price(amount: int) -> Json:
    return {"amount": amount, "currency": currency.current().code}


def _cursor(offset: int) -> str:
    return base64.b64encode(json.dumps({"p": offset}, separators=(",", ":")).encode()).decode()


def _offset(cursor: str) -> int:
    try:
        return max(0, int(json.loads(base64.b64decode(cursor))["p"])) if cursor else 0
    except (binascii.Error, ValueError, TypeError, LookupError) as exc:
        raise ToolError.saying("Invalid arguments: value at /catalog/pagination/cursor is not a cursor") from exc
