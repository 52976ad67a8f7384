"""An answer that was cut short says so below it; where its limit did it, one button has it go on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.model_server import ModelServer, Say
from tests.model_wire import DONE, chunk, say
from tests.puppet import live, provider, speech
from tests.widget import Chat

__all__ = ["chromium", "live", "page", "provider"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-cut")]

LIMIT = "The answer reached its length limit."
FILTER = "A content filter cut this answer short."


def cut(text: str, reason: str) -> Say:
    return Say([say(text), chunk({}, finish=reason), DONE])


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    opened = Chat(page, live)
    opened.open()
    return opened


def test_an_answer_at_its_limit_goes_on_with_a_tap(chat: Chat, provider: ModelServer) -> None:
    provider.says(cut("The boots are **warm and", "length"), speech("dry."))
    chat.ask("Boots?")
    expect(chat.answers.last).to_contain_text(LIMIT)
    chat.page.reload()
    expect(chat.answers.last).to_contain_text("The boots are **warm and")
    expect(chat.answers.last).to_contain_text(LIMIT)
    chat.page.get_by_role("button", name="Continue").click()
    expect(chat.questions.last).to_have_text("Continue")
    expect(chat.answer).to_have_text("dry.")
    expect(chat.answers.first).to_contain_text(LIMIT)
    expect(chat.page.get_by_role("button", name="Continue")).to_have_count(0)


def test_an_answer_that_a_filter_ended_says_so_and_offers_nothing(chat: Chat, provider: ModelServer) -> None:
    provider.says(cut("The boots", "content_filter"))
    chat.ask("Boots?")
    expect(chat.answers.last).to_contain_text(FILTER)
    expect(chat.page.get_by_role("button", name="Continue")).to_have_count(0)
    expect(chat.retry).to_have_count(0)
