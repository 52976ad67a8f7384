"""Clients that are slow, say nothing or take nothing hold no thread, and are not waited for without end."""

from __future__ import annotations

import json
import logging
import selectors
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.live import SHOP, Live, Shopper, serving
from tests.test_llm_stopping import certificate
from tests.test_sockets_worker import Encrypted
from widget_api.api.widget import DIST
from widget_api.logs import ALIKE_SECONDS, MOST_ALIKE, Sparse
from widget_api.problems import BodyTooLarge, Busy, Problem, RequestTimeout
from widget_api.sockets import outlet
from widget_api.sockets.intake import CONTINUE, LARGE_BYTES, Intake, Uses
from widget_api.sockets.request import BODY_BYTES, CHUNKED_BYTES, HEAD_BYTES, Arrival, IncomingRequest

pytestmark = pytest.mark.storeless

PATIENCE = 60
THREADS = 4
GET = b"GET /api/conversations HTTP/1.1\r\nHost: shop\r\n\r\n"
SESSION = json.dumps({"shop": SHOP}).encode()


def post(body: bytes, *headers: str) -> bytes:
    lines = ["POST /api/sessions HTTP/1.1", "Host: shop", "Content-Type: application/json", *headers]
    if "Transfer-Encoding: chunked" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


# Whether a request is there


def arrival(*pieces: bytes) -> Arrival:
    request = IncomingRequest()
    for piece in pieces:
        request.feed(piece)
    return request.arrival


def cut_up(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


WHOLE = [
    GET,
    post(b""),
    post(SESSION),
    post(chunked(b"{", b'"shop": 1}'), "Transfer-Encoding: chunked"),
    post(SESSION, "Expect: 100-continue"),
]


@given(st.sampled_from(WHOLE), st.lists(st.integers(0, 10_000), max_size=6), st.data())
def test_a_request_is_whole_when_its_last_byte_has_come_and_not_before(
    whole: bytes, cuts: list[int], data: st.DataObject
) -> None:
    assert arrival(*cut_up(whole, cuts)) is Arrival.WHOLE
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert arrival(*cut_up(part, cuts)) is Arrival.PARTIAL


@given(st.binary(max_size=300))
def test_whatever_comes_is_kept_as_it_came(data: bytes) -> None:
    request = IncomingRequest()
    request.feed(data)
    assert request.data == data


def endless(number: int) -> bytes:
    """A request whose body has so many bytes of a chunk that is larger."""
    return post(b"%x\r\n" % (2 * CHUNKED_BYTES) + b" " * number, "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (GET + GET[:9], Arrival.WHOLE),
        (b"POST / HTTP/1.1\r\ncontent-length:%d\r\n\r\n" % (BODY_BYTES + 1), Arrival.HEAD_ONLY),
        (b"POST / HTTP/1.1\r\ncontent-length: 1, 2\r\n\r\n", Arrival.HEAD_ONLY),
        (post(b"no size\r\n\r\n", "Transfer-Encoding: chunked"), Arrival.HEAD_ONLY),
        (b"G" * HEAD_BYTES, Arrival.PARTIAL),
        (b"G" * (HEAD_BYTES + 1), Arrival.HEAD_ONLY),
        (endless(BODY_BYTES), Arrival.PARTIAL),
        (endless(CHUNKED_BYTES), Arrival.TOO_LARGE),
    ],
)
def test_what_is_too_large_or_has_no_end_is_not_waited_for(data: bytes, known: Arrival) -> None:
    assert arrival(data) is known


# How long it is waited for


