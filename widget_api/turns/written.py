"""The database as the source of every turn's log: what memory and Redis hold are copies of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

from widget_api.models import ACTIVE, Chunk, Turn, rows, snapshot
from widget_api.streams.base import Position
from widget_api.streams.shared import Excerpt
from widget_api.turns.events import frame

TURNS_A_QUERY = 50


class WrittenLog:
    """What has been written of turns, whoever runs them: 100 ms behind what they say, and never wrong."""

    def read(self, wanted: Mapping[str, Position]) -> dict[str, Excerpt]:
        """For each turn what follows the position, or all of a newer attempt. Nothing for a turn without news."""
        with snapshot():
            found = rows(Turn.select(Turn.id, Turn.attempt, Turn.state).where(Turn.id << list(wanted)))
            attempts = {turn: attempt for turn, attempt, _ in found}
            firsts = {turn: _first(wanted[turn], attempt) for turn, attempt in attempts.items()}
            events = _events(firsts, attempts)
            ended = {turn for turn, _, state in found if state not in ACTIVE and (events[turn] or _kept(turn))}
        return {
            turn: Excerpt(attempt, firsts[turn], events[turn], turn in ended)
            for turn, attempt in attempts.items()
            if events[turn] or turn in ended
        }

    def gone(self, turn: str) -> bool:
        """Whether there is nothing to read of the turn: it is unknown, or its message alone has been kept."""
        with snapshot():
            running = Turn.select().where((Turn.id == turn) & (Turn.state << ACTIVE)).exists()
            return not running and not _kept(turn)


def _kept(turn: str) -> bool:
    """Whether the events of an ended turn are still there, to the last."""
    return bool(Chunk.select().where(Chunk.turn == turn).exists())


def _first(after: Position, attempt: int) -> int:
    return after.seq + 1 if after.attempt == attempt else 1


def _events(firsts: dict[str, int], attempts: dict[str, int]) -> dict[str, list[bytes]]:
    """The frames of each turn's attempt from its first number on."""
    frames: dict[str, list[bytes]] = {turn: [] for turn in firsts}
    wanted = [
        (Chunk.turn == turn) & (Chunk.attempt == attempts[turn]) & (Chunk.last_seq >= first)
        for turn, first in firsts.items()
    ]
    for at in range(0, len(wanted), TURNS_A_QUERY):
        found = Chunk.select(Chunk.turn, Chunk.attempt, Chunk.last_seq, Chunk.events)
        found = found.where(reduce(or_, wanted[at : at + TURNS_A_QUERY]))
        for turn, attempt, last, lines in rows(found.order_by(Chunk.turn, Chunk.last_seq)):
            made = bytes(lines).split(b"\n")
            numbered = enumerate(made, last - len(made) + 1)
            frames[turn] += [_framed(line, Position(attempt, seq)) for seq, line in numbered if seq >= firsts[turn]]
    return frames


def _framed(line: bytes, at: Position) -> bytes:
    """An event that was not kept is an empty comment, so that the log has no hole."""
    return frame(line, at) if line else b":\n\n"
