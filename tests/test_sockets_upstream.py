"""A body is read by the loop's thread while its own thread sleeps, over TLS as well."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.test_llm_stopping import certificate
from widget_api.sockets.upstream import READ_BYTES, Lost, Stalled, Upstream

# Only a test that fails waits so long.
PATIENCE = 20
LENGTH = b"Content-Length: %d"
CHUNKED = b"Transfer-Encoding: chunked"
# TLS has records of 16 KB at most, http.client a buffer of 8.
SIZES = sorted({at + by for at in (8 * 1024, 16 * 1024, READ_BYTES) for by in (-1, 0, 1)} | {1, 300_000})

Pair = tuple[socket.socket, socket.socket]


@contextmanager
def connected(tls: Path | None = None) -> Iterator[Pair]:
    """The server's end of a connection, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), PATIENCE)
        server, _ = listener.accept()
    with server, client, ExitStack() as stack:
        if tls:
            server, client = map(stack.enter_context, encrypted(server, client, tls))
        yield server, client


def encrypted(server: socket.socket, client: socket.socket, pem: Path) -> Pair:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    served: list[socket.socket] = []
    shaking = threading.Thread(target=lambda: served.append(context.wrap_socket(server, server_side=True)))
    shaking.start()
    client = ssl.create_default_context(cafile=str(pem)).wrap_socket(client, server_hostname="127.0.0.1")
    shaking.join()
    return served[0], client


def answered(server: socket.socket, client: socket.socket, header: bytes, begun: bytes = b"") -> HTTPResponse:
    """The head of an answer, which came with the beginning of its body."""
    server.sendall(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n" + begun)
    head = HTTPResponse(client)
    head.begin()
    return head


class Ear:
    """Hears, and has enough after so many bytes."""

    def __init__(self, enough: int = 1 << 30) -> None:
        self.said = b""
        self.threads: set[str] = set()
        self._enough = enough

    def __call__(self, data: bytes) -> float:
        self.said += data
        self.threads.add(threading.current_thread().name)
        return PATIENCE if len(self.said) < self._enough else 0


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with connected(certificate(tmp_path) if request.param else None) as ends:
        yield ends


@pytest.mark.parametrize("size", SIZES)
def test_a_body_of_any_size_comes_with_its_head_and_after_it(pair: Pair, size: int) -> None:
    server, client = pair
    part = bytes(number % 251 for number in range(size))
    head = answered(server, client, LENGTH % (3 * size), part)
    writer = threading.Thread(target=server.sendall, args=(part * 2,))
    writer.start()
    reading = Upstream(client, head, ear := Ear(), PATIENCE)
    reading.read()
    writer.join()
    assert ear.said == part * 3
    assert ear.threads == {"sockets"}
    assert reading.complete


def test_a_connection_brings_one_body_after_the_other(pair: Pair) -> None:
    server, client = pair
    for body in (b"one", b"two", b"three"):
        head = answered(server, client, CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        reading = Upstream(client, head, ear := Ear(), PATIENCE)
        reading.read()
        assert (ear.said, reading.complete, client.gettimeout()) == (body, True, PATIENCE)


@pytest.mark.parametrize("more", [b"0\r\n\r\nHTTP/1.1", b"1"])
def test_a_connection_on_which_more_or_less_came_than_the_body_is_done_with(pair: Pair, more: bytes) -> None:
    server, client = pair
    head = answered(server, client, CHUNKED, b"3\r\none\r\n" + more)
    reading = Upstream(client, head, ear := Ear(3), PATIENCE)
    reading.read()
    assert (ear.said, reading.complete) == (b"one", False)


def test_an_end_of_the_connection_before_that_of_the_body_is_a_loss(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, LENGTH % 4, b"one")
    server.shutdown(socket.SHUT_WR)
    with pytest.raises(Lost, match="ended before"):
        Upstream(client, head, Ear(), PATIENCE).read()


def test_a_reset_is_a_loss(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, LENGTH % 4, b"one")
    heard = threading.Event()

    def hear(_: bytes) -> float:
        heard.set()
        return PATIENCE

    def reset() -> None:
        assert heard.wait(PATIENCE)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()

    breaking = threading.Thread(target=reset)
    breaking.start()
    with pytest.raises(Lost):
        Upstream(client, head, hear, PATIENCE).read()
    breaking.join()


def test_silence_is_a_loss_of_its_own(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, LENGTH % 4)
    with pytest.raises(Stalled):
        Upstream(client, head, Ear(), 0.01).read()


def test_patience_may_become_shorter(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, LENGTH % 4, b"one")
    with pytest.raises(Stalled):
        Upstream(client, head, lambda _: 0.01, PATIENCE).read()


def test_what_is_no_body_is_a_loss(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, CHUNKED, b"size\r\n")
    with pytest.raises(Lost, match="no size"):
        Upstream(client, head, Ear(), PATIENCE).read()


def test_who_hears_may_fail(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, LENGTH % 4, b"one")

    def fail(data: bytes) -> float:
        raise OSError(data)

    with pytest.raises(OSError, match="one"):
        Upstream(client, head, fail, PATIENCE).read()


def test_a_body_up_to_the_end_of_the_connection_is_whole(pair: Pair) -> None:
    server, client = pair
    head = answered(server, client, b"Connection: close", b"one")
    server.shutdown(socket.SHUT_WR)
    Upstream(client, head, ear := Ear(), PATIENCE).read()
    assert ear.said == b"one"
    head.close()
