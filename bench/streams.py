"""What streams cost beside the peers: processor, latency, coming back, memory, and how many fit."""

from __future__ import annotations

import time
from functools import partial

import click

from bench.load import Speech
from bench.machine import MEASURED, OTHERS, Busy, memory
from bench.readings import Bench
from bench.search import CLOSE, most
from bench.targets import COLUMNS, PEERS, Nginx, Node, Target

TOLERABLE_MS = 50.0
CAP = 1600
KINDS: tuple[type[Target], ...] = (Node, *COLUMNS)


def steady(bench: Bench) -> None:
    """60 and 10 streams of 50 chunks a second, all targets in turn; then 50 streams that are cut and come back."""
    with bench.fleet() as fleet:
        targets = fleet.start(*PEERS, *COLUMNS)
        for target in targets:
            warm_up(bench, target)
        for _ in bench.rounds:
            for streams in (60, 10):
                for target in targets:
                    _steady(bench, target, streams)
            for target in targets:
                if target.name != Nginx.name:
                    _resume(bench, target)


def warm_up(bench: Bench, target: Target, streams: int = 20) -> None:
    """Code is loaded, compiled and connected by the first answers; they are not counted."""
    chats = target.chats([str(Speech(chunks=50))] * streams)
    bench.load.run(target.port, chats, ramp=500)


def settle() -> None:
    """Wait until the measured core rests, whoever used it; some seconds at most, for others may never rest."""
    for _ in range(20):
        core = Busy(MEASURED)
        time.sleep(0.2)
        if core.share < 0.1:
            return


def _steady(bench: Bench, target: Target, streams: int) -> None:
    speech = Speech(chunks=150 if bench.quick else 300)
    chats = target.chats([str(speech)] * streams)
    settle()
    before, core, others = bench.around.model.served(), Busy(MEASURED), Busy(OTHERS)
    cpu, stores = target.cpu(), target.stores()
    outcome = bench.load.run(target.port, chats, chunks=speech.chunks, ramp=1000)
    used = cpu.seconds
    served = bench.around.model.served()
    add, name = bench.readings.add, target.name
    add(f"cpu at {streams}", name, used / outcome.chunks * 1e6)
    for store, clock in stores.items():
        add(f"{store} cpu at {streams}", name, clock.seconds / outcome.chunks * 1e6)
    add(f"p50 at {streams}", name, outcome.added.p50)
    add(f"p99 at {streams}", name, outcome.added.p99)
    add(f"first at {streams}", name, outcome.first.p99)
    # Whether the figures can be believed: the model's own lateness, the load's core, strangers on the measured one.
    add(f"late at {streams}", name, (served["late"] - before["late"]) / (served["chunks"] - before["chunks"]))
    add(f"load's core at {streams}", name, others.share)
    add(f"strangers at {streams}", name, max(0.0, core.seconds - used) / core.elapsed)
    bench.readings.check(name, outcome)


def _resume(bench: Bench, target: Target, streams: int = 50) -> None:
    speech = Speech(chunks=200)
    chats = target.chats([str(speech)] * streams)
    settle()
    outcome = bench.load.run(target.port, chats, chunks=speech.chunks, ramp=1000, drop=100, back=200)
    bench.readings.add("again p50", target.name, outcome.again.p50)
    bench.readings.add("again p99", target.name, outcome.again.p99)
    bench.readings.add("resent", target.name, outcome.resent)
    bench.readings.check(target.name, outcome)


def held(bench: Bench) -> None:
    """Memory of 200 open streams of 2 chunks a second, each time in a fresh process."""
    for _ in bench.rounds:
        for kind in (*PEERS, *COLUMNS):
            with bench.fleet() as fleet:
                for target in fleet.start(kind):
                    _held(bench, target)


def _held(bench: Bench, target: Target, streams: int = 200) -> None:
    warm_up(bench, target, streams=2)
    speech = Speech(rate=2, chunks=10)
    chats = target.chats([str(speech)] * streams)
    base = memory(target.pids())
    with bench.load.running(target.port, chats, chunks=speech.chunks, ramp=1000) as run:
        run.opened()
        time.sleep(2.5)
        more = memory(target.pids()) - base
        outcome = run.end()
    bench.readings.add("memory base", target.name, base / 2**20)
    bench.readings.add("memory", target.name, more / streams / 1024)
    bench.readings.check(target.name, outcome)


def capacity(bench: Bench) -> None:
    """The most streams of 50 chunks a second with p99 under 50 ms: the same search for everybody."""
    guesses: dict[str, int] = {}
    for _ in bench.rounds:
        for kind in KINDS:
            with bench.fleet() as fleet:
                for target in fleet.start(kind):
                    warm_up(bench, target)
                    step = CLOSE if target.name in guesses else 1.4
                    guess = guesses.get(target.name) or _guess(bench, target)
                    guesses[target.name] = most(partial(_fits, bench, target), guess, step=step, cap=CAP)
                    bench.readings.add("most streams", target.name, guesses[target.name])


def _guess(bench: Bench, target: Target) -> int:
    """About what one core can carry, by what a chunk costs: where to begin to search."""
    microseconds = bench.readings.median("cpu at 60", target.name)
    return int(1e6 / 50 / microseconds) + 1 if microseconds else 100


def _fits(bench: Bench, target: Target, streams: int) -> bool:
    """Whether that many streams run at full rate, on time, for some seconds in which all of them are open."""
    ramp, settled, window = streams * 10, 1000, 2000 if bench.quick else 3000
    first, last = ramp + settled, ramp + settled + window
    begins = (ramp * number // streams for number in range(streams))
    speeches = [Speech(chunks=(last + 300 - begin) // 20) for begin in begins]  # all end together
    chats = target.chats([str(speech) for speech in speeches])
    settle()
    options = {"ramp": ramp, "from": first, "to": last, "limit": last + 5000}
    outcome = bench.load.run(target.port, chats, **options)
    full = outcome.added.count >= 0.97 * streams * window / 20
    fits = outcome.clean and full and outcome.added.p99 < TOLERABLE_MS
    if outcome.added.count:
        bench.readings.curves.setdefault(target.name, []).append((streams, outcome.added.p99))
    click.echo(f"  {target.title}: {streams} streams, p99 {outcome.added.p99:.1f} ms{'' if fits else ', too many'}")
    if not fits:  # what it still has to do would weigh on the next try
        target.stop()
        target.start()
        warm_up(bench, target)
    return fits
