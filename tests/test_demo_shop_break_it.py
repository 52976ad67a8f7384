"""The page "Break it" does what its buttons say."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tests.live import Live, Shopper
from tests.storefront import storefront
from widget_api.demo.break_it import BREAKS_FOR_GOOD, MISFORTUNES, SLOW_PACE
from widget_api.demo.carts import CARTS
from widget_api.demo.faults import FAULTS
from widget_api.demo.model import Breakable, set_home_pace
from widget_api.demo.wire import Wire
from widget_api.llm.base import Request, User
from widget_api.llm.demo import PACE_SECONDS
from widget_api.problems import ModelCut
from widget_api.sockets.client import TAKE_OVER, Connection

PAGE = "/pages/break-it"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    yield storefront().test_client()
    FAULTS.mend()


def press(client: FlaskClient, name: str) -> str:
    """Press a button and return the page that follows."""
    return client.post(PAGE, data={"action": name}, follow_redirects=True).text


def test_each_button_is_a_form_with_its_state_and_what_to_expect(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    for each in MISFORTUNES:
        assert f'value="{each.name}"' in page
        assert each.title in page
    assert page.count("Now: ") == len(MISFORTUNES)


def test_the_model_is_slowed(client: FlaskClient) -> None:
    model = Breakable()
    assert model.pace == PACE_SECONDS
    assert "2.5 words a second" in press(client, "slow-model")
    assert model.pace == SLOW_PACE


def test_a_demo_that_is_started_at_another_pace_keeps_it_when_all_works_again(client: FlaskClient) -> None:
    set_home_pace("0.2")
    try:
        press(client, "slow-model")
        press(client, "mend")
        assert Breakable().pace == 0.2
    finally:
        set_home_pace("")
    assert Breakable().pace == PACE_SECONDS


@pytest.mark.parametrize("pace", ["fast", "-1", "0,5", "1e9", "."])
def test_a_pace_that_is_no_number_of_seconds_is_refused_at_the_start(pace: str) -> None:
    with pytest.raises(ValueError, match=r"DEMO_PACE must be seconds between two words such as 0\.03"):
        set_home_pace(pace)


@pytest.mark.parametrize(("button", "breaks"), [("stumble", 1), ("kill-answer", BREAKS_FOR_GOOD)])
def test_the_next_answer_stumbles_or_dies(client: FlaskClient, button: str, breaks: int) -> None:
    press(client, button)
    model = Breakable()
    for _ in range(breaks):
        with pytest.raises(ModelCut):
            model.stream(Request("", (User("Hello!"),)), Nobody())
    assert model.stream(Request("", (User("Hello!"),)), Nobody()).finish_reason == "stop"


def test_carts_expire(client: FlaskClient) -> None:
    client.post("/cart/add.js", json={"id": 700101})
    assert "no carts in the shop" in press(client, "expire-carts")
    assert len(CARTS) == 0
    assert '"item_count":0' in client.get("/cart.js").text


def test_the_shop_changes_its_dialect_and_its_temper(client: FlaskClient) -> None:
    assert "2025 only" in press(client, "legacy")
    assert "refuses 3 more" in press(client, "rate-limit")
    assert "4 seconds each" in press(client, "slow-shop")
    assert FAULTS.legacy_only
    assert (FAULTS.rate_limit_next, FAULTS.slow_seconds) == (3, 4.0)


def test_the_shop_changes_what_it_speaks_and_sells_in(client: FlaskClient) -> None:
    assert "gone" in press(client, "policies-off")
    assert "speaks 2026-04-08</p>" in press(client, "old-version")
    assert "speaks 2026-08-25</p>" in press(client, "new-version")
    assert "speaks 2026-04-08</p>" in press(client, "old-version")
    assert "all of them" in press(client, "all-variants")
    assert "sells in HUF" in press(client, "forint")
    assert (FAULTS.policies_tool_off, FAULTS.all_variants, FAULTS.currency) == (True, True, "HUF")
    assert "sells in EUR" in press(client, "mend")


def test_everything_is_mended_at_once(client: FlaskClient) -> None:
    for each in MISFORTUNES:
        press(client, each.name)
    assert "All works again" in press(client, "mend")
    assert (FAULTS.pace, FAULTS.break_next) == (PACE_SECONDS, 0)
    assert not FAULTS.legacy_only


def test_an_unknown_button_is_refused(client: FlaskClient) -> None:
    assert client.post(PAGE, data={"action": "explode"}).status_code == 404


def test_another_model_than_the_demos_own_is_left_alone(client: FlaskClient) -> None:
    press(client, "slow-model")
    page = storefront(own_model=False).test_client().get(PAGE).text
    assert "not the demo" in page
    assert "as fast as it comes" in page


class Nobody:
    """Listens to a step and keeps nothing."""

    stopped = False

    def text(self, delta: str) -> None: ...
    def tool_input_start(self, call_id: str, name: str) -> None: ...
    def tool_input_delta(self, call_id: str, delta: str) -> None: ...
    def flush(self) -> None: ...
    def waiting(self, ahead: int) -> None: ...
    def reset_step(self) -> None: ...

    def on_stop(self, close: Callable[[], None]) -> None: ...


def over(wire_to: socket.socket, keep: Callable[[], None]) -> Connection:
    """A connection that a stream has taken over, under the wire."""
    taken: list[Connection] = []

    def stream(environ: Any, _: Any) -> list[bytes]:
        taken.append(environ[TAKE_OVER]())
        return []

    Wire(stream)({TAKE_OVER: lambda: Connection(wire_to, chunked=True, keep=keep)}, lambda *_: lambda _: None)
    return taken[0]


def test_a_cut_is_for_the_streams_that_were_open_then() -> None:
    with ExitStack() as stack:
        pairs = [[stack.enter_context(end) for end in socket.socketpair()] for _ in range(3)]
        given_back: list[str] = []
        (ended, browser_of_ended), (cut, browser_of_cut), (later, browser_of_later) = pairs
        over(ended, lambda: given_back.append("ended")).keep()  # type: ignore[misc]
        over(cut, lambda: given_back.append("cut"))
        FAULTS.cut_at = time.time()
        over(later, lambda: given_back.append("later"))
        assert browser_of_cut.recv(1) == b""
        for browser in (browser_of_ended, browser_of_later):
            browser.setblocking(False)
            with pytest.raises(BlockingIOError):
                browser.recv(1)
        assert given_back == ["ended"]
    FAULTS.mend()


def test_an_open_answer_is_cut_on_the_wire_and_lost_nowhere_else(live: Live) -> None:
    conversation = uuid.uuid4().hex
    live.break_it("slow-model")
    with Shopper(live) as anna:
        with anna.send(conversation, "Do you have a warm hat?") as response:
            lines = response.iter_lines()
            assert next(lines)
            live.break_it("cut-stream")
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                list(lines)
        live.break_it("mend")
        assert "[DONE]" in anna.get(f"/api/chat/{conversation}/stream").text
        assert finished(anna, conversation)["metadata"]["status"] == "complete"
    assert "Traceback" not in live.log


def finished(shopper: Shopper, conversation: str) -> dict[str, Any]:
    """The answer, as it is stored once its stream has ended."""
    answer: dict[str, Any] = shopper.messages(conversation)["messages"][-1]
    return answer
