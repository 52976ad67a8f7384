"""What happens to the system, and to its shoppers, in each scenario."""

from __future__ import annotations

import asyncio
import signal

from tests.chaos.points import POINTS, Point
from tests.chaos.questions import Asker, Question
from tests.chaos.scissors import Anywhere, NearEnd
from tests.chaos.stage import Asks, Stage, blocking
from tests.chaos.system import Host, hit

# questions


def brief(asker: Asker) -> Question:
    """An answer of a third of a second."""
    return asker.anything(words=6, pace=15)


def usual(asker: Asker) -> Question:
    """An answer of about a second."""
    return asker.anything(words=20, pace=30)


def long(asker: Asker) -> Question:
    """An answer of two to three seconds."""
    return asker.anything(words=50, pace=45)


def very_long(asker: Asker) -> Question:
    """An answer of 24 seconds, in steps of eight."""
    return asker.report(words=80, pace=100)


def fast(asker: Asker) -> Question:
    """Many words in a short time."""
    return asker.talk(words=60, pace=10)


def tiny(asker: Asker) -> Question:
    """A fifth of a second."""
    return asker.talk(words=10, pace=15)


# workers


async def at_points(stage: Stage, jobs: list[str]) -> None:
    """A worker ends itself at a named point in the middle of several answers, which then all come to their end."""
    points = {point.name: point for point in POINTS}
    for number, job in enumerate(jobs):
        if await _died_at(stage, points[job], f"{number}"):
            stage.done[job] += 1
        else:
            stage.missed[job] += 1


async def _died_at(stage: Stage, point: Point, token: str) -> bool:
    trap = stage.system.trap(point.name)
    for attempt in range(4):
        trap.arm(f"{token}.{attempt}", stage.rng.choice((0, 0, 1, 2)) if attempt < 2 and not point.first else 0)
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.all_at_once(4, _asks(point)))
            if point.first:
                await _die_before(stage, point.first, f"{token}.{attempt}")
        if not trap.disarm():
            return True
    return False


def _asks(point: Point) -> Asks:
    """A question whose answer comes by, long enough for somebody to die before where that is needed."""

    def asks(asker: Asker) -> Question:
        words = 40 if point.first else 8
        return asker.buy(words, 15) if point.asks == "buy" else asker.talk(words, 15)

    return asks


async def _die_before(stage: Stage, first: str, token: str) -> None:
    """A worker dies in the middle of answers, so that they are taken over."""
    if first != "kill":
        stage.system.trap(first).arm(token, 0)
        return
    for _ in range(100):
        await asyncio.sleep(0.03)
        if await blocking(stage.system.running) >= 3:
            hit(stage.system.busiest(), signal.SIGKILL)
            return


async def kills(stage: Stage, jobs: list[str]) -> None:
    """A worker is killed whenever it pleases the killer, under a crowd that never stops asking.

    Kills come by one and two: the second while others take over what the first has left. Then the answers that were
    under way may come to their end, for a turn that has lost three workers is given up, as is promised.
    """
    async with stage.crowd(4, brief):
        await stage.sleep(0.5, 1)
        again = False
        for job in jobs:
            _kill(stage)
            stage.done[job] += 1
            again = not again and stage.rng.random() < 0.25
            if not again:
                await stage.answered()
            await stage.sleep(0, 0.6)


def _kill(stage: Stage) -> None:
    victim = stage.system.victim(stage.rng)
    if victim:
        hit(victim, signal.SIGKILL)


async def stops(stage: Stage, jobs: list[str]) -> None:
    """A worker stands still for longer than its lease, and then goes on as if nothing had happened."""
    async with stage.crowd(6, long):
        for job in jobs:
            await stage.sleep(1, 3)
            victim = stage.system.busiest()
            if hit(victim, signal.SIGSTOP):
                stage.ledger.write("halted", pid=victim)
                await stage.sleep(16, 19)
                hit(victim, signal.SIGCONT)
                stage.ledger.write("resumed", pid=victim)
                stage.done[job] += 1
                await stage.answered()


async def deploys(stage: Stage, jobs: list[str]) -> None:
    """The server is told to load itself anew, or is ended and started again. Some answers take longer than a worker
    may go on for, and change hands."""
    every = 4 if stage.bounded else 20
    async with stage.crowd(10, long), stage.crowd(2, very_long):
        for job in jobs:
            await asyncio.sleep(every)
            for host in stage.system.hosts:
                await blocking(_reload if job == "reload" else _restart, host)
            stage.done[job] += 1
        await asyncio.sleep(every / 2)


def _reload(host: Host) -> None:
    host.send(signal.SIGHUP)


def _restart(host: Host) -> None:
    host.leave()
    host.start()


# stores


async def redis(stage: Stage, jobs: list[str]) -> None:
    """Redis forgets everything, falls silent, or dies and comes back empty."""
    assert stage.redis
    async with stage.crowd(10, usual):
        await stage.sleep(0.5, 1)
        for job in jobs:
            if job == "flush":
                await blocking(stage.redis.flush)
            elif job == "pause":
                stage.redis.pause()
                await stage.sleep(0.3, 3)
                stage.redis.resume()
            else:
                await blocking(stage.redis.kill)
                await stage.sleep(0.2, 1.5)
                await blocking(stage.redis.start)
            stage.done[job] += 1
            await stage.sleep(0.3, 1)


async def postgres(stage: Stage, jobs: list[str]) -> None:
    """PostgreSQL is shut down under everybody, and comes back after a while; sometimes only to be shut down again."""
    assert stage.postgres
    async with stage.crowd(10, usual):
        await stage.sleep(0.5, 1)
        again = False
        for job in jobs:
            await blocking(stage.postgres.stop, job)
            await stage.sleep(0.2, 1.5)
            await blocking(stage.postgres.start)
            stage.done[job] += 1
            again = not again and stage.rng.random() < 0.25
            if not again:
                await stage.answered()
            await stage.sleep(0, 1)


# shoppers


async def cuts(stage: Stage, jobs: list[str]) -> None:
    """Connections break after a random number of bytes."""
    await _cut(stage, 40, fast, Anywhere(len(jobs), stage.rng))


async def end_cuts(stage: Stage, jobs: list[str]) -> None:
    """Connections break while the answer ends."""
    await _cut(stage, 20, tiny, NearEnd(len(jobs), stage.rng))


async def _cut(stage: Stage, shoppers: int, asks: Asks, scissors: Anywhere) -> None:
    async with stage.crowd(shoppers, asks, scissors):
        await scissors.enough.wait()
    stage.done["cut"] = scissors.done


async def copies(stage: Stage, jobs: list[str]) -> None:
    """The same message comes five times at once, as from a browser that is not sure."""
    waiting = list(jobs)

    async def send() -> None:
        shopper = await stage.arrive()
        while waiting:
            waiting.pop()
            await shopper.ask(tiny(shopper.asker), readers=5)
            stage.done["message"] += 1

    await asyncio.gather(*(send() for _ in range(10)))


async def crowds(stage: Stage, jobs: list[str]) -> None:
    """A hundred different messages at once to one conversation, of which one at a time can be answered."""
    for job in jobs:
        shopper = await stage.arrive()
        shopper.turn_over()
        questions = [shopper.asker.talk(words=30, pace=50) for _ in range(100)]
        for question in questions:
            shopper.sends(question)
        await asyncio.gather(*map(shopper.read, questions))
        stage.done[job] += 1
