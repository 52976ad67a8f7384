"""The image, as far as it can be tried without an engine to build it: the app runs from what it would hold."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.column import ROOT


def dockerfile() -> list[tuple[str, str]]:
    """Its instructions, each with its words."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def sent_to_the_builder(path: Path) -> bool:
    """Whether .dockerignore lets a file through: its last pattern that matches decides."""
    name, sent = path.relative_to(ROOT).as_posix(), True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.lstrip("!").replace("**/", "*")
            if fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"{pattern}/*"):
                sent = line.startswith("!")
    return sent


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app as the last stage's COPY steps make it."""
    folder = tmp_path_factory.mktemp("image")
    copies = [words.split() for instruction, words in dockerfile() if instruction == "COPY"]
    for *sources, target in copies:
        if sources[0].startswith("--from") or (target == "./" and sources == ["requirements.txt"]):
            continue
        for source in sources:
            origin = ROOT / source
            for path in [origin] if origin.is_file() else origin.rglob("*"):
                if path.is_file() and sent_to_the_builder(path):
                    inside = path.name if origin.is_file() else f"{target}/{path.relative_to(origin)}"
                    (folder / inside).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, folder / inside)
    return folder


def inside(image: Path, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the image's folder, with its environment and no way to the repository."""
    environment = {"PATH": os.environ["PATH"], "INSTANCE": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=image, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_nothing_but_the_product_is_sent_to_the_builder(image: Path) -> None:
    for name in (".env", "instance/chat.db", "tests/live.py", ".git/config", "widget_api/__pycache__/x.pyc"):
        assert not sent_to_the_builder(ROOT / name), name
    assert {path.name for path in image.iterdir()} == {
        "wsgi.py", "gunicorn.conf.py", "widget_api", "static", "liquid"
    }  # fmt: skip


def test_the_app_runs_from_what_the_image_holds(image: Path, tmp_path: Path) -> None:
    """And from the packages of requirements.txt alone."""
    look = (
        "import json, sys; from importlib.metadata import packages_distributions\n"
        "import gunicorn.app.wsgiapp, runpy; runpy.run_path('gunicorn.conf.py'); import wsgi\n"
        "client = wsgi.app.test_client()\n"
        "answers = [client.get(path).status_code for path in ('/healthz', '/readyz', '/widget/chat.js')]\n"
        "loaded, packages = {name.split('.')[0] for name in sys.modules}, packages_distributions()\n"
        "print(json.dumps([answers, sorted({each for name in loaded for each in packages.get(name, [])})]))"
    )
    done = inside(image, tmp_path, "-c", look)
    assert done.returncode == 0, done.stderr
    answers, packages = json.loads(done.stdout.splitlines()[-1])
    assert answers == [200, 200, 200]
    lines = (ROOT / "requirements.txt").read_text()
    locked = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==", lines, re.MULTILINE)
    # setuptools comes with a virtual environment and puts itself before all imports.
    assert {plain(name) for name in packages} - {"setuptools"} <= {plain(name) for name in locked}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_shops_are_registered_from_what_the_image_holds(image: Path, tmp_path: Path) -> None:
    words = (
        "-m",
        "flask",
        "--app",
        "wsgi",
        "shop",
        "add",
        "example.myshopify.com",
        "--origin",
        "https://example.com",
    )
    done = inside(image, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "<shop-chat" in done.stdout
