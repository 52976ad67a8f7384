"""The answer goes on through page changes, reloads, cut lines and blocked storage: no word lost, none doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, page, phone, tab, until
from tests.live import Live
from tests.widget import Chat, break_it, slowly

__all__ = ["page", "phone"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("widget-survival"),
    pytest.mark.engines("chromium", "firefox"),
]

QUESTION = "Do you have mittens?"
# Bytes a second, and the milliseconds of a round trip: 3G at the edge of town.
SLOW_LINE = {"offline": False, "latency": 400, "downloadThroughput": 100_000, "uploadThroughput": 50_000}


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def begin(chat: Chat, path: str = "/") -> None:
    """Ask, and come back when the first words stand there."""
    chat.open(path)
    chat.type(QUESTION)
    expect(chat.answer).to_contain_text("This is")


def is_whole(chat: Chat) -> None:
    """The answer on the screen has come to its end and is the stored one, word for word."""
    expect(chat.answers).to_have_count(1)  # which a page that has just come may not show yet
    chat.wait()
    question, answer = chat.stored()
    assert chat.read() == answer
    assert len(answer) > 20
    assert chat.questions.count() == 1
    assert chat.answers.count() == 1
    assert question == ["Do", "you", "have", "mittens"]


def test_a_tapped_card_opens_its_page_and_the_answer_goes_on_there(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        before = chat.read()
        chat.cards.first.click()
        chat.page.wait_for_url("**/products/**")
        expect(chat.panel).to_be_visible()
        expect(chat.stop).to_be_visible()
        expect(chat.answer).to_contain_text("This is")
        assert chat.read()[: len(before)] == before
    is_whole(chat)


def test_a_reload_in_the_middle_goes_on(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        for _ in range(3):
            chat.page.reload()
            expect(chat.stop).to_be_visible()
    is_whole(chat)


def test_what_was_read_stands_there_before_the_server_is_asked(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        before = chat.read()
        chat.page.route("**/api/**", lambda route: route.abort())
        chat.page.reload()
        expect(chat.answer).to_contain_text("This is")
        assert chat.read()[: len(before)] == before
        chat.page.unroute_all()
    is_whole(chat)


def test_a_cut_line_is_taken_up_again(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        for _ in range(3):
            words = len(chat.read())
            break_it(live, "cut-stream")
            until(
                chat.page,
                "words => document.querySelector('shop-chat').shadowRoot"
                ".querySelector('.assistant .text').innerText.split(/\\s+/).length > words + 1",
                given=words,
            )
    is_whole(chat)


def test_an_answer_that_ends_while_the_browser_is_offline_is_found_whole(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        chat.page.context.set_offline(True)
        break_it(live, "cut-stream")
        expect(chat.page.get_by_text("Reconnecting")).to_be_visible()
    chat.page.context.set_offline(False)
    is_whole(chat)


def test_a_message_written_offline_is_sent_once_the_line_is_back(chat: Chat) -> None:
    chat.open()
    chat.page.context.set_offline(True)
    chat.type(QUESTION)
    expect(chat.questions).to_have_text(QUESTION)
    chat.page.context.set_offline(False)
    expect(chat.answer).to_contain_text("This is")
    is_whole(chat)


def test_a_message_that_was_on_its_way_when_the_page_changed_arrives(chat: Chat) -> None:
    chat.open()
    chat.page.route("**/api/chat", lambda route: route.abort())
    chat.type(QUESTION)
    expect(chat.questions).to_have_text(QUESTION)
    chat.page.unroute_all()
    chat.visit("/collections/all")
    expect(chat.answer).to_contain_text("This is")
    is_whole(chat)


@pytest.mark.chromium_only("stops the page through Chromium's debugger")
def test_a_phone_that_was_locked_goes_on_where_it_was_when_it_wakes(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        before = chat.read()
        with asleep(chat.page):
            break_it(live, "cut-stream")
            break_it(live, "mend")
    is_whole(chat)
    assert chat.read()[: len(before)] == before


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """Nothing of the page runs in the block, whatever the network does."""
    wire = page.context.new_cdp_session(page)
    stopped = Event()
    wire.once("Debugger.paused", stopped.set)
    wire.send("Debugger.enable")
    wire.send("Debugger.pause")
    while not stopped.is_set():
        wire.send("Debugger.enable")  # an answer brings the events before it
    yield
    wire.send("Debugger.disable")


@pytest.mark.chromium_only("slows the line down through Chromium's debugger")
@pytest.mark.looks
def test_on_a_slow_phone_with_a_slow_line_nothing_is_lost_either(phone: Page, live: Live) -> None:
    chat = Chat(phone, live)
    wire = phone.context.new_cdp_session(phone)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    wire.send("Network.emulateNetworkConditions", SLOW_LINE)
    with slowly(live):
        begin(chat)
        chat.cards.first.tap()
        phone.wait_for_url("**/products/**")
        expect(chat.stop).to_be_visible()
    is_whole(chat)


def test_a_closed_panel_stays_closed_and_a_dot_says_that_the_answer_is_there(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        chat.launcher.click()
        chat.visit("/collections/all")
    expect(chat.launcher).to_have_attribute("data-unread", "")
    expect(chat.panel).to_be_hidden()
    chat.launcher.click()
    is_whole(chat)


def test_back_and_forward_find_the_chat_as_it_was_left(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        chat.cards.first.click()
        chat.page.wait_for_url("**/products/**")
        expect(chat.stop).to_be_visible()
        chat.page.evaluate("setTimeout(() => history.back())")
        expect(chat.page).to_have_url(live.url + "/")  # such a page has no load to wait for
        expect(chat.stop).to_be_visible()
    is_whole(chat)
    chat.launcher.click()
    chat.page.evaluate("setTimeout(() => history.forward())")
    expect(chat.page).to_have_url(re.compile("/products/"))
    expect(chat.panel).to_be_hidden()
    chat.launcher.click()
    is_whole(chat)


def test_a_server_that_dies_goes_on_with_the_answer_when_it_is_back(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        live.kill()
        expect(chat.page.get_by_text("Reconnecting")).to_be_visible()
        live.start()
    is_whole(chat)


def test_yesterdays_conversation_is_there_today(chat: Chat, live: Live) -> None:
    chat.open()
    chat.ask(QUESTION)
    later = chat.page.context.new_page()
    chat.page.close()
    again = Chat(later, live)
    again.open("/collections/all")
    expect(again.answer).to_contain_text("This is")
    is_whole(again)


def talk_on(chat: Chat) -> None:
    """Ask, and so often again that the first question is on the second page."""
    chat.open()
    chat.ask(QUESTION)
    token, conversation = chat.kept("session")["token"], chat.kept("conversation")
    for number in range(16):
        body = {"id": conversation, "message": {"id": f"message-{number}", "role": "user", "parts": []}}
        body["message"]["parts"] = [{"type": "text", "text": f"thanks {number}"}]
        chat.page.request.post(f"{chat.live.url}/api/chat", data=body, headers={"Authorization": f"Bearer {token}"})
    chat.page.evaluate("sessionStorage.clear()")


def test_older_messages_come_as_the_shopper_scrolls_up(chat: Chat) -> None:
    talk_on(chat)
    chat.open("/cart")
    expect(chat.questions.last).to_have_text("thanks 15")
    assert chat.questions.first.inner_text() != QUESTION
    chat.scroll_up(17)
    expect(chat.questions.first).to_have_text(QUESTION)
    expect(chat.questions).to_have_count(17)


# A slow browser says that it has scrolled when what it scrolled to is already out of date.
SCROLLS = """
setInterval(() => {
  const root = document.querySelector('shop-chat')?.shadowRoot;
  root?.querySelector('[role=log]')?.dispatchEvent(new Event('scroll'));
});
"""


def test_a_conversation_that_opens_at_its_end_asks_for_nothing_older(chat: Chat) -> None:
    talk_on(chat)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.page.add_init_script(SCROLLS)
    chat.open("/cart")
    expect(chat.questions.last).to_have_text("thanks 15")
    assert [url for url in asked if "/messages" in url]
    assert not [url for url in asked if "before=" in url]


def test_another_tab_shows_the_answer_that_is_being_written(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        other = Chat(chat.page.context.new_page(), live)
        other.open()
        expect(other.stop).to_be_visible()
        expect(other.answer).to_contain_text("This is")
    is_whole(other)
    is_whole(chat)


BLOCKED = """
for (const area of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, area, { get() { throw new DOMException('blocked', 'SecurityError'); } });
}
"""


def test_without_storage_everything_works_but_the_memory(browser: Browser, live: Live) -> None:
    with tab(browser, viewport=DESKTOP) as page:
        page.add_init_script(BLOCKED)
        chat = Chat(page, live)
        chat.open()
        chat.ask(QUESTION)
        expect(chat.answer).to_contain_text("This is")
        chat.ask("thanks")
        chat.choose("Past conversations")
        expect(page.locator(".entries").get_by_text(QUESTION)).to_be_visible()
        chat.open("/collections/all")
        expect(chat.questions).to_have_count(0)


def test_a_forgotten_token_costs_the_history_and_nothing_else(chat: Chat) -> None:
    chat.open()
    chat.ask(QUESTION)
    spoil = 'k => localStorage.setItem(k, localStorage.getItem(k).replace(/"token":"[^"]*/, \'"token":"spoilt\'))'
    chat.page.evaluate(spoil, "shop-chat:demo-store.myshopify.com:session")
    chat.ask("thanks")
    expect(chat.answer).not_to_be_empty()
