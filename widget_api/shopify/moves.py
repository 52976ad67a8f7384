"""Redirects of a shop, which UCP tells clients not to follow: what they mean, and what the operator can do."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from widget_api.shopify.endpoint import is_permanent_domain, join_url, split_url
from widget_api.shopify.http import Reply
from widget_api.shopify.memory import Memory
from widget_api.shopify.words import words

logger = logging.getLogger(__name__)

PASSWORD_PATH = "/password"  # noqa: S105 - a page's path


def redirect_target(url: str, reply: Reply) -> str:
    """Return the absolute address that the reply to `url` redirects to; empty when it does not."""
    location = reply.header("Location")
    if not 300 <= reply.status < 400 or not location:
        return ""
    target = join_url(url, location)
    return target if target and split_url(target) else ""


def leads_to_password_page(target: str) -> bool:
    """Return whether `target` is the page that a storefront closed by a password shows instead of any other."""
    return urlsplit(target).path.rstrip("/").endswith(PASSWORD_PATH)


def log_move(reported: Memory[bool], shop: str, url: str, reply: Reply) -> None:
    """Tell the operator, once a day, that requests for the shop at `url` are redirected to another host."""
    target = redirect_target(url, reply)
    if not target or leads_to_password_page(target):
        return
    host, other = urlsplit(url).hostname or "", words(urlsplit(target).hostname, 253)
    shop = shop or host
    if not other or other == host or not reported.add(f"move {shop} {other}", thing=True):
        return
    if is_permanent_domain(other):
        logger.error(
            "%s has moved: %s redirects to %s, the shop's permanent domain, and the chat follows no redirect. "
            "Run `flask shop add %s --origin …` with the shop's website, then `flask shop remove %s`.",
            *(shop, host, other, other, shop),
        )
        return
    logger.error(
        "%s has moved: %s redirects to %s, and the chat follows no redirect. If that is the shop's own website, run "
        "`flask shop set %s --mcp-url https://%s`.",
        *(shop, host, other, shop, other),
    )
