"""Under our own gunicorn worker an open stream holds no thread, and its connection is in nobody's way."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
import requests

from tests.conftest import events, text_of
from tests.live import SHOP, Live, Shopper, serving
from tests.model_server import ModelServer
from tests.puppet import gate, live, provider, speech
from tests.test_llm_stopping import certificate
from widget_api.sockets.body import Chunked

__all__ = ["gate", "live", "provider"]

# Only a test that fails waits so long.
PATIENCE = 60
CLOSE = "Connection: close"
LAST_CHUNK = b"\r\n0\r\n\r\n"
HALF = b'"delta":"One "}\n\n'  # the end of the event with the words before the gate


class Browser:
    """One connection, byte by byte."""

    def __init__(self, live: Live, shopper: Shopper) -> None:
        self._token = shopper.token
        self.socket = socket.create_connection(("127.0.0.1", live.port), PATIENCE)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def request(self, line: str, *headers: str, body: bytes = b"") -> bytes:
        always = ["Host: shop", f"Authorization: Bearer {self._token}", "Content-Type: application/json"]
        return "\r\n".join([line, *always, f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body

    def ask(self, conversation: str, *headers: str, version: str = "1.1", then: bytes = b"") -> None:
        """Send a message, and what comes right behind it."""
        message = {"role": "user", "parts": [{"type": "text", "text": "Count!"}], "id": f"{conversation}-question"}
        body = json.dumps({"id": conversation, "message": message}).encode()
        self.socket.sendall(self.request(f"POST /api/chat HTTP/{version}", *headers, body=body) + then)

    def until(self, end: bytes) -> bytes:
        """What comes up to these bytes and with them, or to the end of the connection."""
        heard = b""
        while not heard.endswith(end) and (piece := self.socket.recv(1)):
            heard += piece
        return heard

    def rest(self) -> bytes:
        """What comes to the end of the connection."""
        pieces = []
        while piece := self.socket.recv(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def head(self) -> bytes:
        return self.until(b"\r\n\r\n")

    def follow(self, conversation: str) -> None:
        """Ask for the running answer's stream and wait for the words before the gate."""
        self.socket.sendall(self.request(f"GET /api/chat/{conversation}/stream HTTP/1.1"))
        self.until(HALF)

    def answer(self) -> str:
        """The words of an answer in chunks, whose head has been read."""
        made, content = Chunked(), b""
        while not made.ended:
            content += made.feed(self.socket.recv(1))
        return text_of(events(content))


@pytest.fixture
def anna(live: Live) -> Iterator[Shopper]:
    with Shopper(live) as shopper:
        yield shopper


@pytest.fixture
def browser(live: Live, anna: Shopper) -> Iterator[Browser]:
    with Browser(live, anna) as browser:
        yield browser


# HTTP


def test_an_answer_comes_in_chunks_and_the_connection_is_kept(browser: Browser, gate: threading.Event) -> None:
    gate.set()
    for conversation in ("first", "second"):
        browser.ask(conversation)
        head = browser.head()
        assert b"Transfer-Encoding: chunked\r\n" in head
        assert b"Connection: keep-alive\r\n" in head
        assert browser.answer() == "One two."
        browser.socket.sendall(browser.request("GET /healthz HTTP/1.1"))
        assert browser.head().startswith(b"HTTP/1.1 200 OK")
        assert browser.until(b"}") == b'{"status":"ok"}'


def test_http_1_0_gets_the_answer_without_chunks_up_to_the_end(browser: Browser, gate: threading.Event) -> None:
    gate.set()
    browser.ask("old", version="1.0")
    head = browser.head()
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert b"chunked" not in head
    rest = browser.rest()
    assert text_of(events(rest)) == "One two."
    assert rest.endswith(b"\n\ndata: [DONE]\n\n")


