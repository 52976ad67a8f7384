"""A turn's limit counts silence and no speech; its shopper and its operator are told what takes so long."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Visitor, text_of
from tests.model_server import JSON, ModelServer, Say, model_server
from tests.model_wire import DONE, QUESTION, STOP, Ear, chunk, say
from tests.scripted import Ends, Scripted, call
from widget_api.api.services import Services
from widget_api.llm import openai
from widget_api.llm.provider import Fallback, Provider
from widget_api.llm.queue import Queue
from widget_api.problems import ModelDown, ModelFiltered, ModelUnavailable
from widget_api.turns import silence
from widget_api.turns.silence import Silence
from widget_api.turns.writer import Writer

pytestmark = pytest.mark.storeless

PATIENCE = 30


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


# The limit


def test_speech_is_no_silence_however_long_it_takes(clock: Clock) -> None:
    turn = Silence(clock)
    for _ in range(100):
        clock.now += 9
        assert not turn.is_too_long(10)
        turn.end()
    clock.now += 1
    assert turn.is_too_long(10)  # but not for ever
    assert not turn.is_too_long(190)


def test_silence_of_the_limit_is_too_long(clock: Clock) -> None:
    turn = Silence(clock)
    clock.now += 10
    assert not turn.is_too_long(10)
    clock.now += 0.1
    assert turn.is_too_long(10)
    turn.end()
    assert not turn.is_too_long(10)


def test_waiting_in_the_queue_is_no_silence(clock: Clock) -> None:
    turn = Silence(clock)
    turn.ask()
    turn.queue(waits=True)
    clock.now += 1000
    turn.queue(waits=True)  # one place further
    clock.now += 1000
    assert not turn.is_too_long(10)
    assert not turn.is_to_be_told()
    turn.queue(waits=False)
    assert not turn.is_too_long(10)
    clock.now += 11
    assert turn.is_too_long(10)


def test_a_silent_model_is_told_of_once_in_each_silence_and_a_tool_is_not(clock: Clock) -> None:
    turn = Silence(clock)
    turn.ask()
    clock.now += 9
    assert not turn.is_to_be_told()
    clock.now += 2
    assert [turn.is_to_be_told(), turn.is_to_be_told()] == [True, False]
    turn.end()
    clock.now += 11
    assert turn.is_to_be_told()
    turn.act()
    clock.now += 11
    assert not turn.is_to_be_told()


# In a turn


def statuses(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["data"] for event in said if event["type"] == "data-status"]


class Asking:
    """A question whose answer is read in a thread of its own."""

    def __init__(self, visitor: Visitor) -> None:
        self.said: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=lambda: self.said.extend(visitor.says("boots?")))
        self._thread.start()

    def ends(self) -> list[dict[str, Any]]:
        self._thread.join(PATIENCE)
        return self.said


def test_a_silent_model_is_said_to_think(anna: Visitor, model: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "TELL_SECONDS", 0)
    told, pause = threading.Event(), threading.Event()
    tell = Writer.tell_of_silence

    def watched(self: Writer) -> None:
        tell(self)
        if self.silence._has_told:
            told.set()

    monkeypatch.setattr(Writer, "tell_of_silence", watched)
    model.will(pause, "warm")
    asking = Asking(anna)
    assert told.wait(PATIENCE)
    pause.set()
    said = asking.ends()
    assert statuses(said)[0] == {"text": "Still thinking", "code": "thinking"}
    assert text_of(anna.messages()[-1]["parts"]) == "warm"


def test_a_turn_that_is_silent_for_too_long_is_ended_and_logged(
    anna: Visitor, model: Scripted, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    services.engine._keeper._turn_seconds = 0
    model.will("so far", threading.Event())
    said = anna.says("Do you have secret boots?")
    assert json.loads(said[-1]["errorText"])["code"] == "answer-too-long"
    [line] = ended(caplog)
    assert "failed with answer-too-long: finish reason " in line
    assert ", model scripted" in line
    assert "secret" not in caplog.text


def test_the_settings_say_how_long_a_turn_may_be_silent(services: Services) -> None:
    assert services.engine._keeper._turn_seconds == services.config.model_turn_seconds == 180


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def provider(server: ModelServer, **options: Any) -> Provider:
    return Provider(openai, name="m", base_url=server.url, pause=lambda *_: None, **options)


def test_who_waits_for_the_model_is_told_how_many_are_before(
    anna: Visitor, services: Services, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says(Say([say("Good boots") + STOP + DONE]))
    queue, waits = Queue(1), threading.Event()
    services.shops.model_of_all = provider(server, queue=queue)
    waiting = Writer.waiting

    def watched(self: Writer, ahead: int) -> None:
        waiting(self, ahead)
        waits.set()

    monkeypatch.setattr(Writer, "waiting", watched)
    with queue.place(Ear()):
        asking = Asking(anna)
        assert waits.wait(PATIENCE)
    said = asking.ends()
    assert statuses(said) == [{"text": "One shopper is before you", "code": "queued", "ahead": 1}, {"text": ""}]
    assert text_of(anna.messages()[-1]["parts"]) == "Good boots"


# What the log has of turns that fail


def ended(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("turn ") and "finish reason" in line]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([], "failed with empty-answer: finish reason stop, 14 tokens in, 10 out, model scripted-1, "),
        ([Ends("length")], "failed with empty-answer: finish reason length, 7 tokens in, 5 out, model scripted-1, "),
        (["so", Ends("length")], "was cut short by length: finish reason length, 7 tokens in, 5 out, model scripted"),
        (
            [ModelUnavailable()],
            "failed with model-unavailable: finish reason none, 0 tokens in, 0 out, model scripted",
        ),
        ([RuntimeError("a bug")], "failed with internal: finish reason none, 0 tokens in, 0 out, model scripted, "),
    ],
)
def test_a_turn_that_fails_or_is_cut_has_one_line_in_the_log_with_what_it_used(
    anna: Visitor, model: Scripted, caplog: pytest.LogCaptureFixture, script: list[Any], says: str
) -> None:
    for _ in range(2):  # an answer without a word is asked for once more
        model.will(*script)
    anna.says("Do you have secret boots?")
    [line] = ended(caplog)
    assert says in line
    assert "secret" not in line


def test_a_turn_that_ends_well_or_by_the_shoppers_wish_has_none(
    anna: Visitor, model: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    anna.says("hello")
    model.will("so far", threading.Event())
    asking = Asking(anna)
    assert model.streaming.wait(PATIENCE)
    anna.post(f"/api/chat/{anna.conversation}/stop")
    asking.ends()
    assert ended(caplog) == []


def test_an_answer_that_thoughts_used_up_asks_for_no_other_words(anna: Visitor, model: Scripted) -> None:
    model.will(Ends("length"))
    problem = json.loads(anna.says("hello")[-1]["errorText"])
    assert problem["code"] == "empty-answer"
    assert "words" not in problem["detail"]


@pytest.mark.parametrize("script", [[Ends("content-filter")], [ModelFiltered("Please ask in other words.")]])
def test_what_a_filter_refuses_is_a_problem_of_its_own(anna: Visitor, model: Scripted, script: list[Any]) -> None:
    model.will(*script)
    problem = json.loads(anna.says("hello")[-1]["errorText"])
    assert (problem["code"], problem["title"]) == ("answer-refused", "The assistant may not answer this.")


def test_an_empty_answer_after_a_tools_result_is_asked_for_again(
    anna: Visitor, services: Services, server: ModelServer
) -> None:
    calls = [{"index": 0, "id": "a", "function": {"name": "no_such_tool", "arguments": "{}"}}]
    called = chunk({"tool_calls": calls}, finish="tool_calls") + DONE
    server.says(Say([called]), Say([STOP + DONE]), Say([say("Good boots") + STOP + DONE]))
    services.shops.model_of_all = provider(server)
    anna.says("boots?")
    assert text_of(anna.messages()[-1]["parts"]) == "Good boots"
    assert [asked.body["messages"][-1]["role"] for asked in server.asked] == ["user", "tool", "tool"]


def test_a_request_that_is_too_long_ends_in_words(anna: Visitor, services: Services, server: ModelServer) -> None:
    server.says(Say([b'{"error": {"n_ctx": 2048}}'], status=400, headers=JSON))
    services.shops.model_of_all = provider(server)
    problem = json.loads(anna.says("boots?")[-1]["errorText"])
    assert problem["code"] == "model-refused"
    assert services.model.context_tokens == 2048


def test_a_turn_is_asked_with_the_limit_of_its_model(anna: Visitor, model: Scripted) -> None:
    model.max_tokens = 777
    model.will(call("no_such_tool", {}))
    model.will("Sorry.")
    anna.says("boots?")
    assert [request.max_tokens for request in model.requests] == [777, 777]


# What `/readyz` has


KEY = "sk-secret-1234"
REFUSED = Say([b'{"error": {"message": "Incorrect key sk-secret-1234 of org-42"}}'], status=401, headers=JSON)
GOOD = Say([say("Good boots") + STOP + DONE])


def test_readiness_tells_of_a_model_that_is_down_and_of_its_fallback(
    anna: Visitor, services: Services, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    first = Provider(openai, name="first", base_url=server.url, key=KEY)
    second = Provider(openai, name="second", base_url=server.url, key=KEY)
    services.shops.model_of_all = Fallback(first, second)
    server.says(REFUSED, GOOD, REFUSED, GOOD, REFUSED, REFUSED, GOOD)
    anna.says("boots?")
    anna.says("boots?")
    response = anna.get("/readyz")
    told = response.json
    assert response.status_code == 200
    assert (told["status"], told["model"]) == ("ok", "fallback")
    assert told["model_problem"] == "the provider refuses the key (401)"
    assert "secret" not in response.text
    assert "org-42" not in response.text
    loud = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert loud == [
        "model first answers nobody until this is mended: the provider refuses the key (401)",
        "model first does not answer, second answers instead: the provider refuses the key (401)",
    ]
    problem = json.loads(anna.says("boots?")[-1]["errorText"])
    assert (problem["code"], anna.get("/readyz").json["model"]) == ("model-refused", "down")
    anna.says("boots?")
    assert anna.get("/readyz").json["model"] == "no-fallback"


def test_readiness_tells_of_the_models_that_shops_have_chosen(
    anna: Visitor, services: Services, server: ModelServer
) -> None:
    own = provider(server)
    services.shops._own_models["m"] = own
    server.says(Say(status=402), GOOD)
    with pytest.raises(ModelDown):
        own.stream(QUESTION, Ear())
    assert anna.get("/readyz").json["model"] == "down"
    own.stream(QUESTION, Ear())
    assert anna.get("/readyz").json == {"status": "ok"}
