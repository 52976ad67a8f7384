"""The demo shop's snippet with other settings, as a merchant would write them."""

from __future__ import annotations

from html import escape

from playwright.sync_api import Page, Route

from tests.live import Live


def settings(page: Page, live: Live, **values: str) -> None:
    """Have every page of the shop come with these settings, over those that its snippet has."""
    given = " ".join(f'data-{name.replace("_", "-")}="{escape(value)}"' for name, value in values.items())

    def answer(route: Route) -> None:
        response = route.fetch()
        html = response.text().replace("<shop-chat\n", f"<shop-chat {given}\n")  # of two, the first counts
        route.fulfill(response=response, body=html)

    page.unroute_all()
    page.route(lambda url: url.startswith(live.url) and not _is_file(url), answer)


REMAKE = """([path, values]) => {
    history.replaceState(null, '', path);
    const old = document.querySelector('shop-chat');
    const anew = document.createElement('shop-chat');
    Object.assign(anew.dataset, { shop: old.dataset.shop, api: old.dataset.api }, values);
    old.replaceWith(anew);
}"""


def remake(page: Page, path: str = "/", **values: str) -> None:
    """The chat with these settings and no others, on the page that is there, under another address."""
    page.evaluate(REMAKE, [path, values])


def _is_file(url: str) -> bool:
    return any(part in url for part in ("/api/", "/widget/", "/cdn/", ".js"))
