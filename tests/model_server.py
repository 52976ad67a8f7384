"""A provider made of bytes: it says exactly what a test tells it to, over real sockets, and keeps what it heard."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self

EVENTS = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}


class Hold:
    """Says nothing more until the client goes away."""


Piece = bytes | threading.Event | Hold


@dataclass(frozen=True, slots=True)
class Say:
    """One answer: each piece of bytes is one write and one HTTP chunk, an event is waited for.

    `framing` is how the body's end is known: by chunks, by its length, or (HTTP/1.0) by the end of the
    connection. `end` is how it really ends: as it should, cut off without its end, or with a reset.
    """

    body: Sequence[Piece] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: EVENTS)
    framing: Literal["chunked", "length", "close"] = "chunked"
    end: Literal["clean", "cut", "reset"] = "clean"
    head: bool = True  # without: not even the status line is sent

    @classmethod
    def cut_into(cls, body: bytes, size: int, **fields: Any) -> Self:
        """`body` in pieces of `size` bytes."""
        return cls([body[at : at + size] for at in range(0, len(body), size)], **fields)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. Header names are lower case."""

    line: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class ModelServer:
    """Answers request after request from a list; the last answer stays."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.answers: list[Say] = []
        self.asked: list[Asked] = []
        self.pages: dict[str, Say] = {}  # what it tells of itself, by path
        self.looked_at: list[str] = []
        self.connections = 0  # that brought a question
        self.left = threading.Event()  # a client has closed while an answer was held
        self.heard = threading.Event()  # a request has come in
        self._closing = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def says(self, *answers: Say) -> None:
        """What to answer from now on."""
        self.answers = list(answers)

    def close(self) -> None:
        self._closing.set()
        _end(self._listener)
        self._threads[0].join()  # so that a client which it has just accepted is in the list below
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._meet, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _meet(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._serve(self._tls.wrap_socket(client, server_side=True) if self._tls else client)

    def _serve(self, client: socket.socket) -> None:
        is_new = True
        with client, client.makefile("rb") as incoming, suppress(OSError):
            while asked := _read(incoming):
                if asked.line.startswith("GET "):
                    self._show(client, asked.line.split()[1])
                    continue
                self.connections += is_new
                is_new = False
                self.asked.append(asked)
                answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
                self.heard.set()
                self._answer(client, answer)
                if answer.end == "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if answer.end != "clean" or answer.framing == "close":
                    return

    def _show(self, client: socket.socket, path: str) -> None:
        self.looked_at.append(path)
        self._answer(client, self.pages.get(path, Say(status=404)))

    def _answer(self, client: socket.socket, answer: Say) -> None:
        if answer.head:
            client.sendall(_head(answer))
        for piece in answer.body:
            self._say(client, piece, chunked=answer.framing == "chunked")
        if answer.framing == "chunked" and answer.end == "clean":
            client.sendall(b"0\r\n\r\n")

    def _say(self, client: socket.socket, piece: Piece, *, chunked: bool) -> None:
        if isinstance(piece, Hold):
            if not client.recv(1):
                self.left.set()
            raise ConnectionError
        if isinstance(piece, threading.Event):
            while not (piece.wait(0.05) or self._closing.is_set()):
                pass
            return
        client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked and piece else piece)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _read(incoming: Any) -> Asked | None:
    line = incoming.readline().decode().strip()
    if not line:
        return None
    headers = {}
    while header := incoming.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(line, headers, incoming.read(int(headers.get("content-length", 0))))


def _head(answer: Say) -> bytes:
    version = "1.0" if answer.framing == "close" else "1.1"
    headers = dict(answer.headers)
    if answer.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    elif answer.framing == "length":
        size = sum(len(piece) for piece in answer.body if isinstance(piece, bytes))
        headers["Content-Length"] = str(size + (answer.end != "clean"))
    lines = [f"HTTP/{version} {answer.status} OK", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


@contextmanager
def model_server(tls: ssl.SSLContext | None = None) -> Iterator[ModelServer]:
    """A provider for one test."""
    server = ModelServer(tls)
    try:
        yield server
    finally:
        server.close()
