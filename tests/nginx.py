"""nginx with the deployed file, at other addresses, and curl to ask it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import ROOT, free_port
from tests.servers import find

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
    """Write a self-signed certificate and its key into the folder."""
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
    """Write the deployed file into the folder, with nothing changed but addresses and folders.

    Raises `AssertionError` when the file does not hold one of those that are to be changed.
    """
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
    """Return the command that runs nginx with the folder's file."""
    # Its workers are nobody's by default, who may not enter a folder of root's.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [find("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), *user, *words]


@contextmanager
def nginx_before(folder: Path, hosts: tuple[int, int]) -> Iterator[Nginx]:
    """Yield a running nginx that leads to the apps on these two ports."""
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
    """Return what the address answers, over HTTP/2 where the server can."""
    words = [find("curl"), "-sSk", "--http2", "--noproxy", "*", "--max-time", "60", *options, url]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=90).stdout
