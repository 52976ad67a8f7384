"""On a phone the chat takes the whole screen, and makes way for the page that the shopper went to see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium, phone, until
from tests.live import Live
from tests.widget import Chat, slowly

__all__ = ["chromium", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-phone")]


@pytest.fixture
def chat(phone: Page, live: Live) -> Chat:
    return Chat(phone, live)


def test_it_fills_the_screen_above_everything_else(chat: Chat) -> None:
    chat.open()
    expect(chat.panel).to_have_js_property("open", True)
    assert chat.panel.evaluate("panel => panel.matches(':modal')")
    chat.panel.evaluate("panel => Promise.all(panel.getAnimations().map(({ finished }) => finished))")
    assert chat.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_behind_it_does_not_scroll_and_is_given_back(chat: Chat) -> None:
    chat.visit()
    chat.page.mouse.wheel(0, 400)
    until(chat.page, "scrollY === 400")
    chat.launcher.click()
    chat.page.get_by_role("log").hover()
    chat.page.mouse.wheel(0, 400)
    chat.page.get_by_role("button", name="Close", exact=True).click()
    assert chat.page.evaluate("[scrollY, document.documentElement.style.overflow]") == [400, ""]


def test_a_tapped_card_shows_its_page_above_and_the_answer_below(chat: Chat, live: Live) -> None:
    with slowly(live):
        chat.open()
        chat.type("Do you have mittens?")
        expect(chat.answer).to_contain_text("This is")
        chat.cards.first.tap()
        chat.page.wait_for_url("**/products/**")
        expect(chat.stop).to_be_visible()
        assert not chat.panel.evaluate("panel => panel.matches(':modal')")
        box = chat.panel.bounding_box()
        assert box
        assert box["height"] < 844 / 2
    chat.wait()
    assert chat.stored()[-1] == chat.read()


def test_the_lower_half_grows_to_the_whole_when_it_is_wanted(chat: Chat) -> None:
    chat.open()
    chat.ask("Do you have mittens?")
    chat.cards.first.tap()
    chat.page.wait_for_url("**/products/**")
    chat.page.get_by_role("button", name="Full screen").tap()
    assert chat.panel.evaluate("panel => panel.matches(':modal')")
    chat.page.get_by_role("button", name="Close", exact=True).tap()
    chat.visit()
    expect(chat.panel).to_be_hidden()


def test_writing_in_the_lower_half_makes_it_whole_and_keeps_the_focus(chat: Chat) -> None:
    chat.open()
    chat.ask("Do you have mittens?")
    chat.cards.first.tap()
    chat.page.wait_for_url("**/products/**")
    chat.box.tap()
    expect(chat.box).to_be_focused()
    assert chat.panel.evaluate("panel => panel.matches(':modal')")


def test_text_fields_are_large_enough_that_ios_does_not_zoom(chat: Chat) -> None:
    def press(name: str) -> None:
        chat.page.get_by_role("button", name=name, exact=True).tap()

    def assert_large(label: str) -> None:
        """Among the fields is the one with the label, and all are large enough."""
        fields = chat.page.locator("shop-chat").locator("textarea, input, select")
        expect(fields.and_(chat.page.get_by_label(label, exact=True)).first).to_be_attached()
        sizes = fields.evaluate_all("all => all.map((field) => parseFloat(getComputedStyle(field).fontSize))")
        assert min(sizes) >= 16

    chat.open()
    assert_large("Your message")
    chat.ask("Do you have mittens?")
    press("Bad answer")
    assert_large("What was it? (optional)")
    assert_large("Colour, Drift Mittens")
    chat.choose("Past conversations")
    assert_large("Search your conversations")
    chat.page.get_by_role("button", name="Options for").tap()
    press("Rename")
    assert_large("New title")
    press("Cancel")
    chat.page.get_by_role("button", name="Options for").tap()
    press("Share a link")
    press("7 days")
    assert_large("Link to this conversation")


def test_what_stands_under_an_answer_with_versions_breaks_in_no_word(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.open()
    chat.ask("thanks")
    chat.page.get_by_role("button", name="Answer again").tap()
    expect(chat.page.locator("shop-chat .versions")).to_have_text("2 / 2")
    chat.wait()
    chat.page.get_by_role("button", name="Copy", exact=True).tap()
    for text in (chat.page.get_by_text("Copied"), chat.answers.last.locator("time")):
        expect(text).to_be_in_viewport(ratio=1)
        height, line = text.evaluate("text => [text.offsetHeight, parseFloat(getComputedStyle(text).lineHeight)]")
        assert height < 2 * line


def test_what_can_be_pressed_is_large_enough_for_fingers(chat: Chat) -> None:
    chat.open()
    small = chat.page.evaluate(
        """() => [...document.querySelector('shop-chat').shadowRoot.querySelectorAll('button, a')]
            .filter((element) => element.checkVisibility())
            .map((element) => element.getBoundingClientRect())
            .filter(({ width, height }) => Math.min(width, height) < 36).length"""
    )
    assert small == 0
