"""A shop of one page whose assistant says what it is told to, in as many pieces and as fast as it is told to."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.served import served
from widget_api.api.widget import DIST

SHOP = "bench-store.myshopify.com"
PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Shop</title>
<body>
<main><h1>Shop</h1></main>
{rest}
</body>
</html>
"""
WIDGET = f'<shop-chat data-shop="{SHOP}"></shop-chat><script type="module" src="/widget/chat.js"></script>'
SESSION = {"session": {"id": "bench", "shop": SHOP}, "token": "bench", "expires_at": "2099-01-01T00:00:00Z"}
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".cjs": "text/javascript", ".css": "text/css"}
# An answer as models write them. A longer one says it again.
MARKDOWN = """\
Good question. For **cold and wet days** I would look at wool first, because it warms even when it is damp.

### What I would take

- The *Tarn beanie*, a close knit of merino; it does not scratch.
- The [felted mittens](/products/mittens), which keep the wind out.
- A scarf, long enough for two turns, in `blue` or dark red.

1. Measure around the head, just above the ears.
2. Between two sizes take the smaller one: wool gives.

| size | head | price |
| --- | --- | --- |
| S | 54 cm | 32 EUR |
| M | 57 cm | 34 EUR |

> Delivery takes two to four days, and returns are free for a month.

Shall I put one into your cart? Tell me the colour, and I will look whether it is there in your size.

"""


@dataclass(frozen=True)
class Speech:
    """An answer: how many deltas of how many characters, and how many of them a second (0: all at once)."""

    deltas: int
    characters: int = 4
    rate: float = 0

    def pieces(self) -> Iterator[str]:
        """The deltas, each when its time has come."""
        text, start = itertools.cycle(MARKDOWN), time.monotonic()
        for number in range(self.deltas):
            if self.rate:
                time.sleep(max(0.0, start + number / self.rate - time.monotonic()))
            yield "".join(itertools.islice(text, self.characters))


class Scripted(ThreadingHTTPServer):
    """The server. `pages` are answered as they are, `folders` have files to serve, `speech` is the next answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.speech = Speech(deltas=1)
        self.pages = {"/": PAGE.format(rest=WIDGET), "/bare": PAGE.format(rest="")}
        self.folders = {"/widget/": DIST}
        self.answers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def file(self, path: str) -> Path | None:
        """The file that lies under this path."""
        for prefix, folder in self.folders.items():
            found = (folder / path.removeprefix(prefix)).resolve()
            if path.startswith(prefix) and found.is_file() and found.is_relative_to(folder.resolve()):
                return found
        return None

    def handle_error(self, *_: object) -> None:
        """Browsers hang up when they like."""


class _Handler(BaseHTTPRequestHandler):
    server: Scripted
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        file = self.server.file(path)
        if path in self.server.pages:
            self._answer(self.server.pages[path].encode(), "text/html")
        elif file:
            self._answer(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))
        else:
            self._answer(b"{}", "application/json", 404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        path = urlsplit(self.path).path
        if path == "/api/chat":
            self._speak()
        else:
            known = path == "/api/sessions"
            self._answer(json.dumps(SESSION if known else {}).encode(), "application/json", 201 if known else 404)

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _speak(self) -> None:
        """The answer as the product streams it."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError):
            for seq, event in enumerate(self._events(), 1):
                self.wfile.write(b"id: 1-%d\ndata: %s\n\n" % (seq, json.dumps(event).encode()))
            self.wfile.write(b"data: [DONE]\n\n")

    def _events(self) -> Iterator[dict[str, str]]:
        yield {"type": "start", "messageId": f"answer-{next(self.server.answers)}"}
        yield {"type": "text-start", "id": "text"}
        for piece in self.server.speech.pieces():
            yield {"type": "text-delta", "id": "text", "delta": piece}
        yield {"type": "text-end", "id": "text"}
        yield {"type": "finish"}

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def scripted() -> Iterator[Scripted]:
    """The server for the block."""
    server = Scripted()
    with served(server):
        yield server
