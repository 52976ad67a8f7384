"""Links that the product writes for others to follow: pages of the shop, and none that does something when visited.

`static/widget/src/messages/links.js` has the same rule; `tests/link_vectors.json` holds both to it.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final
from urllib.parse import unquote

MAX_ADDRESS: Final = 2000

# What browsers read in more ways than one: spaces, controls, backslashes; in a path also slashes in code.
_CRAFTED = re.compile(r"[\x00-\x20\x7f-\xa0\\\s]")
_CODED = re.compile(r"%(?:2f|5c|25)", re.IGNORECASE)
_DOTS = re.compile(r"/\.{1,2}(?:/|$)")
_ORIGIN = re.compile(r"https?://[^/?#\\]*")
# Pages whose names are the merchant's: a product may be called "cart".
_NAMED = re.compile(r"^/+(?:products|collections|pages|policies|blogs|search)(?:/|$)")
# Where a visit empties the cart, spends a discount, logs out, begins to pay or leads to an app, under any market's
# folder: what follows some parts of a path, and other parts themselves.
_ACTS = re.compile(
    r"/(?:cart|account|discount|orders|services|apps)/+[^/]|^/+(?:a|tools|community)/+[^/]"
    r"|/(?:checkouts?|logout|customer_(?:authentication|identity)|challenge|password|localization|admin)(?:/|$)"
)
# Fields of a query that do the same on any page, and addresses to be sent on to.
_ACTING = re.compile(
    r"[?&](?:discount|preview_|return|redirect|checkout|logout|(?:key|token|_(?:ab|fd|bt))\b)|=[^=]*[/\\]{2}"
)


def page_of(address: str, sites: Container[str]) -> str:
    """Return `address` if it is a page of one of these origins, letter for letter; else nothing."""
    if len(address) > MAX_ADDRESS or _CRAFTED.search(address):
        return ""
    origin = _ORIGIN.match(address)
    return address if origin and origin[0] in sites and not _acts(address[origin.end() :]) else ""


def _acts(place: str) -> bool:
    """Return whether a visit to that path and query does something, or may."""
    raw, mark, query = place.partition("#")[0].partition("?")
    path = re.sub(r";[^/]*|[^\w/.-]", "", unquote(raw).lower(), flags=re.ASCII)
    if _CODED.search(raw) or _DOTS.search(path) or (_ACTS.search(path) and not _NAMED.match(path)):
        return True
    return bool(_ACTING.search(mark + unquote(query).lower()))
