"""No line of any log has a secret that opens something: a shared link's, a stream's ticket, a cart's key."""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from peewee import OperationalError

from tests.conftest import Visitor
from tests.live import Live, Shopper, serving
from widget_api import logs
from widget_api.redaction import Redactor

SECRET = "XHSMOsnI7POQ-made_up_secret_0001"


@pytest.mark.parametrize(
    "line",
    [
        f"GET /api/shared/{SECRET}",
        f"GET //api//shared//{SECRET}?x=1",
        f"'GET /API/Shared/{SECRET} HTTP/9'",
        f"/api%2Fshared%2f{SECRET}",
        f'"/api/shared/{SECRET}/more"',
        f"http://x/api/chat/c/stream?after=1-2&ticket={SECRET}&x=1",
        f"https://shop/cart/c/abc?key={SECRET}",
    ],
)
def test_a_secret_is_hidden_however_the_address_is_spelled(line: str) -> None:
    assert SECRET not in Redactor()(line)
    assert SECRET not in logs.DiscreetRecord("x", 30, "x", 1, "of %s", (line,), None).getMessage()


@given(st.text(alphabet="abc /?=&%\n\u00e9", max_size=60))
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert Redactor()(line) == line


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_a_traceback_has_no_secret_either(formatter: logging.Formatter) -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    try:
        int(f"no page at /api/shared/{SECRET}")
    except ValueError:
        failed = ("failed: %s", (f"/api/shared/{SECRET}",), sys.exc_info())
        handler.handle(logs.DiscreetRecord("tests", logging.ERROR, __file__, 1, *failed))
    assert SECRET not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert stream.getvalue().count("/api/shared/[secret]") > 1


@pytest.mark.parametrize("error", [OperationalError("away"), LookupError("a fault of ours")])
def test_a_view_that_fails_says_so_without_the_secret(
    anna: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("widget_api.shares.read", fail)
    anna.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    failed = anna.client.get(f"/api/shared/{SECRET}")
    assert failed.status_code in {500, 503}
    assert SECRET not in failed.text
    assert "/api/shared/" in caplog.text
    assert SECRET not in caplog.text


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    with serving(folder, GUNICORN_CMD_ARGS=f"--access-logfile={folder / 'access'}") as server:
        yield server


def test_gunicorns_logs_have_paths_without_secrets(live: Live) -> None:
    with Shopper(live) as anna:
        anna.ask("c", "Do you have boots?")
        url = anna.post("/api/conversations/c/share", json={}).json()["url"]
        secret = url.rpartition("/")[2]
        assert anna.get(f"/api/shared/{secret}").status_code == 200
        assert anna.get(f"//api//shared/{secret}", allow_redirects=False).status_code in {308, 404}
        requests.get(f"{live.url}/api/chat/c/stream", params={"ticket": secret}, timeout=20)
    with socket.create_connection(("127.0.0.1", live.port), 20) as connection:
        connection.sendall(f"GET /api/shared/{secret} HTTP/9.9\r\n\r\n".encode())
        assert b"400" in connection.recv(100)
    access = Path(live.folder / "access")
    while not re.search(r"chat/c/stream", access.read_text()):
        pass
    said = access.read_text() + live.log
    assert "/api/shared/[secret]" in said
    assert secret not in said
