"""Policies that a shop has published at /policies/…: read when none of its tools answers a question."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.goods import Answer
from widget_api.shopify.http import Http, Reply
from widget_api.shopify.moves import leads_to_password_page, redirect_target
from widget_api.shopify.passages import Page, Passage, read_page
from widget_api.shopify.topics import TOPICS, best_passages
from widget_api.shopify.website import fetch_page, origin_of
from widget_api.shopify.words import words

logger = logging.getLogger(__name__)

PATH: Final = "/policies/"
CONTACT: Final = "contact-information"
MAX_PASSAGES: Final = 3
# A shopper waits, and a shop should not be asked for everything at once.
AT_ONCE: Final = 4


class Policies:
    """The public policy pages of one shop, kept for ten minutes. That a page is not there is kept too."""

    def __init__(self, endpoint: Endpoint, http: Http) -> None:
        self._endpoint = endpoint
        self._http = http

    def search(self, query: str) -> list[Answer]:
        """Return the passages that speak of what is asked, best first; empty when there are none.

        Raises `ShopUnavailable` when nothing is found and a page could not be read.
        """
        # Each in a copy of this context, so that they share the deadline of the call.
        asking = [partial(copy_context().run, self._page_or_problem, handle) for handle in TOPICS]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            read = list(pool.map(lambda ask: ask(), asking))
        pages = [(handle, page) for handle, page in zip(TOPICS, read, strict=True) if isinstance(page, Page)]
        found = best_passages(query, pages, MAX_PASSAGES)
        problem = next((each for each in read if not isinstance(each, Page)), None)
        if not found and problem is not None:
            raise problem
        return [self._answer(page, passage) for page, passage in found]

    def contact_page(self) -> str:
        """Return the address of the shop's contact page if it is known to have one; else nothing."""
        known = self._http.pages.get(self._key(CONTACT))
        return self._endpoint.link(known.url) if known and known.passages else ""

    def _answer(self, page: Page, passage: Passage) -> Answer:
        title = page.title if passage.heading in {"", page.title} else f"{page.title}: {passage.heading}"
        link = self._endpoint.link(page.url)
        return Answer(title, passage.text, (link,) if link else (), is_excerpt=True)

    def _page_or_problem(self, handle: str) -> Page | ShopUnavailable | ShopRefused:
        known = self._http.pages.get(self._key(handle))
        if known is not None:
            return known
        try:
            page = self._fetch(handle)
        except (ShopUnavailable, ShopRefused) as exc:
            return exc
        self._http.pages.put(self._key(handle), page)
        return page

    def _key(self, handle: str) -> str:
        return f"{self._endpoint.base}{PATH}{handle}"

    def _fetch(self, handle: str) -> Page:
        """Return the page, without passages when there is none. Raises `ShopUnavailable`, `ShopRefused`."""
        url, reply = fetch_page(self._endpoint, self._http, PATH + handle)
        if reply.status in {404, 410}:
            return Page(url)
        if reply.status != 200:
            self._log_foreign_website(url, reply)
            raise ShopUnavailable("The shop's storefront is closed or has moved." if reply.status < 400 else "")
        if PATH not in urlsplit(url).path or not reply.header("Content-Type").startswith("text/html"):
            return Page(url)  # an absent page that leads to the home page, for example
        return read_page(url, reply.body.decode(errors="replace"))

    def _log_foreign_website(self, url: str, reply: Reply) -> None:
        """Tell the operator, once a day, that the shop's pages are on a website that is not registered for it."""
        target = redirect_target(url, reply)
        website = words(origin_of(target), 260)
        if not website or leads_to_password_page(target):
            return
        if self._http.reported.add(f"website {self._endpoint.domain} {website}", thing=True):
            logger.warning(
                "The pages of %s are at %s, which is not among its websites, so its policies are not read. If it is "
                "the shop's, add it with all the others: `flask shop set %s --origin %s --origin …`.",
                *(self._endpoint.domain, website, self._endpoint.domain, website),
            )
