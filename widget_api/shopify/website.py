"""The public pages of a shop, fetched from its own hosts and from no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from widget_api.shopify.endpoint import Endpoint, is_permanent_domain, split_url
from widget_api.shopify.http import Http, Reply
from widget_api.shopify.moves import leads_to_password_page, redirect_target

# Shopify redirects a page from the permanent domain to the shop's website, and that perhaps to a market's pages.
MAX_HOPS: Final = 2

_PORTS: Final = {"https": 443, "http": 80}


def fetch_page(
    endpoint: Endpoint, http: Http, path: str, trusts: Callable[[str], bool] | None = None
) -> tuple[str, Reply]:
    """Return the last address and its answer, after at most `MAX_HOPS` redirects from the shop to itself.

    A redirect to another website, or to the page for a password, is not followed: it is the answer. `trusts` says
    which addresses belong to the shop beside those of its endpoint and its registered websites.
    Raises `ShopUnavailable`, `ShopRefused`.
    """
    url = endpoint.base + path
    headers = {"User-Agent": endpoint.user_agent}
    for _ in range(MAX_HOPS):
        reply = http.get(url, headers)
        target = redirect_target(url, reply)
        own = belongs_to(endpoint, target) or (trusts is not None and trusts(target))
        if not target or not own or leads_to_password_page(target):
            return url, reply
        url = target
    return url, http.get(url, headers)


def belongs_to(endpoint: Endpoint, url: str) -> bool:
    """Return whether `url` is on one of the shop's own hosts, as far as they are registered."""
    return origin_of(url) in {origin_of(each) for each in (endpoint.base, *endpoint.origins)} - {""}


def is_shopify(url: str) -> bool:
    """Return whether Shopify itself answers for `url`: it is on a permanent domain, over https."""
    parts = split_url(url)
    return bool(parts and is_permanent_domain(parts.hostname or "") and origin_of(url) == f"https://{parts.hostname}")


def origin_of(url: str) -> str:
    """Return scheme, host and, unless it is the usual one, port of `url`; empty when it has none or a user name."""
    parts = split_url(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return ""
    port = parts.port
    shown = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{parts.hostname}{shown}"
