"""The independent conformance kit `spck-conformance` finds no deviation in the demo shop."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.conformance.front import Front
from tests.conformance.kits import require_environment

pytestmark = [pytest.mark.looks, pytest.mark.timeout(600), pytest.mark.xdist_group("conformance")]


def test_the_kit_finds_no_deviation(secure: Front) -> None:
    program = str(require_environment("2026-08-25") / "spck-conformance")
    done = subprocess.run(
        [program, "--insecure", "--server", secure.url, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    report = json.loads(done.stdout)
    assert done.returncode == 0, json.dumps(report, indent=1)