class Desk:
    """An intake with one connection, whose other end is `client`."""

    def __init__(self, *, silence: float = PATIENCE, reading: float = PATIENCE) -> None:
        self.handed_over: list[IncomingRequest] = []
        self.refused: list[Problem | None] = []
        self.poller = selectors.DefaultSelector()
        uses = Uses(
            lambda _, request: self.handed_over.append(request), lambda _, problem: self.refused.append(problem)
        )
        self.intake = Intake(self.poller, uses, silence, reading)
        self.pairs: list[tuple[socket.socket, socket.socket]] = []

    def _hand_over(self, _: object, request: IncomingRequest) -> None:
        self.handed_over.append(request)

    def _refuse(self, _: object, problem: Problem | None) -> None:
        self.refused.append(problem)

    def connect(self) -> socket.socket:
        client, server = socket.socketpair()
        client.setblocking(False)
        self.pairs.append((client, server))
        self.intake.take(Connection(server), is_new=True)
        return client

    def look(self) -> None:
        for key, _ in self.poller.select(0):
            key.data(key.fileobj)

    def close(self) -> None:
        self.intake.close()
        self.poller.close()
        for pair in self.pairs:
            for end in pair:
                end.close()


class Connection:
    """What gunicorn has of a connection, as far as the intake looks at it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.cfg = SimpleNamespace(is_ssl=False)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@pytest.mark.parametrize("said", [GET[:20], post(SESSION)[:-1]], ids=["half a head", "half a body"])
def test_a_request_that_does_not_come_in_time_is_refused(said: bytes) -> None:
    desk = Desk(reading=0)
    desk.connect().send(said)
    desk.look()
    desk.intake.look_at_the_clock(is_ending=False)
    assert [type(each) for each in desk.refused] == [RequestTimeout]
    assert desk.handed_over == []
    desk.close()


def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    desk = Desk(silence=0)
    desk.connect()
    desk.intake.look_at_the_clock(is_ending=False)
    assert desk.refused == [None]
    desk.close()


def test_a_worker_that_ends_waits_for_requests_that_have_begun_only(desk: Desk) -> None:
    desk.connect()
    desk.connect().send(GET[:20])
    desk.look()
    desk.intake.look_at_the_clock(is_ending=True)
    assert desk.refused == [None]


def test_whoever_waits_for_permission_to_send_the_body_gets_it_once(desk: Desk) -> None:
    client, whole = desk.connect(), post(SESSION, "Expect: 100-continue")
    client.send(whole[: -len(SESSION)])
    desk.look()
    assert client.recv(100) == CONTINUE
    client.send(SESSION)
    desk.look()
    assert desk.handed_over[0].data == post(SESSION)
    with pytest.raises(BlockingIOError):
        client.recv(100)


def test_what_large_bodies_take_is_bounded_at_the_cost_of_the_slowest(desk: Desk) -> None:
    head = b"POST /api/chat HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES
    first = arriving(desk)
    desk.intake._feed(first, head + b" " * (BODY_BYTES // 2))
    while not desk.refused:
        desk.intake._feed(arriving(desk), head + b" " * (BODY_BYTES // 2))
    assert desk.intake._large_bytes <= LARGE_BYTES < desk.intake._large_bytes + BODY_BYTES
    assert [type(each) for each in desk.refused] == [Busy]
    assert first not in desk.intake._arriving.values()
    whole = head + b" " * BODY_BYTES
    desk.intake._feed(arriving(desk), whole)
    assert [each.data for each in desk.handed_over] == [whole]


def arriving(desk: Desk) -> Any:
    desk.connect()
    return list(desk.intake._arriving.values())[-1]


def test_a_body_that_never_says_how_long_it_is_is_refused(desk: Desk) -> None:
    desk.intake._feed(arriving(desk), post(b"ffffff\r\n" + b" " * (CHUNKED_BYTES + 1), "Transfer-Encoding: chunked"))
    assert [type(each) for each in desk.refused] == [BodyTooLarge]


# The whole server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = {"REQUEST_THREADS": str(THREADS), "GUNICORN_CMD_ARGS": "--worker-connections=40"}
    with serving(tmp_path_factory.mktemp("live"), **settings) as live:
        yield live


def connect(live: Live) -> socket.socket:
    return socket.create_connection(("127.0.0.1", live.port), PATIENCE)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer."""
    with connection.makefile("rb") as lines:
        status = int(lines.readline().split()[1])
        fields = dict(line.lower().split(b": ", 1) for line in iter(lines.readline, b"\r\n"))
        return status, lines.read(int(fields.get(b"content-length", b"0")))


def is_well(live: Live) -> bool:
    with Shopper(live) as ben:
        return all(ben.get(path).status_code == 200 for path in ("/healthz", "/api/conversations", "/widget/chat.js"))


