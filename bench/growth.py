"""What grows with what: long replies, long conversations, streams that only wait, and the replay of a long answer."""

from __future__ import annotations

import http.client
import statistics
import time
import uuid
from contextlib import closing

from bench.load import Outcome, Speech
from bench.machine import memory
from bench.readings import Bench
from bench.seed import seeded
from bench.streams import settle, warm_up
from bench.targets import COLUMNS, SHOP, Chat, Ours, ask

TOKENS = (1_000, 4_000, 16_000, 64_000)
MESSAGES = (0, 100, 1_000, 10_000)
REPLAYED = 20_000


def replies(bench: Bench) -> None:
    """Processor time of a token in replies of 1,000 to 64,000 tokens, one at a time, 8,000 tokens a second."""
    with bench.fleet() as fleet:
        targets = fleet.start(*COLUMNS)
        for target in targets:
            warm_up(bench, target)
        for _ in bench.rounds:
            for tokens in TOKENS[:3] if bench.quick else TOKENS:
                for target in targets:
                    _reply(bench, target, tokens)


def _reply(bench: Bench, target: Ours, tokens: int) -> None:
    times = max(1, TOKENS[2] // tokens)
    speech = Speech(rate=8000, chunks=tokens, bytes=28)
    apart = tokens // 8 + 250
    chats = target.chats([str(speech)] * times)
    cpu = target.cpu()
    outcome = bench.load.run(target.port, chats, chunks=tokens, ramp=apart * times)
    bench.readings.add(f"token of {tokens}", target.name, cpu.seconds / outcome.chunks * 1e6)
    bench.readings.check(target.name, outcome)


def conversations(bench: Bench) -> None:
    """One short turn in conversations of 0 to 10,000 messages: processor time, and the time to its first event."""
    with bench.fleet() as fleet:
        for target in fleet.start(*COLUMNS):
            warm_up(bench, target)
            visitor = target.visitors(1)[0]
            threads = {0: ""} | {
                messages: seeded(target.database_url, SHOP, visitor.id, messages) for messages in MESSAGES[1:]
            }
            for _ in bench.rounds:
                for messages, thread in threads.items():
                    _turns(bench, target, messages, thread)


def _turns(bench: Bench, target: Ours, messages: int, thread: str, turns: int = 20) -> None:
    """One after the other, for a conversation has one running turn at most."""
    visitor = target.visitors(1)[0]
    text = str(Speech(rate=1000, chunks=1, wait=0))
    cpu = target.cpu()
    firsts = []
    for _ in range(turns):
        chat = target.chat(visitor, thread or uuid.uuid4().hex, text)
        outcome = bench.load.run(target.port, [chat], chunks=1)
        firsts.append(outcome.first.p50)
        bench.readings.check(target.name, outcome)
    bench.readings.add(f"turn after {messages}", target.name, cpu.seconds / turns * 1000)
    bench.readings.add(f"first after {messages}", target.name, statistics.median(firsts))


def idle(bench: Bench) -> None:
    """2,000 open streams whose model is silent: what they hold and use, and what ten others feel of them."""
    for kind in COLUMNS:
        with bench.fleet() as fleet:
            for target in fleet.start(kind):
                _idle(bench, target, 400 if bench.quick else 2000)


def _idle(bench: Bench, target: Ours, streams: int) -> None:
    warm_up(bench, target, streams=2)
    chats = target.chats([str(Speech(rate=0))] * streams)
    alone = _ten(bench, target)
    base = memory(target.pids())
    with bench.load.running(target.port, chats, ramp=streams * 6, limit=170_000) as run:
        run.opened()
        settle()
        more = memory(target.pids()) - base
        cpu, start = target.cpu(), time.monotonic()
        time.sleep(5)
        used = cpu.seconds / (time.monotonic() - start)
        among = _ten(bench, target)
    add, name = bench.readings.add, target.name
    add("idle memory", name, more / streams / 1024)
    add("idle cpu", name, used * 1000 * 1000 / streams)
    add("p99 alone", name, alone.added.p99)
    add("p99 among idle", name, among.added.p99)


def _ten(bench: Bench, target: Ours) -> Outcome:
    """Ten streams of 50 chunks a second."""
    outcome = bench.load.run(target.port, target.chats([str(Speech(chunks=200))] * 10), chunks=200, ramp=200)
    bench.readings.check(target.name, outcome)
    return outcome


def replays(bench: Bench) -> None:
    """An answer of 20,000 chunks, replayed from the beginning: while it runs, and after it has ended."""
    with bench.fleet() as fleet:
        targets = fleet.start(*COLUMNS)
        for target in targets:
            warm_up(bench, target)
        for _ in bench.rounds:
            for target in targets:
                _replays(bench, target)


def _replays(bench: Bench, target: Ours, times: int = 50) -> None:
    visitor = target.visitors(1)[0]
    thread, message = uuid.uuid4().hex, uuid.uuid4().hex
    speech = Speech(rate=4000, chunks=REPLAYED, bytes=32, hold=60_000)
    chat = target.chat(visitor, thread, str(speech), message)
    again = Chat(chat.resume.replace(b"Last-Event-ID: {last}\r\n", b""))
    with bench.load.running(target.port, [chat], leave=REPLAYED // 4 + 1000) as run:
        run.opened()
        written = run.end()
    bench.readings.add("written in events of", target.name, written.bytes / REPLAYED)
    _replay(bench, target, "running", again, times)
    with closing(http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)) as connection:
        ask(connection, "POST", f"/api/chat/{thread}/stop", {}, visitor.token)
    _replay(bench, target, "ended", Chat(chat.begin), times)


def _replay(bench: Bench, target: Ours, state: str, chat: Chat, times: int) -> None:
    outcome = bench.load.run(target.port, [chat] * times, ramp=times * 80, drop=REPLAYED)
    add, name = bench.readings.add, target.name
    add(f"replay {state} first p99", name, outcome.first.p99)
    add(f"replay {state} whole p50", name, outcome.whole.p50)
    add(f"replay {state} bytes", name, outcome.bytes / times)
    bench.readings.check(name, outcome)
