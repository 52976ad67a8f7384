"""The chat in a tab of any engine: found on the screen, clicked and written into as a shopper does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Error

from tests.confessing import READ
from tests.engines import Tab
from tests.live import SHOP, Live
from tests.webdriver import WebDriverError
from tests.widget import stored, words

Found = TypeVar("Found")

# Machines are slow when they do two things at once.
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.04

# What is in sight in the chat: elements of a selector that say a text, by their words or by their name. A selector
# that begins with the body is the page's.
FIND = """
const [css, text] = arguments;
const root = css.startsWith('body ') ? document : document.querySelector('shop-chat')?.shadowRoot;
const seen = [...(root?.querySelectorAll(css) ?? [])].filter((element) => {
  const said = [element.innerText, element.getAttribute('aria-label')];
  return element.getClientRects().length && said.some((each) => each?.includes(text));
});
"""
SAID = "return seen.map((element) => element.innerText.trim());"
# The middle of the newest of them, if nothing lies over it.
PLACE = """
const element = seen.at(-1);
if (!element) return null;
element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
const { x, y, width, height } = element.getBoundingClientRect();
const place = [x + width / 2, y + height / 2];
return element.contains(root.elementFromPoint(...place)) ? place : null;
"""
PATH_READ = "return document.readyState === 'loading' ? '' : location.pathname;"
FOCUSED = """
let element = document.activeElement;
while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
return element?.getAttribute('aria-label') ?? element?.innerText.trim() ?? '';
"""
BOX = """
const { x, y, width, height } = seen.at(-1).getBoundingClientRect();
return [x, y, width, height].map(Math.round);
"""
NEWEST = """
const answers = document.querySelector('shop-chat').shadowRoot.querySelectorAll('.assistant');
return [...([...answers].at(-1)?.querySelectorAll('.text') ?? [])].map((each) => each.innerText);
"""
# As if the shop's page had had these settings from the start.
FURNISH = """
const [settings] = arguments;
const chat = document.querySelector('shop-chat');
const other = chat.cloneNode();
Object.assign(other.dataset, settings);
chat.replaceWith(other);
"""


class Journey:
    """A shopper's way through the shop in one tab."""

    def __init__(self, tab: Tab, live: Live, pictures: Path | None = None) -> None:
        self.tab = tab
        self.live = live
        self._pictures = pictures

    def visit(self, path: str = "/", **settings: str) -> None:
        """Go to a page of the shop, whose merchant has given the chat these settings (camel case)."""
        self.tab.visit(self.live.url + path)
        if settings:
            self.tab.run(FURNISH, settings)

    def open(self, path: str = "/", **settings: str) -> None:
        self.visit(path, **settings)
        self.click(".launcher")
        self.see("textarea")

    def type(self, text: str) -> None:
        """Write a message and send it."""
        self.click("textarea")
        self.tab.type(text)
        self.tab.press("Enter")

    def ask(self, text: str) -> None:
        """Ask, and wait for the end of the answer."""
        before = len(self.texts(".assistant"))
        self.type(text)
        self.wait(f"an answer to {text}", lambda: len(self.texts(".assistant")) > before or None)
        self.finish()

    def finish(self) -> None:
        """Wait until nothing is being answered any more."""
        self.see(".composer:not(.busy)")

    def choose(self, item: str) -> None:
        """Choose an item of the menu."""
        self.click(".menuhost > button")
        self.click("[role=menuitem]", item)

    def forget(self) -> None:
        """Have everything erased, and wait until nothing is left on the screen nor in the browser's storage."""
        self.choose("Forget me")
        self.see(".danger")
        self.photograph("forget-me")
        self.click(".danger")
        self.miss(".danger")
        self.miss(".user")
        self.wait("an empty storage", lambda: self.tab.run("return localStorage.length;") == 0 or None)

    def click(self, css: str, text: str = "") -> None:
        """Click on the newest such element, as soon as it stands still and nothing lies over it."""
        places: list[Any] = [None]

        def still() -> list[float] | None:
            places.append(self._find(PLACE, css, text))
            return places[-1] if places[-1] == places[-2] else None

        x, y = self.wait(f"{css} {text}".strip(), still)
        self.tab.click(x, y)

    def see(self, css: str, text: str = "") -> None:
        """Wait until such an element is in sight."""
        self.wait(f"{css} {text}".strip(), lambda: self.texts(css, text) or None)

    def see_all(self, css: str, texts: list[str]) -> None:
        """Wait until the elements in sight say this, in this order."""
        self.wait(f"{css}: {texts}", lambda: self.texts(css) == texts or None)

    def miss(self, css: str, text: str = "") -> None:
        """Wait until no such element is in sight."""
        self.wait(f"no {css} {text}".strip(), lambda: not self.texts(css, text) or None)

    def arrive(self, pattern: str) -> None:
        """Wait until the document of a page whose path matches is loaded. The address changes earlier than that."""
        self.wait(pattern, lambda: fnmatchcase(self.tab.run(PATH_READ), pattern) or None)

    def focus_on(self, name: str) -> None:
        """Wait until what has the focus is called so."""
        self.wait(f"focus on {name}", lambda: name in self.focused or None)

    @property
    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.tab.run(FOCUSED))

    def texts(self, css: str, text: str = "") -> list[str]:
        """Return what the elements in sight say."""
        return list(self._find(SAID, css, text))

    def box(self, css: str) -> list[int]:
        """Return x, y, width and height of the newest such element, in whole pixels."""
        return list(self._find(BOX, css))

    def read(self) -> list[str]:
        """Return the words of the newest answer as they stand on the screen."""
        return words("\n".join(self.tab.run(NEWEST)))

    def stored(self) -> list[list[str]]:
        """Return the words of each message of this conversation as the server has them."""
        return stored(self.live, self._kept("session")["token"], self._kept("conversation"))

    def faults(self) -> list[str]:
        """Return the errors that the pages of this tab have written down."""
        return list(self.tab.run(READ))

    def wait(self, what: str, find: Callable[[], Found | None]) -> Found:
        """Look again until something is found, and return it. Raises AssertionError with what is seen instead."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(Error, WebDriverError):  # the page is just changing
                if (found := find()) is not None:
                    return found
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"expected {what}, and the screen shows {self.texts('.launcher, dialog')}")

    def photograph(self, name: str) -> None:
        """Keep a picture, where pictures are wanted."""
        if not self._pictures:
            return
        self._pictures.mkdir(parents=True, exist_ok=True)
        kept = self.tab.run("return window.name;")
        self.tab.photograph(self._pictures / f"{name}.png")
        # For a picture playwright puts a style into the page, which the page's policy forbids: no fault of the page.
        self.tab.run("[window.name] = arguments;", kept)

    def _find(self, script: str, css: str, text: str = "") -> Any:
        return self.tab.run(FIND + script, css, text)

    def _kept(self, name: str) -> Any:
        script = "const [key] = arguments; return JSON.parse(localStorage.getItem(key));"
        return self.tab.run(script, f"shop-chat:{SHOP}:{name}")
