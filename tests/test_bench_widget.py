"""The widget's bench: its page has the promised rows, traces and sizes are read rightly, the two shops differ by the
widget alone, and what comes from npm is locked."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from bench.readings import Readings
from bench.widget import page
from bench.widget.lighthouse import FOLDER, WITH, WITHOUT
from bench.widget.peers import PEERS, Peer
from bench.widget.scripted import Speech
from bench.widget.shop import Compressed, Without
from bench.widget.tab import MAIN_THREAD, TASK, longest_task
from bench.widget.table import ROWS, Row
from bench.widget.weight import sizes
from tests.live import ROOT, Live
from tests.servers import require

pytestmark = pytest.mark.looks


def test_the_page_has_exactly_the_promised_rows() -> None:
    section = page.PAGE.read_text().partition("## What was promised")[2].partition("\n## ")[0]
    lines = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
    assert lines[2:] == [row.name for row in ROWS]


def test_the_page_is_that_of_its_readings() -> None:
    assert page.text(Readings.read(page.READINGS)) == page.PAGE.read_text()


def test_a_page_without_readings_says_that_nothing_was_measured() -> None:
    assert page.text(Readings()).count("not measured") == sum(len(row.devices) for row in ROWS)


def row(name: str) -> Row:
    return next(each for each in ROWS if name in each.name)


def test_a_lost_point_is_not_met() -> None:
    readings = Readings()
    for with_it, without in ((100, 100), (98, 99), (100, 99), (98, 99), (97, 100)):
        readings.add("performance", WITH, with_it)
        readings.add("performance", WITHOUT, without)
    assert row("performance").measure(readings, "desktop") == 1
    assert row("performance").verdict(readings, "desktop") == "**not met**"


def test_the_panel_is_all_that_is_loaded_but_the_entry() -> None:
    readings = Readings()
    for stage, weight in (("entry", 4_000), ("panel", 20_000), ("everything", 24_000)):
        readings.add("sent as gz", stage, weight)
    assert row("panel").measure(readings, "desktop") == 20_000
    assert row("panel").verdict(readings, "desktop") == "met"


def test_the_entry_itself_is_no_request_beside_it() -> None:
    readings = Readings()
    readings.add("idle requests", "phone", 1)
    assert row("requests").verdict(readings, "phone") == "met"
    readings.values.clear()
    readings.add("idle requests", "phone", 2)
    assert row("requests").verdict(readings, "phone") == "**not met**"


def test_the_longest_task_is_the_main_threads_own() -> None:
    def task(tid: int, micros: int, name: str = TASK) -> dict[str, object]:
        return {"name": name, "pid": 1, "tid": tid, "dur": micros * 9, "tdur": micros}

    def thread(tid: int, name: str) -> dict[str, object]:
        return {"name": "thread_name", "pid": 1, "tid": tid, "args": {"name": name}}

    threads = [thread(1, MAIN_THREAD), thread(2, "Compositor")]
    events = [*threads, task(1, 3000), task(1, 7500), task(2, 90_000), task(1, 80_000, "Other")]
    assert longest_task(json.dumps({"traceEvents": events}).encode()) == 7.5


def test_files_are_compressed_one_by_one(tmp_path: Path) -> None:
    require("node")
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_bytes(b"the same words " * 100)
    first, second = sizes(files)
    assert first == second
    raw, zipped, brotli = first
    assert raw == 1500
    assert brotli < zipped < len(zlib.compress(files[0].read_bytes(), 9)) + 20


def test_the_scripted_answer_has_as_many_characters_as_it_should() -> None:
    assert [len(piece) for piece in Speech(deltas=2000, characters=4).pieces()] == [4] * 2000


def test_the_shop_without_the_widget_has_all_but_the_widget(live: Live) -> None:
    whole = requests.get(f"{live.url}/products/ridge-beanie", timeout=20).text

    @Request.application
    def shop(_: Request) -> Response:
        return Response(whole, mimetype="text/html")

    bare = Client(Without(shop)).get("/").text
    for trace in ("shop-chat", "chat.js"):
        assert trace in whole
        assert trace not in bare
    for part in ("<img", "<script", "<section", "<link"):
        lost = [tag for tag in re.findall(f"{part}[^>]*>", whole) if tag not in bare]
        assert all("chat" in tag for tag in lost), lost
    assert len(bare) > len(whole) * 0.7


def test_what_is_no_page_is_left_as_it_is() -> None:
    @Request.application
    def shop(_: Request) -> Response:
        return Response("<shop-chat></shop-chat><script src='/widget/chat.js'></script>", mimetype="text/plain")

    assert Client(Without(shop)).get("/").text.startswith("<shop-chat>")


def test_the_shop_of_lighthouse_is_compressed_as_shopify_does_and_what_the_chat_compressed_itself_is_left() -> None:
    @Request.application
    def shop(request: Request) -> Response:
        own = {"Content-Encoding": "br"} if request.path == "/widget/chat.js" else {}
        return Response("<p>wool</p>" * 99, mimetype="text/html" if not own else "text/javascript", headers=own)

    client = Client(Compressed(shop))
    page, plain = client.get("/", headers={"Accept-Encoding": "gzip, br"}), client.get("/")
    assert gzip.decompress(page.data) == plain.data
    assert int(page.headers["Content-Length"]) == len(page.data) < len(plain.data)
    script = client.get("/widget/chat.js", headers={"Accept-Encoding": "gzip, br"})
    assert (script.content_encoding, script.data) == ("br", plain.data)


def test_the_locked_packages_name_no_registry() -> None:
    assert "resolved" not in (FOLDER / "package-lock.json").read_text()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_is_one_release_with_its_hash(peer: Peer) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", peer.version)
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", peer.integrity)


def test_make_knows_how_to_start_it() -> None:
    assert "\nbench-widget: " in (ROOT / "Makefile").read_text()
