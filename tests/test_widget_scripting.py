"""What a theme's own scripts can do with the chat, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium, page, until
from tests.live import Live
from tests.widget import Chat, slowly

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-scripting")]

LISTEN = """
window.told = [];
for (const name of ['ready', 'open', 'close', 'message', 'answer', 'cart'])
  document.addEventListener('shop-chat:' + name, ({ detail }) => window.told.push([name, detail]));
"""
QUESTION = "Do you have mittens?"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    """The chat on a page whose script has been listening from the beginning."""
    page.add_init_script(LISTEN)
    chat = Chat(page, live)
    chat.visit()
    expect(chat.launcher).to_be_visible()
    return chat


def call(chat: Chat, what: str) -> Any:
    return chat.page.evaluate(f"document.querySelector('shop-chat').{what}")


def told(chat: Chat) -> list[str]:
    return [name for name, _ in chat.page.evaluate("told")]


def detail(chat: Chat, name: str) -> Any:
    """The last detail of an event."""
    until(chat.page, "name => told.some(([each]) => each === name)", given=name)
    return [each for which, each in chat.page.evaluate("told") if which == name][-1]


def test_it_is_opened_and_closed(chat: Chat) -> None:
    assert call(chat, "isOpen") is False
    assert call(chat, "open()") is True
    expect(chat.panel).to_be_visible()
    assert call(chat, "isOpen") is True
    call(chat, "close()")
    expect(chat.panel).to_be_hidden()
    assert call(chat, "isOpen") is False
    assert told(chat) == ["ready", "open", "close"]


def test_who_could_not_be_opened_says_so(chat: Chat) -> None:
    chat.page.route("**/widget/panel-*.js*", lambda route: route.abort())
    assert call(chat, "open()") is False
    assert call(chat, f"ask('{QUESTION}')") is False
    assert told(chat) == ["ready"]


def test_a_question_is_asked_and_its_course_is_told(chat: Chat) -> None:
    assert call(chat, f"ask('{QUESTION}')") is True
    expect(chat.questions).to_have_text(QUESTION)
    chat.wait()
    answer = detail(chat, "answer")
    conversation = chat.kept("conversation")
    assert detail(chat, "message") == {"text": QUESTION, "conversation": conversation}
    assert (answer["status"], answer["conversation"]) == ("complete", conversation)
    assert "Drift Mittens" in answer["text"]
    (product,) = answer["products"]
    assert product.keys() >= {"id", "title", "url", "price"}
    assert told(chat) == ["ready", "open", "message", "answer"]


def test_a_question_amid_an_answer_waits_and_leaves_when_it_ends(chat: Chat, live: Live) -> None:
    with slowly(live):
        call(chat, f"ask('{QUESTION}')")
        expect(chat.answer).to_contain_text("This is")
        assert call(chat, "ask('And scarves?')") is True
        expect(chat.box).to_have_value("")
        expect(chat.page.get_by_text("Waiting to be sent")).to_be_visible()
        chat.stop.click()
        expect(chat.page.get_by_text("Waiting to be sent")).to_be_hidden()
    chat.wait()
    expect(chat.questions).to_have_text([QUESTION, "And scarves?"])
    ends = "told.filter(([name]) => name === 'answer').map(([, { status }]) => status).join()"
    until(chat.page, f"{ends} === 'stopped,complete'")


def test_a_question_is_asked_from_any_state(chat: Chat) -> None:
    call(chat, f"ask('{QUESTION}')")
    chat.wait()
    chat.page.get_by_role("button", name="Edit", exact=True).click()
    chat.choose("Past conversations")
    assert call(chat, "ask('thanks')") is True
    expect(chat.questions).to_have_text([QUESTION, "thanks"])
    expect(chat.page.get_by_text("You are rewording")).to_be_hidden()


def test_no_question_is_asked_that_is_empty_or_too_long(chat: Chat) -> None:
    assert call(chat, "ask('  ')") is False
    expect(chat.panel).to_be_visible()
    assert call(chat, "ask('a'.repeat(2001))") is False
    expect(chat.page.get_by_text("1 characters too many")).to_be_visible()
    expect(chat.questions).to_have_count(0)


def test_reset_begins_anew_open_or_not(chat: Chat) -> None:
    call(chat, f"ask('{QUESTION}')")
    chat.wait()
    call(chat, "close()")
    call(chat, "reset()")
    expect(chat.panel).to_be_hidden()
    call(chat, "open()")
    expect(chat.questions).to_have_count(0)


def test_a_restored_panel_is_told_apart(chat: Chat) -> None:
    call(chat, "open()")
    assert detail(chat, "open") == {"restored": False}
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    assert detail(chat, "open") == {"restored": True}


def test_an_answer_is_told_on_the_page_where_it_ended(chat: Chat, live: Live) -> None:
    with slowly(live):
        call(chat, f"ask('{QUESTION}')")
        expect(chat.answer).to_contain_text("This is")
        chat.visit("/cart")
    chat.wait()
    assert detail(chat, "answer")["status"] == "complete"
    assert "message" not in told(chat)
    chat.page.reload()
    expect(chat.questions).to_have_text(QUESTION)
    assert "answer" not in told(chat)


def test_a_second_copy_has_the_same_verbs_and_does_nothing(chat: Chat) -> None:
    other = (
        """(() => { const copy = document.createElement('shop-chat'); document.body.append(copy); return copy })()"""
    )
    assert chat.page.evaluate(f"{other}.open()") is False
    assert chat.page.evaluate(f"{other}.ask('{QUESTION}')") is False
    expect(chat.panel).to_have_count(0)
