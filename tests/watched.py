"""A browser tab that is watched: whom it asks for anything, what runs in it, what a strict policy would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, ProxySettings, Request

from tests.served import served

SCRIPT = Path(__file__).parent / "hostile.js"
LAST = "last.example"
# Chromium asks its maker what the fields of a form are for.
CHROMIUMS_OWN = "content-autofill.googleapis.com"


class Sink(ThreadingTCPServer):
    """The way out of a browser, which leads nowhere: a proxy that answers nobody and keeps whom they asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Silence)
        self.asked: list[str] = []


class _Silence(StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        if line := self.rfile.readline(9000).decode(errors="replace").strip():
            self.server.asked.append(line)


@dataclass
class Watched:
    """The tab, and another beside it. `faults` are what must not happen, in words."""

    page: Page
    other: Page
    sink: Sink
    hosts: tuple[str, ...]
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._asks)
        self.page.on("console", self._says)
        self.page.on("dialog", self._interrupts)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("popup", lambda popup: self.faults.append(f"opened {popup.url}"))
        self.page.on("download", lambda download: self.faults.append(f"downloaded {download.url}"))

    def found(self) -> list[str]:
        """The faults since this was last asked, once what is under way has come to light."""
        with suppress(Error):
            self.other.goto(f"http://{LAST}/")  # until the sink has heard of this
        faults, self.faults = self.faults, []
        asked, self.sink.asked = self.sink.asked, []
        return [*faults, *(line for line in asked if not self._may(line))]

    def _may(self, line: str) -> bool:
        address = line.split()[1]
        return (urlsplit(address).netloc or address.removesuffix(":443")) in (LAST, CHROMIUMS_OWN, *self.hosts)

    def _asks(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc not in self.hosts:
            self.faults.append(f"asked for {request.url}")

    def _says(self, message: ConsoleMessage) -> None:
        # What could not be loaded was asked for.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.faults.append(message.text)

    def _interrupts(self, dialog: Dialog) -> None:
        self.faults.append(f"said {dialog.message} in a dialog")
        dialog.dismiss()


def reporting(*images: str) -> dict[str, str]:
    """The headers of a page whose policy hides nothing: what it forbids is done all the same, and told."""
    policy = {
        "default-src": ("'none'",),
        "script-src": ("'self'",),
        "img-src": ("data:", *images),
        "base-uri": ("'none'",),
        "form-action": ("'none'",),
        "require-trusted-types-for": ("'script'",),
    }
    told = "; ".join(" ".join([name, *values]) for name, values in policy.items())
    return {"Content-Type": "text/html", "Content-Security-Policy-Report-Only": told}


@contextmanager
def watched(browser: Browser, *hosts: str, **settings: Any) -> Iterator[Watched]:
    """A tab of a fresh profile, whose pages may ask `hosts`: names as addresses have them, with their ports."""
    sink = Sink()
    with served(sink):
        proxy = ProxySettings(server=f"http://127.0.0.1:{sink.server_address[1]}", bypass="127.0.0.1")
        context = browser.new_context(proxy=proxy, **settings)
        context.add_init_script(path=SCRIPT)
        other = context.new_page()  # before the tab, which is then the one in front: others are drawn once a second
        yield Watched(context.new_page(), other, sink, hosts)
        context.close()
