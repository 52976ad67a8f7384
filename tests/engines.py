"""Tabs of any browser engine. A page cannot tell this pointer and these keys from those of a person.

Playwright drives Chromium and Firefox, WebDriver drives WebKit: WebKitGTK, which is Safari's engine of 2025, and WPE
WebKit 2.38, which is that of Safari 16.0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import launch_chromium, launch_firefox, launched, skip_missing
from tests.webdriver import Session, driving

__all__ = ("Engine", "Tab", "chromium_at", "firefox_with", "running")

MINIBROWSER = "*/webkit2gtk-4.1/MiniBrowser"


class Tab(ABC):
    """One tab. All lengths are CSS pixels."""

    @abstractmethod
    def visit(self, url: str) -> None:
        """Go to an address and wait until its page has loaded."""

    @abstractmethod
    def reload(self) -> None:
        """Load the page again."""

    @abstractmethod
    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page and return what it returns. Raises when the page is going away."""

    @abstractmethod
    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""

    @abstractmethod
    def type(self, text: str) -> None:
        """Press the keys of a text, one after the other."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key by its name, after `Shift+` together with that one."""

    @abstractmethod
    def open_another(self) -> Tab:
        """Open an empty tab of the same profile."""

    @abstractmethod
    def photograph(self, path: Path) -> None:
        """Write what the window shows to a PNG file."""

    def go(self, steps: int) -> None:
        """Go back (-1) or forward (1) as the buttons do. It is not waited for: a kept page does not load."""
        self.run("const [steps] = arguments; setTimeout(() => history.go(steps));", steps)


class PlaywrightTab(Tab):
    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(20_000)

    def visit(self, url: str) -> None:
        self.page.goto(url)

    def reload(self) -> None:
        self.page.reload()

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"given => (function () {{ {script} }}).apply(null, given)", list(arguments))

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(x, y)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def open_another(self) -> Tab:
        return PlaywrightTab(self.page.context.new_page())

    def photograph(self, path: Path) -> None:
        self.page.screenshot(path=path)


class WebDriverTab(Tab):
    """A window of its own, as WebKit does not draw a tab that stands behind another."""

    def __init__(self, session: Session, window: str) -> None:
        self._session = session
        self._window = window

    def visit(self, url: str) -> None:
        self._here.visit(url)

    def reload(self) -> None:
        self._here.reload()

    def run(self, script: str, *arguments: Any) -> Any:
        return self._here.run(script, *arguments)

    def click(self, x: float, y: float) -> None:
        self._here.click(x, y)

    def type(self, text: str) -> None:
        self._here.type(text)

    def press(self, key: str) -> None:
        self._here.press(*key.split("+"))

    def open_another(self) -> Tab:
        return WebDriverTab(self._session, self._session.open_window())

    def photograph(self, path: Path) -> None:
        self._here.photograph()  # this is of the frame before
        path.write_bytes(self._here.photograph())

    @property
    def _here(self) -> Session:
        self._session.switch(self._window)
        return self._session


class Engine:
    """A browser engine that is ready to open tabs."""

    def __init__(self, name: str, open_tab: Callable[[int, int], AbstractContextManager[Tab]]) -> None:
        self.name = name
        self._open = open_tab

    def tab(self, width: int, height: int) -> AbstractContextManager[Tab]:
        """Open a tab of a fresh profile for the block, in a window of this size."""
        return self._open(width, height)


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """Start `chromium`, `firefox`, `webkit` or `wpe` for the block. Skips the test if it is not installed."""
    with STARTERS.get(name, playwright_engine)(name) as engine:
        yield engine


@contextmanager
def chromium_at(path: Path) -> Iterator[Engine]:
    """Start the Chromium at a path, for the block."""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, str(path))
        yield _engine_of("chromium", browser)
        browser.close()


@contextmanager
def firefox_with(**preferences: str | float | bool) -> Iterator[Engine]:
    """Start Firefox with a shopper's preferences, for the block."""
    with sync_playwright() as playwright:
        browser = launch_firefox(playwright, **preferences)
        yield _engine_of("firefox", browser)
        browser.close()


@contextmanager
def playwright_engine(name: str) -> Iterator[Engine]:
    with launched(name) as browser:
        yield _engine_of(name, browser)


def _engine_of(name: str, browser: Browser) -> Engine:
    @contextmanager
    def open_tab(width: int, height: int) -> Iterator[Tab]:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        yield PlaywrightTab(context.new_page())
        context.close()

    return Engine(name, open_tab)


@contextmanager
def webkit_engine(name: str) -> Iterator[Engine]:
    driver, browser = shutil.which("WebKitWebDriver"), next(Path("/usr/lib").glob(MINIBROWSER), None)
    if not driver or not browser:
        skip_missing("webkit2gtk-driver")
    # Shoppers' browsers keep pages for the back button.
    options = {"binary": str(browser), "args": ["--automation", "--enable-page-cache=true"]}
    with screen() as display, tempfile.TemporaryDirectory() as settings:
        gtk = Path(settings, "gtk-3.0", "settings.ini")
        gtk.parent.mkdir()
        gtk.write_text("[Settings]\ngtk-enable-animations=0\n")  # pages are told that motion is to be reduced
        environment = {**os.environ, "DISPLAY": display, "XDG_CONFIG_HOME": settings}

        @contextmanager
        def open_tab(width: int, height: int) -> Iterator[Tab]:
            with driving(driver, {"webkitgtk:browserOptions": options}, environment) as session:
                session.resize(width, height)
                inside = session.run("return [innerWidth, innerHeight]")
                session.resize(2 * width - inside[0], 2 * height - inside[1])  # the frame and the bars come on top
                yield WebDriverTab(session, session.window())

        yield Engine(name, open_tab)


@contextmanager
def wpe_engine(name: str) -> Iterator[Engine]:
    driver, browser = shutil.which("WPEWebDriver"), shutil.which("cog")
    if not driver or not browser:
        skip_missing("wpewebkit-driver and cog")
    options = {"binary": browser, "args": ["--automation", "-P", "headless"]}
    capabilities = {"browserName": "cog", "wpe:browserOptions": options}

    @contextmanager
    def open_tab(*_size: int) -> Iterator[Tab]:
        with driving(driver, capabilities, dict(os.environ)) as session:
            yield WebDriverTab(session, session.window())

    yield Engine(name, open_tab)


STARTERS = {"webkit": webkit_engine, "wpe": wpe_engine}


@contextmanager
def screen() -> Iterator[str]:
    """Start a screen that nobody looks at, for the block, and yield its name."""
    server = shutil.which("Xvfb")
    if not server:
        skip_missing("xvfb")
    end, other_end = os.pipe()
    command = [server, "-displayfd", str(other_end), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[other_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(other_end)
    try:
        with os.fdopen(end) as said:
            number = said.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()
