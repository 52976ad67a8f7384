"""How turns end in the database, those that ran to their end and those that died with their process."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

from widget_api.models import ACTIVE, Chunk, Conversation, Message, Turn, now, rows, transaction
from widget_api.problems import AnswerInterrupted, Problem
from widget_api.turns import events, prompt
from widget_api.turns.events import Event

logger = logging.getLogger(__name__)

DELETED_DAYS = 30


def end(turn: Turn, state: str, parts: list[dict[str, Any]], error: dict[str, Any] | None, **usage: Any) -> bool:
    """Write the end of a turn and its final message. False, and nothing written, when it has ended already or
    was taken over."""
    mine = (Turn.id == turn.id) & (Turn.attempt == turn.attempt) & Turn.state.in_(ACTIVE)
    if not Turn.update(state=state, ended_at=now(), **usage).where(mine).execute():
        return False
    text = prompt.text_of(parts).casefold()
    final = {"parts": parts, "status": state, "error": error, "search": text}
    Message.update(**final).where(Message.pk == turn.answer_id).execute()
    Conversation.update(updated_at=now()).where(Conversation.pk == turn.conversation_id).execute()
    Chunk.delete().where(Chunk.turn == turn.id).execute()
    return True


def settle(turn: Turn, problem: Problem | None = None) -> Event | None:
    """End a turn that nobody works on any more, or that cannot be waited for: the partial answer is kept.

    Without a `problem` it was stopped if the shopper wished so, else interrupted, with a retry offered.
    Returns the event that ends its stream, None when it had ended before.
    """
    with transaction():
        chunks = Chunk.select(Chunk.events).where((Chunk.turn == turn.id) & (Chunk.attempt == turn.attempt))
        fold = events.folded(chunk for (chunk,) in rows(chunks.order_by(Chunk.last_seq)))
        for event in list(fold.closing()):
            fold.apply(event)
        wished = Turn.select().where((Turn.id == turn.id) & Turn.stop_requested).exists()
        if problem is None and not wished:
            problem = AnswerInterrupted("Please try again.")
        state = state_after(problem, stopped=wished)
        error = problem.to_dict() if problem else None
        if not end(turn, state, fold.parts, error):
            return None
    logger.warning("turn %s of %s was settled: %s", turn.id, turn.worker, state)
    return events.terminal(state, "stop", error)


def state_after(problem: Problem | None, *, stopped: bool) -> str:
    """The state that a turn ends in."""
    if problem is None:
        return "stopped" if stopped else "complete"
    return "interrupted" if isinstance(problem, AnswerInterrupted) else "failed"


def purge() -> int:
    """Erase conversations that were deleted a month ago. Returns how many."""
    with transaction():
        deadline = now() - DELETED_DAYS * 24 * 3600 * 1000
        return int(Conversation.delete().where(Conversation.deleted_at < deadline).execute())


def dead(turn: Turn, worker: str) -> bool:
    """Whether nobody works on the turn any more, as seen by the process named `worker`."""
    return turn.lease_until < now() or (turn.worker != worker and _process_gone(turn.worker))


def _process_gone(worker: str) -> bool:
    """Whether the process of that name ran on this host and is no more."""
    host, pid, _ = worker.split(":")
    if host != socket.gethostname():
        return False
    if int(pid) == os.getpid():
        return True  # of the same number, but not this one: its name would be ours
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(int(pid))


def _is_zombie(pid: int) -> bool:
    """Whether the process has ended and only waits to be noticed, as under an init that reaps nobody."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] == b"Z"
