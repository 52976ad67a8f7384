"""The demo shop in several processes: all have the same carts, and one that is killed takes nothing along."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.column import ROOT
from tests.servers import free_port
from widget_api.demo.carts import Carts
from widget_api.demo.catalogue import PRODUCTS
from widget_api.demo.database import Database
from widget_api.demo.faults import Faults

# Of which there are enough for both of them
ONE, OTHER = [variant.id for product in PRODUCTS for variant in product.variants if variant.stock >= 20][:2]

# Changes the cart so that there are as many of the one as of the other, and says how many after each change.
CHANGES = """
import itertools, sys
from pathlib import Path
from widget_api.demo.carts import CARTS
from widget_api.demo.database import DATABASE
DATABASE.open(Path(sys.argv[1]))
cart, one, other = CARTS.get(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for many in itertools.cycle(range(1, 20)):
    CARTS.replace(cart, {one: many, other: many})
    print(many, flush=True)
"""
# Adds one, takes it out again, many times over, and in the end leaves one there.
ADDS = """
import sys
from pathlib import Path
from widget_api.demo.carts import CARTS
from widget_api.demo.database import DATABASE
DATABASE.open(Path(sys.argv[1]))
cart, one = CARTS.get(sys.argv[2]), int(sys.argv[3])
print(0, flush=True)
sys.stdin.readline()
for _ in range(300):
    CARTS.add(cart, {one: 1})
    CARTS.add(cart, {one: -1})
CARTS.add(cart, {one: 1})
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database()) as database:
        database.open(tmp_path)
        yield database


@pytest.fixture
def carts(database: Database) -> Carts:
    return Carts(database)


@contextmanager
def running(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    return int(process.stdout.readline())


def test_what_one_process_does_the_others_see(tmp_path: Path, carts: Carts) -> None:
    cart = carts.create()
    with running(CHANGES, tmp_path, cart.token, ONE, OTHER) as process:
        said(process)
        found = carts.get(cart.token)
        assert found
        assert found.quantities().keys() == {ONE, OTHER}
        carts.expire_all()
    assert carts.get(cart.token) is None


def test_a_switch_is_set_for_all_processes(tmp_path: Path, database: Database) -> None:
    with closing(Database()) as elsewhere:
        elsewhere.open(tmp_path)
        faults, theirs = Faults(database), Faults(elsewhere)
        faults.legacy_only, faults.rate_limit_next = True, 3
        assert theirs.legacy_only
        assert [each.take("rate_limit_next") for each in (faults, theirs, faults, theirs)] == [True] * 3 + [False]
        theirs.mend()
        assert not faults.legacy_only


def test_adds_from_several_processes_are_all_counted(tmp_path: Path, carts: Carts) -> None:
    cart = carts.create()
    with ExitStack() as stack:
        processes = [stack.enter_context(running(ADDS, tmp_path, cart.token, ONE)) for _ in range(4)]
        assert [said(process) for process in processes] == [0] * 4  # they are ready to begin at once
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.wait(60) for process in processes] == [0] * 4
    found = carts.get(cart.token)
    assert found
    assert found.quantities() == {ONE: 4}


def test_a_process_that_is_killed_has_lost_no_change_and_left_none_half_made(tmp_path: Path, carts: Carts) -> None:
    bystanders = carts.create()
    with running(CHANGES, tmp_path, bystanders.token, ONE, OTHER) as bystander:
        said(bystander)
        for _ in range(8):
            cart = carts.create()
            with running(CHANGES, tmp_path, cart.token, ONE, OTHER) as process:
                for _ in range(random.randrange(1, 60)):
                    acknowledged = said(process)
                process.kill()
                assert process.stdout
                acknowledged = int(([str(acknowledged), *process.stdout.read().split()])[-1])
            found = carts.get(cart.token)
            assert found
            held = found.quantities()
            assert held[ONE] == held[OTHER]
            assert held[ONE] in {acknowledged, acknowledged % 19 + 1}
            said(bystander)  # nobody waits for the dead


def test_the_carts_are_there_after_a_restart(tmp_path: Path) -> None:
    with closing(Database()) as database:
        database.open(tmp_path)
        carts = Carts(database)
        cart = carts.create()
        carts.add(cart, {ONE: 2})
    with closing(Database()) as database:
        database.open(tmp_path)
        assert Carts(database).get(cart.token) == cart


def test_a_new_run_keeps_the_carts_and_mends_the_rest(tmp_path: Path, database: Database) -> None:
    faults, carts = Faults(database), Carts(database)
    faults.legacy_only = True
    cart = carts.create()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(free_port()),
        "INSTANCE": str(tmp_path),
        "BACKUP_DAYS": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "widget_api.demo"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert "Ready" in process.stderr.readline()
        assert not faults.legacy_only
        assert carts.get(cart.token) == cart
        process.send_signal(signal.SIGINT)
