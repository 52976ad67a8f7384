"""A step is asked again only before its first delta, not for ever, and not when it would do no good."""

from __future__ import annotations

import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.model_server import JSON, ModelServer, Say, model_server
from tests.model_wire import DONE, QUESTION, STOP, Ear, chunk, event, say
from widget_api.llm import openai, provider
from widget_api.llm.backoff import backoff, retry_after
from widget_api.llm.provider import PATIENCE, Provider
from widget_api.problems import ModelCut, ModelRefused, ModelUnavailable
from widget_api.sockets.upstream import Upstream

KEY = "sk-secret-1234"
GOOD = Say([say("Good", " boots") + STOP + DONE])
OVERLOADED = Say([b'{"error": {"message": "overloaded"}}'], status=529, headers=JSON)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


class Caller:
    """A provider at the server, and the seconds that it has waited."""

    def __init__(self, url: str, **options: Any) -> None:
        self.waits: list[float] = []
        self.model = Provider(openai, name="m", base_url=url, key=KEY, pause=self._pause, **options)

    def _pause(self, _: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)

    def asks(self) -> str:
        ear = Ear()
        self.model.stream(QUESTION, ear)
        return ear.words


@pytest.fixture
def caller(server: ModelServer) -> Iterator[Caller]:
    caller = Caller(server.url)
    yield caller
    caller.model.close()


def failing(status: int, **headers: str) -> Say:
    return Say([b"<h1>Sorry</h1>"], status=status, headers={"Content-Type": "text/html", **headers})


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_passing_fault_is_asked_again(server: ModelServer, caller: Caller, status: int) -> None:
    server.says(failing(status), failing(status), GOOD)
    assert caller.asks() == "Good boots"
    assert [0.25 <= caller.waits[0] <= 0.5, 0.5 <= caller.waits[1] <= 1] == [True, True]


@pytest.mark.parametrize(
    "fault",
    [
        Say([event({"error": {"message": "overloaded"}})]),
        Say([b": hello\n\n"], end="cut"),
        Say([b": hello\n\n"], end="reset"),
        Say([chunk({"role": "assistant", "content": ""})]),
        Say([chunk({"content": "<think>Hm."})], end="cut"),
        Say(head=False, framing="close"),
        Say([b"data: {]\n\n"]),
    ],
)
def test_an_answer_that_breaks_off_before_its_first_delta_is_asked_again(
    server: ModelServer, caller: Caller, fault: Say
) -> None:
    server.says(fault, fault, GOOD)
    assert caller.asks() == "Good boots"
    assert len(server.asked) == 3


def test_after_two_retries_the_model_is_unavailable(server: ModelServer, caller: Caller) -> None:
    server.says(OVERLOADED)
    with pytest.raises(ModelUnavailable):
        caller.asks()
    assert len(server.asked) == 3


def test_after_the_first_delta_nothing_is_asked_again(server: ModelServer, caller: Caller) -> None:
    server.says(Say([say("Good") + event({"error": {"message": "overloaded"}})]))
    with pytest.raises(ModelCut):
        caller.asks()
    assert (len(server.asked), caller.waits) == (1, [])


def test_a_call_that_has_begun_counts_as_a_delta(server: ModelServer, caller: Caller) -> None:
    begun = chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "get_cart"}}]})
    server.says(Say([begun], end="cut"))
    with pytest.raises(ModelCut):
        caller.asks()


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 422])
@pytest.mark.parametrize("where", ["/elsewhere", "\udcff://[", ""])
def test_a_refusal_is_not_asked_again(server: ModelServer, caller: Caller, status: int, where: str) -> None:
    server.says(failing(status, Location=where))
    with pytest.raises(ModelRefused):
        caller.asks()
    assert len(server.asked) == 1


def test_retry_after_is_waited_for(server: ModelServer, caller: Caller) -> None:
    server.says(failing(429, **{"Retry-After": "7"}), GOOD)
    assert caller.asks() == "Good boots"
    assert caller.waits == [7.0]


def test_a_long_retry_after_is_passed_on_at_once(server: ModelServer, caller: Caller) -> None:
    server.says(failing(429, **{"Retry-After": "59.5"}))
    with pytest.raises(ModelUnavailable) as caught:
        caller.asks()
    assert (caught.value.retry_after, len(server.asked), caller.waits) == (60, 1, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("1.5", 1.5), (" 4 ", 4.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("9" * 400, 0.0)],
)
def test_retry_after_is_read_in_seconds(value: str, seconds: float) -> None:
    assert retry_after({"Retry-After": value}) == seconds


