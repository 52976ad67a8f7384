"""The widget's renderer in a real browser, on a page that holds nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import until
from tests.served import served
from tests.watched import Watched, reporting, watched

HERE = Path(__file__).parent
SOURCE = HERE.parent / "static" / "widget" / "src"
# Where pictures of products may come from, for the shop that renderer.js makes up.
IMAGES = ("tarn.example", "www.tarn.example", "tarn.myshopify.com", "chat.example", "cdn.shopify.com")
PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="test.js"></script>'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """The widget's sources, served as they are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SOURCE)))
    with served(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def renderer(chromium: Browser, source: str) -> Iterator[Watched]:
    """A watched page with what renderer.js defines."""
    with watched(chromium, source.removeprefix("http://"), *IMAGES) as tab:
        tab.page.route(f"{source}/", lambda route: route.fulfill(headers=reporting(*IMAGES), body=PAGE))
        tab.page.route(f"{source}/test.js", lambda route: route.fulfill(path=HERE / "renderer.js"))
        tab.page.goto(f"{source}/")
        until(tab.page, "() => Boolean(window.faults)")
        yield tab
