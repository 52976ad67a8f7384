"""The merchant's hint beside the launcher: off by default, once a session, and never to those who know the chat."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.access import violations
from tests.browser import chromium, page, phone, until
from tests.live import Live
from tests.merchant import settings
from tests.widget import Chat

__all__ = ["chromium", "page", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-hint")]

TEXT = "Not sure about your size? Ask me."


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return hinting(page, live)


def hinting(page: Page, live: Live) -> Chat:
    """A shop with a hint after ten seconds, on a clock that stands still by itself."""
    settings(page, live, hint=TEXT, hint_delay="10")
    page.clock.install()
    return Chat(page, live)


def hint(chat: Chat) -> Locator:
    return chat.page.get_by_role("status").get_by_role("button", name=TEXT)


def pass_time(chat: Chat, seconds: int) -> None:
    until(chat.page, "document.querySelector('shop-chat')?.shadowRoot")
    chat.page.clock.run_for(seconds * 1000)


def test_it_appears_after_its_time_moves_nothing_takes_no_focus_and_asks_the_server_nothing(chat: Chat) -> None:
    chat.page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifts += value; })
            .observe({ type: 'layout-shift', buffered: true });"""
    )
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url.removeprefix(chat.live.url)))
    chat.visit()
    pass_time(chat, 4)  # the clock goes on by itself as well, and a busy machine takes its time
    expect(hint(chat)).to_have_count(0)
    before = chat.page.evaluate("shifts")
    pass_time(chat, 6)
    expect(hint(chat)).to_be_visible()
    assert chat.page.evaluate("[document.activeElement === document.body, shifts]") == [True, before]
    assert [url for url in asked if url.startswith(("/api", "/widget"))] == ["/widget/chat.js"]
    assert chat.page.evaluate("Object.keys(localStorage)") == []
    assert violations(chat.page) == []


def test_it_opens_the_chat_and_is_gone(chat: Chat) -> None:
    chat.visit()
    pass_time(chat, 10)
    hint(chat).click()
    expect(chat.panel).to_be_visible()
    expect(hint(chat)).to_have_count(0)


def test_it_comes_once_a_session(chat: Chat) -> None:
    chat.visit()
    pass_time(chat, 10)
    expect(hint(chat)).to_be_visible()
    chat.visit("/cart")
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)


def test_who_has_sent_it_away_never_sees_it_again(chat: Chat) -> None:
    chat.visit()
    pass_time(chat, 10)
    chat.page.get_by_role("button", name="Dismiss").click()
    expect(hint(chat)).to_have_count(0)
    chat.page.evaluate("sessionStorage.clear()")  # another day
    chat.page.reload()
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)


def test_escape_sends_it_away_and_the_focus_goes_to_the_launcher(chat: Chat) -> None:
    chat.visit()
    pass_time(chat, 10)
    hint(chat).focus()
    chat.page.keyboard.press("Escape")
    expect(hint(chat)).to_have_count(0)
    expect(chat.launcher).to_be_focused()


def test_who_knows_the_chat_never_sees_it(chat: Chat) -> None:
    chat.open()
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)
    chat.page.get_by_role("button", name="Close", exact=True).click()
    chat.page.evaluate("sessionStorage.clear()")
    chat.page.reload()
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)


def test_time_in_a_tab_that_nobody_sees_does_not_count(chat: Chat) -> None:
    chat.page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.isAway ?? true })")
    chat.visit()
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)
    chat.page.evaluate("window.isAway = false")
    pass_time(chat, 10)
    expect(hint(chat)).to_be_visible()


def test_there_is_none_where_the_chat_keeps_away(chat: Chat) -> None:
    settings(chat.page, chat.live, hint=TEXT, hint_delay="10", hide_pages="cart")
    chat.visit("/cart")
    pass_time(chat, 60)
    expect(hint(chat)).to_have_count(0)


def test_on_a_phone_it_leaves_the_page_in_sight(phone: Page, live: Live) -> None:
    chat = hinting(phone, live)
    settings(phone, live, hint=TEXT * 3, hint_delay="10")
    chat.visit()
    pass_time(chat, 10)
    box = phone.locator("shop-chat .notice").bounding_box()
    assert box
    assert box["x"] >= 20
    assert box["x"] + box["width"] < 314
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(phone) == []
