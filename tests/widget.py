"""The widget on a page of the demo shop, as a shopper's eyes and hands have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect

from tests.live import SHOP, Live

# A page of the shop without large pictures.
QUIET_PAGE = "/pages/about"
# Machines are slow when they do two things at once.
expect.set_options(timeout=15_000)


def words(text: str) -> list[str]:
    """What one reads, whatever it is decorated with."""
    return re.findall(r"\w+", text)


class Chat:
    """The chat in one tab."""

    def __init__(self, page: Page, live: Live) -> None:
        self.page = page
        self.live = live

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.live.url + path)

    def open(self, path: str = QUIET_PAGE) -> None:
        """Open the panel on a page of the shop."""
        self.visit(path)
        self.launcher.click()
        expect(self.panel).to_be_visible()

    def type(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def ask(self, text: str) -> None:
        """Ask, and wait for the end of the answer."""
        before = self.answers.count()
        self.type(text)
        expect(self.answers).to_have_count(before + 1)
        self.wait()

    def wait(self) -> None:
        """Until nothing is being answered any more."""
        expect(self.stop).to_have_count(0)
        expect(self.send).to_be_visible()

    def scroll_up(self, questions: int) -> None:
        """With the wheel, until so many questions are there."""
        self.page.get_by_role("log").hover()
        while self.questions.count() < questions:
            self.page.mouse.wheel(0, -4000)

    def choose(self, item: str) -> None:
        """An item of the menu."""
        self.page.get_by_role("button", name="More", exact=True).click()
        self.page.get_by_role("menuitem", name=item).click()

    @property
    def launcher(self) -> Locator:
        return self.page.locator("shop-chat .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("shop-chat dialog.panel")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your message")

    @property
    def send(self) -> Locator:
        return self.page.get_by_role("button", name="Send", exact=True)

    @property
    def stop(self) -> Locator:
        return self.page.get_by_role("button", name="Stop the answer")

    @property
    def retry(self) -> Locator:
        return self.page.get_by_role("button", name="Try again")

    @property
    def questions(self) -> Locator:
        return self.page.locator("shop-chat .user .bubble")

    @property
    def answers(self) -> Locator:
        return self.page.locator("shop-chat .assistant")

    @property
    def answer(self) -> Locator:
        """The words of the newest answer."""
        return self.answers.last.locator(".text")

    @property
    def cards(self) -> Locator:
        return self.answers.last.locator("a.card")

    @property
    def cart(self) -> Locator:
        return self.page.locator("shop-chat .cart")

    def read(self) -> list[str]:
        """The words of the newest answer as they stand on the screen."""
        return words("\n".join(self.answer.all_inner_texts()))

    def kept(self, name: str, area: str = "localStorage") -> Any:
        """What the widget keeps in the browser under a name."""
        return self.page.evaluate(f"name => JSON.parse({area}.getItem('shop-chat:{SHOP}:' + name))", name)

    def stored(self) -> list[list[str]]:
        """The words of each message of this conversation as the server has them."""
        return stored(self.live, self.kept("session")["token"], self.kept("conversation"))


def stored(live: Live, token: str, conversation: str) -> list[list[str]]:
    """Return the words of each message of a conversation as the server has them."""
    answer = requests.get(
        f"{live.url}/api/conversations/{conversation}/messages",
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    answer.raise_for_status()
    return [words(" ".join(_texts(message))) for message in answer.json()["messages"]]


def _texts(message: dict[str, Any]) -> list[str]:
    return [part["text"] for part in message["parts"] if part["type"] == "text"]


def break_it(live: Live, action: str) -> None:
    """Press a button of the demo shop's page "Break it"."""
    requests.post(f"{live.url}/pages/break-it", data={"action": action}, timeout=20).raise_for_status()


@contextmanager
def slowly(live: Live) -> Iterator[None]:
    """Answers come a word at a time for the block, and at once after it."""
    break_it(live, "slow-model")
    try:
        yield
    finally:
        break_it(live, "mend")
