"""A client of WebDriver (https://www.w3.org/TR/webdriver2/), as far as the tests drive WebKit by it."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests

from tests.servers import free_port

START_SECONDS = 30
# An answer comes when the page has loaded.
ANSWER_SECONDS = 60
# For a browser to start, and how often it may be tried.
SESSION_SECONDS = 25
TRIES = 3

# The code points that stand for keys, from the specification's table.
KEYS = {
    "ArrowDown": "\ue015",
    "ArrowUp": "\ue013",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Shift": "\ue008",
    "Tab": "\ue004",
}


class WebDriverError(Exception):
    """The browser could not do it: the page is going away, a script raised, or the window is closed."""


class Session:
    """One browser with a fresh profile."""

    def __init__(self, http: requests.Session, driver: str, capabilities: dict[str, Any]) -> None:
        self._http = http
        self._address = f"{driver}/session"
        wanted = {"capabilities": {"alwaysMatch": capabilities}}
        opened = self._send("POST", "", wanted, SESSION_SECONDS)
        self._address += f"/{opened['sessionId']}"

    def quit(self) -> None:
        self._send("DELETE", "")

    def visit(self, url: str) -> None:
        self._send("POST", "/url", {"url": url})

    def reload(self) -> None:
        self._send("POST", "/refresh", {})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._send("POST", "/execute/sync", {"script": script, "args": arguments})

    def photograph(self) -> bytes:
        """Return a PNG file of what the window shows."""
        return base64.b64decode(self._send("GET", "/screenshot"))

    def click(self, x: float, y: float) -> None:
        """Click at a place. An element that is to be clicked would count as covered in a shadow tree."""
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        press, release = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self._act({"type": "pointer", "id": "mouse", "actions": [move, press, release]})

    def type(self, text: str) -> None:
        """Press and let go each key of a text."""
        actions = [{"type": f"key{way}", "value": each} for each in text for way in ("Down", "Up")]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def press(self, *names: str) -> None:
        """Press keys one after the other, and let them go in the opposite order."""
        values = [KEYS[name] for name in names]
        actions = [{"type": "keyDown", "value": value} for value in values]
        actions += [{"type": "keyUp", "value": value} for value in reversed(values)]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def window(self) -> str:
        """Return the handle of the window that is driven."""
        return str(self._send("GET", "/window"))

    def open_window(self) -> str:
        """Open a window and return its handle."""
        return str(self._send("POST", "/window/new", {"type": "window"})["handle"])

    def switch(self, window: str) -> None:
        """Drive another window."""
        self._send("POST", "/window", {"handle": window})

    def resize(self, width: int, height: int) -> None:
        """Give the window a size, its frame and bars included."""
        self._send("POST", "/window/rect", {"width": width, "height": height})

    def _act(self, source: dict[str, Any]) -> None:
        self._send("POST", "/actions", {"actions": [source]})

    def _send(self, method: str, path: str, body: Any = None, seconds: float = ANSWER_SECONDS) -> Any:
        answer = self._http.request(method, self._address + path, json=body, timeout=seconds)
        value = answer.json()["value"]
        if answer.ok:
            return value
        raise WebDriverError(f"{value['error']}: {value['message']}")


@contextmanager
def driving(command: str, capabilities: dict[str, Any], environment: dict[str, str]) -> Iterator[Session]:
    """Start a driver and a browser for the block."""
    with requests.Session() as http:
        http.trust_env = False
        process, session = _begin(command, capabilities, environment, http)
        try:
            yield session
            session.quit()
        finally:
            _end(process)


def _begin(
    command: str, capabilities: dict[str, Any], environment: dict[str, str], http: requests.Session
) -> tuple[subprocess.Popen[bytes], Session]:
    """Start a driver and a browser. They meet at a random port; where another program has it they wait for ever, so
    they are started again."""
    for left in reversed(range(TRIES)):
        port = free_port()
        silent = subprocess.DEVNULL
        process = subprocess.Popen(
            [command, f"--port={port}"], env=environment, stdout=silent, stderr=silent, start_new_session=True
        )
        try:
            _wait(process, http, f"http://127.0.0.1:{port}/status")
            return process, Session(http, f"http://127.0.0.1:{port}", capabilities)
        except requests.ReadTimeout:
            _end(process)
            if not left:
                raise
        except BaseException:
            _end(process)
            raise
    raise AssertionError("unreachable")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the driver, and the browser that it may have started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(10)


def _wait(process: subprocess.Popen[bytes], http: requests.Session, address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            http.get(address, timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.02)
    raise AssertionError("the driver did not start")
