"""Searches for the most streams that a target carries."""

from __future__ import annotations

from collections.abc import Callable

# A bracket this narrow is an answer.
CLOSE = 1.1


def most(fits: Callable[[int], bool], guess: int, *, step: float, cap: int) -> int:
    """The largest number that fits, to within `CLOSE`, looking around `guess`. `cap` when nothing below it fails;
    0 when nothing fits.

    A number that fails is tried once more: machines stumble.
    """

    def twice(number: int) -> bool:
        return fits(number) or fits(number)

    good, bad = _bracket(twice, min(guess, cap), step, cap)
    while bad and bad / max(good, 1) > CLOSE and bad - good > 1:
        middle = round((good * bad) ** 0.5) if good else bad // 2
        good, bad = (middle, bad) if twice(middle) else (good, middle)
    return good


def _bracket(fits: Callable[[int], bool], guess: int, step: float, cap: int) -> tuple[int, int]:
    """A number that fits and one that does not; no second (0) when even `cap` fits. Steps grow as they go on."""
    number = guess
    if not fits(guess):
        while number > 1:
            fewer = max(1, int(number / step))
            if fits(fewer):
                return fewer, number
            number, step = fewer, step * step
        return 0, number
    while number < cap:
        wider = min(cap, round(number * step) + 1)
        if not fits(wider):
            return number, wider
        number, step = wider, step * step
    return number, 0
