"""A request begins with the same bytes as the one before it, so that a provider has most of it already."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import pairwise, product
from typing import Any

import pytest

from tests.conftest import Visitor, chat_body, events
from tests.model_wire import DIALECTS
from tests.scripted import Scripted, call
from widget_api.llm import anthropic
from widget_api.llm.base import Request, User
from widget_api.models import Message
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns import prompt

PAGES: list[dict[str, str]] = [
    {"type": "index", "url": "https://anna.example/"},
    {"type": "product", "url": "https://anna.example/products/hat", "title": "A hat"},
    {"type": "collection", "url": "https://anna.example/collections/hats", "locale": "de"},
]
HATS = {"products": [{"id": "gid://shopify/Product/1", "title": "Hat", "price": "10.00 EUR", "available": True}]}


@pytest.fixture
def story(anna: Visitor, model: Scripted, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What the model is asked in ten turns on changing pages, with tools, failures and broken calls."""

    def run(_: Toolbox, name: str, __: dict[str, Any]) -> Outcome:
        failed = Outcome({"error": "The shop is closed.", "code": 7}, error=True)
        return failed if name == "get_cart" else Outcome(HATS)

    monkeypatch.setattr(Toolbox, "run", run)
    for number in range(10):
        name = "get_cart" if number % 4 == 1 else "search_catalog"
        broken = number % 5 == 2
        model.will("Let me look. ", call(name, None if broken else {"query": f"hat {number}"}, f"call_{number}"))
        model.will(f"There are {number} hats.")
        body = chat_body(anna.conversation, f"Is hat number {number} warm, and is there another one?")
        body["message"]["parts"].append({"type": "data-page", "data": PAGES[number % 3]})
        with closing(anna.post("/api/chat", json=body)) as answer:
            assert events(answer.data)[-1]["type"] == "finish"
    return model.requests


def wire(dialect: str, request: Request) -> bytes:
    """Return the request as bytes, without the marks of Anthropic's cache."""
    return json.dumps(_unmarked(DIALECTS[dialect].body(request, "m"))).encode()


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unmarked(each) for name, each in value.items() if name != "cache_control"}
    return [_unmarked(each) for each in value] if isinstance(value, list) else value


def test_of_each_request_nearly_all_is_the_beginning_of_the_next(story: list[Request]) -> None:
    assert len(story) == 20
    for dialect, (before, after) in product(DIALECTS, pairwise(story)):
        old, new = wire(dialect, before), wire(dialect, after)
        same = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
        assert same >= 0.95 * beginning(dialect, before), (old[same - 60 : same + 60], new[same - 60 : same + 60])
    for dialect in DIALECTS:
        assert len({wire(dialect, request).split(b'"role": "user"')[0] for request in story}) == 1


def beginning(dialect: str, request: Request) -> int:
    """Return how many bytes stand before the request's newest message."""
    body = _unmarked(DIALECTS[dialect].body(request, "m"))
    return wire(dialect, request).index(json.dumps(body["messages"][-1]).encode())


def test_anthropic_gets_marks_at_the_end_of_what_stays(story: list[Request]) -> None:
    body = anthropic.body(story[-1], "m")
    assert [("cache_control" in tool) for tool in body["tools"]] == [False] * (len(body["tools"]) - 1) + [True]
    assert "cache_control" in body["system"][-1]
    roles = [message["role"] for message in body["messages"]]
    assert marked(body) == [number for number, role in enumerate(roles) if role == "user"][-2:]
    for before, after in pairwise(story):  # what the one has kept, the next one finds
        assert marked(anthropic.body(before, "m"))[-1] in marked(anthropic.body(after, "m"))


def marked(body: dict[str, Any]) -> list[int]:
    """Return the numbers of the messages that end with a mark."""
    messages = enumerate(body["messages"])
    return [number for number, message in messages if "cache_control" in message["content"][-1]]


def test_a_question_says_on_which_day_it_was_written_whenever_it_is_told() -> None:
    page = {"type": "data-page", "data": {"type": "cart"}}
    asked = Message(role="user", parts=[{"type": "text", "text": "Open now?"}, page], created_at=1796083199999)
    (entry,) = prompt.history([asked])
    assert isinstance(entry, User)
    assert entry.content.startswith("(Written on Monday, 2026-11-30.)\n")
    assert entry.content.endswith("\n\nOpen now?")


def test_the_words_of_a_client_that_tells_no_page_reach_the_model_as_they_are() -> None:
    assert User("Open now?", day="Monday, 2026-11-30").content == "Open now?"


def test_the_day_and_the_page_stand_before_the_words() -> None:
    entry = User("Open now?", {"type": "index"}, "Monday, 2026-11-30")
    assert entry.content.splitlines() == [
        "(Written on Monday, 2026-11-30.)",
        '(The page that the shopper is on, as data: {"type": "index"})',
        "",
        "Open now?",
    ]
