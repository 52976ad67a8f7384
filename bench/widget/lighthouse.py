"""Lighthouse on the demo shop's product page, with the widget and without it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.programs import Missing
from bench.widget.run import Run
from bench.widget.tab import program
from bench.widget.weight import PRODUCT
from tests.browser import FLAGS
from tests.live import serving

FOLDER = Path(__file__).with_name("node")
LIGHTHOUSE = FOLDER / "node_modules" / "lighthouse"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
OPTIONS = (
    "--output=json",
    "--quiet",
    "--no-enable-error-reporting",
    "--only-categories=performance,accessibility",
    f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
)
WITH, WITHOUT = "with the widget", "without it"
RUNS = 5
SECONDS = 300
AUDITS = {
    "first contentful paint": "first-contentful-paint",
    "largest contentful paint": "largest-contentful-paint",
    "total blocking time": "total-blocking-time",
    "cumulative layout shift": "cumulative-layout-shift",
    "speed index": "speed-index",
    "bytes": "total-byte-weight",
}


def lighthouse(run: Run) -> None:
    """Scores and metrics of both pages, on Lighthouse's own phone, in turn."""
    _install()
    with (
        TemporaryDirectory() as first,
        TemporaryDirectory() as second,
        serving(Path(first), "bench.widget.shop:create_app(chat=True)") as shop,
        serving(Path(second), "bench.widget.shop:create_app(chat=False)") as bare,
    ):
        for _ in run.rounds(RUNS):
            for name, live in ((WITH, shop), (WITHOUT, bare)):
                for figure, value in _visit(live.url + PRODUCT).items():
                    run.readings.add(figure, name, value)


def _install() -> None:
    """Install what the lock names, unless it is there. Raises `Missing`."""
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _run(INSTALL, "npm ci")
        installed.touch()


def _visit(url: str) -> dict[str, float]:
    """One run. Raises `Missing`."""
    report: dict[str, Any] = json.loads(_run(("node", str(LIGHTHOUSE / "cli"), url, *OPTIONS), "Lighthouse"))
    scores = {name: each["score"] * 100 for name, each in report["categories"].items()}
    return scores | {name: report["audits"][audit]["numericValue"] for name, audit in AUDITS.items()}


def _run(command: tuple[str, ...], name: str) -> str:
    environment = {**os.environ, "CHROME_PATH": program()}
    try:
        done = subprocess.run(
            command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Missing(f"{name}: {exc}") from exc
    if done.returncode:
        raise Missing(f"{name}: {done.stderr.strip()[:500]}")
    return done.stdout


def version() -> str:
    """Of Lighthouse, as the lock has it."""
    return str(json.loads((FOLDER / "package.json").read_text())["dependencies"]["lighthouse"])
