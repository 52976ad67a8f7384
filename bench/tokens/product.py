"""The product as a commit had it, with its demo shop or with that shop full of clothes, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bench.programs import Missing
from bench.tokens.story import Turn
from tests.live import ROOT, SHOP, START_SECONDS
from tests.servers import free_port

# What the working tree has, committed or not.
NOW = "now"

_SIZES, _COLOURS = ("XS", "S", "M", "L", "XL", "XXL"), ("Ink", "Moss", "Oat", "Rust", "Pine", "Slate")
CLOTHES = ("sweater", "jacket", "trousers")
THINGS = {"demo": ("beanie", "sweater", "mug"), "clothes": CLOTHES}
_TEXT = (
    "A close-fitting layer in a merino blend that keeps its warmth when it is wet. Flat seams, a longer back and "
    "cuffs that stay where they are. Knitted in Portugal from yarn that is spun in Italy, and mended free of charge "
    "for as long as you wear it. Machine washable at 30 degrees; dry it flat."
)
_BUDGET = re.compile(r"^(HISTORY_TOKENS(?:: Final)?) = [0-9]+$", re.MULTILINE)
# Ids as long as Shopify's.
_SHORT_ID, _LONG_ID = '_GOODS["products"], 7001)', '_GOODS["products"], 803659254188)'


@dataclass(frozen=True)
class Version:
    """A commit's product; one that `is_whole` leaves nothing out of a conversation."""

    commit: str
    is_whole: bool = False

    @property
    def name(self) -> str:
        return f"{self.commit}, nothing left out" if self.is_whole else self.commit


def has_commit(version: Version) -> bool:
    """Return whether the repository has the version's commit."""
    words = ["git", "cat-file", "-e", f"{version.commit}^{{commit}}"]
    return version.commit == NOW or not subprocess.run(words, cwd=ROOT, capture_output=True, check=False).returncode


@contextmanager
def running(version: Version, shop: str, model_url: str) -> Iterator[str]:
    """Yield the address of that version of the product, before the `shop` and with the model at that address."""
    with tempfile.TemporaryDirectory(prefix="tokens-") as name:
        folder = Path(name)
        _check_out(version.commit, folder / "code")
        if version.is_whole:
            _lift_the_budget(folder / "code" / "widget_api" / "turns")
        if shop == "clothes":
            _fill_with_clothes(folder / "code" / "widget_api" / "demo")
        port = free_port()
        settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(folder / "code"),
            "PORT": str(port),
            "INSTANCE": str(folder),
            "RATE_LIMITS": "off",
            "BACKUP_DAYS": "0",
            "MODEL_API": "openai",
            "MODEL_NAME": "m",
            "MODEL_BASE_URL": model_url,
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "widget_api.demo:create_app()"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder / "code", env=settings, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def tell(url: str, turns: Sequence[Turn]) -> None:
    """Ask all questions of a story in one conversation. Raises `Missing` where one is not answered."""
    with requests.Session() as session:
        token = session.post(f"{url}/api/sessions", json={"shop": SHOP}, timeout=30).json()["token"]
        session.headers["Authorization"] = f"Bearer {token}"
        _tell(session, url, turns)


def _tell(session: requests.Session, url: str, turns: Sequence[Turn]) -> None:
    for number, turn in enumerate(turns):
        kind = {"/": "index", "/cart": "cart"}.get(turn.path, "collection")
        page = {"url": url + turn.path, "title": f"Page {turn.path}", "type": kind, "locale": "en"}
        parts: list[dict[str, Any]] = [{"type": "text", "text": turn.question}, {"type": "data-page", "data": page}]
        message = {"id": f"m{number}", "role": "user", "parts": parts}
        asked = session.post(f"{url}/api/chat", json={"id": "story", "message": message}, timeout=60)
        if json.dumps(turn.answer)[1:-1] not in _words(asked.text):
            raise Missing(f"turn {number + 1} was not answered: {asked.text[-500:]}")


def _words(stream: str) -> str:
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(event["delta"] for event in events if event["type"] == "text-delta")


def _check_out(commit: str, folder: Path) -> None:
    folder.mkdir()
    if commit == NOW:
        listed = subprocess.run(
            ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        )
        command = ["tar", "--ignore-failed-read", "--null", "--files-from=-", "-c"]
        packed = subprocess.run(command, cwd=ROOT, input=listed.stdout, capture_output=True, check=False)
    else:
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)


def _lift_the_budget(turns: Path) -> None:
    for module in (turns / "prompt.py", turns / "context.py"):
        if module.exists():
            module.write_text(_BUDGET.sub(r"\1 = 1_000_000", module.read_text("utf-8")), "utf-8")


def _fill_with_clothes(demo: Path) -> None:
    """Replace what the demo shop sells by fifteen products of 36 variants."""
    head = (demo / "goods.toml").read_text("utf-8").partition("[[products]]")[0]
    entries = [_entry(kind, number) for kind in CLOTHES for number in range(1, 6)]
    (demo / "goods.toml").write_text(head + "\n".join(entries), "utf-8")
    code = (demo / "goods.py").read_text("utf-8")
    if _SHORT_ID not in code:
        raise Missing("The demo shop's goods are numbered in another way: adapt bench/tokens/product.py.")
    (demo / "goods.py").write_text(code.replace(_SHORT_ID, _LONG_ID), "utf-8")


def _entry(kind: str, number: int) -> str:
    fields = {
        "handle": f"merino-{kind}-{number}",
        "title": f"Merino Half-Zip {kind.title()} {number}",
        "kind": "sweater",
        "type": kind.title(),
        "price": 7995 + 1000 * number,
        "text": _TEXT,
        "details": ["Merino 80 %, nylon 20 %", "Cut regular"],
        "tags": [kind, "merino"],
        "collections": ["knitwear"],
        "colours": list(_COLOURS),
        "sizes": list(_SIZES),
    }
    return "\n".join(["[[products]]", *(f"{name} = {json.dumps(value)}" for name, value in fields.items())]) + "\n"


def _wait(address: str, log: Path) -> None:
    for _ in range(START_SECONDS * 5):
        try:
            requests.get(address, timeout=5)
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return
    raise Missing(f"The product did not start: {log.read_text()[-500:]}")
