"""How turns end in the database, and how one whose process has died goes on in another."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from widget_api.models import (
    ACTIVE,
    Chunk,
    Conversation,
    Message,
    Share,
    ToolCall,
    Turn,
    clock,
    connected,
    execute,
    now,
    rows,
    transaction,
)
from widget_api.problems import AnswerInterrupted, Problem
from widget_api.text import fold
from widget_api.turns import events, prompt
from widget_api.turns.events import Event, Part
from widget_api.turns.extras import Extras, of_turn
from widget_api.turns.worker import gone

LEASE_MS: Final = 15_000
# A turn that has killed three processes will kill a fourth.
MOST_TAKEOVERS: Final = 2
DELETED_DAYS: Final = 30
# A process that died with many turns leaves them all at once. Between them the leases of ours must be renewed.
TAKEN_OVER_AT_ONCE: Final = 200
# Rows that are taken away in one transaction, so that others can write between them.
AT_ONCE: Final = 100
# Twice as long as the logs in memory are kept: until then the database can take their place.
CHUNKS_SECONDS: Final = 120
TAIL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Progress:
    """What earlier attempts at a turn have finished: `events` rebuild it, `parts` are its finished steps, and
    `calls` are those that the step after them has asked for. `extras` is the opaque state of all these steps."""

    events: tuple[Event, ...] = ()
    parts: list[Part] = field(default_factory=list)
    calls: tuple[ToolCall, ...] = ()
    extras: Extras = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many steps are finished."""
        return sum(part["type"] == "step-start" for part in self.parts)

    @property
    def complete(self) -> bool:
        """Whether the last of them was the last of all: it asked for nothing."""
        last: list[str] = []
        for part in self.parts:
            last = [] if part["type"] == "step-start" else [*last, part["type"]]
        return bool(self.steps) and not any(kind.startswith("tool-") for kind in last)


class Superseded(Exception):
    """The turn is another attempt's by now, or has ended: this one must write nothing more."""


class Lease:
    """How long the process may act for its turn outside of the database, which would refuse it. By a clock that
    runs on while the process is halted and that nobody sets."""

    def __init__(self) -> None:
        self._until = math.inf

    def renew(self) -> None:
        """It is about to be renewed in the database."""
        self._until = time.monotonic() + LEASE_MS / 1000

    def require(self) -> None:
        """Raises `Superseded` when it may have run out."""
        if time.monotonic() > self._until:
            raise Superseded


# The condition that every write of an attempt carries.
MINE: Final = "id = %s AND attempt = %s AND state IN ('queued', 'running')"
HOLD: Final = f"UPDATE turn SET lease_until = CLOCK() + %s WHERE {MINE}"  # noqa: S608 - our own words
END: Final = (
    "UPDATE turn SET state = %s, ended_at = CLOCK(), model = %s, input_tokens = %s, output_tokens = %s, "  # noqa: S608
    f"cached_tokens = %s WHERE {MINE}"
)


def _mine(turn: Turn) -> tuple[str, int]:
    return turn.id, turn.attempt


def mine(turn: Turn) -> Any:
    """The same for a query of peewee's."""
    return (Turn.id == turn.id) & (Turn.attempt == turn.attempt) & (Turn.state << ACTIVE)


def hold(turn: Turn) -> None:
    """Renew the turn's lease, and keep others from taking it until the transaction has ended. Raises `Superseded`."""
    if not execute(HOLD, LEASE_MS, *_mine(turn)).rowcount:
        raise Superseded(turn.id)


def end(
    turn: Turn,
    state: str,
    parts: list[Part],
    last: tuple[int, Event],
    error: dict[str, Any] | None = None,
    used: tuple[str, int, int, int] = ("", 0, 0, 0),
    cut: str = "",
) -> bool:
    """Write the end of a turn, its final message, its last event (with its number), what it has used (the model, and
    tokens in, out, and cached of those in) and what cut it short. Once; a second time changes nothing. False when
    another attempt has the turn."""
    if not execute(END, state, *used, *_mine(turn)).rowcount:
        return Turn.select().where((Turn.id == turn.id) & (Turn.attempt == turn.attempt)).exists()
    final = "UPDATE message SET parts = %s, status = %s, error = %s, search = %s, cut = %s WHERE pk = %s"
    text = fold(prompt.text_of(parts))
    cut = cut if state == "complete" else ""
    execute(final, Message.parts.db_value(parts), state, Message.error.db_value(error), text, cut, turn.answer_id)
    execute("UPDATE conversation SET updated_at = %s WHERE pk = %s", now(), turn.conversation_id)
    Chunk.add(turn=turn.id, attempt=turn.attempt, last_seq=last[0], events=events.encode(last[1]))
    return True


def take(turn: Turn, name: str, *, whole: bool) -> tuple[Turn, Progress] | None:
    """Make the turn a new attempt of the process `name`, which goes on after its finished steps - or, where it is
    taken only to be ended, keeps the `whole` partial answer. None when somebody else was faster.

    The new attempt begins with what it keeps, in the same transaction: each attempt can be read by itself.
    """
    try:
        with transaction():
            attempt = _next_attempt(turn, name)
            progress = _progress(turn, whole=whole)
            lines = b"\n".join(map(events.encode, progress.events))
            Chunk.create(turn=turn.id, attempt=attempt, last_seq=len(progress.events), events=lines)
            return Turn.get_by_id(turn.id), progress
    except Superseded:
        return None


