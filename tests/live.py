"""A real server for tests: gunicorn with the product and the demo shop, on a free port, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.column import ROOT, stores
from tests.servers import free_port
from widget_api.demo.database import Database
from widget_api.demo.faults import Faults

__all__ = ("ROOT", "SHOP", "Live", "Shopper", "free_port", "serving")

START_SECONDS = 40
SHOP = "demo-store.myshopify.com"


@dataclass
class Live:
    """A running server and what it is asked through."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    app: str = "widget_api.demo:create_app()"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that the server has said."""
        return (self.folder / "log").read_text()

    @contextmanager
    def faults(self) -> Iterator[Faults]:
        """Yield the switches of the demo shop that runs here; all are off again afterwards."""
        with closing(Database()) as database:
            database.open(self.folder)
            faults = Faults(database)
            try:
                yield faults
            finally:
                faults.mend()

    def start(self) -> Live:
        """Start the server and wait until it is ready."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "INSTANCE": str(self.folder),
            "PORT": str(self.port),
            "RATE_LIMITS": "off",
            "BACKUP_DAYS": "0",
            "MODEL_CHECK": "off",
            **self.settings,
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), self.app],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        assert self.process
        deadline = time.monotonic() + START_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    session.get(f"{self.url}/readyz", timeout=20).raise_for_status()
                    return
                except requests.RequestException:
                    time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log}")

    def break_it(self, action: str) -> None:
        """Press a button of the demo's page "Break it"."""
        with requests.Session() as session:
            session.trust_env = False
            session.post(f"{self.url}/pages/break-it", data={"action": action}, timeout=20).raise_for_status()

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self) -> int:
        """End the server as Ctrl-C does. Returns its exit code."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the server without a chance to tidy up."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)  # a master that runs replaces its workers while they are killed
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def serving(folder: Path, app: str = "widget_api.demo:create_app()", **settings: str) -> Iterator[Live]:
    """A server for the block, with stores of its own unless `settings` name others."""
    with stores() as own:
        live = Live(folder, {**own, **settings}, app)
        try:
            yield live.start()
        finally:
            live.stop()


class Shopper:
    """A shopper's browser without the browser: one session, as the widget speaks for it."""

    def __init__(self, live: Live, shop: str = SHOP) -> None:
        self.url = live.url
        self.http = requests.Session()
        self.http.trust_env = False
        answer = self.http.post(f"{self.url}/api/sessions", json={"shop": shop}, timeout=20)
        answer.raise_for_status()
        self.token = answer.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> Shopper:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.http.get(self.url + path, timeout=60, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.http.post(self.url + path, timeout=60, **options)

    def send(self, conversation: str, text: str, *, id: str = "", **options: Any) -> requests.Response:
        """Send a message; the response is the answer's stream, not yet read."""
        part = {"type": "text", "text": text}
        message = {"id": id or uuid.uuid4().hex, "role": "user", "parts": [part]}
        return self.post("/api/chat", json={"id": conversation, "message": message}, stream=True, **options)

    def ask(self, conversation: str, text: str) -> str:
        """Send a message, read the answer's stream to its end and return its bytes as text."""
        with self.send(conversation, text) as response:
            assert response.status_code == 200, response.text
            return response.content.decode()

    def messages(self, conversation: str, **query: Any) -> dict[str, Any]:
        response = self.get(f"/api/conversations/{conversation}/messages", params=query)
        assert response.status_code == 200, response.text
        return dict(response.json())
