"""The demo shop's pages, its pictures and its theme's files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from widget_api.demo import catalogue, objects, view
from widget_api.demo.drawings import picture
from widget_api.demo.renderer import assets

bp = Blueprint("pages", __name__)

DAY, YEAR = 86_400, 31_536_000
Page = str | AnyResponse

SORTS = {
    "manual": ("Featured", None, False),
    "price-ascending": ("Price, low to high", "price", False),
    "price-descending": ("Price, high to low", "price", True),
    "title-ascending": ("Name", "title", False),
}


@bp.before_request
def section_rendering() -> Page | None:
    """`?section_id=` on any page gives that section alone: https://shopify.dev/docs/api/ajax/section-rendering"""
    name = request.args.get("section_id")
    if name is None:
        return None
    return view.section(name) or view.not_found()


@bp.get("/")
def home() -> Page:
    return view.page("index", title="Tarn: wool, canvas and enamel for cold weather")


@bp.get("/collections")
def collections() -> Page:
    return view.page("list-collections", title="Collections")


@bp.get("/collections/<handle>")
def collection(handle: str) -> Page:
    found = objects.EVERYTHING if handle == objects.EVERYTHING.handle else catalogue.collection(handle)
    if found is None:
        return view.not_found()
    drop = objects.collection(found)
    sort = request.args.get("sort_by", "manual")
    _, key, reverse = SORTS.get(sort, SORTS["manual"])
    if key:
        drop["products"] = sorted(drop["products"], key=lambda product: product[key], reverse=reverse)
    options = [{"value": value, "name": name} for value, (name, _, _) in SORTS.items()]
    return view.page("collection", collection={**drop, "sort_by": sort, "sort_options": options}, title=found.title)


@bp.get("/products/<handle>")
@bp.get("/collections/<collection>/products/<handle>")
def product(handle: str, collection: str = "") -> Page:
    found = catalogue.product(handle)
    if found is None:
        return view.not_found()
    wanted = request.args.get("variant", "")
    shelf = catalogue.collection(collection)
    return view.page(
        "product",
        product=objects.product(found, int(wanted) if wanted.isascii() and wanted.isdigit() else None),
        collection=objects.collection(shelf) if shelf else None,
        recommendations=[objects.product(each) for each in _companions(found)],
        title=found.title,
    )


def _companions(product: catalogue.Product) -> list[catalogue.Product]:
    """Four that share shelves with it, the closest first."""
    others = [each for each in catalogue.PRODUCTS if each.id != product.id]
    shared = {each.id: len(set(each.collections) & set(product.collections)) for each in others}
    same_type = {each.id: each.type == product.type for each in others}
    return sorted(others, key=lambda each: (-shared[each.id], same_type[each.id]))[:4]


@bp.get("/products/<handle>.js")
def product_json(handle: str) -> Response:
    """The product as the Ajax API gives it: https://shopify.dev/docs/api/ajax/reference/product"""
    found = catalogue.product(handle)
    if found is None:
        return Response("{}", 404, mimetype="application/json")
    drop = objects.product(found)
    drop["featured_image"] = drop["featured_image"]["src"]
    drop["images"] = list(dict.fromkeys(each.image for each in found.variants))
    drop["options"] = drop["options_with_values"]
    inner = ("swatches", "collections", "options_with_values", "selected_variant", "first_available_variant")
    return jsonify({name: value for name, value in drop.items() if name not in inner})


@bp.get("/cart")
def cart() -> Page:
    return view.page("cart", title="Your cart")


@bp.get("/checkout")
def checkout() -> Page:
    """Where Shopify's checkout would begin."""
    return view.page("checkout", title="Checkout")


@bp.get("/search")
def search() -> Page:
    """The search of the theme: products, and questions that were asked before."""
    terms = request.args.get("q", "").strip()[:200]
    found = catalogue.search(terms) if terms else []
    answers: list[dict[str, Any]] = [
        {"question": question, "answer": answer} for question, answer in catalogue.answers(terms)
    ]
    drop = {
        "performed": bool(terms),
        "terms": terms,
        "results": [objects.product(each) for each in found],
        "results_count": len(found),
        "answers": answers,
    }
    return view.page("search", search=drop, title=f"Search: {terms}" if terms else "Search")


@bp.get("/policies/<handle>")
def policy(handle: str) -> Page:
    found = catalogue.policy(handle)
    if found is None:
        return view.not_found()
    return view.page("policy", policy=objects.policy(found), title=found.title)


@bp.get("/pages/faq")
def faq() -> Page:
    return view.page("page.faq", page_type="page", title="Questions and answers")


@bp.get("/pages/about")
def about() -> Page:
    return view.page("page.about", page_type="page", title="Our workshop")


@bp.get("/password")
def password() -> AnyResponse:
    """A closed shop sends everybody here; this one is open."""
    return redirect("/")


@bp.get("/cdn/<name>.svg")
def drawing(name: str) -> Page:
    found = picture(name)
    if found is None:
        return view.not_found()
    response = Response(found, mimetype="image/svg+xml")
    response.cache_control.public, response.cache_control.max_age = True, DAY
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/cdn/assets/<name>")
def asset(name: str) -> Response:
    """A file of the theme. `asset_url` puts its digest into the address, so it may be kept."""
    kept = YEAR if "v" in request.args else 0
    return send_from_directory(assets(name), name, max_age=kept)