@pytest.mark.parametrize(
    ("whole", "cut", "status"), [(GET, 20, 401), (post(SESSION), -1, 201)], ids=["half a head", "half a body"]
)
def test_halves_of_requests_hold_no_thread_and_are_answered_when_whole(
    live: Live, whole: bytes, cut: int, status: int
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(live)) for _ in range(3 * THREADS)]
        for connection in slow:
            connection.sendall(whole[:cut])
        assert is_well(live)
        for connection in slow:
            connection.sendall(whole[cut:])
        assert [answer(connection)[0] for connection in slow] == [status] * len(slow)


def test_idle_connections_hold_no_thread_and_make_room_for_others(live: Live) -> None:
    with ExitStack() as stack:
        for said in (b"", GET, GET[:20]):
            for _ in range(40):
                connection = stack.enter_context(connect(live))
                connection.sendall(said)
            assert is_well(live)


def locked(live: Live) -> Any:
    """A connection to the database that keeps everybody else from writing."""
    if url := live.settings.get("DATABASE_URL"):
        holding: Any = psycopg.connect(url)
        holding.execute("LOCK TABLE session IN EXCLUSIVE MODE")
    else:
        holding = sqlite3.connect(live.folder / "chat.db", isolation_level=None)
        holding.execute("BEGIN IMMEDIATE")
    return closing(holding)


def test_health_and_files_are_answered_while_all_threads_wait_for_the_database(live: Live) -> None:
    [panel] = DIST.glob("panel-*.js")
    with ExitStack() as stack:
        ben = stack.enter_context(Shopper(live))
        message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": "hello"}]}
        head = f"POST /api/chat HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {ben.token}\r\n"
        waiting = [stack.enter_context(connect(live)) for _ in range(2 * THREADS)]
        with locked(live):
            for number, connection in enumerate(waiting):
                body = json.dumps({"id": f"c{number}", "message": {**message, "id": f"m{number}"}}).encode()
                fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + fields.encode() + body)
            assert ben.get("/healthz").status_code == 200
            assert ben.get(f"/widget/{panel.name}").status_code == 200
            for connection in waiting:
                connection.setblocking(False)
                with pytest.raises(BlockingIOError):
                    connection.recv(1)
                connection.settimeout(PATIENCE)
        assert all(connection.recv(12) == b"HTTP/1.1 200" for connection in waiting)


def test_clients_that_take_nothing_hold_no_thread(live: Live) -> None:
    [panel] = DIST.glob("panel-*.js")
    line = f"GET /widget/{panel.name} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()
    number = 16 * 1024 * 1024 // panel.stat().st_size  # more than lies in the buffers of both ends
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(live)) for _ in range(THREADS)]
        for connection in slow:
            connection.sendall(line * number)
        assert is_well(live)
        with slow[0].makefile("rb") as taken:
            for _ in range(number):
                status = taken.readline()
                fields = dict(each.lower().split(b": ", 1) for each in iter(taken.readline, b"\r\n"))
                body = taken.read(int(fields[b"content-length"]))
                assert (status.split()[1], body) == (b"200", panel.read_bytes())


def test_a_body_that_is_larger_than_any_is_refused_and_its_connection_ends(live: Live) -> None:
    with connect(live) as connection:
        connection.sendall(b"POST /api/sessions HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n")
        connection.sendall(b"Content-Length: %d\r\n\r\n{" % (2 * BODY_BYTES))
        status, body = answer(connection)
        assert (status, json.loads(body)["code"]) == (413, "body-too-large")
        assert connection.recv(1) == b""


def test_a_body_in_chunks_is_read(live: Live) -> None:
    with connect(live) as connection:
        connection.sendall(post(chunked(SESSION[:5], SESSION[5:]), "Transfer-Encoding: chunked") + GET)
        assert [answer_of(connection) for _ in range(2)] == [201, 401]


