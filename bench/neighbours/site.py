"""The product as it is deployed: nginx with its own file, and the app behind it on one of the two columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import MEASURED, OTHERS, on
from bench.neighbours.upstream import SHOPS
from bench.programs import Missing
from bench.targets import TITLES, Ours, OursOnRedis
from tests.live import ROOT, Live
from tests.nginx import nginx_before
from tests.servers import postgres_server, redis_server

COLUMNS = (Ours.name, OursOnRedis.name)
__all__ = ("COLUMNS", "TITLES", "Site", "running_site")
# As compose.yaml has it.
MAX_STREAMS = 256


@dataclass
class Site:
    """A running product: its port for browsers, and its hosts."""

    port: int
    hosts: list[Live]
    runs: int = 0

    def count_run(self) -> int:
        """Return the number of the next run of shoppers, from 1."""
        self.runs += 1
        return self.runs

    def workers(self) -> list[int]:
        """Return the process ids of all workers."""
        return [pid for host in self.hosts for pid in host.workers()]


def domain(name: str) -> str:
    """Return the permanent domain of one of the upstream's shops."""
    return f"{name}-store.myshopify.com"


@contextmanager
def running_upstream() -> Iterator[dict[str, int]]:
    """Yield the ports of the model and the shops."""
    with on(OTHERS):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.neighbours.upstream"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def running_site(column: str, folder: Path) -> Iterator[Site]:
    """Yield the product on this column, with every shop of the upstream registered.

    Settings are those of compose.yaml. SQLite allows one host, so both of nginx's lead to it.
    """
    with ExitStack() as stack:
        ports = stack.enter_context(running_upstream())
        with on(OTHERS):
            settings = _stores(column, folder, stack) | {
                "SECRET_KEYS": "0123456789abcdefghijklmnopqrstuv",
                "TRUSTED_PROXIES": "1",
                "MAX_STREAMS": str(MAX_STREAMS),
                "RATE_LIMITS": "default",
                "MODEL_API": "openai",
                "MODEL_NAME": "m",
                "MODEL_CHECK": "off",
                "MODEL_BASE_URL": f"http://127.0.0.1:{ports['model']}/v1",
            }
        hosts = [_host(folder / f"host{number}", settings) for number in range(1 if column == Ours.name else 2)]
        for name in SHOPS:
            _register(hosts[0], settings, domain(name), ports[name])
        with on(MEASURED):
            for host in hosts:
                stack.callback(host.stop)
                host.start()
            place = folder / "nginx"
            place.mkdir()
            nginx = stack.enter_context(nginx_before(place, (hosts[0].port, hosts[-1].port)))
        yield Site(nginx.https, hosts)


def _stores(column: str, folder: Path, stack: ExitStack) -> dict[str, str]:
    if column == Ours.name:
        return {"DATABASE_URL": f"sqlite:///{folder / 'chat.db'}"}
    return {
        "DATABASE_URL": stack.enter_context(postgres_server(fsync=True)).database(),
        "REDIS_URL": stack.enter_context(redis_server()).url,
        "WEB_CONCURRENCY": "2",
    }


def _host(folder: Path, settings: dict[str, str]) -> Live:
    folder.mkdir()
    return Live(folder, settings, app="wsgi:app")


def _register(host: Live, settings: dict[str, str], shop: str, port: int) -> None:
    environment = {"PATH": os.environ["PATH"], "INSTANCE": str(host.folder), **settings}
    site = shop.partition(".")[0]
    options = ("--origin", f"https://{site}.example", "--mcp-url", f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "add", shop, *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(done.stderr.strip()[-500:])
