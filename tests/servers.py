"""Real Redis and PostgreSQL servers for tests, on free ports, in folders of their own, gone when the block ends."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import sql

# Debian keeps servers out of the way: nginx here, each version of PostgreSQL in a folder of its own.
FOLDERS = ["/usr/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
START_SECONDS = 30


def require(*programs: str) -> None:
    """Skip the test where a program is missing. With CI set that is a failure."""
    missing = [name for name in programs if not find(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: run tests/setup as root", allow_module_level=True)


def find(program: str) -> str:
    """Where the program is, Debian's folders for servers included. Empty when it is nowhere."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS])) or ""


def free_port() -> int:
    """A port that nobody listens on, of those that no outgoing connection is given: it stays free for a restart."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """A program that is started, ended in several ways, and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """All that the server has said."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the server without a chance to tidy up."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)
            assert self.process
            self.process.wait(START_SECONDS)

    def _run(self, command: Sequence[str], user: str | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as(user)
            )

    def _wait(self, ready: Callable[[], bool]) -> bool:
        """Wait until it is ready. False when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ready():
                return True
            if not self.running:
                return False
            time.sleep(0.01)
        raise AssertionError(f"the server did not start:\n{self.log}")


T = TypeVar("T", bound=Server)


class RedisServer(Server):
    """Redis, with nothing kept on disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def database(self, number: int) -> str:
        """The URL of one of its sixteen numbered databases, emptied."""
        assert self._ask(f"SELECT {number}\r\nFLUSHDB") == "+OK\r\n+OK"
        return f"redis://127.0.0.1:{self.port}/{number}"

    def start(self) -> None:
        port = ("--port", str(self.port), "--bind", "127.0.0.1")
        self._run([find("redis-server"), *port, "--save", "", "--appendonly", "no", "--dir", str(self.folder)])
        assert self._wait(lambda: self._ask("PING") == "+PONG"), self.log

    def stop(self) -> None:
        """End it as its own service would."""
        self.resume()
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it be there and say nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.running:
            os.kill(self.pid, signal.SIGCONT)

    def flush(self) -> None:
        """Forget everything."""
        assert self._ask("FLUSHALL") == "+OK"

    def _ask(self, command: str) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                connection.sendall(f"{command}\r\nQUIT\r\n".encode())
                with connection.makefile("rb") as answers:
                    return answers.read().decode().removesuffix("+OK\r\n").strip()
        except OSError as exc:
            return str(exc)


class PostgresServer(Server):
    """PostgreSQL, under the user `postgres` where we are root, for it refuses to run as root."""

    def __init__(self, folder: Path, *, fsync: bool) -> None:
        super().__init__(folder)
        self._user = "postgres" if os.geteuid() == 0 else None
        self._safety = [] if fsync else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self._data = folder / "data"
        if self._user:
            shutil.chown(folder, self._user)
        kind = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        done = subprocess.run(
            [find("initdb"), "-D", str(self._data), *kind],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **_as(self._user),
        )
        assert done.returncode == 0, done.stderr

    @property
    def url(self) -> str:
        return self._url("postgres")

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        where = ("-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-k", "")
        size = ("-c", "max_connections=200", "-c", "shared_buffers=32MB")
        command = [find("postgres"), *where, *size, *self._safety]
        deadline = time.monotonic() + START_SECONDS
        self._run(command, self._user)
        while not self._wait(self._ready):
            # After a kill its children may hold the memory for another moment.
            assert "still in use" in self.log[-400:] and time.monotonic() < deadline, self.log
            self._run(command, self._user)

    def _ready(self) -> bool:
        """What `pg_ctl --wait` looks at."""
        with suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return bool(lines) and lines[0] == str(self.pid) and lines[-1].strip() == "ready"
        return False

    def stop(self, mode: str = "fast") -> None:
        """End it: `fast` breaks all connections and tidies up, `immediate` leaves the tidying to the next start."""
        self._end({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])

    def database(self, name: str = "") -> str:
        """The URL of a new empty database."""
        name = name or f"t{uuid.uuid4().hex}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        name = sql.Identifier(url.rpartition("/")[2])
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def _as(user: str | None) -> dict[str, Any]:
    """What makes `subprocess` start the program as that user."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis for the block."""
    require("redis-server")
    with _folder() as folder, _running(RedisServer(folder)) as server:
        yield server


@contextmanager
def postgres_server(fsync: bool = False) -> Iterator[PostgresServer]:
    """A running PostgreSQL for the block. Without `fsync` it is faster, and survives kills but no power failure."""
    require("initdb", "postgres")
    with _folder() as folder, _running(PostgresServer(folder, fsync=fsync)) as server:
        yield server


@contextmanager
def _folder() -> Iterator[Path]:
    """Not below pytest's own, which only we may enter."""
    folder = Path(tempfile.mkdtemp(prefix="chat-server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(server: T) -> Iterator[T]:
    try:
        server.start()
        yield server
    finally:
        server.kill()
