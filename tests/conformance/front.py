"""A recording proxy in front of a shop: it can terminate TLS, and it keeps every JSON-RPC exchange that passes."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.served import served

# Hop-by-hop headers, and those that this proxy writes anew.
DROPPED = frozenset({"connection", "transfer-encoding", "content-length", "date", "server", "accept-encoding"})
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Exchange:
    """One JSON-RPC call to the shop's UCP endpoint and the answer to it."""

    status: int
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def tool(self) -> str:
        """Return the tool that was called, or the method of any other call."""
        method = str(self.request.get("method"))
        return str(self.request["params"]["name"]) if method == "tools/call" else method


@dataclass
class Front:
    """A running proxy. `exchanges` grows with every call to a UCP endpoint."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def front(shop: str, certificate: Path | None = None) -> Iterator[Front]:
    """Run a proxy to the shop at `shop` (`http://host:port`) for the block, over TLS when given a certificate.

    Behind TLS the shop's own addresses are rewritten to https, as a shop behind a TLS proxy names them.
    """
    made = Front("")
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), _handler(shop.removeprefix("http://"), made, tls=bool(certificate))
    )
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    # Clients of other makes look up the name, and the certificate is made for it.
    made.url = f"https://localhost:{server.server_port}" if certificate else f"http://127.0.0.1:{server.server_port}"
    with served(server):
        yield made


def _handler(shop: str, made: Front, *, tls: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = TIMEOUT_SECONDS

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
            with closing(HTTPConnection(shop, timeout=TIMEOUT_SECONDS)) as connection:
                connection.request(self.command, self.path, body or None, headers)
                response = connection.getresponse()
                answer = response.read()
            if self.command == "POST" and self.path == "/api/ucp/mcp":
                made.exchanges.append(Exchange(response.status, json.loads(body), _parse(answer)))
            if tls:
                host = self.headers["Host"].encode()
                answer = answer.replace(b"http://" + host, b"https://" + host)
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in DROPPED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _forward  # noqa: N815 - the names that http.server calls

    return Handler


def _parse(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        return {}
