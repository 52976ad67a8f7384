"""Rules, tools, messages and the answer fit into the model's window, however small it is and long the talk."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.model_wire import Ear
from tests.scripted import Scripted, call
from tests.test_context import half_zip, search, searched, step
from widget_api.llm import openai
from widget_api.llm.base import ContextExceeded, Entry, Request, Result, Sink, Step, User
from widget_api.models import Message, Shop
from widget_api.problems import ModelOverfull
from widget_api.shopify import shown
from widget_api.shopify.goods import Found
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns import prompt
from widget_api.turns.context import Context
from widget_api.turns.run import MODEL_TOOLS
from widget_api.turns.window import fit_request, stream_within

pytestmark = pytest.mark.storeless

# As the vocabularies that take most: each digit, four letters, two signs, a character of another script.
TOKEN = re.compile(r"[A-Za-z]{1,4}|[0-9]| (?=[0-9])|\n|[!-/:-@\[-`{-~]{1,2}|[^\x00-\x7f]")
SYSTEM = prompt.system(Shop(domain="anna.myshopify.com", name="Anna"))


def count(request: Request) -> int:
    """Return the tokens of a request and of the longest answer to it, as a mean provider counts them."""
    body = openai.body(request, "m")
    said = [json.dumps(message.get("tool_calls", "")) + (message["content"] or "") for message in body["messages"]]
    return len(TOKEN.findall("\n".join([*said, json.dumps(body.get("tools"))]))) + request.max_tokens


class Strict(Scripted):
    """A model that refuses what is longer than its window, and learns how large that is."""

    def __init__(self) -> None:
        super().__init__()
        self.window = self.context_tokens
        self.refused = 0

    def stream(self, request: Request, into: Sink) -> Step:
        if count(request) > self.window:
            self.refused += 1
            self.context_tokens = self.window
            raise ContextExceeded(self.window)
        return super().stream(request, into)


@pytest.fixture
def model() -> Strict:
    return Strict()


def request(messages: tuple[Entry, ...], max_tokens: int = 1024) -> Request:
    return Request(SYSTEM, messages, MODEL_TOOLS, max_tokens)


TEXTS = st.text(st.sampled_from("abcdefghij kl. mn, opé ß12\n漢字かな العربية"), max_size=400)
OUTPUTS = (
    st.builds(search, st.integers(0, 10), st.integers(0, 1000))
    | st.builds(lambda n: shown.search_output(Found(tuple(map(half_zip, range(n))))), st.integers(0, 10))
    | st.builds(lambda n: shown.product_output(half_zip(n), ()), st.integers(0, 9))
    | st.builds(lambda text: {"answers": [{"question": text, "answer": text * 3}]}, TEXTS)
)
TURNS = st.lists(st.tuples(TEXTS, st.lists(OUTPUTS, max_size=3)), min_size=1, max_size=12)


@settings(deadline=None)
@given(TURNS, st.sampled_from([4096, 8192, 16_384]), st.sampled_from([1024, 4096]))
def test_no_request_is_longer_than_the_window_and_each_has_the_question(
    turns: list[tuple[str, list[Any]]], window: int, max_tokens: int
) -> None:
    entries: list[Entry] = []
    for number, (text, outputs) in enumerate(turns):
        entries.append(User(text))
        for place, output in enumerate(outputs):
            entries += step(f"{number}-{place}", output)
    fitted = fit_request(request(Context((), entries).entries(), max_tokens), window)
    assert count(fitted) <= window
    assert User(turns[-1][0]) in fitted.messages
    calls = [each.call_id for each in fitted.messages if isinstance(each, Result)]
    assert calls[len(calls) - len(turns[-1][1]) :] == [f"{len(turns) - 1}-{n}-0" for n in range(len(turns[-1][1]))]


@pytest.fixture
def clothes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop of ten products with 36 variants each: a search finds five, by turns."""
    found = (shown.search_output(Found(tuple(map(half_zip, range(n % 2 * 5, n % 2 * 5 + 5))))) for n in range(999))
    monkeypatch.setattr(Toolbox, "run", lambda *_: Outcome(next(found)))


@pytest.mark.usefixtures("clothes")
@pytest.mark.parametrize("window", [4096, 8192])
def test_a_long_conversation_goes_on_in_a_small_window(anna: Visitor, model: Strict, window: int) -> None:
    model.window = model.context_tokens = window
    for turn in range(9):
        model.will(call("search_catalog", {"query": f"sweater {turn}"}))
        model.will("Here are five of them. " * 10)
        assert anna.says(f"Have you more of these sweaters, in other colours? {turn}")[-1]["type"] == "finish"
    assert not model.refused
    told = [json.loads(each.content) for each in model.requests[-1].messages if isinstance(each, Result)]
    titles = {product["title"] for result in told for product in result["products"]}
    assert titles >= {f"Merino Half-Zip {number}" for number in range(5)}, "the newest listing"


@pytest.mark.usefixtures("clothes")
def test_a_provider_with_a_smaller_window_than_was_known_is_asked_once_more_with_half(
    anna: Visitor, model: Strict, caplog: pytest.LogCaptureFixture
) -> None:
    model.window = 6000
    for turn in range(8):
        model.will(call("search_catalog", {"query": f"sweater {turn}"}))
        model.will("Here are five.")
        assert anna.says("more?")[-1]["type"] == "finish"
    assert model.refused == 1
    assert "is longer than its window of 6000" in caplog.text


def test_a_window_too_small_for_a_question_is_told_in_plain_words_and_logged_for_the_operator(
    anna: Visitor, model: Strict, caplog: pytest.LogCaptureFixture
) -> None:
    model.window = 1500
    (problem,) = [event for event in anna.says("hats?") if event["type"] == "error"]
    assert model.refused == 2
    assert ModelOverfull.advice in json.dumps(anna.messages()[-1])
    assert not re.search(r"token|window|MODEL|log", json.dumps(problem))
    (line,) = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert re.search(r"a window of 1500 tokens is too small: rules and tools have about [0-9]+", line)
    assert "hats" not in caplog.text


def test_a_model_that_refuses_without_a_number_is_asked_with_half() -> None:
    class Silent(Strict):
        def stream(self, request: Request, into: Sink) -> Step:
            if not self.requests:
                self.requests.append(request)
                raise ContextExceeded
            return super().stream(request, into)

    silent = Silent()
    messages = prompt.history([*searched(1), *searched(6), Message(role="user", parts=[])])
    stream_within(silent, request(messages), Ear())
    assert count(silent.requests[1]) < count(silent.requests[0])
    assert len(silent.requests) == 2


def test_a_second_refusal_ends_the_turn(model: Strict) -> None:
    model.window = 10
    with pytest.raises(ModelOverfull):
        stream_within(model, request((User("hats?"),)), Ear())
