"""The system that is hurt: the product under gunicorn on one or two hosts, over a database of its own."""

from __future__ import annotations

import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import psycopg
from psycopg.rows import dict_row

from tests.chaos.helper import ROOT
from tests.chaos.points import Trap
from tests.servers import free_port

ACTIVE = {"queued", "running"}  # the states of a turn that has not ended
SHOP = "chaos.myshopify.com"
START_SECONDS = 40
# Of the answers' questions, with their turns; where there are no take-overs yet there is no such column.
TURNS = """
SELECT question.id AS question, answer.status AS status, turn.*
FROM turn JOIN message question ON question.pk = turn.question_id JOIN message answer ON answer.pk = turn.answer_id
"""


@dataclass
class Host:
    """One gunicorn with its workers, on a port of its own."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "tests/chaos/conf.py"), "wsgi:app"],
                env={**self.environment, "PORT": str(self.port)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is the harness's to pass on
            )
        self._wait()

    def _wait(self) -> None:
        opener = build_opener(ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), opener.open(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                return
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{(self.folder / 'log').read_text()[-3000:]}")

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        assert self.process
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(pid) for pid in children.split()]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        assert self.process
        self.process.send_signal(number)

    def leave(self) -> None:
        """End it as a deploy does, and wait until it has."""
        self.send(signal.SIGTERM)
        assert self.process
        self.process.wait(START_SECONDS)

    def kill(self) -> None:
        """End it and all its workers at once."""
        if self.process and self.process.poll() is None:
            workers = self.workers()
            self.process.kill()
            self.process.wait()
            for pid in workers:
                hit(pid, signal.SIGKILL)


def hit(pid: int, number: signal.Signals) -> bool:
    """Send a signal to a worker. False when it has ended before."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@dataclass
class System:
    """The hosts and their database."""

    folder: Path
    hosts: list[Host]
    database_url: str

    @property
    def ports(self) -> list[int]:
        return [host.port for host in self.hosts]

    def workers(self) -> list[int]:
        return [pid for host in self.hosts for pid in host.workers()]

    def victim(self, rng: random.Random) -> int | None:
        """A worker, by chance; None while there is none."""
        workers = self.workers()
        return rng.choice(workers) if workers else None

    def busiest(self) -> int:
        """The worker with the most connections."""
        return max(self.workers(), key=lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())))

    def trap(self, point: str) -> Trap:
        return Trap(self.folder / "points" / point)

    def turns(self) -> list[dict[str, Any]]:
        """Every turn with its question's id and its answer's status, as the database has them."""
        if self.database_url.startswith("sqlite:///"):
            path = self.database_url.removeprefix("sqlite:///")
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20) as connection:
                connection.row_factory = sqlite3.Row
                return [dict(row) for row in connection.execute(TURNS)]
        with psycopg.connect(self.database_url, row_factory=dict_row) as postgres:
            return postgres.execute(TURNS).fetchall()

    def crashes(self) -> list[str]:
        """What workers said that died and were not killed."""
        logs = [(host.folder / "log").read_text(errors="replace") for host in self.hosts]
        return [said[:2000] for log in logs for said in log.split("Fatal Python error: ")[1:]]

    def running(self) -> int:
        """How many turns have not ended."""
        return sum(turn["state"] in ACTIVE for turn in self.turns())


@contextmanager
def system(
    folder: Path, model: str, shop: str, settings: dict[str, str], own: tuple[dict[str, str], ...] = ({},)
) -> Iterator[System]:
    """A running system for the block: a host for each of `own`, the settings that are that host's alone."""
    (folder / "points").mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # who dies uninvited says where
        "INSTANCE": str(folder),
        "CHAOS_POINTS": str(folder / "points"),
        "DATABASE_URL": f"sqlite:///{folder / 'chat.db'}",
        "SECRET_KEYS": secrets.token_urlsafe(48),
        "RATE_LIMITS": "off",
        "MODEL_API": "openai",
        "MODEL_NAME": "chaos",
        "MODEL_CHECK": "off",
        "MODEL_BASE_URL": f"{model}/v1",
        **settings,
    }
    _register(environment, shop)
    hosts = []
    for number, more in enumerate(own):
        place = folder / f"host{number}"
        place.mkdir()
        hosts.append(Host(place, {**environment, **more}))
    try:
        for host in hosts:
            host.start()
        yield System(folder, hosts, environment["DATABASE_URL"])
    finally:
        for host in hosts:
            host.kill()


def _register(environment: dict[str, str], url: str) -> None:
    """Make the shop known, which brings the schema up to date too."""
    command = ["flask", "--app", "wsgi", "shop", "add", SHOP, "--origin", "https://chaos.example", "--mcp-url", url]
    _finish([sys.executable, "-m", *command], environment)


def _finish(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def clock(seconds: int, folder: Path) -> dict[str, str]:
    """The settings of a host whose clock is so many seconds fast; none for the right time."""
    if not seconds:
        return {}
    library = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(seconds)}
