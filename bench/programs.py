"""The two programs in C, compiled before each run: the model and the load."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machine import OTHERS, on
from tests.servers import free_port

HERE = Path(__file__).parent
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")


class Missing(RuntimeError):
    """Something that the bench needs is not there; the message says what to do."""


def compiled(name: str, folder: Path) -> Path:
    """The program `name`, made from `bench/name.c`. Raises `Missing`."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        raise Missing(
            "The bench's model and load are written in C: install gcc (on Debian: apt-get install gcc libc6-dev)."
        )
    made = folder / name
    done = subprocess.run(
        [compiler, *FLAGS, "-o", str(made), str(HERE / f"{name}.c")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Missing(f"bench/{name}.c could not be compiled:\n{done.stderr}")
    return made


class Model:
    """The running model."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def served(self) -> dict[str, int]:
        """Requests, chunks, and how many chunks were written more than 5 ms late."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return dict(json.load(connection.getresponse()))
        finally:
            connection.close()


@contextmanager
def running_model(program: Path) -> Iterator[Model]:
    """The model for the block."""
    model = Model(free_port())
    with on(OTHERS):
        process = subprocess.Popen([program, str(model.port)])
    try:
        wait_for(model.port, process)
        yield model
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens on the port. Raises `Missing` when the process ends instead."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Missing(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Missing(f"{process.args!r} does not listen")
