"""Several tabs are one chat: what is said in one is heard in all, once and in order, online and offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import page
from tests.live import Live
from tests.widget import QUIET_PAGE, Chat, slowly, words

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-tabs"),
    pytest.mark.engines("chromium", "firefox"),
]

MITTENS, MUGS, RETURNS = "Do you have mittens?", "Do you have enamel mugs?", "What is your return policy?"


@pytest.fixture
def one(page: Page, live: Live) -> Chat:
    chat = Chat(page, live)
    chat.open()
    return chat


@pytest.fixture
def other(one: Chat, live: Live) -> Chat:
    chat = Chat(one.page.context.new_page(), live)
    chat.open("/collections/all")
    return chat


def texts(chat: Chat) -> list[str]:
    return chat.questions.all_inner_texts()


def agree(*chats: Chat) -> None:
    """Nothing runs any more, and everybody shows what the server has, word for word."""
    for chat in chats:
        chat.wait()
        stored = [said for said in chat.stored() if said]
        expect(chat.page.locator("shop-chat :is(.bubble, .text)")).to_have_count(len(stored))
        shown = chat.page.locator("shop-chat :is(.bubble, .text)").all_inner_texts()
        assert [words(text) for text in shown] == stored


def test_a_question_of_one_tab_is_answered_live_in_the_other(one: Chat, other: Chat, live: Live) -> None:
    with slowly(live):
        one.type(MITTENS)
        expect(other.questions).to_have_text(MITTENS)
        expect(other.stop).to_be_visible()
        expect(other.answer).to_contain_text("This is")
    agree(one, other)
    other.ask(MUGS)
    expect(one.questions).to_have_text([MITTENS, MUGS])
    agree(one, other)


def test_the_other_tab_goes_on_when_the_one_that_asked_is_closed(one: Chat, other: Chat, live: Live) -> None:
    with slowly(live):
        one.type(MITTENS)
        expect(other.answer).to_contain_text("This is")
        one.page.close()
    agree(other)


def test_an_answer_that_is_stopped_in_one_is_stopped_in_both(one: Chat, other: Chat, live: Live) -> None:
    with slowly(live):
        one.type(MITTENS)
        expect(other.answer).to_contain_text("This is")
        other.stop.click()
        for chat in (one, other):
            expect(chat.page.get_by_text("You stopped this answer.")).to_be_visible()
    agree(one, other)


def test_a_new_conversation_is_new_in_all_tabs(one: Chat, other: Chat) -> None:
    one.ask(MITTENS)
    expect(other.questions).to_have_count(1)
    other.choose("New conversation")
    expect(one.questions).to_have_count(0)
    one.ask(MUGS)
    expect(other.questions).to_have_text([MUGS])
    agree(one, other)


def test_a_question_that_is_reworded_in_one_is_reworded_in_both(one: Chat, other: Chat) -> None:
    one.ask(MITTENS)
    expect(other.questions).to_have_text([MITTENS])
    other.wait()
    other.box.press("ArrowUp")
    other.box.fill(MUGS)
    other.box.press("Enter")
    expect(one.questions).to_have_text([MUGS])
    expect(one.page.get_by_text("2 / 2")).to_be_visible()
    agree(one, other)


@pytest.mark.chromium_only("BiDi tells playwright no request bodies")
def test_what_is_written_offline_in_two_tabs_leaves_once_and_in_order(one: Chat, other: Chat) -> None:
    posts: list[Any] = []
    context = one.page.context
    context.set_offline(True)
    one.type(MITTENS)
    expect(one.page.get_by_text("No connection.")).to_be_visible()
    expect(other.questions).to_have_count(1)
    other.type(MUGS)
    expect(one.questions).to_have_count(2)
    one.type(RETURNS)
    expect(other.questions).to_have_text([MITTENS, MUGS, RETURNS])
    context.on("response", lambda answer: posts.append(answer.request.post_data_json) if _is_send(answer) else None)
    context.set_offline(False)
    for chat in (one, other):
        expect(chat.answers).to_have_count(3)
        expect(chat.questions).to_have_text([MITTENS, MUGS, RETURNS])
    agree(one, other)
    sent = dict.fromkeys(post["message"]["parts"][0]["text"] for post in posts)
    assert list(sent) == [MITTENS, MUGS, RETURNS]
    assert one.page.evaluate("Object.keys(localStorage).filter(key => key.includes('outbox'))") == []


def _is_send(answer: Any) -> bool:
    return bool(re.search("/api/chat$", answer.url)) and answer.request.method == "POST" and answer.status == 200


@pytest.fixture
def asleep(other: Chat) -> Iterator[Chat]:
    """A tab that nobody looks at."""
    other.page.evaluate(
        """() => Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })"""
    )
    yield other


def test_a_tab_that_nobody_looks_at_asks_for_nothing_and_catches_up_when_it_is_looked_at(
    one: Chat, asleep: Chat
) -> None:
    asked: list[str] = []
    asleep.page.on("request", lambda request: asked.append(request.url))
    one.ask(MITTENS)
    assert asked == []
    asleep.page.evaluate(
        "() => { delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange')) }"
    )
    expect(asleep.questions).to_have_text([MITTENS])
    agree(one, asleep)


@pytest.mark.chromium_only("playwright does not see Firefox come back to a kept page")
def test_a_page_out_of_the_back_button_shows_what_was_said_meanwhile(one: Chat, live: Live) -> None:
    one.ask(MITTENS)
    one.page.goto(f"{live.url}/collections/all")
    expect(one.questions).to_have_count(1)
    one.ask(MUGS)
    one.page.evaluate("setTimeout(() => history.back())")
    expect(one.page).to_have_url(live.url + QUIET_PAGE)
    expect(one.questions).to_have_text([MITTENS, MUGS])
    agree(one)


def test_two_tabs_that_begin_at_once_begin_one_session(one: Chat, other: Chat) -> None:
    minted: list[str] = []
    context = one.page.context
    context.on("response", lambda answer: minted.append(answer.url) if answer.url.endswith("/api/sessions") else None)
    context.set_offline(True)
    one.type(MITTENS)
    other.type(MUGS)
    context.set_offline(False)
    for chat in (one, other):
        expect(chat.answers).to_have_count(2)
    agree(one, other)
    assert len(minted) == 1
