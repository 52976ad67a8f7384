"""Real browsers for tests: the system's Chromium and Firefox, driven by playwright."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import column

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


# A Firefox without a window believes that it has no pointer. 6 is a mouse: it is fine, and it hovers.
FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
    "ui.prefersReducedMotion": 1,
    "dom.ipc.processPrelaunch.enabled": False,  # a spare process for each page costs as much as the page
}


def find(names: Iterable[str] = NAMES) -> str | None:
    """Where the system has its browser."""
    return next(filter(None, map(shutil.which, names)), None)


def skip_missing(what: str) -> NoReturn:
    """Skip the test because `what` is not there. With CI set the test fails instead."""
    reason = f"{what} is not installed: the widget was not tested in it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def launch_chromium(playwright: Playwright, path: str | None = None) -> Browser:
    """Start the system's Chromium, or the one at `path`."""
    path = path or find()
    if path is None:
        skip_missing("chromium")
    # Shoppers' browsers keep pages for the back button; playwright's default is not to.
    return playwright.chromium.launch(
        executable_path=path, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )


def launch_firefox(playwright: Playwright, **preferences: str | float | bool) -> Browser:
    """Start the system's Firefox, with a shopper's preferences. Playwright speaks WebDriver BiDi to it."""
    path = find(("firefox-esr", "firefox"))
    if path is None:
        skip_missing("firefox-esr")
    return playwright.firefox.launch(
        channel="moz-firefox", executable_path=path, firefox_user_prefs={**FIREFOX_PREFERENCES, **preferences}
    )


LAUNCHERS: dict[str, Callable[[Playwright], Browser]] = {"chromium": launch_chromium, "firefox": launch_firefox}


@contextmanager
def launched(engine: str) -> Iterator[Browser]:
    """Start `chromium` or `firefox` for the block."""
    with sync_playwright() as playwright:
        opened = LAUNCHERS[engine](playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Start the browser of a file's tests: Chromium, or each of those that the file's mark `engines` names."""
    with launched(getattr(request, "param", "chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Browser:
    """Return the browser of a file that is tested in Chromium alone."""
    return browser


def choose_engines(metafunc: pytest.Metafunc) -> None:
    """Run a test in each engine that the mark `engines` names, or in Chromium alone if `chromium_only` says why."""
    mark = metafunc.definition.get_closest_marker("engines")
    if not mark or "browser" not in metafunc.fixturenames:
        return
    # What stands behind the server, which is what the second column is about, is the same to every browser.
    is_alone = column.REDIS or metafunc.definition.get_closest_marker("chromium_only")
    names = mark.args[:1] if is_alone else mark.args
    # A group for each engine, so that one process need not do the file's work for all of them.
    params = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]
    metafunc.parametrize("browser", params, ids=names, indirect=True, scope="module")


# As long as what a page shows is waited for.
PATIENCE_SECONDS = 15
PAUSE_MS = 50


def until(page: Page, condition: str, given: Any = None) -> None:
    """Wait until a condition in JavaScript holds in the page. Raises AssertionError if it does not in time.

    Playwright's `wait_for_function` evaluates its text again and again, which the policy of a shop's page forbids.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(condition, given):
        assert time.monotonic() < deadline, f"waited in vain until {condition}"
        page.wait_for_timeout(PAUSE_MS)


DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a fresh profile on a desktop. What goes wrong in its scripts fails the test."""
    with tab(browser, viewport=DESKTOP) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A tab of a fresh profile on a phone."""
    with tab(browser, viewport=PHONE, has_touch=True, is_mobile=True) as opened:
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
    context.unroute_all(behavior="ignoreErrors")  # an answer that is still held back would fail the next test
    if not page.is_closed():
        page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert not faults, faults
