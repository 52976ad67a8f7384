"""What the README says is so: its curl commands work as written, its settings are all there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import events, text_of
from tests.live import ROOT, Live

README = (ROOT / "README.md").read_text()
PACE = "0.03"  # the commands cut an answer that is under way


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_alone_can_do_it(live: Live, tmp_path: Path) -> None:
    commands = README.split("## With curl alone")[1].split("```sh\n")[1].split("```")[0]
    done = subprocess.run(
        ["bash", "-c", commands],
        env={"B": live.url, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cut, rest = (tmp_path / "cut.txt").read_bytes(), (tmp_path / "rest.txt").read_bytes()
    assert b"[DONE]" not in cut
    assert rest.endswith(b"data: [DONE]\n\n")
    whole = cut[: cut.rindex(b"\nid: ")]  # up to the event before the last, which may have been cut
    seen = events(whole) + events(rest)
    stored = json.loads((tmp_path / "history.json").read_text())["messages"][-1]["parts"]
    assert text_of(seen) == text_of([part for part in stored if part["type"] == "text"])
    assert json.loads((tmp_path / "cart.json").read_text())["status"] == "ok"


def test_every_setting_is_in_the_table_and_every_row_is_a_setting() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}
    config = (ROOT / "widget_api" / "config.py").read_text()
    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|PORT|INSTANCE)"', config))
    bound = set(re.findall(r'environ\.get\("([A-Z]+)"', (ROOT / "gunicorn.conf.py").read_text()))
    assert told == read | bound


def test_every_picture_and_file_that_is_named_is_there() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists(), path
