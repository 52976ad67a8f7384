"""Bytes: what browsers ask for, each file compressed the same way by Node's zlib, ours and the peers'."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect

from bench.programs import Missing
from bench.readings import Readings
from bench.widget.peers import PEERS, Peer, packed
from bench.widget.run import OURS, Run
from bench.widget.scripted import PAGE
from bench.widget.tab import PHONES, Work, tab
from tests.live import serving
from tests.widget import Chat
from widget_api.api.widget import DIST

COMPRESS = Path(__file__).with_name("node") / "compress.mjs"
PRODUCT = "/products/ridge-beanie"
# How much of the widget a shopper has loaded.
STAGES = {
    "entry": "every page of the shop",
    "panel": "the chat opened",
    "question": "a first question answered",
    "everything": 'history and "forget me" opened, too',
    "languages": "all ten languages, which nobody loads",
}
SETTLED_MS = 1000


class Asked(list[str]):
    """The paths that a page asks for, each once, and the other hosts that it turns to."""

    def __init__(self, page: Page, site: str) -> None:
        super().__init__()
        self.hosts: set[str] = set()
        self._site = site
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        if not request.url.startswith(self._site):
            self.hosts.add(url.netloc)
        elif url.path not in self:
            self.append(url.path)

    def under(self, prefix: str, folder: Path) -> list[Path]:
        """The files of the folder that were asked for below a prefix."""
        found = (folder / path.removeprefix(prefix) for path in self if path.startswith(prefix))
        return [file for file in found if file.is_file()]


def ours(run: Run) -> None:
    """What a shopper loads of ours, from the first page to everything opened."""
    with TemporaryDirectory() as folder, serving(Path(folder)) as live, tab(run.browser) as opened:
        chat, asked = Chat(opened.page, live), Asked(opened.page, live.url)

        def weigh(stage: str) -> None:
            _serve(run.readings, stage, asked.under("/widget/", DIST))

        chat.visit(PRODUCT)
        chat.page.wait_for_load_state("networkidle")
        weigh("entry")
        run.readings.add("other hosts", "entry", len(asked.hosts))
        chat.launcher.click()
        expect(chat.panel).to_be_visible()
        chat.page.wait_for_load_state("networkidle")
        weigh("panel")
        chat.ask("Something warm for my head?")
        weigh("question")
        for page in ("Past conversations", "Forget me"):
            chat.choose(page)
            chat.page.wait_for_load_state("networkidle")
            chat.page.keyboard.press("Escape")
        weigh("everything")
    _serve(run.readings, "languages", list(DIST.glob("*.js")))


def _serve(readings: Readings, stage: str, files: list[Path]) -> None:
    """What these files weigh, and what the server sends for them."""
    _add(readings, files, stage)
    for encoding in ("gz", "br"):
        sent = (file.with_name(f"{file.name}.{encoding}").stat().st_size for file in files)
        readings.add(f"sent as {encoding}", stage, sum(sent))


def peers(run: Run) -> None:
    """What a shopper loads of the peers before a click, beside ours, and what that costs a phone's main thread."""
    run.shop.pages["/ours"] = run.shop.pages["/"]
    pages = {OURS: "/ours"}
    try:
        with packed() as folder:
            run.shop.folders["/packages/"] = folder
            for place, peer in enumerate(PEERS):
                at = f"/packages/{place}"
                run.shop.pages[at] = PAGE.format(rest=peer.embed.format(at=f"{at}/package"))
                _ask(run, peer, at, folder)
                if peer.runs:
                    pages[peer.package] = at
            _load(run, pages)
    except Missing as exc:
        run.readings.missing["peers"] = str(exc)
        _load(run, pages)


def _ask(run: Run, peer: Peer, path: str, folder: Path) -> None:
    """Note what a page with this peer asks for, before anybody touches it."""
    with tab(run.browser) as opened:
        asked = Asked(opened.page, run.shop.url)
        opened.page.goto(run.shop.url + path)
        opened.page.wait_for_load_state("networkidle")
        opened.page.wait_for_timeout(SETTLED_MS)
    _add(run.readings, asked.under("/packages/", folder), peer.package)
    run.readings.add("other hosts", peer.package, len(asked.hosts))


def _load(run: Run, pages: dict[str, str]) -> None:
    """The main thread's time for each page until nobody has anything to do, less that of an empty page."""
    for _ in run.rounds():
        empty = loaded(run, "/bare")
        for name, path in pages.items():
            work = loaded(run, path)
            run.readings.add("load", name, max(0.0, work.tasks - empty.tasks))
            run.readings.add("load longest", name, work.longest)


def loaded(run: Run, path: str) -> Work:
    """What a phone does for a page of the scripted shop, from the address to the moment when all is quiet."""
    with tab(run.browser, PHONES) as opened:
        opened.page.goto(f"{run.shop.url}/bare")  # the process for this site is there from now on
        with opened.measured() as work:
            opened.page.goto(run.shop.url + path)
            opened.page.wait_for_load_state("networkidle")
            opened.page.wait_for_timeout(SETTLED_MS)
    return work


def _add(readings: Readings, files: list[Path], name: str) -> None:
    for figure, size in zip(("raw", "gzip", "brotli"), map(sum, zip(*sizes(files), strict=True)), strict=True):
        readings.add(figure, name, size)
    readings.add("files", name, len(files))


def sizes(files: Iterable[Path]) -> list[tuple[int, int, int]]:
    """Of each file: raw, gzip -9, brotli 11."""
    paths = json.dumps([str(file) for file in files])
    said = subprocess.run(["node", str(COMPRESS)], input=paths, capture_output=True, text=True, check=True)
    return [(raw, gzip, brotli) for raw, gzip, brotli in json.loads(said.stdout)]
