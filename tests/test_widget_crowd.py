"""Six tabs read one answer that four may read, and a shopper asks in more conversations than run at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import chromium, page
from tests.live import Live, serving
from tests.model_server import ModelServer
from tests.puppet import gate, provider, speech
from tests.widget import Chat

__all__ = ["chromium", "gate", "page", "provider"]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("widget-crowd")]

TABS = 6
QUEUED = "Waiting to be sent"


@pytest.fixture(scope="module")
def live(provider: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with the limits that it has by default, but for the number of requests."""
    settings = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{provider.url}/v1", "MODEL_NAME": "m"}
    limits = "reads=9000 per minute, messages=900 per minute, address=900 per minute, sessions=900 per minute"
    with serving(tmp_path_factory.mktemp("live"), RATE_LIMITS=limits, **settings) as server:
        yield server


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    chat = Chat(page, live)
    chat.open()
    return chat


def test_six_tabs_show_the_whole_answer_without_a_storm_of_requests(
    chat: Chat, live: Live, gate: threading.Event
) -> None:
    streams: list[Request] = []
    chat.page.context.on("request", lambda each: streams.append(each) if each.url.find("/stream?") > 0 else None)
    chat.type("Count!")
    expect(chat.answer).to_have_text("One")
    tabs = [chat]
    for _ in range(TABS - 1):
        tabs.append(Chat(chat.page.context.new_page(), live))
        tabs[-1].open()
        expect(tabs[-1].answer).to_have_text("One")
    with chat.page.expect_request(re.compile("/messages")):
        pass  # the first tab was sent away, and reads the history
    expect(chat.page.get_by_text(re.compile("Slow connection|connection was lost"))).to_have_count(0)
    assert len(streams) == TABS - 1, "who was sent away does not come back by itself"
    gate.set()
    for tab in tabs:
        expect(tab.answer).to_have_text("One two.")
        tab.wait()
    assert len(streams) == TABS - 1


def test_a_tab_that_is_looked_at_again_follows_again(chat: Chat, live: Live, gate: threading.Event) -> None:
    chat.type("Count!")
    expect(chat.answer).to_have_text("One")
    with ExitStack() as stack:
        sent_away = chat.page.expect_request(re.compile("/messages"))
        stack.enter_context(sent_away)
        for _ in range(4):
            tab = Chat(chat.page.context.new_page(), live)
            tab.open()
            expect(tab.answer).to_have_text("One")
    with chat.page.expect_request(re.compile("/stream")):
        chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    gate.set()
    expect(chat.answer).to_have_text("One two.")
    chat.wait()


def test_a_message_waits_until_an_answer_in_another_conversation_has_ended(
    chat: Chat, provider: ModelServer, gate: threading.Event
) -> None:
    for _ in range(2):
        chat.type("Count!")
        expect(chat.answer).to_have_text("One")
        chat.choose("New conversation")
    answers: list[int] = []
    chat.page.on("response", lambda each: answers.append(each.status) if each.url.endswith("/api/chat") else None)
    chat.type("And again!")
    expect(chat.page.get_by_text(QUEUED).first).to_be_visible()
    expect(chat.page.get_by_text("No connection")).to_have_count(0)
    provider.says(speech("Three."))
    gate.set()
    expect(chat.answer).to_have_text("Three.")
    chat.wait()
    assert set(answers[:-1]) == {429}
    assert answers[-1] == 200
    assert len(answers) < 8


def test_a_message_that_waits_can_be_taken_back(chat: Chat, gate: threading.Event) -> None:
    for _ in range(2):
        chat.type("Count!")
        expect(chat.answer).to_have_text("One")
        chat.choose("New conversation")
    chat.type("And again!")
    expect(chat.page.get_by_text(QUEUED).first).to_be_visible()
    chat.page.get_by_role("button", name="Do not send").click()
    expect(chat.questions).to_have_count(0)
    gate.set()
