"""A theme that is not the demo shop's: a website of its own, with whatever a page, a system or an app puts there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, tab
from tests.column import ROOT
from tests.live import SHOP, Live
from tests.served import served
from tests.widget import Chat


@dataclass
class Theme:
    """The website: what its pages say, and where it is. Each test may say something else."""

    live: Live
    url: str
    shop: str = SHOP
    lang: str = 'lang="en"'
    title: str = "Shop"
    head: str = ""
    attributes: str = ""
    faults: list[str] = field(default_factory=list)

    def page(self) -> str:
        """The page as the shop's server sends it."""
        return (
            f'<!doctype html><html {self.lang}><head><meta charset="utf-8"><title>{self.title}</title>'
            f'<link rel="icon" href="data:,">{self.head}</head><body><h1>Shop</h1>'
            '<form role="search"><input id="search" name="q"></form>'
            f'<shop-chat {self.attributes} data-api="{self.live.url}" data-shop="{self.shop}"></shop-chat>'
            f'<script src="{self.live.url}/widget/chat.js" type="module" async></script></body></html>'
        )


@contextmanager
def theme(live: Live, *, registered: bool = True) -> Iterator[Theme]:
    """A website on a free port; `registered`: and the shop's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_cart = self.path.endswith("/cart.js")
            body = b'{"token": "", "item_count": 0}' if is_cart else made.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if is_cart else "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Theme(live, f"http://127.0.0.1:{server.server_address[1]}")
    with served(server):
        if registered:
            call_shop(live, "set", SHOP, "--origin", made.url)
        yield made


def call_shop(live: Live, *words: str) -> None:
    """Run `flask shop …` on the server's database."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "shop", *words],
        env={"PATH": "", "INSTANCE": str(live.folder), **live.settings},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


@contextmanager
def shown(browser: Browser, theme: Theme, script: str = "", path: str = "/") -> Iterator[Chat]:
    """The theme's page in a tab of a fresh profile, after `script` has run. What the console says is added to
    `theme.faults`."""
    with tab(browser, viewport=DESKTOP) as page:
        page.on("console", lambda message: _note(theme, message.type, message.text))
        if script:
            page.add_init_script(script)
        page.goto(theme.url + path)
        yield Chat(page, theme.live)


def _note(theme: Theme, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        theme.faults.append(text)


def opened(chat: Chat) -> Page:
    """Open the chat on the page that is there."""
    chat.launcher.click()
    expect(chat.panel).to_be_visible()
    return chat.page
