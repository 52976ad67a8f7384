"""What the product writes and reads: how soon text is in the database, how often it commits, what history costs."""

from __future__ import annotations

import http.client
import statistics
import time
from contextlib import closing

from bench.load import Speech
from bench.observer import observing
from bench.readings import Bench
from bench.seed import seeded
from bench.streams import warm_up
from bench.targets import COLUMNS, SHOP, Ours, ask

LAG_STREAMS = (10, 60, 200)


def lag(bench: Bench) -> None:
    """How long after the model wrote it a chunk can be read in the database; commits a second at 200 streams."""
    with bench.fleet() as fleet:
        targets = fleet.start(*COLUMNS)
        for target in targets:
            warm_up(bench, target)
        for _ in bench.rounds:
            for streams in LAG_STREAMS:
                for target in targets:
                    _lag(bench, target, streams)


def _lag(bench: Bench, target: Ours, streams: int) -> None:
    ramp = streams * 10
    speech = Speech(chunks=(ramp + 6000) // 20)
    chats = target.chats([str(speech)] * streams)
    with observing(target.database_url) as seen:
        start = time.monotonic()
        with bench.load.running(target.port, chats, chunks=speech.chunks, ramp=ramp) as run:
            opened = run.opened()
            outcome = run.end()
        first_end = start + speech.chunks * 0.02
    name, (told,) = target.name, seen
    bench.readings.add(f"lag p50 at {streams}", name, told.lags["p50"])
    bench.readings.add(f"lag p99 at {streams}", name, told.lags["p99"])
    bench.readings.add(f"lag error at {streams}", name, told.error_ms)
    bench.readings.add(f"lag seen at {streams}", name, told.lags["count"] / outcome.chunks)
    if commits := told.writes_between(opened, first_end):
        bench.readings.add(f"commits at {streams}", name, commits / target.workers)
    bench.readings.check(name, outcome)


def history(bench: Bench) -> None:
    """The first page of a conversation of 10,000 messages beside that of one of 100, asked in turn."""
    with bench.fleet() as fleet:
        for target in fleet.start(*COLUMNS):
            visitor = target.visitors(1)[0]
            paths = {}
            for messages in (100, 10_000):
                conversation = seeded(target.database_url, SHOP, visitor.id, messages)
                paths[messages] = f"/api/conversations/{conversation}/messages"
            for _ in bench.rounds:
                _pages(bench, target, visitor.token, paths)


def _pages(bench: Bench, target: Ours, token: str, paths: dict[int, str], times: int = 200) -> None:
    took: dict[int, list[float]] = {messages: [] for messages in paths}
    with closing(http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)) as connection:
        for _ in range(times):
            for messages, path in paths.items():
                start = time.perf_counter()
                page = ask(connection, "GET", path, token=token)
                took[messages].append((time.perf_counter() - start) * 1000)
                assert len(page["messages"]) == 50, page
    for messages, values in took.items():
        bench.readings.add(f"page of {messages}", target.name, statistics.median(values))
