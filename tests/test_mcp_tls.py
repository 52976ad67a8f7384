"""TLS to a vetted address: the certificate, the server name and the Host header are those of the shop's name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from widget_api.problems import ShopUnavailable
from widget_api.shopify import dial
from widget_api.shopify.http import Http

NAME = "shop.example.com"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def certificate(folder: Path, *names: str) -> Path:
    """A certificate for `names`, signed by itself, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "shop.pem"
    path.write_bytes(plain + signed.public_bytes(pem))
    return path


class TlsShop:
    """A shop that answers one connection: with `ANSWER`, or byte by byte for as long as somebody listens."""

    def __init__(self, pem: Path, *, drips: bool) -> None:
        self.drips = drips
        self.asked_for: list[str | None] = []
        self.request = b""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.context.sni_callback = lambda _, name, __: self.asked_for.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        with suppress(OSError):
            raw, _ = self.listener.accept()
            with raw, self.context.wrap_socket(raw, server_side=True) as conn:
                while not self.request.endswith(b"{}") and (piece := conn.recv(65_536)):
                    self.request += piece
                if self.drips:
                    conn.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
                    while not threading.Event().wait(0.02):
                        conn.sendall(b"x")
                conn.sendall(ANSWER)

    def close(self) -> None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()  # if nobody came
        self.thread.join()
        self.listener.close()


@pytest.fixture
def pem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's certificate, on a machine where the shop's name leads here and here is public space."""
    monkeypatch.setattr(dial, "is_public", lambda address: address == "127.0.0.1")
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: here if host == NAME else resolve(host, *rest, **more)
    )
    return certificate(tmp_path, NAME)


@pytest.fixture
def shop(pem: Path, request: pytest.FixtureRequest) -> Iterator[TlsShop]:
    shop = TlsShop(pem, drips=getattr(request, "param", False))
    yield shop
    shop.close()


def test_the_shops_name_is_asked_for_and_verified(shop: TlsShop, pem: Path) -> None:
    http = Http()
    http._session.verify = str(pem)
    assert http.post(f"https://{NAME}:{shop.port}/api/ucp/mcp", b"{}", {}).body == b"ok"
    assert shop.asked_for == [NAME]
    assert f"Host: {NAME}:{shop.port}".encode() in shop.request
    http.close()


def test_a_certificate_that_nobody_vouches_for_is_a_shop_out_of_reach(shop: TlsShop) -> None:
    http = Http()
    with pytest.raises(ShopUnavailable):
        http.post(f"https://{NAME}:{shop.port}/api/ucp/mcp", b"{}", {})
    assert shop.request == b""
    http.close()


@pytest.mark.parametrize("shop", [True], indirect=True)
def test_an_answer_that_drips_is_hung_up_on(shop: TlsShop, pem: Path) -> None:
    http = Http(total=0.2)
    http._session.verify = str(pem)
    with pytest.raises(ShopUnavailable, match="too long"):
        http.post(f"https://{NAME}:{shop.port}/api/ucp/mcp", b"{}", {})
    http.close()
