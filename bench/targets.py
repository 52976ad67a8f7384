"""What is measured: nginx as the floor of any proxy, the usual stack in Node, and the product in both its columns."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.machine import MEASURED, Cpu, family, on
from bench.programs import Missing, Model, wait_for
from tests.live import ROOT, Live
from tests.servers import PostgresServer, RedisServer, find, free_port

SHOP = "bench-store.myshopify.com"
MOST_STREAMS = 4000
# On, and never in the way.
RATES = ("messages", "address", "sessions", "reads", "follows")
AT_ONCE = ("turns", "readers", "address-readers")
LIMITS = ", ".join([*(f"{name}=10000000 per day" for name in RATES), *(f"{name}=20000" for name in AT_ONCE)])


@dataclass
class Surroundings:
    """What the targets speak to, and where they may write."""

    model: Model
    folder: Path
    redis: RedisServer
    postgres: PostgresServer


@dataclass
class Chat:
    """One stream's requests: to begin it, and to come back to it."""

    begin: bytes
    resume: bytes = b""


class Target:
    """A server under load. `name` is its key in the readings, `title` its name on the page."""

    name = ""
    title = ""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, fresh. Raises `Missing`."""
        raise NotImplementedError

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(40)
            self.process = None

    def pids(self) -> list[int]:
        """All its processes."""
        return family(self.process.pid) if self.process else []

    def cpu(self) -> Cpu:
        """What it uses from now on."""
        return Cpu(self.pids)

    def stores(self) -> dict[str, Cpu]:
        """What the stores behind it use from now on, by their names."""
        return {}

    def chats(self, texts: list[str]) -> list[Chat]:
        """A stream of its own for each of these questions."""
        raise NotImplementedError

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        log = self.around.folder / f"{self.name}.log"
        with on(MEASURED), log.open("ab") as output:
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        wait_for(self.port, self.process)


class Nginx(Target):
    """`proxy_pass` without buffering, straight to the model."""

    name, title = "nginx", "nginx"

    CONFIG = """\
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream model {{ server 127.0.0.1:{model}; keepalive 1024; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 120s;
    }}
  }}
}}
"""

    def start(self) -> None:
        folder = self.around.folder / "nginx"
        folder.mkdir(exist_ok=True)
        user = "user root; " if os.geteuid() == 0 else ""
        config = self.CONFIG.format(user=user, folder=folder, model=self.around.model.port, port=self.port)
        (folder / "nginx.conf").write_text(config)
        program = find("nginx")
        if not program:
            raise Missing("nginx is missing: run tests/setup as root.")
        self._run([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")], {})

    def chats(self, texts: list[str]) -> list[Chat]:
        return [Chat(self._ask(text)) for text in texts]

    def _ask(self, text: str) -> bytes:
        body = {"model": "bench", "stream": True, "stream_options": {"include_usage": True}}
        body["messages"] = [{"role": "user", "content": text}]
        return _post(self.port, "/v1/chat/completions", body)


class Node(Target):
    """The usual stack: Node, `ai`, `resumable-stream` on Redis, as its documentation builds it."""

    name, title = "node", "Node stack"

    def stores(self) -> dict[str, Cpu]:
        return {"Redis": Cpu(lambda: family(self.around.redis.pid))}

    def start(self) -> None:
        program = shutil.which("node")
        if not program:
            raise Missing("node is missing: run tests/setup as root.")
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "PORT": str(self.port),
            "MODEL_BASE_URL": self.around.model.base_url,
            "REDIS_URL": self.around.redis.url,
        }
        self._run([program, str(Path(__file__).parent / "node" / "server.mjs")], environment)

    def chats(self, texts: list[str]) -> list[Chat]:
        return [self._chat(uuid.uuid4().hex, text) for text in texts]

    def _chat(self, id: str, text: str) -> Chat:
        message = {"id": uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": text}]}
        begin = _post(self.port, "/api/chat", {"id": id, "message": message})
        return Chat(begin, _get(self.port, f"/api/chat/{id}/stream"))


@dataclass
class Visitor:
    """A session of the product."""

    id: str
    token: str


class Ours(Target):
    """The product under its own gunicorn.conf.py, with everything on that it promises."""

    name, title = "memory", "SQLite + memory, 1 worker"
    workers = 1

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.database_url = ""
        self._live: Live | None = None
        self._visitors: list[Visitor] = []

    def start(self) -> None:
        folder = self.around.folder / f"{self.name}-{uuid.uuid4().hex[:8]}"
        folder.mkdir()
        self._visitors = []
        settings = {
            "MODEL_API": "openai",
            "MODEL_NAME": "bench",
            "MODEL_CHECK": "off",
            "MODEL_BASE_URL": self.around.model.base_url,
            # An answer that is longer than its limit allows is ended.
            "MODEL_MAX_TOKENS": "250000",
            "MODEL_CONTEXT": "1000000",
            "RATE_LIMITS": LIMITS,
            "MAX_STREAMS": str(MOST_STREAMS),
            **self._stores(folder),
        }
        self._live = Live(folder, settings, app="wsgi:app", port=self.port)
        self._register(settings)
        with on(MEASURED):
            try:
                self._live.start()
            except AssertionError as exc:
                raise Missing(_last_line(str(exc))) from exc
            finally:
                self.process = self._live.process

    def _stores(self, folder: Path) -> dict[str, str]:
        self.database_url = f"sqlite:///{folder / 'chat.db'}"
        return {"DATABASE_URL": self.database_url}

    def _register(self, settings: dict[str, str]) -> None:
        assert self._live
        environment = {
            "PATH": os.environ["PATH"],
            "INSTANCE": str(self._live.folder),
            "PORT": str(self.port),
            **settings,
        }
        shop = ("shop", "add", SHOP, "--origin", "https://bench.example", "--mcp-url", "http://127.0.0.1:9")
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *shop]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(_last_line(done.stderr))

    def stop(self) -> None:
        if self._live and self.process:
            self._live.stop()
        self.process = None

    def chats(self, texts: list[str]) -> list[Chat]:
        pairs = zip(self.visitors(len(texts)), texts, strict=True)
        return [self.chat(visitor, uuid.uuid4().hex, text) for visitor, text in pairs]

    def chat(self, visitor: Visitor, id: str, text: str, message: str = "") -> Chat:
        """One stream in the visitor's conversation `id`."""
        headers = {"Authorization": f"Bearer {visitor.token}"}
        parts = [{"type": "text", "text": text}]
        sent = {"id": message or uuid.uuid4().hex, "role": "user", "parts": parts}
        begin = _post(self.port, "/api/chat", {"id": id, "message": sent}, headers)
        return Chat(begin, _get(self.port, f"/api/chat/{id}/stream", {**headers, "Last-Event-ID": "{last}"}))

    def visitors(self, count: int) -> list[Visitor]:
        """That many sessions, minted as they are needed."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            while len(self._visitors) < count:
                answer = ask(connection, "POST", "/api/sessions", {"shop": SHOP})
                self._visitors.append(Visitor(answer["session"]["id"], answer["token"]))
        return self._visitors[:count]


class OursOnRedis(Ours):
    """The product on PostgreSQL and Redis; both workers share the measured core."""

    name, title = "redis", "PostgreSQL + Redis, 2 workers"
    workers = 2

    def _stores(self, folder: Path) -> dict[str, str]:
        del folder
        self.database_url = self.around.postgres.database()
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.around.redis.url,
            "WEB_CONCURRENCY": str(self.workers),
        }

    def stores(self) -> dict[str, Cpu]:
        return {
            "PostgreSQL": Cpu(lambda: family(self.around.postgres.pid)),
            "Redis": Cpu(lambda: family(self.around.redis.pid)),
        }


PEERS: tuple[type[Target], ...] = (Nginx, Node)
COLUMNS: tuple[type[Ours], ...] = (Ours, OursOnRedis)
TITLES = {kind.name: kind.title for kind in (*PEERS, *COLUMNS)}


T = TypeVar("T", bound=Target)


@dataclass
class Fleet:
    """Targets that run side by side for a block; why others do not stands in `missing`."""

    around: Surroundings
    missing: dict[str, str] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, *kinds: type[T]) -> list[T]:
        """Start what can be started."""
        running: list[T] = []
        for kind in kinds:
            target = kind(self.around)
            self._stack.callback(target.stop)
            try:
                target.start()
            except Missing as exc:
                self.missing[target.name] = str(exc)
            else:
                running.append(target)
        return running


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """One request with a JSON answer. Raises `Missing` when it is refused."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 400:
        raise Missing(f"{method} {path}: {answer.status} {data.decode(errors='replace')}")
    return json.loads(data or b"null")


def _post(port: int, path: str, body: Any, headers: dict[str, str] | None = None) -> bytes:
    data = json.dumps(body).encode()
    lines = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
    return _head("POST", port, path, lines) + data


def _get(port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
    return _head("GET", port, path, headers or {})


def _head(method: str, port: int, path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {headers[name]}" for name in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it did not start")
