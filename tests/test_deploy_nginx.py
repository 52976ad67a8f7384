"""nginx as it is deployed, before two app hosts that share PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.conftest import events, text_of
from tests.live import ROOT, SHOP, Live, free_port
from tests.model_server import ModelServer, model_server
from tests.puppet import speech
from tests.servers import find, postgres_server, redis_server, require

pytestmark = pytest.mark.xdist_group("deploy")

CONF = ROOT / "deploy" / "nginx.conf"


@dataclass
class Nginx:
    """A running nginx with the deployed file, at other addresses."""

    folder: Path
    https: int
    http: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https}"

    @property
    def log(self) -> str:
        return (self.folder / "access").read_text()


def certificate(folder: Path) -> None:
    """A certificate that nobody has signed but itself."""
    files = ("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem"))
    kind = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    )
    subprocess.run([find("openssl"), "req", "-x509", *kind, *files], check=True, capture_output=True)


def placed(folder: Path, hosts: tuple[int, int]) -> Nginx:
    """The deployed file with nothing changed but addresses and folders, each of which must be there."""
    nginx = Nginx(folder, free_port(), free_port())
    text = CONF.read_text()
    for old, new, times in (
        (" /tmp/", f" {folder}/", 6),
        ("listen 8443", f"listen 127.0.0.1:{nginx.https}", 1),
        ("listen [::]:8443", f"listen [::1]:{nginx.https}", 1),
        ("listen 8080", f"listen 127.0.0.1:{nginx.http}", 1),
        ("listen [::]:8080", f"listen [::1]:{nginx.http}", 1),
        ("app1:8000", f"127.0.0.1:{hosts[0]}", 1),
        ("app2:8000", f"127.0.0.1:{hosts[1]}", 1),
        ("/etc/nginx/tls/", f"{folder}/", 2),
        ("/dev/stdout", f"{folder}/access", 1),
    ):
        assert text.count(old) == times, old
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    certificate(folder)
    return nginx


def command(folder: Path, *words: str) -> list[str]:
    # Its workers are nobody's by default, who may not enter a folder of root's.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [find("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), *user, *words]


@contextmanager
def nginx_before(folder: Path, hosts: tuple[int, int]) -> Iterator[Nginx]:
    nginx = placed(folder, hosts)
    foreground = command(folder)
    if "-g" in foreground:
        foreground[foreground.index("-g") + 1] += " daemon off;"
    else:
        foreground += ["-g", "daemon off;"]
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(foreground, stderr=errors)
    try:
        curl(f"{nginx.url}/healthz", "--retry", "200", "--retry-delay", "0", "--retry-all-errors", "-o", "/dev/null")
        yield nginx
    finally:
        process.terminate()
        process.wait(20)


def curl(url: str, *options: str) -> str:
    """What curl says, over HTTP/2 where the server can."""
    words = [find("curl"), "-sSk", "--http2", "--noproxy", "*", "--max-time", "60", *options, url]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=90).stdout


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
