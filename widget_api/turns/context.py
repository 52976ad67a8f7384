"""What the model is told of a conversation: earlier turns and the one that is answered, within one budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from widget_api.llm.base import Assistant, Entry, Result
from widget_api.turns.shortening import shorten, size_of

HISTORY_TOKENS: Final = 8000
# Characters a token: low for English, about right for JSON; better too few words than a refused request.
CHARACTERS_A_TOKEN: Final = 3
# An old result is told in so many, and the newest ones in no fewer.
SHORT_RESULT: Final = 400

Entries = Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Context:
    """A conversation as entries: `earlier` turns, oldest first, and the `question` that is answered."""

    earlier: tuple[Entries, ...]
    question: Entries
    characters: int = HISTORY_TOKENS * CHARACTERS_A_TOKEN

    def entries(self, running: Entries = ()) -> tuple[Entry, ...]:
        """Return what the model is told next, with the steps of the `running` turn, within the budget.

        Results of earlier turns are shortened first, then those of this turn's earlier steps, the oldest first. Then
        whole turns are left out from the oldest on, and only then the newest results are shortened. Every call keeps
        its result.
        """
        before, newest = _split(running)
        left = self.characters - _size(self.question) - _size(newest)
        earlier = list(self.earlier)
        if sum(map(_size, earlier)) + _size(before) > left:
            earlier = [[_shortened(entry, SHORT_RESULT) for entry in turn] for turn in earlier]
            before = _shorten_oldest(before, left - sum(map(_size, earlier)))
            earlier = _newest_that_fit(earlier, left - _size(before))
            newest = _shorten_results(newest, self.characters - _size(self.question) - _size(before))
        return tuple(entry for part in (*earlier, self.question, before, newest) for entry in part)


def _split(running: Entries) -> tuple[Entries, Entries]:
    """Return the steps before the newest one, and the newest one."""
    begun = [number for number, entry in enumerate(running) if isinstance(entry, Assistant)]
    at = begun[-1] if begun else 0
    return running[:at], running[at:]


def _newest_that_fit(turns: Sequence[Entries], room: int) -> list[Entries]:
    kept: list[Entries] = []
    for turn in reversed(turns):
        room -= _size(turn)
        if room < 0:
            break
        kept.insert(0, turn)
    return kept


def _shorten_oldest(entries: Entries, room: int) -> Entries:
    """Shorten results from the oldest on until the entries fit, or none is left to shorten."""
    told = list(entries)
    excess = _size(told) - room
    for number, entry in enumerate(told):
        if excess <= 0:
            break
        told[number] = _shortened(entry, SHORT_RESULT)
        excess -= _size([entry]) - _size([told[number]])
    return told


def _shorten_results(entries: Entries, room: int) -> Entries:
    """Shorten the results that are longer than their share of the room."""
    results = sorted((entry for entry in entries if isinstance(entry, Result)), key=lambda each: size_of(each.output))
    left = room - _size(entries) + sum(size_of(entry.output) for entry in results)
    told: dict[int, Entry] = {}
    for number, entry in enumerate(results):
        share = max(SHORT_RESULT, left // (len(results) - number))
        told[id(entry)] = short = _shorten_result(entry, share)
        left -= size_of(short.output)
    return [told.get(id(entry), entry) for entry in entries]


def _shortened(entry: Entry, most: int) -> Entry:
    return _shorten_result(entry, most) if isinstance(entry, Result) else entry


def _shorten_result(result: Result, most: int) -> Result:
    return replace(result, output=shorten(result.output, most))


def _size(entries: Iterable[Entry]) -> int:
    return sum(len(msgspec.json.encode(entry)) for entry in entries)
