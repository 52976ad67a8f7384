"""A follower's connection gets every byte in order and once, and never keeps the writer waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from widget_api.sockets import client as module
from widget_api.sockets.client import IGNORED_BYTES, WAITING_BYTES, Client, Connection, Signs
from widget_api.streams.base import Position
from widget_api.streams.memory import MemoryStreamLog

# Only a test that fails waits so long.
PATIENCE = 20
SIGNS = Signs(b"open|", b"beat|", PATIENCE, b"done|", b"retry|", b"away|")
LAST_CHUNK = b"0\r\n\r\n"


class ServerEnd(socket.socket):
    """The server's end of a connection. `is_free` is set once the client has closed it or given it back."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        self.is_free = threading.Event()

    def close(self) -> None:
        super().close()
        self.is_free.set()


@dataclass
class Line:
    """A client under test, the log that it follows, and the browser's end of its connection."""

    browser: socket.socket
    server: ServerEnd
    signs: Signs = SIGNS
    log: MemoryStreamLog = field(default_factory=MemoryStreamLog)
    place: threading.Event = field(default_factory=threading.Event)  # it was given back
    kept: threading.Event = field(default_factory=threading.Event)  # the connection was
    is_taken: bool = False  # the client has got the connection
    written: int = 0

    def __post_init__(self) -> None:
        for end in (self.browser, self.server):
            end.settimeout(PATIENCE)
        self.log.open("t", 1)
        self.client = Client(self.signs, self.place.set)

    def follow(self, after: Position | None = None) -> None:
        self.client.leave = self.log.follow("t", after, self.client)

    def begin(self, *, chunked: bool = True, keep: bool = True) -> None:
        self.is_taken = True
        self.client.begin(Connection(self.server, chunked, self._keep if keep else None))

    def _keep(self) -> None:
        self.kept.set()
        self.server.is_free.set()

    def close(self) -> None:
        """Hang up, and close the server's end as soon as the client has done with it: its place is free before."""
        self.browser.close()
        if self.is_taken:
            assert self.place.wait(PATIENCE)
            assert self.server.is_free.wait(PATIENCE)
        self.server.close()

    def write(self, *events: bytes) -> None:
        for event in events:
            self.written += 1
            assert self.log.append("t", Position(1, self.written), event)

    def reads(self, size: int) -> bytes:
        """The next `size` bytes at the browser's end, fewer at the end of the connection."""
        pieces = []
        while size and (piece := self.browser.recv(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def rest(self) -> bytes:
        """All bytes until the connection ends."""
        return self.reads(1 << 30)


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@pytest.fixture
def line() -> Iterator[Line]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        browser = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    made = Line(browser, ServerEnd(server))
    yield made
    made.close()


@pytest.fixture
def following(line: Line) -> Line:
    """A client that follows, on a connection that may be kept."""
    line.follow()
    line.begin()
    assert line.reads(10) == chunked(SIGNS.opening)
    return line


# What comes


def test_events_come_as_they_are_written(following: Line) -> None:
    for event in (b"one", b"two", b"three"):
        following.write(event)
        assert following.reads(len(event) + 5) == chunked(event)


def test_what_was_written_before_comes_first_and_in_one_piece(line: Line) -> None:
    line.write(b"one", b"two")
    line.follow()
    line.write(b"three")
    line.begin()
    expected = chunked(b"open|onetwothree")
    assert line.reads(len(expected)) == expected


def test_a_client_of_http_1_0_gets_the_bytes_alone(line: Line) -> None:
    line.follow()
    line.begin(chunked=False, keep=False)
    line.write(b"one", b"two")
    line.log.close("t")
    assert line.rest() == b"open|onetwodone|"


def test_silence_is_broken(line: Line) -> None:
    line.client = Client(SIGNS._replace(heartbeat_seconds=0.01), line.place.set)
    line.follow()
    line.begin(chunked=False)
    assert line.reads(15) == b"open|beat|beat|"


def test_what_a_connection_does_not_take_at_once_is_sent_on(line: Line) -> None:
    history = b"h" * (32 * WAITING_BYTES)  # of any size: nobody wrote it faster than it could be read
    line.write(history)
    line.follow()
    line.begin()
    live = [b"%d" % number * 100 for number in range(500)]
    line.write(*live)
    line.log.close("t")
    expected = chunked(b"open|" + history, *live, b"done|") + LAST_CHUNK
    assert line.reads(len(expected)) == expected
    assert line.kept.wait(PATIENCE)


# How it ends


def test_an_end_is_an_end_and_the_connection_is_kept(following: Line) -> None:
    following.write(b"one")
    following.log.close("t")
    expected = chunked(b"one", b"done|") + LAST_CHUNK
    assert following.reads(len(expected)) == expected
    assert following.kept.wait(PATIENCE)
    following.server.sendall(b"the next answer")
    assert following.reads(15) == b"the next answer"


def test_who_reads_the_end_finds_the_place_free_and_the_end_heard(following: Line) -> None:
    following.log.close("t")
    assert following.reads(15) == chunked(b"done|") + LAST_CHUNK
    assert following.place.is_set()
    assert not following.log.tells("t", None)


def test_the_next_request_may_come_with_the_end(following: Line) -> None:
    following.browser.settimeout(None)
    following.log.close("t")
    following.reads(15)
    following.browser.sendall(b"GET / HTTP/1.1")
    assert following.kept.wait(PATIENCE)
    following.server.settimeout(PATIENCE)
    assert following.server.recv(100) == b"GET / HTTP/1.1"


def test_an_answer_that_has_ended_already_is_told_and_ended(line: Line) -> None:
    line.write(b"one")
    line.log.close("t")
    line.follow()
    line.begin()
    expected = chunked(b"open|one", b"done|") + LAST_CHUNK
    assert line.reads(len(expected)) == expected
    assert not line.log.tells("t", None)


def test_a_cut_is_no_end(following: Line) -> None:
    following.write(b"one")
    following.log.discard("t")
    assert following.rest() == chunked(b"one", b"retry|")
    assert not following.kept.is_set()


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_cut_is_a_reset_where_the_connection_ends_with_the_body(line: Line, is_chunked: bool) -> None:
    line.follow()
    line.begin(chunked=is_chunked, keep=False)
    line.log.discard("t")
    expected = chunked(b"open|", b"retry|") if is_chunked else b"open|retry|"
    assert line.reads(len(expected)) == expected
    with pytest.raises(ConnectionResetError):
        line.rest()


def test_a_stream_that_never_began_gives_its_place_back(line: Line) -> None:
    line.follow()
    line.client.abandon()
    assert line.place.is_set()
    line.write(b"one")


def test_a_stream_that_has_begun_is_not_abandoned(following: Line) -> None:
    following.client.abandon()
    assert not following.place.is_set()


# What the client does


def test_a_client_that_hangs_up_gives_its_place_back_at_once(following: Line) -> None:
    following.browser.close()
    assert following.place.wait(PATIENCE)
    following.write(b"one")


def test_a_client_that_will_say_nothing_more_has_hung_up(following: Line) -> None:
    following.browser.shutdown(socket.SHUT_WR)
    assert following.place.wait(PATIENCE)
    assert following.rest() == b""


def test_a_client_that_breaks_off_is_noticed_by_who_writes(following: Line) -> None:
    following.browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, module._RESET)
    following.browser.close()
    while not following.place.is_set():
        following.write(b"one")


def test_what_a_client_says_meanwhile_is_passed_over_and_its_connection_not_kept(following: Line) -> None:
    following.browser.sendall(b"GET / HTTP/1.1\r\n\r\n")
    while not following.client._ignored:  # it is heard by another thread
        pass
    following.write(b"one")
    following.reads(8)
    following.log.close("t")
    assert following.rest() == chunked(b"done|") + LAST_CHUNK
    assert not following.kept.is_set()


def test_a_client_that_talks_without_end_is_cut_off(following: Line) -> None:
    with pytest.raises(ConnectionError):
        while True:
            following.browser.sendall(b"x" * IGNORED_BYTES)
    assert following.place.wait(PATIENCE)


def test_a_client_that_falls_behind_is_cut_off_and_loses_nothing_when_it_comes_back(line: Line) -> None:
    size = 10_000
    line.follow()
    line.begin(chunked=False)
    while not line.place.is_set():
        line.write(b"%010d" % line.written * (size // 10))
    read = line.rest().removeprefix(b"open|")
    assert line.log.tells("t", None)
    line.log.close("t")
    browser, server = socket.socketpair()
    again = Line(browser, ServerEnd(server), log=line.log)
    again.follow(Position(1, len(read) // size))
    again.begin(chunked=False)
    whole = b"".join(b"%010d" % number * (size // 10) for number in range(line.written))
    expected = b"open|" + whole[len(read) // size * size :] + b"done|"
    assert again.reads(len(expected)) == expected
    assert whole.startswith(read)
    again.close()
