"""nginx as it is deployed, before two app hosts that share PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

import pytest

from tests.conftest import events, text_of
from tests.live import SHOP, Live
from tests.model_server import ModelServer, model_server
from tests.nginx import Nginx, command, curl, nginx_before, placed
from tests.puppet import speech
from tests.served import served
from tests.servers import find, postgres_server, redis_server, require
from widget_api.api.body import BODY_BYTES
from widget_api.api.chat import CHAT_BYTES
from widget_api.api.pages import PAGE_BYTES

pytestmark = [pytest.mark.storeless, pytest.mark.xdist_group("deploy")]


@dataclass
class Site:
    """Two app hosts with the same stores, nginx before them, and a model that a test can hold."""

    nginx: Nginx
    hosts: list[Live]
    model: ModelServer
    token: str = ""

    def __post_init__(self) -> None:
        minted = curl(f"{self.nginx.url}/api/sessions", *sending({"shop": SHOP}))
        self.token = json.loads(minted)["token"]

    @property
    def mine(self) -> list[str]:
        return ["-H", f"Authorization: Bearer {self.token}"]

    def get(self, path: str, *options: str) -> str:
        return curl(f"{self.nginx.url}{path}", *self.mine, *options)

    def question(self, conversation: str) -> list[str]:
        part = {"type": "text", "text": "Do you have boots?"}
        return sending({"id": conversation, "message": {"id": conversation, "role": "user", "parts": [part]}})

    def answer(self, conversation: str) -> str:
        return text_of(json.loads(self.get(f"/api/conversations/{conversation}/messages"))["messages"][-1]["parts"])


def sending(body: dict[str, Any]) -> list[str]:
    return ["-H", "Content-Type: application/json", "-d", json.dumps(body)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require("nginx", "curl", "openssl", "postgres", "redis-server")
    with ExitStack() as stack:
        model = stack.enter_context(model_server())
        hosts = [Live(tmp_path_factory.mktemp("host")) for _ in range(2)]
        settings = {
            "DATABASE_URL": stack.enter_context(postgres_server()).database(),
            "REDIS_URL": stack.enter_context(redis_server()).url,
            "SECRET_KEYS": "0123456789abcdefghijklmnopqrstuv",
            "PUBLIC_URL": hosts[1].url,  # where the demo's shop is, of the host that is not killed
            "TRUSTED_PROXIES": "1",
            "WEB_CONCURRENCY": "2",
            "MODEL_API": "openai",
            "MODEL_NAME": "m",
            "MODEL_BASE_URL": f"{model.url}/v1",
        }
        for host in hosts:
            host.settings = settings
            stack.callback(host.start().stop)
        nginx = stack.enter_context(nginx_before(tmp_path_factory.mktemp("nginx"), (hosts[0].port, hosts[1].port)))
        yield Site(nginx, hosts, model)


def test_nginx_takes_the_file_as_it_is_deployed(tmp_path: Path) -> None:
    require("nginx", "openssl")
    placed(tmp_path, (8001, 8002))
    done = subprocess.run(command(tmp_path, "-t"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@contextmanager
def heard_until(site: Site, conversation: str, words: bytes) -> Iterator[tuple[bytes, IO[bytes]]]:
    """An answer that is being read, up to these words: what came so far, and where the rest will come."""
    reading = [find("curl"), "-sSkN", "--http2", "--noproxy", "*", *site.mine, *site.question(conversation)]
    with subprocess.Popen([*reading, f"{site.nginx.url}/api/chat"], stdout=subprocess.PIPE) as process:
        assert process.stdout
        heard = b""
        while words not in heard:
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece, heard
            heard += piece
        yield heard, process.stdout


def test_an_answer_arrives_while_it_is_being_written(site: Site) -> None:
    gate = threading.Event()
    site.model.says(speech("One ", gate, "two."))
    with heard_until(site, "held", b'"One ') as (heard, rest):
        gate.set()  # until now the model has not said more, so nothing could wait to be sent with it
        whole = heard + rest.read()
    assert text_of(events(whole)) == "One two."
    assert whole.endswith(b"data: [DONE]\n\n")


def test_browsers_are_spoken_to_in_http_2_and_every_answer_has_a_number(site: Site) -> None:
    said = curl(f"{site.nginx.url}/healthz", "-i", "-w", "%{http_version}")
    assert said.endswith("2")
    assert re.search(r"^x-request-id: [0-9a-f]{32}\r?$", said, re.MULTILINE | re.IGNORECASE)


def test_plain_http_is_sent_to_https(site: Site) -> None:
    said = curl(f"http://127.0.0.1:{site.nginx.http}/api/cart?x=1", "-i")
    assert " 301 " in said.splitlines()[0]
    assert "https://127.0.0.1/api/cart?x=1" in said


def test_what_is_for_whoever_runs_it_is_not_shown_to_the_world(site: Site) -> None:
    for path in ("/readyz", "/metrics"):
        assert curl(f"{site.nginx.url}{path}", "-o", "/dev/null", "-w", "%{http_code}") == "404"


def test_the_app_says_itself_that_a_message_is_too_large(site: Site, tmp_path: Path) -> None:
    (tmp_path / "body").write_text(json.dumps({"id": "c", "message": "x" * (1024 * 1024 + 1)}))
    body = ["-H", "Content-Type: application/json", "--data-binary", f"@{tmp_path / 'body'}"]
    said = curl(f"{site.nginx.url}/api/chat", *site.mine, *body, "-i")
    assert " 413 " in said
    assert "application/problem+json" in said


def test_no_ticket_and_no_word_to_search_for_is_in_the_log(site: Site) -> None:
    site.get("/api/conversations?q=my-card-number")
    curl(f"{site.nginx.url}/api/chat/c/stream?ticket=secret-ticket", "-o", "/dev/null")
    while "/api/chat/c/stream" not in site.nginx.log:
        pass
    said = site.nginx.log + (site.nginx.folder / "errors").read_text()
    assert "/api/conversations" in said
    assert "my-card-number" not in said
    assert "secret-ticket" not in said
    assert site.token not in said


def test_an_app_host_that_is_killed_is_not_missed(site: Site) -> None:
    gate = threading.Event()
    site.model.says(speech("One ", gate, "two."))
    # nginx gives each of the two hosts one of these.
    with heard_until(site, "first", b'"One '), heard_until(site, "second", b'"One '):
        site.hosts[0].kill()
        gate.set()
        for conversation in ("first", "second"):
            # To its end, wherever it goes on; who reads while the answer changes hands is cut and comes back.
            site.get(f"/api/chat/{conversation}/stream", "--retry", "5", "--retry-all-errors")
            assert site.answer(conversation) == "One two."
    for number in range(10):
        said = curl(f"{site.nginx.url}/api/chat", *site.mine, *site.question(f"after-{number}"))
        assert text_of(events(said.encode())) == "One two."
    site.hosts[0].start()
    assert site.answer("after-0") == "One two."


# Ceilings, before app hosts that a test plays


class Host(ThreadingHTTPServer):
    """An app host: it answers each request with so many bytes, and says when they were taken."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        self.body = b"{}"
        self.taken: SimpleQueue[str] = SimpleQueue()
        super().__init__(("127.0.0.1", 0), Asked)

    def handle_error(self, *_: object) -> None:
        """Whoever went away needs no traceback."""


class Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Host

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)
        self.server.taken.put(self.path)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Nginx, Host]]:
    require("nginx", "curl", "openssl")
    host = Host()
    port = int(host.server_address[1])
    with served(host), nginx_before(tmp_path_factory.mktemp("ceilings"), (port, port)) as nginx:
        yield nginx, host


def refused(said: str) -> tuple[int, str]:
    """The status and the code of a refusal in the words of the app, from what `curl -i` has said."""
    head, _, body = said.replace("\r", "").rpartition("\n\n")
    assert "content-type: application/problem+json" in head.lower()
    found = json.loads(body)
    assert f" {found['status']} " in head.splitlines()[0] + " "
    return found["status"], found["code"]


def body_of(folder: Path, size: int) -> list[str]:
    (folder / "body").write_bytes(b"x" * size)
    return ["-H", "Content-Type: application/json", "--data-binary", f"@{folder / 'body'}"]


@pytest.mark.parametrize(("path", "most"), [("/api/sessions", 32 * 1024), ("/api/chat", 1024 * 1024)])
def test_bodies_are_bounded_by_route(before: tuple[Nginx, Host], tmp_path: Path, path: str, most: int) -> None:
    url = f"{before[0].url}{path}"
    assert curl(url, *body_of(tmp_path, most), "-o", "/dev/null", "-w", "%{http_code}") == "200"
    assert refused(curl(url, *body_of(tmp_path, most + 1), "-i")) == (413, "body-too-large")


