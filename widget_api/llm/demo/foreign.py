"""Languages that the demo does not speak: how it tells them, and what it says in them. Pure functions of text."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from widget_api.llm.demo import heard

# So many words of a language tell it, or all that were said.
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Language:
    """A language: a pattern of its letters and words that tell it, and our words in it."""

    code: str
    text: str
    words: frozenset[str]
    script: re.Pattern[str] | None

    def count(self, tokens: list[str]) -> int:
        """Return how many of the tokens are words of the language."""
        return sum(token in self.words for token in tokens)


def _read() -> tuple[Language, ...]:
    raws = tomllib.loads(Path(__file__).with_name("foreign.toml").read_text("utf-8"))["languages"]
    return tuple(
        Language(
            raw["code"],
            raw["text"].strip(),
            frozenset(raw.get("words", "").split()),
            re.compile(raw["script"]) if "script" in raw else None,
        )
        for raw in raws
    )


LANGUAGES = _read()


def language_of(text: str) -> Language | None:
    """Return the language that the text is in, or None where it may be English."""
    for language in LANGUAGES:
        if language.script and language.script.search(text):
            return language
    tokens = heard.tokens(text)
    count, best = max(((language.count(tokens), language) for language in LANGUAGES), key=lambda each: each[0])
    is_told = count >= _ENOUGH or (count > 0 and count == len(tokens))
    return best if is_told and count > heard.count_english(tokens) else None
