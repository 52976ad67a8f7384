"""The widget speaks the shop's language, from right to left where that is how it is written."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.access import violations
from tests.browser import chromium, page
from tests.live import Live
from tests.widget import Chat

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-languages")]

# The merchant's snippet, as it is in a shop of another language.
ANEW = """locale => {
    const old = document.querySelector('shop-chat');
    const anew = document.createElement('shop-chat');
    Object.assign(anew.dataset, old.dataset, { locale });
    delete anew.dataset.title;
    delete anew.dataset.greeting;
    old.replaceWith(anew);
}"""


def opened(page: Page, live: Live, locale: str) -> Chat:
    chat = Chat(page, live)
    chat.visit()
    page.evaluate(ANEW, locale)
    chat.launcher.click()
    expect(chat.panel).to_be_visible()
    return chat


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de", "Hallo! Wonach suchst du?"),
        ("de-CH", "Hallo! Wonach suchst du?"),
        ("xx", "Hello! What are you looking for?"),
    ],
)
def test_it_speaks_the_shops_language_or_english(page: Page, live: Live, locale: str, words: str) -> None:
    chat = opened(page, live, locale)
    expect(chat.page.locator("shop-chat .greeting")).to_have_text(words)


def test_what_comes_later_speaks_it_too(page: Page, live: Live) -> None:
    chat = opened(page, live, "de")
    page.locator("shop-chat textarea").fill("Do you have mittens?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bearbeiten", exact=True)).to_be_visible()
    expect(page.locator("shop-chat .add").first).to_have_text("Colour wählen")
    expect(chat.launcher).to_have_attribute("aria-label", "Chatte mit uns")
    page.locator("shop-chat [aria-haspopup=menu]").click()
    page.get_by_role("menuitem").nth(1).click()
    expect(page.locator("shop-chat input[type=search]")).to_be_visible()
    assert "Search" not in page.locator("shop-chat .page").inner_text()


@pytest.mark.parametrize("locale", ["ar", "he"])
def test_arabic_and_hebrew_run_from_right_to_left(page: Page, live: Live, locale: str) -> None:
    chat = opened(page, live, locale)
    page.locator("shop-chat textarea").fill("Do you have enamel mugs?")
    page.keyboard.press("Enter")
    expect(page.locator("shop-chat .add")).to_have_count(2)
    assert chat.panel.evaluate("panel => getComputedStyle(panel).direction") == "rtl"
    launcher, width = chat.launcher.bounding_box(), page.evaluate("innerWidth")
    assert launcher
    assert launcher["x"] < width / 2
    assert violations(page) == []


def test_words_that_cannot_be_had_are_english(page: Page, live: Live) -> None:
    page.route("**/widget/de-*.js", lambda route: route.abort())
    chat = opened(page, live, "de")
    expect(chat.page.locator("shop-chat .greeting")).to_have_text("Hello! What are you looking for?")