@pytest.mark.parametrize("length", [[], ["-H", "Transfer-Encoding: chunked"]], ids=["told", "not told"])
def test_an_address_may_send_few_large_bodies_and_small_ones_all_the_same(
    before: tuple[Nginx, Host], tmp_path: Path, length: list[str]
) -> None:
    url = f"{before[0].url}/api/chat"
    large = [*body_of(tmp_path, 100_000), *length, "--http1.1"]
    while (said := curl(url, *large, "-i")).split()[1] == "200":
        pass
    assert refused(said) == (429, "too-many-requests")
    assert curl(url, *body_of(tmp_path, 99_999), "-o", "/dev/null", "-w", "%{http_code}") == "200"


def test_the_ceilings_for_bodies_are_not_below_those_of_the_app() -> None:
    assert CHAT_BYTES <= 1024 * 1024
    assert BODY_BYTES <= 32 * 1024


@contextmanager
def connection(nginx: Nginx, *lines: str) -> Iterator[ssl.SSLSocket]:
    """A connection over TLS that has sent this head."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", nginx.https), 60) as plain,
        trusting.wrap_socket(plain) as encrypted,
    ):
        encrypted.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode())
        yield encrypted


def test_an_address_has_50_requests_at_once(before: tuple[Nginx, Host]) -> None:
    nginx, _ = before
    with ExitStack() as stack:
        unfinished = ("POST /api/sessions HTTP/1.1", "Content-Length: 100")
        for _ in range(50):
            stack.enter_context(connection(nginx, *unfinished))
        # nginx takes what it reads at its leisure: the first that is refused comes after the fiftieth.
        while (said := curl(f"{nginx.url}/api/conversations", "-i")).split()[1] == "200":
            pass
        assert refused(said) == (429, "too-many-requests")
        assert curl(f"{nginx.url}/healthz", "-o", "/dev/null", "-w", "%{http_code}") == "200"
        assert "retry-after: 2" in said.lower()
        assert "strict-transport-security" in said.lower()
    while curl(f"{nginx.url}/api/conversations", "-o", "/dev/null", "-w", "%{http_code}") != "200":
        pass


def test_a_slow_reader_of_a_page_holds_no_thread_of_the_app(before: tuple[Nginx, Host]) -> None:
    nginx, host = before
    host.body = b"x" * (PAGE_BYTES + 64 * 1024)
    try:
        with connection(nginx, "GET /api/conversations/c/messages HTTP/1.1"):
            while host.taken.get(timeout=60) != "/api/conversations/c/messages":
                pass
    finally:
        host.body = b"{}"


def test_what_is_buffered_never_becomes_a_file(before: tuple[Nginx, Host]) -> None:
    nginx, host = before
    host.body = b"x" * 8_000_000
    try:
        with connection(nginx, "GET /api/conversations/c/export HTTP/1.1") as slow:
            assert slow.recv(12) == b"HTTP/1.1 200"
            assert not [path for path in (nginx.folder / "proxy").rglob("*") if path.is_file()]
    finally:
        host.body = b"{}"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["evil.example", "chat.example.com.evil.example", "127.0.0.2", ""])
def test_requests_for_other_hosts_are_not_answered(before: tuple[Nginx, Host], scheme: str, name: str) -> None:
    nginx, _ = before
    url = nginx.url if scheme == "https" else f"http://127.0.0.1:{nginx.http}"
    words = [
        find("curl"),
        "-sSk",
        "--noproxy",
        "*",
        "-i",
        "-H",
        f"Host: {name}" if name else "Host;",
        f"{url}/healthz",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    # curl's words for an empty reply, of HTTP/1.1 and of HTTP/2; without a host nginx itself refuses.
    assert done.returncode in {52, 92} or " 400 " in done.stdout
    assert "evil" not in done.stdout


@pytest.mark.parametrize("name", ["chat.example.com", "CHAT.example.com:80", "localhost"])
def test_plain_http_of_a_known_host_is_sent_to_https(before: tuple[Nginx, Host], name: str) -> None:
    said = curl(f"http://127.0.0.1:{before[0].http}/x?y=1", "-i", "-H", f"Host: {name}")
    assert f"Location: https://{name.lower().partition(':')[0]}/x?y=1" in said


def handshake(nginx: Nginx, *options: str) -> str:
    """What openssl says of a handshake."""
    words = [find("openssl"), "s_client", "-connect", f"127.0.0.1:{nginx.https}", *options]
    done = subprocess.run(words, input="", capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_ciphers_of_mozillas_list_are_spoken(before: tuple[Nginx, Host], cipher: str) -> None:
    assert re.search(rf"Cipher\s*(is|:) {cipher}", handshake(before[0], "-tls1_2", "-cipher", cipher))


@pytest.mark.parametrize(
    "options",
    [
        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"),
        ("-tls1_2", "-cipher", "ECDHE-ECDSA-CAMELLIA256-SHA384:ECDHE-ECDSA-ARIA256-GCM-SHA384:@SECLEVEL=0"),
        ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    ],
)
def test_others_are_not(before: tuple[Nginx, Host], options: tuple[str, ...]) -> None:
    said = handshake(before[0], *options)
    assert "CONNECTED" in said
    assert re.search(r"Cipher\s*(is|:) (\(NONE\)|0000)", said), said


def test_browsers_are_told_to_come_by_https_alone(before: tuple[Nginx, Host]) -> None:
    said = curl(f"{before[0].url}/healthz", "-i").lower()
    assert re.search(r"^strict-transport-security: max-age=\d{8,}\r?$", said, re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    ["/api/shared/{}", "//api//shared/{}", "/api/%73hared/{}", "/x/../api/shared/{}", "/api/shared/{}/shared/x"],
)
def test_no_shared_links_secret_is_in_the_log(before: tuple[Nginx, Host], path: str) -> None:
    nginx, _ = before
    secret = f"secret-{abs(hash(path))}"
    curl(f"{nginx.url}{path.format(secret)}", "--path-as-is", "-A", "x", "-o", "/dev/null")
    curl(f"{nginx.url}/told?of={abs(hash(path))}", "-o", "/dev/null")
    lines = nginx.log.splitlines()
    while "/told" not in lines[-1]:
        lines = nginx.log.splitlines()
    said = nginx.log + (nginx.folder / "errors").read_text()
    assert "/api/shared/-" in said
    assert secret not in said


def test_a_burst_of_requests_is_slowed_down(before: tuple[Nginx, Host]) -> None:
    nginx, _ = before
    codes: list[str] = []
    while "429" not in codes and len(codes) < 5000:
        side_by_side = ("--parallel", "--parallel-max", "30", "-o", "/dev/null", "-w", "%{http_code}\n")
        codes += curl(f"{nginx.url}/api/conversations?[1-500]", *side_by_side).split()
    assert set(codes) == {"200", "429"}
    assert codes.count("200") > 100
