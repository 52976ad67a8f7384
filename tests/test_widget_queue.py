"""What is sent while an answer is written waits for its turn, and can be taken back until then."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.widget import Chat, slowly, words

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-queue")]

MITTENS, MUGS, RETURNS = "Do you have mittens?", "Do you have enamel mugs?", "What is your return policy?"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    chat = Chat(page, live)
    chat.open()
    return chat


def begin(chat: Chat) -> None:
    chat.type(MITTENS)
    expect(chat.answer).to_contain_text("This is")


def waiting(chat: Chat) -> Locator:
    return chat.page.locator("shop-chat .user").filter(has_text="Waiting to be sent")


def take_back(chat: Chat, text: str) -> None:
    waiting(chat).filter(has_text=text).get_by_role("button", name="Do not send").click()


def expect_all_answered(chat: Chat, *questions: str) -> None:
    expect(chat.answers).to_have_count(len(questions))
    chat.wait()
    expect(waiting(chat)).to_have_count(0)
    expect(chat.questions).to_have_text(list(questions))
    stored = chat.stored()
    assert stored[::2] == [words(question) for question in questions]
    assert all(stored[1::2])
    assert chat.page.evaluate("Object.keys(localStorage).filter(key => /outbox|stop:/.test(key))") == []


def test_messages_that_are_sent_while_an_answer_is_written_leave_in_order_when_it_ends(
    chat: Chat, live: Live
) -> None:
    with slowly(live):
        begin(chat)
        for text in (MUGS, RETURNS):
            chat.type(text)
            expect(chat.box).to_have_value("")
        expect(waiting(chat)).to_have_count(2)
    expect_all_answered(chat, MITTENS, MUGS, RETURNS)


def test_with_words_in_the_box_the_button_sends_them_and_without_it_stops_the_answer(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        expect(chat.stop).to_be_visible()
        chat.box.fill(MUGS)
        expect(chat.stop).to_have_count(0)
        chat.send.click()
        expect(waiting(chat)).to_have_count(1)
        chat.stop.click()
        expect(chat.page.get_by_text("You stopped this answer.")).to_be_visible()
    expect_all_answered(chat, MITTENS, MUGS)


def test_what_waits_can_be_taken_back_into_the_box(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        chat.type(MUGS)
        chat.type(RETURNS)
        take_back(chat, MUGS)
        expect(chat.box).to_have_value(MUGS)
        expect(chat.box).to_be_focused()
        expect(chat.questions).to_have_text([MITTENS, RETURNS])
        take_back(chat, RETURNS)
        expect(chat.box).to_have_value(MUGS)
        expect(waiting(chat)).to_have_count(0)
        chat.box.press("Enter")
        chat.box.press("ArrowUp")
        expect(chat.box).to_have_value(MUGS)
        chat.type(f"{MUGS} Blue ones?")
    expect_all_answered(chat, MITTENS, f"{MUGS} Blue ones?")


def test_what_waits_survives_a_reload(chat: Chat, live: Live) -> None:
    with slowly(live):
        begin(chat)
        chat.type(MUGS)
        expect(waiting(chat)).to_have_count(1)
        chat.page.reload()
        expect(waiting(chat)).to_have_count(1)
    expect_all_answered(chat, MITTENS, MUGS)


def test_all_tabs_show_what_waits_and_each_can_take_it_back(chat: Chat, live: Live) -> None:
    other = Chat(chat.page.context.new_page(), live)
    other.open("/collections/all")
    with slowly(live):
        begin(chat)
        chat.type(MUGS)
        other.type(RETURNS)
        for tab in (chat, other):
            expect(tab.questions).to_have_text([MITTENS, MUGS, RETURNS])
        take_back(other, MUGS)
        for tab in (chat, other):
            expect(tab.questions).to_have_text([MITTENS, RETURNS])
    for tab in (chat, other):
        expect_all_answered(tab, MITTENS, RETURNS)


def test_offline_a_message_can_be_taken_back(chat: Chat) -> None:
    chat.ask(MITTENS)
    chat.page.context.set_offline(True)
    chat.type(MUGS)
    expect(chat.page.get_by_text("No connection.")).to_be_visible()
    take_back(chat, MUGS)
    expect(chat.questions).to_have_text([MITTENS])
    chat.page.context.set_offline(False)
    chat.ask(RETURNS)
    expect_all_answered(chat, MITTENS, RETURNS)


@pytest.mark.parametrize("how", ["New conversation", "Forget me"])
def test_what_waits_is_not_sent_once_the_conversation_is_left_for_good(chat: Chat, live: Live, how: str) -> None:
    with slowly(live):
        begin(chat)
        chat.type(MUGS)
        expect(waiting(chat)).to_have_count(1)
        chat.choose(how)
        if how == "Forget me":
            chat.page.get_by_role("button", name="Erase", exact=True).click()
        expect(chat.questions).to_have_count(0)
    chat.ask(RETURNS)
    expect_all_answered(chat, RETURNS)
