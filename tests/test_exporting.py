"""An export is written row by row: valid to the byte, in memory that does not grow, to readers who keep up."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.live import Live, Shopper, serving
from widget_api.api.downloads import MOST, PAGE_BYTES, Downloads, File
from widget_api.exports import FORMATS
from widget_api.limits import DEFAULT, Limits
from widget_api.models import Conversation, Message, connect, connected, disconnect, transaction
from widget_api.problems import Busy, TooManyRequests
from widget_api.sockets import download
from widget_api.sockets.client import Connection

LONG = 'Müller & Söhne <b> \\ " \u2028 ' * 40


def fill(session: str, number: int, text: str = LONG) -> Conversation:
    """Add so many messages to the session's newest conversation."""
    with transaction():
        row = Conversation.select().where(Conversation.session == session).order_by(Conversation.pk.desc()).get()
        known = Message.select().count()
        rows = [
            {
                "id": f"filled-{known + n}",
                "session": session,
                "conversation": row.pk,
                "role": "assistant",
                "parts": [{"type": "text", "text": f"{n} {text}"}],
            }
            for n in range(number)
        ]
        for start in range(0, len(rows), 500):
            Message.insert_many(rows[start : start + 500]).execute()
    return row


def export(anna: Visitor, kind: str) -> bytes:
    with anna.get(f"/api/conversations/{anna.conversation}/export", query_string={"format": kind}) as response:
        assert response.status_code == 200
        return bytes(response.data)