@pytest.mark.parametrize("ahead", [90, 0, -90])
def test_retry_after_is_read_as_a_date(ahead: int) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    date = format_datetime(now + timedelta(seconds=ahead), usegmt=True)
    assert retry_after({"Retry-After": date}, now) == max(0, ahead)


def test_each_retry_waits_longer_and_each_client_differently() -> None:
    assert all(0.25 <= backoff(0) <= 0.5 and 1 <= backoff(2) <= 2 for _ in range(100))
    assert len({backoff(0) for _ in range(10)}) > 1


def test_a_provider_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        caller = Caller(f"http://127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(ModelUnavailable):
        caller.asks()
    assert len(caller.waits) == 2


def test_a_provider_that_has_answered_may_be_silent_for_longer(server: ModelServer) -> None:
    caller = Caller(server.url, idle_seconds=0.5)
    assert caller.model._timeout[1] * PATIENCE == 1.5
    silences: list[float] = []

    class Watched(Upstream):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            silences.append(args[3])

    server.says(GOOD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provider, "Upstream", Watched)
        assert caller.asks() == "Good boots"
    assert silences == [1.5]


@pytest.mark.parametrize("before", [[], [b": hello\n\n"]])
def test_silence_before_the_first_delta_is_not_waited_for_twice(server: ModelServer, before: list[bytes]) -> None:
    done = threading.Event()
    server.says(Say([*before, done], head=bool(before)))
    caller = Caller(server.url, idle_seconds=0.05)
    with pytest.raises(ModelUnavailable):
        caller.asks()
    done.set()
    assert len(server.asked) == 1


def test_silence_after_the_first_delta_is_a_cut(server: ModelServer) -> None:
    done = threading.Event()
    server.says(Say([say("Good"), done]))
    with pytest.raises(ModelCut):
        Caller(server.url, idle_seconds=0.05).asks()
    done.set()


# What is kept to ourselves


def test_the_log_has_the_reason_without_the_key(
    server: ModelServer, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    server.says(Say([b'{"error": {"message": "Bad key \x1b[31m\r\n' + KEY.encode() * 2 + b'"}}'], status=401))
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelRefused) as caught:
        caller.asks()
    assert 'HTTP 401 {"error": {"message": "Bad key [31m [key][key]"}}' in caplog.text
    told = "".join(traceback.format_exception(caught.value)) + str(caught.value.to_dict()) + caplog.text
    assert KEY not in told


def test_the_shopper_is_not_told_what_the_provider_says(server: ModelServer, caller: Caller) -> None:
    server.says(Say([event({"error": {"message": "quota of org-42 used up"}})]))
    with pytest.raises(ModelUnavailable) as caught:
        caller.asks()
    assert "org-42" not in str(caught.value.to_dict()) + "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("repeated", ["Do you have boots?", '"Do you\n have boots" and you have boots?'])
def test_what_the_shopper_said_is_not_repeated_in_the_log(
    server: ModelServer, caller: Caller, caplog: pytest.LogCaptureFixture, repeated: str
) -> None:
    server.says(Say([f"cannot answer {repeated} for policy".encode()], status=400))
    with pytest.raises(ModelRefused):
        caller.asks()
    assert "have boots" not in caplog.text
    assert "cannot answer" in caplog.text
    assert "for policy" in caplog.text


def test_a_long_complaint_is_cut_short_in_the_log(
    server: ModelServer, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    server.says(Say([b"x" * 100_000], status=400))
    with pytest.raises(ModelRefused):
        caller.asks()
    assert max(map(len, caplog.messages)) < 400


@pytest.mark.parametrize("key", ["two words", "line\nend", "ключ", "tab\t"])
def test_a_key_that_cannot_be_one_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Provider(openai, name="m", key=key)
    assert key not in str(caught.value)


def test_the_key_is_sent_to_the_provider(server: ModelServer, caller: Caller) -> None:
    server.says(GOOD)
    caller.asks()
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_environment_and_its_proxies_are_not_asked(
    server: ModelServer, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.says(GOOD)
    assert caller.asks() == "Good boots"


def test_cookies_are_not_kept(server: ModelServer, caller: Caller) -> None:
    server.says(Say(GOOD.body, headers={"Set-Cookie": "track=1; Path=/"}))
    caller.asks()
    caller.asks()
    assert "cookie" not in server.asked[1].headers
