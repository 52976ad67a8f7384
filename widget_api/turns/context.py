"""What the model is told of a conversation: earlier turns and the one that is answered, within one budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

from widget_api.llm.base import Assistant, Entry, Result, User
from widget_api.shopify.result_json import Detail, to_lean_json
from widget_api.turns.shortening import shorten, shorten_to
from widget_api.turns.token_count import estimate_entries, estimate_tokens

# Of all messages together. Windows that hold more are not filled: each token is paid for in each step.
HISTORY_TOKENS: Final = 8000
# What the newest results are told in at least.
LEAST_RESULT: Final = 60
# What is cut is cut in so many parts of the budget at once: the next requests then begin with the same messages, and
# the provider's cache knows them.
_PARTS: Final = 4
# A turn is told briefly when the one before it is told by its names alone, and the one further back is left out.
_NAMES_AFTER, _GONE_AFTER = 1, 4
_GONE: Final = len(Detail)

Entries = Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Context:
    """A conversation as entries: `earlier` turns, oldest first, and the `question` that is answered."""

    earlier: tuple[Entries, ...]
    question: Entries
    tokens: int = HISTORY_TOKENS

    def entries(self, running: Entries = ()) -> tuple[Entry, ...]:
        """Return what the model is told next, with the steps of the `running` turn, within the budget."""
        return fit([*chain(*self.earlier), *self.question, *running], self.tokens)


def fit(entries: Entries, tokens: int) -> tuple[Entry, ...]:
    """Return the entries with their results as lean JSON, in about `tokens`. Every call keeps its result.

    Where they have more, turns and the steps of this one are told in less detail, then by names and prices alone,
    then not at all, from the oldest on. The question and the steps of this turn are always told; their results share
    what room there is.
    """
    earlier, question, running = _split(entries)
    units = [*(_Unit(turn) for turn in earlier), *(_Unit(step, stays=True) for step in running)]
    room = tokens - estimate_entries(question)
    excess = sum(unit.size for unit in units) - room
    if excess > 0 and units:
        _reduce(units, excess, _round_up(excess, max(tokens // _PARTS, 1)))
    left = room - sum(unit.size for unit in units)
    told = [unit.told for unit in units]
    steps = list(chain(*told[len(earlier) :]))
    if left < 0:
        steps = _share(steps, left)
    return (*chain(*told[: len(earlier)]), *question, *steps)


@dataclass(slots=True)
class _Unit:
    """A turn, or a step of the running one, which `stays`, and in which detail it is told."""

    entries: Entries
    stays: bool = False
    detail: int = Detail.FULL
    _told: dict[int, tuple[list[Entry], int]] = field(default_factory=dict)

    @property
    def told(self) -> list[Entry]:
        return self._at_detail()[0]

    @property
    def size(self) -> int:
        return self._at_detail()[1]

    def _at_detail(self) -> tuple[list[Entry], int]:
        if self.detail not in self._told:
            told = [] if self.detail == _GONE else self._tell(Detail(self.detail))
            self._told[self.detail] = told, estimate_entries(told)
        return self._told[self.detail]

    def _tell(self, detail: Detail) -> list[Entry]:
        if detail is Detail.FULL:
            return [_whole(entry) if isinstance(entry, Result) else entry for entry in self.entries]
        whole = self._told[Detail.FULL][0]  # every unit begins so
        return [_shortened(entry, detail) if isinstance(entry, Result) else entry for entry in whole]


def _whole(result: Result) -> Result:
    return replace(result, text=to_lean_json(_outcome(result)))


def _shortened(result: Result, detail: Detail) -> Result:
    return replace(result, text=shorten_to(detail, _outcome(result), result.text))


def _outcome(result: Result) -> Any:
    """Return the output in the form that it has in its own turn: messages keep the sentence of an error alone."""
    return {"error": result.output} if result.error and isinstance(result.output, str) else result.output


def _split(entries: Entries) -> tuple[list[list[Entry]], Entries, list[list[Entry]]]:
    """Return the earlier turns, the newest question and the steps that follow it."""
    turns = _parts(entries, User)
    newest = turns.pop() if turns else []
    return turns, newest[:1], _parts(newest[1:], Assistant)


def _parts(entries: Entries, kind: type[User | Assistant]) -> list[list[Entry]]:
    """Return the entries in parts that begin with an entry of that kind."""
    parts: list[list[Entry]] = []
    for entry in entries:
        if isinstance(entry, kind) or not parts:
            parts.append([])
        parts[-1].append(entry)
    return parts


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _reduce(units: Sequence[_Unit], excess: int, rounded: int) -> None:
    """Tell units in less detail until so many tokens are saved, or nothing more can be.

    Of all but the newest unit `rounded` tokens are saved; what is left of the `excess` is saved at any price.
    """
    *elder, newest = units
    saved = 0
    for reductions, wanted in ((_from_oldest(elder), rounded), (_last_resorts(elder, newest), excess)):
        for unit, detail in reductions:
            if saved < wanted and not (detail == _GONE and unit.stays):
                before = unit.size
                unit.detail = detail
                saved += before - unit.size


def _from_oldest(units: Sequence[_Unit]) -> Iterator[tuple[_Unit, int]]:
    """Yield what is done to which unit, in an order that newer units do not change. The last one keeps its names."""
    for last in range(len(units) + _GONE_AFTER):
        for back, detail in ((_GONE_AFTER, _GONE), (_NAMES_AFTER, Detail.NAMES), (0, Detail.BRIEF)):
            if 0 <= last - back < len(units) - (detail == _GONE):
                yield units[last - back], detail


def _last_resorts(elder: Sequence[_Unit], newest: _Unit) -> Iterator[tuple[_Unit, int]]:
    """Yield what is done last. Names are enough of a listing that was answered; one to be answered has its share."""
    yield newest, Detail.BRIEF
    if not newest.stays:
        yield newest, Detail.NAMES
    yield from ((unit, _GONE) for unit in elder)
    yield newest, _GONE


def _share(entries: Iterable[Entry], left: int) -> list[Entry]:
    """Shorten the results that are longer than their share; `left` is below zero by what is too much."""
    told = list(entries)
    results = sorted((each for each in told if isinstance(each, Result)), key=lambda each: estimate_tokens(each.text))
    room = left + sum(estimate_tokens(each.text) for each in results)
    short: dict[int, Entry] = {}
    for number, result in enumerate(results):
        share = max(LEAST_RESULT, room // (len(results) - number))
        text = shorten(_outcome(result), share)
        text = min(text, result.text, key=estimate_tokens)
        short[id(result)] = replace(result, text=text)
        room -= estimate_tokens(text)
    return [short.get(id(entry), entry) for entry in told]
