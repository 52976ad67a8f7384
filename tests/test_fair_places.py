"""One session cannot take the places of others: few readers an answer, few running answers, places kept for sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests import column
from tests.conftest import events, text_of
from tests.live import Live, Shopper, serving
from tests.model_server import ModelServer
from tests.puppet import gate, provider, speech
from tests.test_sockets_worker import HALF, LAST_CHUNK, Browser
from tests.workers import alone, pair, until

__all__ = ["gate", "provider"]

pytestmark = pytest.mark.xdist_group("fair-places")

# Other limits than those of the places are not tried here.
RATES = "reads=9000 per minute, messages=900 per minute, address=900 per minute, sessions=900 per minute"


def puppet(provider: ModelServer, **settings: str) -> dict[str, str]:
    model = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{provider.url}/v1", "MODEL_NAME": "m"}
    return {"RATE_LIMITS": RATES, **model, **settings}


@pytest.fixture(scope="module")
def live(provider: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    with serving(folder, **puppet(provider)) as server:
        yield server


@pytest.fixture
def anna(live: Live) -> Iterator[Shopper]:
    with Shopper(live) as shopper:
        yield shopper


Open = Callable[[], Browser]


@pytest.fixture
def connect(live: Live, anna: Shopper) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Browser(live, anna))


def test_the_oldest_reader_is_sent_away_and_the_newest_four_hear_the_end(
    connect: Open, anna: Shopper, gate: threading.Event
) -> None:
    sender = connect()
    sender.ask("c")
    sender.until(HALF)
    readers = [connect() for _ in range(6)]
    for reader in readers:
        reader.follow("c")
    for oldest in (sender, *readers[:2]):
        heard = oldest.rest()
        assert b"data-crowded" in heard
        assert b"retry: 30000\n\n" in heard
        assert not heard.endswith(LAST_CHUNK), "no client takes it for the whole answer"
    gate.set()
    for reader in readers[2:]:
        assert b"[DONE]" in reader.until(LAST_CHUNK)
    stored = anna.messages("c")["messages"][-1]
    assert text_of(stored["parts"]) == "One two."


def test_readers_of_the_end_of_an_answer_count_as_well(connect: Open, gate: threading.Event) -> None:
    sender = connect()
    sender.ask("c")
    sender.until(HALF)
    gate.set()
    sender.until(LAST_CHUNK)
    again = connect()
    again.ask("c")
    assert b"[DONE]" in again.until(LAST_CHUNK)


def test_a_third_answer_of_a_session_waits_and_costs_no_message(
    provider: ModelServer, gate: threading.Event, tmp_path: Path
) -> None:
    limits = "reads=900 per minute, messages=3 per hour"
    with serving(tmp_path, **puppet(provider, RATE_LIMITS=limits)) as live, Shopper(live) as anna:
        running = [anna.send(f"c{number}", "Count!") for number in range(2)]
        for _ in range(5):
            refused = anna.send("c3", "Count!")
            assert (refused.status_code, refused.json()["code"]) == (429, "too-many-turns")
            assert int(refused.headers["Retry-After"]) >= 1
        assert anna.send("c1", "And then?").json()["code"] == "turn-running"
        with Shopper(live) as ben:
            assert ben.send("c", "Count!").status_code == 200
        assert [each["id"] for each in anna.get("/api/conversations").json()["conversations"]] == ["c1", "c0"]
        gate.set()
        for each in running:
            assert text_of(events(each.content)) == "One two."
        provider.says(speech("Three."))
        limited = anna.send("c3", "Count!")
        assert limited.status_code == 429, "a message to the conversation whose answer ran was counted"
        assert limited.json()["code"] == "too-many-requests"


def test_a_message_that_is_sent_again_finds_its_answer_whatever_else_runs(
    anna: Shopper, gate: threading.Event
) -> None:
    running = [anna.send(f"c{number}", "Count!", id=f"m{number}") for number in range(2)]
    again = anna.send("c0", "Count!", id="m0")
    assert again.status_code == 200
    gate.set()
    assert [text_of(events(each.content)) for each in (*running, again)] == ["One two."] * 3


def test_many_sends_at_once_begin_two_answers(live: Live, anna: Shopper, gate: threading.Event) -> None:
    codes: list[int] = []

    def send(number: int) -> None:
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Authorization"] = f"Bearer {anna.token}"
            message = {"id": f"m{number}", "role": "user", "parts": [{"type": "text", "text": "Count!"}]}
            body = {"id": f"c{number}", "message": message}
            with http.post(f"{live.url}/api/chat", json=body, stream=True, timeout=60) as response:
                codes.append(response.status_code)
                if response.status_code == 200:
                    assert response.content

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    until(lambda: codes.count(429) == 8)
    gate.set()
    for thread in threads:
        thread.join(60)
    assert sorted(codes) == [200, 200, *[429] * 8]


def test_one_session_leaves_places_to_another_shops_shoppers(
    provider: ModelServer, gate: threading.Event, tmp_path: Path
) -> None:
    settings = puppet(provider, MAX_STREAMS="8", RATE_LIMITS=f"{RATES}, readers=100, address-readers=100")
    with serving(tmp_path, **settings) as live, Shopper(live) as anna, Shopper(live) as ben, ExitStack() as stack:
        sender = stack.enter_context(Browser(live, anna))
        sender.ask("c")
        sender.until(HALF)
        followers = [anna.get("/api/chat/c/stream", stream=True) for _ in range(8)]
        assert [each.status_code for each in followers] == [200] * 5 + [503] * 3
        assert ben.send("b", "Count!").status_code == 200
        gate.set()


# Two processes


@pytest.fixture(scope="module")
def processes(provider: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Two workers on PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("two")
    postgres, redis = column.postgres(), column.redis()
    url = postgres.database()
    stores = {"DATABASE_URL": url, "REDIS_URL": redis.database(9), "WEB_CONCURRENCY": "2"}
    limits = f"{RATES}, address-readers=8"
    try:
        with serving(folder, **puppet(provider, RATE_LIMITS=limits, **stores)) as live:
            yield live
    finally:
        postgres.drop(url)


def test_two_processes_send_away_the_oldest_reader_of_both(processes: Live, gate: threading.Event) -> None:
    first, second = pair(processes)
    with Shopper(processes) as anna, ExitStack() as stack:

        def follow(worker: int) -> Browser:
            with alone(processes, worker):
                browser = stack.enter_context(Browser(processes, anna))
                browser.socket.sendall(browser.request("GET /api/chat/c/stream HTTP/1.1"))
                browser.head()
            browser.until(HALF)
            return browser

        sender = stack.enter_context(Browser(processes, anna))
        sender.ask("c")
        sender.until(HALF)
        readers = [follow(worker) for worker in (first, second, first, second, first)]
        for oldest in (sender, readers[0]):
            assert b"data-crowded" in oldest.rest()
        gate.set()
        for reader in readers[1:]:
            assert b"[DONE]" in reader.until(LAST_CHUNK)


def test_two_processes_count_the_readers_of_an_address_and_the_answers_of_a_session(
    processes: Live, gate: threading.Event
) -> None:
    first, second = pair(processes)
    with ExitStack() as stack:
        shoppers = [stack.enter_context(Shopper(processes)) for _ in range(5)]

        def ask(shopper: Shopper, conversation: str, worker: int) -> int:
            with alone(processes, worker):
                browser = stack.enter_context(Browser(processes, shopper))
                browser.ask(conversation)
                return int(browser.head().split()[1])

        assert [ask(shoppers[0], f"c{each}", (first, second, first)[each]) for each in range(3)] == [200, 200, 429]
        others = [
            ask(shopper, f"c{number}", (first, second)[number]) for shopper in shoppers[1:] for number in range(2)
        ]
        assert others == [200] * 6 + [429] * 2
        gate.set()