def test_a_connection_that_shall_end_ends_with_the_answer(browser: Browser, gate: threading.Event) -> None:
    gate.set()
    browser.ask("closing", CLOSE)
    assert b"Connection: close\r\n" in browser.head()
    assert browser.rest().endswith(b"data: [DONE]\n\n" + LAST_CHUNK)


def test_a_request_that_came_with_the_message_is_answered_after_it(browser: Browser, gate: threading.Event) -> None:
    browser.ask("pipelined", then=browser.request("GET /healthz HTTP/1.1"))
    browser.until(HALF + b"\r\n")
    gate.set()
    assert b"[DONE]" in browser.until(LAST_CHUNK)
    assert browser.head().startswith(b"HTTP/1.1 200 OK")


# Places


def puppet(provider: ModelServer, folder: Path, **settings: str) -> AbstractContextManager[Live]:
    """A server of a test's own, with that model."""
    return serving(folder, MODEL_API="openai", MODEL_BASE_URL=f"{provider.url}/v1", MODEL_NAME="m", **settings)


# An answer has a ceiling, and ends where it only repeats itself: what follows has room for eight megabytes.
ROOMY = {"MODEL_CONTEXT": "100000000", "MODEL_MAX_TOKENS": "1000000"}


def long_words(number: int) -> list[str]:
    """Return so many pieces of 4,000 letters that do not repeat themselves."""
    chance = random.Random(number)
    return [chance.randbytes(2000).hex() for _ in range(number)]


def with_a_place(ask: Callable[[], requests.Response]) -> requests.Response:
    """The answer as soon as there is a place for it."""
    while (response := ask()).status_code == 503:
        response.close()
    return response


@pytest.mark.parametrize("how", [socket.SHUT_RDWR, socket.SHUT_WR], ids=["closed", "half-closed"])
def test_a_place_is_free_as_soon_as_its_client_hangs_up(
    provider: ModelServer, gate: threading.Event, tmp_path: Path, how: int
) -> None:
    with puppet(provider, tmp_path, MAX_STREAMS="2") as live, Shopper(live) as anna, Browser(live, anna) as browser:
        browser.ask("c")
        browser.until(HALF)
        with Browser(live, anna) as second:
            second.follow("c")
            assert anna.get("/api/chat/c/stream").status_code == 503
            second.socket.shutdown(how)
            with with_a_place(lambda: anna.get("/api/chat/c/stream", stream=True)) as third:
                assert third.status_code == 200
        gate.set()
        assert b"[DONE]" in browser.until(LAST_CHUNK)


@pytest.mark.usefixtures("gate")
def test_an_answer_without_a_body_holds_no_place(provider: ModelServer, tmp_path: Path) -> None:
    with puppet(provider, tmp_path, MAX_STREAMS="2") as live, Shopper(live) as anna, Browser(live, anna) as browser:
        browser.ask("c")
        browser.until(HALF)
        address = f"{live.url}/api/chat/c/stream"
        for _ in range(3):
            assert with_a_place(lambda: anna.http.head(address, timeout=PATIENCE)).status_code == 200


# Many


def open_files(live: Live) -> int:
    [worker] = live.workers()
    return len(list(Path(f"/proc/{worker}/fd").iterdir()))


def test_500_open_streams_are_in_nobodys_way_and_leave_nothing_behind(provider: ModelServer, tmp_path: Path) -> None:
    with puppet(provider, tmp_path) as live, Shopper(live) as anna:
        left = []
        for name in ("first", "second"):
            gate = threading.Event()
            provider.says(speech("One ", gate, "two."))
            with ExitStack() as stack:
                browsers = [stack.enter_context(Browser(live, anna)) for _ in range(500)]
                for number, browser in enumerate(browsers):
                    browser.ask(f"{name}-{number}")
                for browser in browsers:
                    browser.until(HALF)
                assert anna.get("/healthz").status_code == 200
                assert len(anna.messages(f"{name}-499")["messages"]) == 2
                gate.set()
                assert all(b"[DONE]" in browser.until(LAST_CHUNK) for browser in browsers)
            left.append(open_files(live))
        # The connections to the model and the database are kept; the last of the others are still closing.
        while open_files(live) >= left[0] + 50:
            pass


