"""The demo shop behind TLS on this machine, as clients of other makes want to find it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.front import Front, front
from tests.live import Live, serving

SUBJECT = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for localhost, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", *KEY, *SUBJECT, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    made.write_text(made.read_text() + key.read_text())
    return made


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Run the product and the demo shop for the tests of one file."""
    with serving(tmp_path_factory.mktemp("demo")) as live:
        yield live


@pytest.fixture(scope="module")
def secure(demo: Live, certificate: Path) -> Iterator[Front]:
    """Put TLS in front of the demo shop."""
    with front(demo.url, certificate) as made:
        yield made
