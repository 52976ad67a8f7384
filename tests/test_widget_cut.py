"""What a model sends, as shoppers see it: an answer that was cut goes on with a tap, cards come with their words."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.model_server import ModelServer, Say
from tests.model_wire import CALLS, DONE, call, chunk, say
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


def test_cards_come_with_the_words_that_name_them_and_stay_as_they_are(chat: Chat, provider: ModelServer) -> None:
    gate = threading.Event()
    asks = [
        call(f'{{"query": "{title}"}}', name="search_catalog", index=at, id=f"call_{at}")
        for at, title in enumerate(["Drift Mittens", "Ridge Beanie"])
    ]
    words = speech(
        "Take the **Drift Mittens** ", "for your hands ", gate, "and the **Ridge Beanie** ", "for your head."
    )
    provider.says(Say([*asks, CALLS, DONE]), words)
    chat.type("Something warm?")
    expect(chat.cards).to_have_count(1)
    expect(chat.cards).to_contain_text("Drift Mittens")
    chosen = chat.answers.last.locator("select").first
    chosen.select_option(index=1)
    value = chosen.input_value()
    gate.set()
    expect(chat.cards).to_have_count(2)
    expect(chat.cards.last).to_contain_text("Ridge Beanie")
    expect(chat.page.locator("shop-chat .assistant .shelf")).to_have_count(1)
    expect(chosen).to_have_value(value)
    expect(chat.answer).to_contain_text("for your head.")
    chat.page.reload()
    expect(chat.cards).to_have_count(2)
    expect(chat.page.locator("shop-chat .assistant .shelf")).to_have_count(1)
