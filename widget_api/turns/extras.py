"""Opaque state of steps in the database: kept with the turn, read for its later steps and for later turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from widget_api.llm.base import Extra
from widget_api.models import StepExtra, execute, fitting, octets

# As much as the steps of one turn keep together, and as is read of all earlier turns together, in bytes of JSON.
TURN_BYTES: Final = 256 * 1024
HISTORY_BYTES: Final = 512 * 1024
# What the last step of a turn without calls keeps: a signature, and no thoughts, which nobody wants back there.
WORDS_BYTES: Final = 4 * 1024

# The number of each step, and its state.
Extras = Mapping[int, Extra]

_ADD: Final = (
    "INSERT INTO step_extra (turn_id, step, model, data) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (turn_id, step) DO NOTHING"
)
_OF_ANSWERS: Final = "FROM step_extra JOIN turn ON turn.id = step_extra.turn_id WHERE turn.answer_id IN ({answers})"


def size_of(extra: Extra) -> int:
    """Return how many bytes of JSON the state has."""
    return len(msgspec.json.encode(extra.data))


def add(turn: str, step: int, extra: Extra | None) -> None:
    """Write the state of a step down in the transaction that is open. Idempotent."""
    if extra:
        execute(_ADD, turn, step, extra.model, StepExtra.data.db_value(extra.data))


def of_turn(turn: str) -> dict[int, Extra]:
    """Return what the steps of the turn have kept."""
    return {row.step: Extra(row.model, row.data) for row in StepExtra.where("turn_id = %s", turn)}


def of_answers(answers: Iterable[int]) -> dict[int, dict[int, Extra]]:
    """Return what the steps of these answers (their rows) have kept: the newest first, `HISTORY_BYTES` in all."""
    rows = list(answers)
    if not rows:
        return {}
    condition = _OF_ANSWERS.format(answers=", ".join(["%s"] * len(rows)))
    order = "ORDER BY turn.attempt DESC, step_extra.step DESC"
    sizes = execute(f"SELECT {octets('step_extra.data')} {condition} {order}", *rows).fetchall()
    number = fitting([size for (size,) in sizes], HISTORY_BYTES)
    wanted = f"SELECT turn.answer_id, step, step_extra.model, data {condition} {order} LIMIT %s"
    found: dict[int, dict[int, Extra]] = {}
    for answer, step, model, data in execute(wanted, *rows, number).fetchall() if number else ():
        found.setdefault(answer, {})[step] = Extra(model, StepExtra.data.python_value(data))
    return found
