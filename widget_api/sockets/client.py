"""A follower at the far end of a connection: written to by whoever has something to say, and nobody waits for it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from widget_api.sockets.loop import READ, WRITE, Timer, loop
from widget_api.sockets.upstream import NOTHING_YET, READ_BYTES
from widget_api.streams.base import Leave

# So far may a client be behind what is written; beyond, it is cut off and comes back for the rest.
WAITING_BYTES = 256 * 1024
# Four heartbeats. A phone that went without a word, or that takes nothing any more, gives its place to others.
DEAD_SECONDS = 60
# A client has nothing to say after its request; so much is overheard.
IGNORED_BYTES = 64 * 1024
# For the client to hang up first: closing upon bytes that nobody read would take the last words with it.
LINGER_SECONDS = 2.0
# For the last words to arrive where only a reset tells a cut from an end.
CUT_SECONDS = 0.25

# In a request's environment: a function that writes the response's head and gives away its connection.
TAKE_OVER = "widget.take_over"

# SO_LINGER: on, for no time; and off.
_RESET, _ORDERLY = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


class Connection(NamedTuple):
    """What a server hands over when it has written the head of the response."""

    socket: socket.socket
    chunked: bool  # else the body ends with the connection
    keep: Callable[[], None] | None  # gives it back for the next request; None where the head said that it ends


class Signs(NamedTuple):
    """What a stream says beside its events."""

    opening: bytes
    heartbeat: bytes
    heartbeat_seconds: float
    done: bytes
    retry: bytes  # before a cut: come back for the rest
    sent_away: bytes  # before a cut that makes room for others: come back later


class Stage(Enum):
    NEW = auto()  # the response's head is not out yet
    FOLLOWING = auto()
    PARTING = auto()  # the last words are said, but not all on their way
    LINGERING = auto()  # they are
    GONE = auto()  # the connection is not ours any more


class Client:
    """A `Follower`: who writes the log calls `push`, and the bytes are on their way when it returns.

    What the connection does not take at once waits, and the loop sends it on. The loop also breaks the silence,
    hears the client hang up, and says the last words. The lock is held only for what cannot block.
    """

    __slots__ = (
        "_begun",
        "_chunked",
        "_connection",
        "_give_back",
        "_ignored",
        "_keep",
        "_lock",
        "_loop",
        "_lost",
        "_most",
        "_retry",
        "_signs",
        "_spoke",
        "_stage",
        "_timer",
        "_waiting",
        "_whole",
        "leave",
    )

    def __init__(self, signs: Signs, give_back: Callable[[], None]) -> None:
        """`give_back` is called when the client needs its place no more."""
        self.leave: Leave | None = None  # takes it from the log that it follows; set by whoever made it follow
        self._signs = signs
        self._give_back: Callable[[], None] | None = give_back
        self._loop = loop()
        self._connection: socket.socket  # once it has begun, as are the next two
        self._chunked = False
        self._keep: Callable[[], None] | None = None
        # with the lock
        self._lock = threading.Lock()
        self._begun = False  # there is a connection to write to
        self._waiting = bytearray()  # what was pushed before that, and what the connection has not taken yet
        self._most = 0  # so many bytes may wait
        self._spoke = 0.0  # when something was written last
        self._lost = False  # nothing more can be written
        # in the loop's thread
        self._stage = Stage.NEW
        self._whole: bool | None = None  # how the stream has ended, once it has
        self._retry = signs.retry  # what is said before a cut
        self._ignored = 0  # bytes that the client has sent
        self._timer: Timer  # of the next heartbeat, or of the end

    # in any thread

    def push(self, data: bytes) -> None:
        with self._lock:
            self._write(data)

    def end(self, *, whole: bool) -> None:
        self._loop.call_soon(partial(self._end, whole))

    def send_away(self) -> None:
        """Cut the stream to make room for others. Does nothing where it has ended."""
        self._loop.call_soon(self._send_away)

    def body(self, take_over: Callable[[], Connection]) -> Iterator[bytes]:
        """The response's body for its server: asking for it hands over the connection, and nothing is left to do."""
        self.begin(take_over())
        yield from ()

    def begin(self, connection: Connection) -> None:
        """Write to that connection from now on, first of all what has been pushed meanwhile."""
        self._connection, self._chunked, self._keep = connection
        self._connection.setblocking(False)
        with suppress(OSError, AttributeError):  # not TCP, or not Linux
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_SECONDS * 1000)
        if not self._keep:
            # The end of the connection is the end of the body, so only a reset tells a cut from it, also when this
            # process is killed. Node's fetch takes it so even where the end of the chunks is missing.
            self._on_close(_RESET)
        with self._lock:
            self._begun = True
            self._loop.call_soon(self._attend)  # before anything can go wrong: what is lost must have been watched
            begun = self._signs.opening + bytes(self._waiting)
            self._waiting.clear()
            self._most = len(begun) + WAITING_BYTES
            self._write(begun)

    def abandon(self) -> None:
        """Leave, if it has never begun: the client went before it was answered."""
        if not self._begun:
            self._release(heard=False)

    def _on_close(self, how: bytes) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)

    # with the lock

    def _write(self, data: bytes) -> None:
        if not self._begun:
            self._waiting += data
        elif not self._lost:
            self._spoke = self._loop.now
            self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def _send(self, data: bytes) -> None:
        if not self._waiting:
            sent = self._try(data)
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.call_soon(self._watch)
        self._waiting += data
        if len(self._waiting) > self._most:
            self._lose()

    def _try(self, data: bytes | bytearray) -> int:
        """Give the connection what it takes at once. Returns how many bytes that was; all, if it is lost."""
        try:
            return self._connection.send(data)
        except NOTHING_YET:
            return 0
        except OSError:
            self._lose()
            return len(data)

    def _lose(self) -> None:
        self._lost = True
        self._waiting.clear()
        self._loop.call_soon(self._close)

    # in the loop's thread

    def _attend(self) -> None:
        self._stage = Stage.FOLLOWING
        self._loop.watch(self._connection, READ | WRITE, self._ready)
        self._timer = self._loop.call_later(self._signs.heartbeat_seconds, self._beat)

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        # While it parts, what comes is the next request already, and not for us.
        if events & READ and self._stage in {Stage.FOLLOWING, Stage.LINGERING}:
            self._overhear()

    def _flush(self) -> None:
        with self._lock:
            if self._waiting:
                del self._waiting[: self._try(self._waiting)]
        self._go_on()
        self._watch()

    def _watch(self) -> None:
        """Wait for the connection to take more, and for the client to hang up."""
        if not (self._lost or self._stage is Stage.GONE):
            events = WRITE if self._waiting else 0
            self._loop.rewatch(
                self._connection, events if self._stage is Stage.PARTING else events | READ, self._ready
            )

    def _overhear(self) -> None:
        """The client has hung up, or said something that is of no interest."""
        try:
            with self._lock:
                heard = self._connection.recv(READ_BYTES)
        except NOTHING_YET:
            return
        except OSError:
            heard = b""
        self._ignored += len(heard)
        if not heard or self._ignored > IGNORED_BYTES:
            self._close()

    def _beat(self) -> None:
        pause = self._signs.heartbeat_seconds
        with self._lock:
            silent = self._loop.now - self._spoke
            if silent >= pause and self._whole is None:
                self._write(self._signs.heartbeat)
                silent = 0
        self._timer = self._loop.call_later(max(pause - silent, 0), self._beat)

    # its end, in the loop's thread as well

    def _end(self, whole: bool) -> None:
        if self._whole is None:
            self._whole = whole
        self._go_on()

    def _send_away(self) -> None:
        if self._whole is None:
            self._retry = self._signs.sent_away
            self._end(whole=False)

    def _go_on(self) -> None:
        """Take the next step to the end when all that was said before it is on its way."""
        if self._whole is not None and not (self._waiting or self._lost):
            if self._stage is Stage.FOLLOWING:
                self._say_goodbye(whole=self._whole)
            elif self._stage is Stage.PARTING:
                self._part(whole=self._whole)

    def _say_goodbye(self, *, whole: bool) -> None:
        self._stage = Stage.PARTING
        self._release(heard=whole)  # first: who reads the end finds the place free
        with self._lock:
            self._write(self._signs.done if whole else self._retry)
            if whole and self._chunked:
                self._send(b"0\r\n\r\n")
        self._go_on()

    def _part(self, *, whole: bool) -> None:
        if whole and self._keep and not self._ignored:
            self._let_go()
            self._keep()
            return
        self._linger(LINGER_SECONDS if whole or self._keep else CUT_SECONDS)
        with suppress(OSError):
            if whole:
                self._on_close(_ORDERLY)
            # A page that was sent away hangs up itself: a cut would take the last words from it if it is slow.
            if whole or (self._keep and self._retry != self._signs.sent_away):
                self._connection.shutdown(socket.SHUT_WR)

    def _linger(self, seconds: float) -> None:
        self._stage = Stage.LINGERING
        self._watch()
        self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if self._stage is not Stage.GONE:
            self._let_go()
            self._connection.close()
            self._release(heard=False)

    def _let_go(self) -> None:
        self._stage = Stage.GONE
        self._lost = True
        self._timer.cancel()
        self._loop.forget(self._connection)

    def _release(self, *, heard: bool) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back:
            if self.leave:
                self.leave(heard=heard)
            give_back()
