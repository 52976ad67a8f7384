"""The page that a question was asked on, as the shopper's browser tells it: ids, names from lists, codes, an address.

Whoever makes a link to the shop chooses a part of what a page says of itself: its address, and on some pages, such as
the search, its title. So each field has a form of its own and is left out when it has another. A title is told only
of pages that the shop itself has named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from widget_api.shopify.endpoint import CONTEXT
from widget_api.shopify.words import words

TITLE_CHARACTERS: Final = 200
URL_CHARACTERS: Final = 300

# A name in a path: letters, or escapes of letters that are not ASCII. No escaped blank, line end or punctuation.
_HANDLE: Final = r"(?:[A-Za-z0-9_.~-]|%[89A-Fa-f][0-9A-Fa-f])+"
# The folders of a market and a language, which may stand before every path.
_ROOT: Final = r"(?:/[A-Za-z0-9-]{2,20}){0,2}"
# The addresses of the pages that have titles. A collection of a vendor or a type, and a tag behind a collection or a
# blog, are named by the link and not by the shop.
_ROUTES: Final = {
    "article": f"/blogs/{_HANDLE}/{_HANDLE}",
    "blog": f"/blogs/{_HANDLE}",
    "cart": "/cart",
    "collection": rf"/collections/(?!(?:vendors|types)\Z){_HANDLE}",
    "index": "/?",
    "list-collections": "/collections",
    "page": f"/pages/{_HANDLE}",
    "policy": f"/policies/{_HANDLE}",
    "product": f"(?:/collections/{_HANDLE})?/products/{_HANDLE}",
}
_PATHS: Final = {kind: re.compile(f"{_ROOT}{route}") for kind, route in _ROUTES.items()}
# Shopify's other types of pages (Liquid's `request.page_type`).
_UNTITLED: Final = frozenset(
    {"404", "captcha", "gift_card", "metaobject", "password", "search"}
    | {f"customers/{name}" for name in ("account", "activate_account", "addresses", "login", "order", "register")}
    | {"customers/reset_password"}
)
_FORMS: Final = {
    "product_id": re.compile(r"(?:gid://shopify/Product/)?[0-9]{1,20}"),
    "variant_id": re.compile(r"(?:gid://shopify/ProductVariant/)?[0-9]{1,20}"),
    "collection": re.compile(r"[\w.~-]{1,255}"),
    "locale": CONTEXT["language"],
    "currency": CONTEXT["currency"],
    "country": CONTEXT["address_country"],
}


def clean_page(fields: Mapping[str, object], sites: Collection[str] | None = None) -> dict[str, str]:
    """Return the fields that have their form, in a fixed order.

    `sites` are the origins of the shop's websites: an address elsewhere is left out. None: that was checked before.
    """
    told = {name: value for name, value in fields.items() if isinstance(value, str) and value}
    clean: dict[str, str] = {}
    kind = told.get("type", "")
    url = _url(told.get("url", ""), kind, sites)
    if url:
        clean["url"] = url
    title = words(told.get("title", "")[: 2 * TITLE_CHARACTERS], TITLE_CHARACTERS)
    if title and kind in _PATHS and (url or "url" not in told):
        clean["title"] = title
    if kind in _PATHS or kind in _UNTITLED:
        clean["type"] = kind
    return clean | {name: told[name] for name, form in _FORMS.items() if form.fullmatch(told.get(name, ""))}


def facts(page: Mapping[str, str]) -> dict[str, str]:
    """Return what the model is told of a clean page: the same, with the path instead of the whole address."""
    told = {name: value for name, value in page.items() if name != "url"}
    return told | ({"path": urlsplit(page["url"]).path or "/"} if "url" in page else {})


def _url(text: str, kind: str, sites: Collection[str] | None) -> str:
    """Return the address without its query, or "" when it is none of the shop's, or not one that such a page has."""
    if len(text) > URL_CHARACTERS or kind not in _PATHS:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if not _PATHS[kind].fullmatch(parts.path):
        return ""
    origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else ""
    known = sites is None or not (parts.scheme or parts.netloc) or origin in sites
    return f"{origin}{parts.path}" if known and (origin or not parts.netloc) else ""
