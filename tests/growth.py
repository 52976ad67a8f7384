"""Measure whether a function's time grows with the length of its text and no faster, by texts that show otherwise."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

# A text of so many characters that a linear function has done with before the clock is worth reading.
CHARACTERS: Final = 2000
# What takes less for `CHARACTERS` is not measured twice: it would be noise. A loop within a loop takes more.
FLOOR_SECONDS: Final = 0.003
MOST_GROWTH: Final = 2.5
REPEATS: Final = 3
ATTEMPTS: Final = 4

# What others repeat without end. One of them, or two in turn, made each pattern slow that ever was.
TOKENS: Final = [
    *" \n\t\u00a0aA0-_.,:;/\\?=&#%@<>[](){}'\"`*|!$\u20ac\u0301\u200d\ufe0f\u4e00\u00e9\u3042",
    *("\u0301\u0316", "\u0316\uff9e", "\u0316\u3099", "\u1100\u1161", "\u0e33", "\ufdfa", "a\u0301", "\u0903\u200d"),
    *(" \n", "a\n", "\n\n", "a ", "\r\n", "a, ", "- ", "_ ", "../", "%2f", "a.", "a-", "1.", "1 ", "a/", "a@", "a1"),
    *(
        "<a ",
        "<a",
        "</a>",
        "<!--",
        "<!-- -->",
        "<p>",
        "&#",
        "&amp",
        "&#9",
        "&nbsp;",
        "[a](",
        "[a",
        "![",
        "](",
        "**a ",
        "*a _",
    ),
    *(
        "http://",
        "https://a",
        "://",
        "//",
        "?a=",
        "&a=b",
        "{}",
        '{"a":',
        "[[",
        '"a",',
        "\\u",
        "\\ud83d",
        "9" * 5 + " ",
    ),
    *(
        "data: a\n",
        "data:a\n\n",
        ": a\n",
        "event: a\n",
        "data: a\r",
        "<think>",
        "a\x00",
        "product ",
        "tool ",
        "version ",
    ),
]


Maker = Callable[[int], str]


def repeated(token: str, before: str = "", after: str = "") -> Maker:
    """Return what makes a text of a given length of the token alone, but for its ends."""
    return lambda n: f"{before}{token * (n // len(token) + 1)}{after}"


def hostile(own: list[str]) -> Iterator[Maker]:
    """Yield makers of texts; `own` are words that the function looks for."""
    for token in [*TOKENS, *own]:
        yield repeated(token)
        yield repeated(token, "a", "\x01")
    for word in own:
        for token in (" ", "a", "0", "\n", "-", "/", "a ", f"{word.strip()} "):
            yield repeated(token, word, "\x01")


def literals(pattern: re.Pattern[Any]) -> list[str]:
    """Return the words that stand in a pattern."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return [word for word in dict.fromkeys(re.findall(r"[A-Za-z0-9:/=_?<-]{2,}", source)) if len(word) < 40][:12]


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of the quickest of some runs."""
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return min(found)


def check_growth(
    name: str, run: Callable[[str], object], maker: Maker, n: int = CHARACTERS, floor: float = FLOOR_SECONDS
) -> None:
    """Fail unless twice the text takes less than 2.5 times as long, whenever that is measured."""
    short = maker(n)
    began = time.process_time()
    run(short)
    if time.process_time() - began < floor:
        return
    gc.collect()
    growths = []
    for attempt in range(ATTEMPTS):
        short, long = maker(n << attempt), maker(2 * n << attempt)
        before = seconds(lambda text=short: run(text))  # type: ignore[misc]
        if before < floor / 2:
            return
        growths.append(seconds(lambda text=long: run(text)) / before)  # type: ignore[misc]
        if growths[-1] < MOST_GROWTH:
            return
    shown = maker(60)[:60]
    raise AssertionError(f"{name}: of {shown!r}… twice as much takes {growths} times as long")