def _next_attempt(turn: Turn, name: str) -> int:
    """Make the turn the process's own under a new attempt, unless anything about it has changed meanwhile."""
    thread = Conversation.pk == turn.conversation_id
    Conversation.update(attempts=Conversation.attempts + 1).where(thread).execute()
    attempt = int(Conversation.get(thread).attempts)
    crashes = turn.takeovers + bool(turn.worker)  # a process that gave it up has not crashed
    unchanged = mine(turn) & (Turn.worker == turn.worker) & (Turn.lease_until == turn.lease_until)
    new = {"attempt": attempt, "worker": name, "lease_until": clock() + LEASE_MS, "takeovers": crashes}
    if not Turn.update(new).where(unchanged).execute():
        raise Superseded(turn.id)
    return attempt


def _progress(turn: Turn, *, whole: bool) -> Progress:
    chunks = Chunk.select(Chunk.events).where((Chunk.turn == turn.id) & (Chunk.attempt == turn.attempt))
    fold = events.folded(bytes(chunk) for (chunk,) in rows(chunks.order_by(Chunk.last_seq)))
    if whole:
        for event in list(fold.closing()):
            fold.apply(event)
    parts = fold.parts
    cut = _last_step(parts) if fold.in_step else len(parts)
    finished, begun = parts[:cut], parts[cut:]
    step = sum(part["type"] == "step-start" for part in finished) + 1
    calls = ToolCall.select().where((ToolCall.turn == turn.id) & (ToolCall.step == step)).order_by(ToolCall.id)
    asked = tuple(calls) if begun else ()
    said = [part for part in begun if part["type"] in {"step-start", "text", "data-products"}] if asked else []
    kept = tuple(events.beginning(turn.answer.id, [*finished, *said]))
    if finished and not said:
        kept = (*kept, *([events.cut_event(fold.cut)] if fold.cut else []), {"type": "finish-step"})
    return Progress(kept, finished, asked, of_turn(turn.id))


def _last_step(parts: list[Part]) -> int:
    return max(number for number, part in enumerate(parts) if part["type"] == "step-start")


def state_after(problem: Problem | None, *, stopped: bool) -> str:
    """The state that a turn ends in."""
    if problem is None:
        return "stopped" if stopped else "complete"
    return "interrupted" if isinstance(problem, AnswerInterrupted) else "failed"


def has_just_ended(turn: Turn) -> bool:
    """Whether somebody may still come back for the turn's tail; later the history has it."""
    recent = "SELECT 1 FROM turn WHERE id = %s AND ended_at > CLOCK() - %s"
    return execute(recent, turn.id, TAIL_SECONDS * 1000).fetchone() is not None


def left_behind(here: Collection[str], *, leases: bool, most: int = TAKEN_OVER_AT_ONCE) -> list[Turn]:
    """Return at most so many unfinished turns that nobody works on any more, the oldest first, without those that run
    `here`: their process has gone, or, where `leases` can be trusted, has not renewed its lease in time by the
    database's clock."""
    return _dead("state IN ('queued', 'running') ORDER BY created_at", leases=leases, without=here, most=most)


def is_left_behind(turn: Turn, *, leases: bool) -> bool:
    """Whether nobody works on the turn, which does not run here, any more."""
    return bool(_dead(MINE, *_mine(turn), leases=leases, without=(), most=1))


def _dead(turns: str, *values: Any, leases: bool, without: Collection[str], most: int) -> list[Turn]:
    lines = f"SELECT id, worker, lease_until, lease_until < CLOCK() FROM turn WHERE {turns}"  # noqa: S608 - our own words
    with connected():
        asked = execute(lines, *values).fetchall()
        others = [row for row in asked if row[0] not in without]
        dead = list(islice((seen for *seen, late in others if (late and leases) or gone(seen[1])), most))
        # As it was seen: another process may have been faster, and it lives.
        found = [Turn.find_by(id=turn, worker=owner, lease_until=lease) for turn, owner, lease in dead]
        return [turn for turn in found if turn]


def purge() -> int:
    """Erase conversations that were deleted a month ago, and links that expired. Returns how many conversations."""
    with transaction():
        Share.delete().where(Share.expires_at < now()).execute()
    total = 0
    while erased := _purge_some():
        total += erased
    return total


def _purge_some() -> int:
    deadline = now() - DELETED_DAYS * 24 * 3600 * 1000
    with transaction():
        old = Conversation.select(Conversation.pk).where(Conversation.deleted_at < deadline).limit(AT_ONCE)
        return int(Conversation.delete().where(Conversation.pk << [pk for (pk,) in rows(old)]).execute())


def forget_chunks(turns: Iterable[str]) -> None:
    """Erase the events of these turns, which have ended, and what their tools answered: the message has it all."""
    ended = list(turns)
    with transaction():
        Chunk.delete().where(Chunk.turn << ended).execute()
        ToolCall.update(output=None).where((ToolCall.turn << ended) & ToolCall.output.is_null(False)).execute()


def forget_old_chunks() -> None:
    """Erase the events of all turns that ended a while ago, as of processes that did not live to do it."""
    while ended := _turns_with_old_chunks():
        forget_chunks(ended)


def _turns_with_old_chunks() -> list[str]:
    with connected():
        long_ago = Turn.ended_at < now() - 10 * CHUNKS_SECONDS * 1000
        return [
            turn for (turn,) in rows(Chunk.select(Chunk.turn).join(Turn).where(long_ago).distinct().limit(AT_ONCE))
        ]
