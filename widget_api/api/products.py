"""The shop's products: the variants of a selection, for the picker of a product card."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from flask import Blueprint

from widget_api.api.body import read, shape, without_empty
from widget_api.api.services import services
from widget_api.api.shop_calls import asking_visitor, calling
from widget_api.problems import InvalidBody, ProductNotFound, ShopUnavailable
from widget_api.shopify.selection import LABEL_CHARACTERS, MAX_OPTIONS, Selection

bp = Blueprint("products", __name__)

_NUMBER = re.compile(r"[0-9]{1,20}")
CONTEXT_CHARACTERS = 60
# For a shop that does not say when to ask again.
RETRY_SECONDS = 2


@shape
class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """A value of an option, in the shop's spelling."""

    name: str
    label: str


@shape
class Choices(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/products/{number}/selection`. The last three are what the page knows of the shopper."""

    selected: list[Choice] = []
    country: str = ""
    currency: str = ""
    language: str = ""


@bp.post("/api/products/<number>/selection")
def select(number: str) -> dict[str, Any]:
    """Ask the shop for the product's variants of a selection. It may let go of what cannot be had together."""
    visitor = asking_visitor()
    choices = read(Choices)
    selected = _selection(choices.selected)
    if not _NUMBER.fullmatch(number):
        raise ProductNotFound("A product is named by its number: the digits at the end of its id.")
    page = {"country": choices.country, "currency": choices.currency, "locale": choices.language}
    if any(len(value) > CONTEXT_CHARACTERS for value in page.values()):
        raise InvalidBody(f"country, currency and language have at most {CONTEXT_CHARACTERS} characters.")
    store = services().shops.store(visitor.shop, without_empty(page))
    try:
        with calling(visitor, store):
            product = store.product(f"gid://shopify/Product/{number}", selected)
    except ShopUnavailable as exc:
        exc.retry_after = exc.retry_after or RETRY_SECONDS
        raise
    return {"product": product.to_dict()}


def _selection(choices: list[Choice]) -> Selection:
    """Return the named values, letter for letter. Raises `InvalidBody`."""
    selection = tuple((choice.name, choice.label) for choice in choices)
    if len(selection) > MAX_OPTIONS:
        raise InvalidBody(f"selected has {len(selection)} entries: {MAX_OPTIONS} are the most.")
    if not all(0 < len(text) <= LABEL_CHARACTERS for pair in selection for text in pair):
        raise InvalidBody(f"The names and labels of selected must have 1 to {LABEL_CHARACTERS} characters.")
    if len(dict(selection)) < len(selection):
        raise InvalidBody("selected must name each option once.")
    return selection
