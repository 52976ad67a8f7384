"""Both interfaces against aimock, a provider that somebody else has made."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.model_wire import DIALECTS, QUESTION, SEARCH, Ear
from tests.node_tools import require_node
from widget_api.llm.base import Assistant, Request, Result, Step, User
from widget_api.llm.provider import Provider
from widget_api.problems import ModelCut, ModelRefused, ModelUnavailable

pytestmark = pytest.mark.node

BASES = {"openai": "/v1", "anthropic": ""}
# Only a test that fails waits so long.
PATIENCE = 20


@pytest.fixture(scope="module", params=DIALECTS)
def model(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """A model at an aimock of its own."""
    folder = require_node()
    command = ["node", "node_modules/.bin/llmock", "--port", "0", "--fixtures", "aimock.json", "--validate-on-load"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as aimock:
        drain = threading.Thread(target=_drain, args=(aimock,))
        try:
            url = _address(aimock)
            drain.start()
            model = Provider(
                DIALECTS[request.param], name="m", key="k", base_url=url + BASES[request.param], pause=_no_pause
            )
            yield model
            model.close()
        finally:
            aimock.terminate()
            if drain.ident:
                drain.join()


def _address(aimock: subprocess.Popen[str]) -> str:
    said = []
    for line in aimock.stdout or ():
        said.append(line)
        if found := re.search(r"listening on (http://127\.0\.0\.1:\d+)", line):
            return found[1]
    raise AssertionError("".join(said))


def _drain(aimock: subprocess.Popen[str]) -> None:
    for _ in aimock.stdout or ():
        pass


def _no_pause(*_: Any) -> None:
    pass


def asks(model: Provider, text: str) -> tuple[Ear, Step]:
    ear = Ear()
    return ear, model.stream(Request("You sell boots.", (User(text),), (SEARCH,)), ear)


def test_a_text_comes_byte_for_byte(model: Provider) -> None:
    ear, step = asks(model, "plain text")
    assert ear.words == "Größe 44 is in stock, in moss and in rust. 🥾 Shall I show you more of our boots?"
    assert (step.finish_reason, len(ear.heard) > 20) == ("stop", True)


def test_a_call_and_its_result_and_the_answer(model: Provider) -> None:
    question = User("a tool")
    _, step = asks(model, question.text)
    assert [(call.name, call.input) for call in step.calls] == [("search_catalog", {"query": "boots, size 44"})]
    result = Result(step.calls[0].id, "search_catalog", {"products": []})
    ear = Ear()
    again = model.stream(Request("", (question, Assistant("", step.calls), result), (SEARCH,)), ear)
    assert (step.finish_reason, again.finish_reason, ear.words) == (
        "tool-calls",
        "stop",
        "These are the boots that I found.",
    )


def test_two_calls_in_one_step(model: Provider) -> None:
    _, step = asks(model, "two tools")
    assert [(call.name, call.input) for call in step.calls] == [
        ("search_catalog", {"query": "boots"}),
        ("get_cart", {}),
    ]
    assert len({call.id for call in step.calls}) == 2


def test_text_before_a_call(model: Provider) -> None:
    ear, step = asks(model, "text and tool")
    assert (ear.words, [call.name for call in step.calls]) == ("Let me look.", ["search_catalog"])


def test_reasoning_is_not_shown(model: Provider) -> None:
    ear, _ = asks(model, "thoughts")
    assert ear.words == "Good boots."


def test_an_answer_that_is_too_long_says_so(model: Provider) -> None:
    _, step = asks(model, "too long")
    assert step.finish_reason == "length"


@pytest.mark.parametrize("text", ["break off", "hang up"])
def test_an_answer_that_breaks_off_keeps_its_beginning(model: Provider, text: str) -> None:
    ear = Ear()
    with pytest.raises(ModelCut):
        model.stream(Request("", (User(text),)), ear)
    assert ear.words.startswith("This")


def test_a_rate_limit_is_waited_out(model: Provider) -> None:
    ear, _ = asks(model, "rate limited once")
    assert ear.words == "There we are."


@pytest.mark.parametrize("text", ["overloaded", "no answer", "no json"])
def test_what_does_not_answer_is_unavailable(model: Provider, text: str) -> None:
    with pytest.raises(ModelUnavailable):
        asks(model, text)


def test_a_refusal_is_a_refusal(model: Provider) -> None:
    with pytest.raises(ModelRefused):
        asks(model, "wrong request")


def test_a_stop_ends_a_slow_answer(model: Provider) -> None:
    ear = Ear()
    question = Request(QUESTION.system, (User("slow text"),))
    asking = threading.Thread(target=model.stream, args=(question, ear))
    asking.start()
    assert ear.spoken.wait(PATIENCE)
    ear.stop()
    asking.join(PATIENCE)
    assert not asking.is_alive()
    assert not ear.words.endswith("end.")
