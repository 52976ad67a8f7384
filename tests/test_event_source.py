"""The browser's own EventSource follows an answer through cuts: every event once, and an end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.browser import chromium, page
from tests.conftest import text_of
from tests.live import Live, Shopper
from tests.model_server import ModelServer, Say
from tests.model_wire import CALLS, DONE, call, say
from tests.puppet import gate, live, provider

__all__ = ["chromium", "gate", "live", "page", "provider"]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("event-source")]

# The shop's pages allow no eval, so playwright's `wait_for_function` cannot be used on them.
LISTEN = """url => {
    window.heard = [];
    window.source = new EventSource(url);
    window.until = (condition) => new Promise((resolve, reject) => {
        setTimeout(reject, 20000, new Error('waited in vain'));
        const look = () => condition() && resolve();
        source.addEventListener('message', look);
        source.addEventListener('error', look);
        look();
    });
    source.onmessage = ({ lastEventId, data }) => heard.push({ id: lastEventId, data });
}"""
HEARS = "text => until(() => heard.some(({ data }) => data.includes(text)))"
IS_TOLD_TO_GO = "until(() => source.readyState === EventSource.CLOSED).then(() => heard)"


@dataclass
class Listener:
    """A conversation with a running answer, and a page that listens to it."""

    page: Page
    shopper: Shopper
    live: Live

    def ask(self) -> dict[str, Any]:
        """Ask, and hang up when the first words are stored. Returns the history then."""
        with self.shopper.send("c", "Talk to me.") as response:
            assert next(piece for piece in response.iter_content(None) if b'"One "' in piece)
            while not text_of((now := self.shopper.messages("c"))["messages"][-1]["parts"]):
                pass
        return now

    def listen(self, ticket: str, **query: str) -> None:
        """Have the page open an EventSource."""
        query = {"ticket": ticket, **query}
        self.page.evaluate(LISTEN, f"{self.live.url}/api/chat/c/stream?{urlencode(query)}")

    def hears(self, text: str) -> None:
        self.page.evaluate(HEARS, text)

    def is_told_to_go(self) -> list[dict[str, Any]]:
        """Wait until the browser comes back no more. Returns the events that the page has got."""
        heard = self.page.evaluate(IS_TOLD_TO_GO)
        assert [each["data"] for each in heard].count("[DONE]") <= 1
        return [{"at": each["id"], **json.loads(each["data"])} for each in heard if each["data"] != "[DONE]"]

    def stored(self) -> str:
        return text_of(self.shopper.messages("c")["messages"][-1]["parts"])


@pytest.fixture
def listener(page: Page, live: Live) -> Iterator[Listener]:
    page.goto(live.url)
    with Shopper(live) as shopper:
        yield Listener(page, shopper, live)


def test_an_answer_that_is_stopped_while_the_shop_is_asked_ends_too(
    listener: Listener, provider: ModelServer
) -> None:
    asks = call('{"query": "boots"}', name="search_catalog", index=0, id="call_1")
    provider.says(Say([say("One "), asks, CALLS, DONE]))
    listener.live.break_it("slow-shop")
    listener.listen(listener.ask()["stream"]["ticket"])
    listener.hears("data-status")
    listener.shopper.post("/api/chat/c/stop")
    heard = listener.is_told_to_go()
    listener.live.break_it("mend")
    assert [event["at"] for event in heard] == [f"1-{number}" for number in range(1, len(heard) + 1)]
    assert [event["type"] for event in heard[-3:]] == ["tool-output-error", "finish-step", "abort"]


def test_a_cut_answer_is_heard_whole_and_once(listener: Listener, gate: threading.Event) -> None:
    listener.listen(listener.ask()["stream"]["ticket"])
    listener.hears("One ")
    listener.live.break_it("cut-stream")
    gate.set()
    heard = listener.is_told_to_go()
    assert [event["at"] for event in heard] == [f"1-{number}" for number in range(1, len(heard) + 1)]
    assert [heard[0]["type"], heard[-1]["type"], text_of(heard)] == ["start", "finish", "One two."]
    assert text_of(heard) == listener.stored()


def test_a_page_goes_on_where_its_history_ends_however_often_it_is_cut(
    listener: Listener, gate: threading.Event
) -> None:
    history = listener.ask()
    listener.listen(history["stream"]["ticket"], after="1-3")
    listener.hears("One ")
    listener.live.break_it("cut-stream")
    gate.set()
    heard = listener.is_told_to_go()
    assert [event["at"] for event in heard] == [f"1-{number}" for number in range(4, len(heard) + 4)]
    assert text_of(heard) == listener.stored()


def test_a_page_of_the_shops_other_website_may_listen(listener: Listener, gate: threading.Event) -> None:
    listener.page.goto(listener.live.url.replace("127.0.0.1", "localhost"))
    history = listener.ask()
    listener.listen(history["stream"]["ticket"], after=history["stream"]["last_event_id"])
    gate.set()
    heard = text_of(listener.is_told_to_go())
    assert text_of(history["messages"][-1]["parts"]) + heard == listener.stored()


def test_who_comes_after_the_end_hears_what_nobody_has_heard_and_then_nothing(
    listener: Listener, gate: threading.Event
) -> None:
    ticket = listener.ask()["stream"]["ticket"]
    gate.set()
    while "stream" in listener.shopper.messages("c"):
        pass
    listener.listen(ticket)
    assert text_of(listener.is_told_to_go()) == listener.stored()
    listener.listen(ticket)
    assert listener.is_told_to_go() == []


def test_a_forged_ticket_opens_nothing(listener: Listener, gate: threading.Event) -> None:
    listener.ask()
    gate.set()
    listener.listen("forged")
    assert listener.is_told_to_go() == []
