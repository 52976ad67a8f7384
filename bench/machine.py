"""The machine: who runs on which core, what a process has used of it, and what kind of machine it is."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers import find

CORES = sorted(os.sched_getaffinity(0))
# What is measured has a core of its own; the load, the model and the stores share the others.
MEASURED = set(CORES[:1])
OTHERS = set(CORES[1:]) or MEASURED
# So Linux names the clock of another process's CPU time (CPUCLOCK_SCHED): nanoseconds, threads that ended included.
_CPU_CLOCK = 2


@contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """Programs that are started in the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Two thousand streams are four thousand sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    with suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found += [each for child in children for each in family(int(child))]
    return found


class Cpu:
    """What some processes use from now on, those that begin meanwhile included."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._before = {pid: _cpu(pid) for pid in pids()}

    @property
    def seconds(self) -> float:
        """CPU time since then, of all threads."""
        return sum(max(0.0, _cpu(pid) - self._before.get(pid, 0.0)) for pid in self._pids())


def _cpu(pid: int) -> float:
    with suppress(OSError):
        return time.clock_gettime((~pid << 3) | _CPU_CLOCK)
    return 0.0


def memory(pids: Iterable[int]) -> int:
    """Bytes that the processes hold; what they share is divided among them (PSS)."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


class Busy:
    """How busy some cores are from now on."""

    def __init__(self, cores: set[int]) -> None:
        self._cores = cores
        self._before = _ticks(cores)
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time that the cores have worked, whoever for."""
        idle, whole = (after - before for after, before in zip(_ticks(self._cores), self._before, strict=True))
        return (whole - idle) / os.sysconf("SC_CLK_TCK")

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def share(self) -> float:
        return self.seconds / self.elapsed / len(self._cores)


def _ticks(cores: set[int]) -> tuple[int, int]:
    """Idle ticks and all ticks."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    counts = [list(map(int, words[1:9])) for words in lines if words[0] in {f"cpu{core}" for core in cores}]
    return sum(count[3] + count[4] for count in counts), sum(map(sum, counts))


def kind() -> list[str]:
    """The machine and its programs, by kind only."""
    return [
        f"{len(CORES)} cores ({platform.machine()})",
        f"Linux {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        f"Node {_version('node', '--version')}",
        f"nginx {_version('nginx', '-v')}",
        f"Redis {_version('redis-server', '--version')}",
        f"PostgreSQL {_version('postgres', '--version')}",
    ]


def _version(program: str, option: str) -> str:
    path = find(program)
    if not path:
        return "missing"
    said = subprocess.run([path, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else "unknown"
