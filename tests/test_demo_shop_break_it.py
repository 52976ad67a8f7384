"""The page "Break it" does what its buttons say."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tests.live import Live, Shopper
from tests.storefront import storefront
from widget_api.demo.break_it import BREAKS_FOR_GOOD, MISFORTUNES, SLOW_PACE
from widget_api.demo.carts import CARTS
from widget_api.demo.faults import FAULTS
from widget_api.demo.wire import Wire
from widget_api.llm.demo import PACE_SECONDS

PAGE = "/pages/break-it"


@dataclass
class Model:
    pace: float = PACE_SECONDS
    fail_next: int = 0


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def client(model: Model) -> Iterator[FlaskClient]:
    yield storefront(model=model).test_client()
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


def test_the_model_is_slowed(client: FlaskClient, model: Model) -> None:
    assert "2.5 words a second" in press(client, "slow-model")
    assert model.pace == SLOW_PACE


def test_the_next_answer_stumbles_or_dies(client: FlaskClient, model: Model) -> None:
    press(client, "stumble")
    assert model.fail_next == 1
    press(client, "kill-answer")
    assert model.fail_next == BREAKS_FOR_GOOD


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


def test_everything_is_mended_at_once(client: FlaskClient, model: Model) -> None:
    for each in MISFORTUNES:
        press(client, each.name)
    assert "All works again" in press(client, "mend")
    assert (model.pace, model.fail_next) == (PACE_SECONDS, 0)
    assert not FAULTS.legacy_only


def test_an_unknown_button_is_refused(client: FlaskClient) -> None:
    assert client.post(PAGE, data={"action": "explode"}).status_code == 404


def test_another_model_than_the_demos_own_is_left_alone() -> None:
    client = storefront().test_client()
    assert client.post(PAGE, data={"action": "slow-model"}).status_code == 303
    assert "not the demo" in client.get(PAGE).text


def start(wire: Wire) -> Any:
    return wire({"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None)


def streaming(kind: str) -> Wire:
    def app(_: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", kind)])
        return iter([b"one", b"two"])

    return Wire(app)


def test_a_cut_stream_ends_in_an_error_and_not_in_an_end() -> None:
    wire = streaming("text/event-stream; charset=utf-8")
    body = start(wire)
    assert (next(body), len(wire)) == (b"one", 1)
    assert wire.cut() == 1
    with pytest.raises(ConnectionResetError):
        next(body)
    body.close()
    assert len(wire) == 0


def test_what_is_no_stream_is_not_cut() -> None:
    wire = streaming("text/html")
    body = start(wire)
    assert wire.cut() == 0
    assert list(body) == [b"one", b"two"]


def test_an_open_answer_is_cut_on_the_wire_and_lost_nowhere_else(live: Live) -> None:
    conversation = uuid.uuid4().hex
    press_live(live, "slow-model")
    with Shopper(live) as anna:
        with anna.send(conversation, "Do you have a warm hat?") as response:
            lines = response.iter_lines()
            assert next(lines)
            press_live(live, "cut-stream")
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                list(lines)
        press_live(live, "mend")
        assert "[DONE]" in anna.get(f"/api/chat/{conversation}/stream").text
        assert finished(anna, conversation)["metadata"]["status"] == "complete"
    assert "Traceback" not in live.log


def press_live(live: Live, name: str) -> None:
    with requests.Session() as http:
        http.trust_env = False
        http.post(live.url + PAGE, data={"action": name}, timeout=20).raise_for_status()


def finished(shopper: Shopper, conversation: str) -> dict[str, Any]:
    """The answer, as it is stored once its stream has ended."""
    answer: dict[str, Any] = shopper.messages(conversation)["messages"][-1]
    return answer
