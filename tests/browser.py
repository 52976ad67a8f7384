"""A real browser for tests: the system's chromium, driven by playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

WHOLE = ("chromium", "chromium-browser", "google-chrome")
# The same browser without its window: a fresh profile costs it a fifth of the time.
NAMES = ("chromium-headless-shell", *WHOLE)
# The browser speaks to the test's own server and to nobody else.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


def find(names: Iterable[str] = NAMES) -> str | None:
    """Where the system has its browser."""
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, for the tests of one file."""
    path = find()
    if path is None:
        missing = "chromium is not installed: the widget was not tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # Shoppers' browsers keep pages for the back button; playwright's default is not to.
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of a fresh profile on a desktop. What goes wrong in its scripts fails the test."""
    with tab(chromium, viewport=DESKTOP) as opened:
        yield opened


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A tab of a fresh profile on a phone."""
    with tab(chromium, viewport=PHONE, has_touch=True, is_mobile=True) as opened:
        yield opened


@contextmanager
def tab(browser: Browser, **settings: Any) -> Iterator[Page]:
    """A tab of a fresh profile. Raises when a script in it failed or its page's policy was offended."""
    context = browser.new_context(**{"reduced_motion": "reduce", **settings})  # motion keeps a processor busy
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert not faults