def answer_of(connection: socket.socket) -> int:
    """The status of the next answer, read byte by byte: what follows it stays."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    left = int(fields[b"content-length"])
    while left:
        left -= len(connection.recv(left))
    return int(head.split()[1])


def test_what_gunicorn_reads_by_itself_is_answered_too(tmp_path: Path) -> None:
    proxied = "--proxy-protocol=v1 --proxy-allow-from=*"
    with serving(tmp_path, GUNICORN_CMD_ARGS=proxied) as live, connect(live) as client:
        client.sendall(b"PROXY TCP4 203.0.113.9 127.0.0.1 4000 80\r\n" + post(SESSION) + GET)
        assert [answer_of(client) for _ in range(2)] == [201, 401]


def test_handshakes_that_stall_hold_no_thread(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    settings = {"REQUEST_THREADS": str(THREADS), "GUNICORN_CMD_ARGS": f"--certfile={pem} --keyfile={pem}"}
    live = Encrypted(tmp_path, settings)
    live.start()
    try:
        with ExitStack() as stack:
            for said in (b"", b"\x16\x03\x01\x02\x00\x01", GET):
                for _ in range(THREADS):
                    stack.enter_context(connect(live)).sendall(said)
            requests.get(f"{live.url}/readyz", verify=str(pem), timeout=PATIENCE).raise_for_status()
    finally:
        live.stop()


# What waits for clients


def behind(stack: ExitStack) -> tuple[outlet.Outlet, socket.socket]:
    """A client that takes nothing, and its response, of which something waits."""
    client, server = (stack.enter_context(each) for each in socket.socketpair())
    server.setblocking(False)
    made = outlet.Outlet(server)
    made.sendall(b"." * outlet.WAITING_BYTES)
    return made, client


def test_whoever_is_behind_for_longest_is_cut_off_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "MOST_WAITING_BYTES", 2 * outlet.WAITING_BYTES)
    with ExitStack() as stack:
        clients = [behind(stack) for _ in range(3)]
        ended: list[Future[bool]] = [Future() for _ in clients]
        for (made, _), end in zip(clients, ended, strict=True):
            assert not made.finish(end.set_result)
        assert ended[0].result(PATIENCE) is False
        for (_, client), end in list(zip(clients, ended, strict=True))[1:]:
            left = outlet.WAITING_BYTES
            while left:
                left -= len(client.recv(65536))
            assert end.result(PATIENCE) is True


def test_a_response_in_pieces_waits_for_its_client_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "MAKING_SECONDS", 0.0)
    with ExitStack() as stack:
        made, _ = behind(stack)
        with pytest.raises(BrokenPipeError):
            for _ in range(3):
                made.sendall(b"." * outlet.WAITING_BYTES)
        end: Future[bool] = Future()
        assert not made.finish(end.set_result)
        assert end.result(PATIENCE) is False


def test_a_client_that_takes_nothing_is_lost_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "STALLED_SECONDS", 0.0)
    with ExitStack() as stack:
        made, _ = behind(stack)
        end: Future[bool] = Future()
        assert not made.finish(end.set_result)
        assert end.result(PATIENCE) is False


# What is written about it


def test_malformed_requests_are_written_about_a_few_times(live: Live) -> None:
    number = 3 * MOST_ALIKE
    for _ in range(number):
        with connect(live) as connection:
            connection.sendall(b"NO REQUEST\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 400"
    assert live.log.count("Invalid request from ip=") == MOST_ALIKE


def test_the_next_line_after_a_minute_says_how_many_were_left_out() -> None:
    now = [0.0]
    logger, written = logging.getLogger("test.sparse"), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    sparse = Sparse(lambda: now[0])
    logger.addHandler(handler)
    logger.addFilter(sparse)
    try:
        for number in range(MOST_ALIKE + 5):
            logger.warning(f"Invalid request from ip={number}: no")  # noqa: G004 - as gunicorn does
            logger.warning("%s is something else", number)
        now[0] += ALIKE_SECONDS
        logger.warning("Invalid request from ip=7: no")
    finally:
        logger.removeHandler(handler)
        logger.removeFilter(sparse)
    assert len(written) == 2 * MOST_ALIKE + 1
    assert written[-1] == "Invalid request from ip=7: no (5 lines like this one were left out before it)"
