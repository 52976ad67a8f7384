"""The widget renews its token every day, in all tabs, and goes on when that fails or the session is over."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import chromium, page
from tests.live import SHOP, Live
from tests.widget import Chat

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-session")]

MITTENS, MUGS = "Do you have mittens?", "Do you have enamel mugs?"
DAY_MS = 24 * 3600 * 1000
STORE = f"session => localStorage.setItem('shop-chat:{SHOP}:session', JSON.stringify(session))"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    chat = Chat(page, live)
    chat.open()
    chat.ask(MITTENS)
    return chat


def change(chat: Chat, **fields: Any) -> dict[str, Any]:
    """Change what the browser remembers of its session. Returns what it was."""
    session = dict(chat.kept("session"))
    chat.page.evaluate(STORE, session | fields)
    return session


def renewals(chat: Chat) -> list[Request]:
    """The requests for a token from now on, of all tabs."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/sessions"):
            asked.append(request)

    chat.page.context.on("request", note)
    return asked


# Its time has come, or somebody has written down that it never will.
@pytest.mark.parametrize("due", [-1, 45 * DAY_MS])
def test_the_token_is_renewed_and_another_tab_goes_on_with_the_new_one(chat: Chat, live: Live, due: int) -> None:
    other = Chat(chat.page.context.new_page(), live)
    other.open()
    expect(other.questions).to_have_text(MITTENS)
    now = chat.page.evaluate("Date.now()")
    asked = renewals(chat)
    old = change(chat, renew=now + due)
    chat.ask(MUGS)
    expect(other.questions).to_have_text([MITTENS, MUGS])
    new = chat.kept("session")
    assert (new["id"], new["expires"]) == (old["id"], old["expires"])
    assert new["token"] != old["token"]
    assert now <= new["renew"] - DAY_MS <= chat.page.evaluate("Date.now()")
    # Either tab sends what waits in the outbox.
    with chat.page.context.expect_event("request", lambda request: request.url.endswith("/api/chat")) as sent:
        other.ask(MITTENS)
    assert sent.value.headers["authorization"] == f"Bearer {new['token']}"
    expect(chat.questions).to_have_text([MITTENS, MUGS, MITTENS])
    assert [request.headers["authorization"] for request in asked] == [f"Bearer {old['token']}"]


def test_a_renewal_that_is_refused_holds_up_no_message(chat: Chat) -> None:
    chat.page.route("**/api/sessions", lambda route: route.fulfill(status=429, json={"code": "too-many-requests"}))
    old = change(chat, renew=0)
    chat.ask(MUGS)
    assert chat.stored()[-1] == chat.read()
    assert chat.kept("session")["token"] == old["token"]


def test_a_message_that_waits_for_an_ended_session_begins_the_next_one(chat: Chat) -> None:
    old = change(chat, token="over", renew=chat.page.evaluate("Date.now()") + 1000)
    chat.page.reload()
    chat.type(MUGS)
    expect(chat.questions.last).to_have_text(MUGS)
    chat.wait()
    assert chat.kept("session")["id"] != old["id"]
    assert chat.stored()[-1] == chat.read()
    chat.page.reload()
    expect(chat.questions).to_have_text([MUGS])
