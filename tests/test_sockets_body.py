"""The body of an answer is what http.client reads of the same bytes, however they were cut."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from widget_api.sockets.body import LINE_BYTES, Body, BodyError, Chunked, Counted, Unbounded, body

CHUNKED = b"Transfer-Encoding: chunked"
# Chunks of any content, with what may stand around them: zeros, capitals, blanks, extensions, trailers.
sizes = st.sampled_from([b"%x", b"%X", b"00%x", b"%x ", b"%x;ext=1", b'%x ;a="b\t"'])
chunks = st.lists(st.tuples(sizes, st.binary(min_size=1, max_size=40)), max_size=6)
endings = st.sampled_from([b"0\r\n\r\n", b"000\r\n\r\n", b"0;last\r\nServer-Timing: a\r\nX: \r\n\r\n"])


class Wire:
    """A socket as http.client wants it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))


def by_http_client(header: bytes, wire: bytes) -> bytes | None:
    """The content; None where it is cut off or none at all."""
    response = HTTPResponse(Wire(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n" + wire))  # type: ignore[arg-type]
    response.begin()
    try:
        return response.read()
    except (HTTPException, ValueError):
        return None


def by_us(made: Body, *pieces: bytes) -> bytes | None:
    try:
        content = b"".join(made.feed(piece) for piece in pieces)
        if not made.ended:
            made.close()
    except BodyError:
        return None
    return content


def cuts(wire: bytes) -> list[list[bytes]]:
    """The wire in one piece, in single bytes, and in two pieces cut at every place."""
    twos = [[wire[:at], wire[at:]] for at in range(len(wire) + 1)]
    return [[wire], [wire[at : at + 1] for at in range(len(wire))], *twos]


@given(chunks, endings)
@example([(b"%x", b"\r\n0\r\n\r\n")], b"0\r\n\r\n")
def test_chunks_are_joined_wherever_they_are_cut(parts: list[tuple[bytes, bytes]], ending: bytes) -> None:
    wire = b"".join(size % len(data) + b"\r\n" + data + b"\r\n" for size, data in parts) + ending
    expected = by_http_client(CHUNKED, wire)
    assert expected == b"".join(data for _, data in parts)
    for pieces in cuts(wire):
        made = Chunked()
        assert by_us(made, *pieces) == expected
        assert (made.ended, made.surplus) == (True, False)


@given(chunks, st.data())
def test_a_body_that_breaks_off_is_none(parts: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    wire = b"".join(b"%x\r\n%b\r\n" % (len(content), content) for _, content in parts) + b"0\r\n"
    wire = wire[: data.draw(st.integers(0, len(wire) - 3))]
    assert by_http_client(CHUNKED, wire) is None
    for pieces in cuts(wire):
        assert by_us(Chunked(), *pieces) is None


@given(st.binary(), st.integers(0, 40))
def test_a_length_is_kept_to(wire: bytes, length: int) -> None:
    for pieces in cuts(wire):
        made = Counted(length)
        if len(wire) < length:
            assert by_us(made, *pieces) is None
        else:
            assert by_us(made, *pieces) == by_http_client(b"Content-Length: %d" % length, wire)
            assert made.surplus == (len(wire) > length)


@given(st.binary())
def test_without_a_length_the_end_of_the_connection_is_the_end(wire: bytes) -> None:
    for pieces in cuts(wire):
        assert by_us(Unbounded(), *pieces) == wire == by_http_client(b"Connection: close", wire)


@pytest.mark.parametrize("wire", [b"2\r\nab\r\n0\r\n\r\nHTTP/1.1", b"0\r\n\r\n\n"])
def test_what_comes_after_the_end_is_noticed(wire: bytes) -> None:
    for pieces in cuts(wire):
        made = Chunked()
        for piece in pieces:
            made.feed(piece)
        assert (made.ended, made.surplus) == (True, True)


@pytest.mark.parametrize(
    "wire",
    [
        b"g\r\n",
        b"\r\n\r\n",
        b"-1\r\n",
        b"0x1\r\na\r\n",
        b"1_0\r\n",
        b" 1\r\na",
        b"1\r\nab\r\n",
        b"1\r\na\r\n\r\n",
        b"1" * 20 + b"\r\n",
    ],
)
def test_nonsense_between_chunks_is_an_error(wire: bytes) -> None:
    for pieces in cuts(wire):
        with pytest.raises(BodyError):
            list(map(Chunked().feed, pieces))


@pytest.mark.parametrize("before", [b"1;", b"0\r\nX: "])
def test_lines_are_not_collected_without_end(before: bytes) -> None:
    made = Chunked()
    made.feed(before)
    with pytest.raises(BodyError):
        for _ in range(LINE_BYTES // 100 + 1):
            made.feed(b"x" * 100)


def test_the_head_says_which_body_it_is() -> None:
    kinds = [body(chunked=True, length=None), body(chunked=False, length=3), body(chunked=False, length=None)]
    assert [type(each) for each in kinds] == [Chunked, Counted, Unbounded]
    assert body(chunked=False, length=0).ended