def test_a_slow_reader_is_cut_off_and_goes_on_without_a_loss(provider: ModelServer, tmp_path: Path) -> None:
    words = long_words(1900)
    provider.says(speech(*words))
    with puppet(provider, tmp_path, **ROOMY) as live, Shopper(live) as anna, Browser(live, anna) as slow:
        slow.ask("c")
        slow.head()
        while anna.messages("c")["messages"][-1]["metadata"]["status"] == "running":
            pass
        said = slow.rest()
        assert not said.endswith(LAST_CHUNK)
        said, _, _ = Chunked().feed(said).rpartition(b"\n\n")
        heard = events(said)
        tail = anna.get("/api/chat/c/stream", params={"after": heard[-1]["at"]})
        assert text_of(heard + events(tail.content)) == "".join(words)


def test_connections_that_say_nothing_hold_no_thread_and_are_heard_when_they_speak(live: Live) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", live.port))) for _ in range(200)]
        # Sooner than gunicorn's own worker gives up on the first 64 of them; and after each had its turn.
        requests.get(f"{live.url}/healthz", timeout=3).raise_for_status()
        for connection in (silent[0], silent[-1]):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n")
            connection.settimeout(PATIENCE)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


# Ends


@pytest.mark.usefixtures("gate")
def test_a_server_that_ends_sends_its_followers_elsewhere(provider: ModelServer, tmp_path: Path) -> None:
    with puppet(provider, tmp_path) as live, Shopper(live) as anna, Browser(live, anna) as browser:
        browser.ask("c")
        browser.until(HALF)
        assert live.stop() == 0
        assert b"retry: 250\n\n" in browser.rest()


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize("headers", [(), (CLOSE,)])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_what_a_killed_worker_leaves_is_no_end_of_an_answer(
    provider: ModelServer, tmp_path: Path, version: str, headers: tuple[str, ...]
) -> None:
    with puppet(provider, tmp_path) as live, Shopper(live) as anna, Browser(live, anna) as browser:
        browser.ask("c", *headers, version=version)
        head = browser.head()
        browser.until(HALF)
        live.kill()
        if b"Connection: close" in head:
            with pytest.raises(ConnectionResetError):
                browser.rest()
        else:
            assert browser.rest() == b"\r\n"


# TLS


class Encrypted(Live):
    """A server that gunicorn itself encrypts."""

    @property
    def certificate(self) -> str:
        return str(self.folder / "provider.pem")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                requests.get(f"{self.url}/readyz", verify=self.certificate, timeout=PATIENCE).raise_for_status()
            except requests.RequestException:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the server did not start:\n{self.log}")


def test_gunicorns_own_tls_streams_too(provider: ModelServer, gate: threading.Event, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    settings = {
        "MODEL_API": "openai",
        "MODEL_BASE_URL": f"{provider.url}/v1",
        "MODEL_NAME": "m",
        "GUNICORN_CMD_ARGS": f"--certfile={pem} --keyfile={pem}",
        **ROOMY,
    }
    words = long_words(1000)
    provider.says(speech("One ", gate, *words))
    live = Encrypted(tmp_path, settings)
    with requests.Session() as http:
        http.verify, http.trust_env = str(pem), False
        live.start()
        try:
            token = http.post(f"{live.url}/api/sessions", json={"shop": SHOP}, timeout=PATIENCE).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            message = {"id": "q", "role": "user", "parts": [{"type": "text", "text": "Count!"}]}
            body = {"id": "c", "message": message}
            with http.post(f"{live.url}/api/chat", json=body, timeout=PATIENCE, stream=True) as answer:
                said = b""
                for piece in answer.iter_content(None):
                    said += piece
                    if HALF in said:
                        gate.set()
            assert text_of(events(said)) == "One " + "".join(words)
        finally:
            live.stop()