@pytest.mark.parametrize("number", [0, 1, 99, 600])
def test_a_json_file_has_every_message_once_and_in_order(anna: Visitor, number: int) -> None:
    anna.says("hello")
    fill(anna.session, number)
    document = json.loads(export(anna, "json"))
    head = anna.get(f"/api/conversations/{anna.conversation}").json
    assert {name: document[name] for name in head} == head
    assert document.keys() == {*head, "messages"}
    assert [message["parts"][0]["text"] for message in document["messages"][2:]] == [
        f"{n} {LONG}" for n in range(number)
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_many_pieces_is_that_of_one(anna: Visitor, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    anna.says("hello")
    fill(anna.session, 30)
    whole = export(anna, kind)
    monkeypatch.setattr("widget_api.api.downloads.PAGE_BYTES", 2000)
    assert export(anna, kind) == whole


@given(st.lists(st.text(), max_size=5))
def test_any_texts_make_valid_json(texts: list[str]) -> None:
    form = FORMATS["json"]
    said = [{"role": "user", "metadata": {}, "parts": [{"type": "text", "text": text}]} for text in texts]
    messages = form.between.join(form.message(each, ()) for each in said)
    written = form.begin({"title": "".join(texts)}) + messages + form.end
    assert json.loads(written) == {"title": "".join(texts), "messages": said}


def test_what_is_said_while_it_is_written_is_not_in_it(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widget_api.api.downloads.PAGE_BYTES", 2000)
    anna.says("hello")
    file = File(fill(anna.session, 5), FORMATS["json"], ())
    first = file.read()
    fill(anna.session, 5)
    assert len(json.loads(first + b"".join(file.pieces()))["messages"]) == 7


def peak_of_export(conversation: Conversation) -> int:
    """The most memory that an export takes at once, in bytes."""
    tracemalloc.start()
    try:
        file = File(conversation, FORMATS["json"], ())
        written = sum(map(len, file.pieces()))
        assert written > 2 * PAGE_BYTES
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_twice_as_many_rows_take_no_more_memory(anna: Visitor) -> None:
    anna.says("hello")
    few = peak_of_export(fill(anna.session, 1500))
    many = peak_of_export(fill(anna.session, 1500))
    assert many < 1.2 * few


# How many


def test_one_file_at_a_time_and_some_of_all_sessions() -> None:
    downloads = Downloads(2)
    give_back = downloads.take("anna")
    with pytest.raises(TooManyRequests) as refused:
        downloads.take("anna")
    assert refused.value.retry_after
    downloads.take("ben")
    with pytest.raises(Busy):
        downloads.take("cleo")
    give_back()
    give_back()
    downloads.take("anna")
    with pytest.raises(Busy):
        downloads.take("cleo")


def test_a_long_file_holds_its_place_until_it_is_read_or_left(anna: Visitor, ben: Visitor) -> None:
    anna.says("hello")
    ben.says("hello")
    fill(anna.session, 600)
    path = f"/api/conversations/{anna.conversation}/export"
    for _ in range(MOST + 1):
        with anna.get(path) as response:
            assert response.status_code == 200
            assert anna.get(path).status_code == 429
            assert ben.get(f"/api/conversations/{ben.conversation}/export").status_code == 200
    assert export(anna, "json")


def test_files_are_rationed() -> None:
    limits = Limits.parse("default")
    assert DEFAULT["exports"] == "6 per minute"
    for _ in range(6):
        limits.take("exports", "anna")
    with pytest.raises(TooManyRequests):
        limits.take("exports", "anna")
    limits.take("exports", "ben")


# To real readers


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live")) as server:
        yield server


@contextmanager
def talkative(live: Live, number: int) -> Iterator[Shopper]:
    """A shopper with a long conversation at a running server."""
    with Shopper(live) as shopper:
        shopper.ask("c", "Do you have boots?")
        connect(live.settings.get("DATABASE_URL", f"sqlite:///{live.folder / 'chat.db'}"))
        try:
            with connected():
                session = Conversation.select().order_by(Conversation.pk.desc()).get().session_id
            fill(session, number)
        finally:
            disconnect()
        yield shopper


def test_a_long_file_comes_in_chunks_and_its_connection_is_kept(live: Live) -> None:
    with talkative(live, 1000) as anna:
        for _ in range(2):
            response = anna.get("/api/conversations/c/export?format=json")
            assert response.headers["Transfer-Encoding"] == "chunked"
            assert len(response.json()["messages"]) == 1002
            assert response.headers["Content-Type"].startswith("application/json")
            assert anna.get("/healthz").status_code == 200


def test_http_1_0_gets_the_file_up_to_the_end_of_the_connection(live: Live) -> None:
    with talkative(live, 1000) as anna, socket.create_connection(("127.0.0.1", live.port), 60) as connection:
        head = f"GET /api/conversations/c/export?format=json HTTP/1.0\r\nAuthorization: Bearer {anna.token}\r\n\r\n"
        connection.sendall(head.encode())
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    assert len(json.loads(b"".join(pieces).partition(b"\r\n\r\n")[2])["messages"]) == 1002


def test_readers_who_take_nothing_keep_nobody_from_being_answered(live: Live) -> None:
    with talkative(live, 4000) as anna, talkative(live, 1) as ben:
        with socket.create_connection(("127.0.0.1", live.port), 60) as idle:
            token = f"Authorization: Bearer {anna.token}"
            idle.sendall(f"GET /api/conversations/c/export HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n".encode())
            assert idle.recv(12) == b"HTTP/1.1 200"
            assert anna.get("/api/conversations/c/export").status_code == 429
            assert ben.get("/api/conversations/c/export").status_code == 200
        # It has hung up: the place is free as soon as the server has noticed.
        while anna.get("/api/conversations/c/export").status_code == 429:
            pass


def sent(pieces: Iterator[bytes], *, reads: bool, chunked: bool = True, **limits: float) -> tuple[bool, bytes, bool]:
    """Send to one who reads all or nothing. Returns whether it was all, what came, and whether it was an end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        kept: list[bool] = []
        whole = download.send(Connection(ours, chunked, lambda: kept.append(True)), pieces, **limits)
        ours.close()
        heard = b""
        while reads and (piece := theirs.recv(1 << 16)):
            heard += piece
        return whole, heard, bool(kept)


def test_a_file_is_given_chunk_by_chunk() -> None:
    assert sent(iter([b"one", b"two"]), reads=True) == (True, b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", True)


def test_one_who_takes_nothing_is_cut_off() -> None:
    whole, _, kept = sent(iter([b"x" * 10_000_000]), reads=False, piece_seconds=0.05)
    assert (whole, kept) == (False, False)


def test_one_who_takes_it_too_slowly_is_cut_off() -> None:
    whole, _, kept = sent(iter([b"one", b"two"]), reads=False, whole_seconds=-1)
    assert (whole, kept) == (False, False)


def test_a_file_that_cannot_be_read_to_its_end_has_none(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("the database is away")

    assert sent(broken(), reads=True)[1:] == (b"3\r\none\r\n", False)
    assert "broke off" in caplog.text
