"""Mentions: which titles a text names, found while the text comes in piece by piece. No I/O.

Titles are compared word by word without case, accents and the endings that inflection changes. Scripts that are
written without blanks between words are compared letter by letter. The longest title wins, so "Hat Box" does not name
"Hat".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Final

from widget_api.text import fold

# The words that a title is told by, and the letters of a word.
MOST_WORDS: Final = 40
MOST_LETTERS: Final = 100
# How far a bold phrase is waited for, and how many words one has that stands for a longer title.
PHRASE_CHARACTERS: Final = 120
PHRASE_WORDS: Final = 8
# A word has so many letters, about, in a script without blanks.
SOLO_LETTERS: Final = 3
# What may stand between two words of a title: blanks, marks of emphasis, a dash.
GAP_CHARACTERS: Final = 10

# Scripts without blanks between words, and Korean, where particles follow a noun without one.
_SOLO: Final = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Signs that belong to the letter before them.
_SIGNS: Final = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u200c\u200d"
)
_WORD = re.compile(f"[{_SOLO}]|(?:(?![{_SOLO}])[^\\W_]|[{_SIGNS}])+")
_IS_SOLO = re.compile(f"[{_SOLO}]")
# Behind it a title tells a variant, a material, a slogan.
_HEAD_END = re.compile(r"\s[-\u2013\u2014|/]\s|\s?[:(\[\uff08\uff1a]|,\s")
_BOLD: Final = ("**", "__")
_OPENERS: Final = "*_`\"'\u201c\u201e\u2018\u00ab\u300c\u300e\u2039[|"
# Endings that plurals and cases add or change, in Latin (folded), Greek and Cyrillic letters.
_ENDINGS: Final = (
    "aeiouynsx\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9\u03c3\u03bd"
    "\u0430\u0435\u0438\u043e\u0443\u044b\u044d\u044e\u044f\u0439\u044c\u043c\u0445\u0456"
)
_SHORTEST_STEM: Final = 3
# What Arabic and Hebrew write before a noun as one word with it: the article, "and", "for", "in".
_PREFIXES: Final = re.compile(
    "\u0648?(?:[\u0628\u0643\u0644]?\u0627\u0644|\u0644\u0644)?[\u0648\u0628\u0644]?(?=[\u0621-\u064a]{3})"
    "|[\u05d4\u05d5\u05d1\u05dc\u05de\u05e9]{1,2}(?=[\u05d0-\u05ea]{3})"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, and how it is compared."""

    start: int
    end: int
    raw: str
    folded: str
    bare: str  # without what Arabic and Hebrew write before it
    stem: str  # and without its ending


@dataclass(frozen=True, slots=True)
class Title:
    """A title that may be named, and what it is the title of. `is_head` marks the beginning of a longer title."""

    id: str
    words: tuple[Word, ...]
    size: int  # in words, as readers would count them
    is_head: bool = False

    @property
    def folded(self) -> tuple[str, ...]:
        """Return the title as titles are told apart."""
        return tuple(word.folded for word in self.words)

    @property
    def is_common(self) -> bool:
        """Return whether the title may be just a word of the language, as "Hat" or "Gift Card"."""
        return self.size <= 2 and not any(letter.isdigit() for word in self.words for letter in word.raw)


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    titles: list[Title] = field(default_factory=list)


class Titles:
    """The titles that are looked for."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        """`titles` are by the id of what they name."""
        self._whole = [_title(named, title) for named, title in titles.items()]
        self.root = _Node()
        for title in [*self._whole, *_heads(self._whole, titles)]:
            if title.words:
                self._add(title)
        self._phrases: dict[tuple[str, ...], set[str]] | None = None

    def __bool__(self) -> bool:
        return bool(self.root.next)

    def _add(self, title: Title) -> None:
        node = self.root
        for word in title.words:
            node = node.next.setdefault(word.stem, _Node())
        node.titles.append(title)

    def with_phrase(self, words: Iterable[Word]) -> str:
        """Return the id of the only title that has these words within it, or ""."""
        if self._phrases is None:
            self._phrases = _phrases(self._whole)
        found = self._phrases.get(tuple(word.stem for word in words), set())
        return next(iter(found)) if len(found) == 1 else ""


class Mentions:
    """Reads a text and says which titles it names, in the order of their first mention.

    `aside` are the ids of common words that were used without a mark, in their order: "The Hat costs …".
    """

    def __init__(self, titles: Titles) -> None:
        self.titles = titles
        self.aside: list[str] = []
        self._tail = ""  # what is still undecided, with what stands between it and the word before
        self._is_lead = True  # nothing but the mark of a list stands before it on its line

    def read(self, text: str) -> list[str]:
        """Return the ids that the next piece of the text has made certain."""
        if not self.titles:
            return []
        self._tail += text
        return list(self._decide(is_end=False))

    def end(self) -> list[str]:
        """Return the ids that the end of the text has made certain. The next piece begins another text."""
        found = list(self._decide(is_end=True)) if self.titles else []
        self._tail, self._is_lead = "", True
        return found

    def _decide(self, *, is_end: bool) -> Iterator[str]:
        words = [_word(match) for match in _WORD.finditer(self._tail)]
        if words and not is_end and _may_go_on(words[-1], self._tail):
            words.pop()
        at, done = 0, 0
        while at < len(words):
            decided = self._at(words, at, done, is_end=is_end)
            if decided is None:
                break
            used, named = decided
            yield from named
            for word in words[at : at + used]:
                self._is_lead = self._leads(word, done) and word.raw.isdigit()
                done = word.end
            at += used
        self._keep(done)

    def _keep(self, done: int) -> None:
        """Forget what has been decided. Of a long gap between words only its ends matter, of a long word nothing."""
        tail = self._tail[done:]
        first = _WORD.search(tail)
        gap = first.start() if first else len(tail)
        if gap > 2 * GAP_CHARACTERS:
            tail = "\n" * ("\n" in tail[:gap]) + " " * GAP_CHARACTERS + tail[gap - GAP_CHARACTERS :]
        self._tail = tail if len(tail) < MOST_WORDS * MOST_LETTERS else tail[-MOST_LETTERS:]

    def _leads(self, word: Word, done: int) -> bool:
        """Return whether nothing but the mark of a list stands before the word on its line."""
        return "\n" in self._tail[done : word.start] or self._is_lead

    def _at(self, words: list[Word], at: int, done: int, *, is_end: bool) -> tuple[int, list[str]] | None:
        """Return how many words are decided, and the ids that they name; None if that takes more of the text."""
        size, titles, is_open = self._walk(words, at)
        if is_open and not is_end:
            return None
        phrase = self._bold(words, at, done, is_end=is_end)
        if phrase is None:
            return None
        if not titles:
            named = self.titles.with_phrase(phrase) if _has_words(phrase, self._tail) else ""
            return 1, [named] if named else []
        said = words[at : at + size]
        if not is_end and not self._tail[said[-1].end :].strip(" ") and titles[0].is_common:
            return None
        return size, self._named(titles, said, is_marked=self._is_marked(said, done))

    def _walk(self, words: list[Word], at: int) -> tuple[int, list[Title], bool]:
        """Return how many words the longest titles that begin at a word have, those titles, and whether a longer one
        may still come."""
        node, size, titles, place = self.titles.root, 0, list[Title](), at
        while place < len(words):
            if place > at and not self._joins(words[place - 1].end, words[place].start):
                return size, titles, False
            following = node.next.get(words[place].stem)
            if following is None:
                return size, titles, False
            node, place = following, place + 1
            if node.titles:
                size, titles = place - at, node.titles
        rest = self._tail[words[-1].end :]
        return size, titles, bool(node.next) and "\n" not in rest and len(rest) <= MOST_LETTERS

    def _joins(self, end: int, start: int) -> bool:
        return start - end <= GAP_CHARACTERS and "\n" not in self._tail[end:start]

    def _bold(self, words: list[Word], at: int, done: int, *, is_end: bool) -> list[Word] | None:
        """Return the words of the bold phrase that begins at the word; None if its end is still to come."""
        start = words[at].start
        mark = self._tail[done:start][-2:]
        if mark not in _BOLD:
            return []
        line = self._tail[start : start + PHRASE_CHARACTERS].partition("\n")[0]
        end = line.find(mark)
        if end < 0:
            is_coming = not is_end and start + len(line) == len(self._tail) and len(line) < PHRASE_CHARACTERS
            return None if is_coming else []
        return [word for word in words[at : at + PHRASE_WORDS + 1] if word.end <= start + end]

    def _named(self, titles: list[Title], said: list[Word], *, is_marked: bool) -> list[str]:
        """Return the ids of those that are spelt as what was said, or else of those that come nearest to it."""
        titles = [title for title in titles if all(map(_is_inflected, title.words, said))]
        if not titles:
            return []
        best = max(_likeness(title, said) for title in titles)
        alike = [title for title in titles if _likeness(title, said) == best]
        first = alike[0]
        ids = [title.id for title in alike if title.folded == first.folded and title.is_head == first.is_head]
        if not first.is_common or (is_marked and first.size > 1):
            return ids
        is_spelt_so = first.folded == tuple(word.folded for word in said)
        has_capitals = _has_its_capitals(first, said)
        if has_capitals and (first.size > 1 or (is_marked and is_spelt_so)):
            return ids
        if first.size > 1 or (has_capitals and is_spelt_so):
            self.aside.extend(ids)
        return []

    def _is_marked(self, said: list[Word], done: int) -> bool:
        """Return whether what was said stands out: in bold, in quotes, as a cell or as the head of a list's entry."""
        before = self._tail[done : said[0].start][-1:]
        after = self._tail[said[-1].end :].lstrip(" ")[:1]
        stands_out = (before and before in _OPENERS) or (self._leads(said[0], done) and before not in {"", "\n"})
        return bool(stands_out) and not after.isalnum()


def _word(match: re.Match[str]) -> Word:
    raw = match[0]
    return Word(match.start(), match.end(), raw, *_compared(raw[:MOST_LETTERS]))


@lru_cache(maxsize=4096)
def _compared(raw: str) -> tuple[str, str, str]:
    """Return the word without case and accents, also without what stands before it, and also without its ending."""
    folded = fold(raw)
    prefix = _PREFIXES.match(folded)
    bare = folded[prefix.end() :] if prefix else folded
    return folded, bare, _stem(bare)


def _stem(bare: str) -> str:
    """Return the word without its ending. Numbers and codes have none."""
    if bare.isascii() and not bare.isalpha():
        return bare
    end = len(bare)
    while end > _SHORTEST_STEM and bare[end - 1] in _ENDINGS:
        end -= 1
    return bare[:end]


def _may_go_on(word: Word, text: str) -> bool:
    return word.end == len(text) and not _IS_SOLO.match(word.raw) and len(word.raw) <= MOST_LETTERS


def _title(id: str, title: str, *, is_head: bool = False) -> Title:
    words = [_word(match) for match in _WORD.finditer(title)][:MOST_WORDS]
    size = sum(max(1, len(_IS_SOLO.findall(each)) // SOLO_LETTERS) for each in title.split())
    return Title(id, tuple(words), size, is_head)


def _heads(whole: list[Title], titles: Mapping[str, str]) -> Iterator[Title]:
    """Yield the beginnings of titles that tell what is named without their ends: two words at least, and unique."""
    heads = [_title(named, _HEAD_END.split(title, maxsplit=1)[0], is_head=True) for named, title in titles.items()]
    taken = {title.folded for title in whole}
    times: dict[tuple[str, ...], int] = {}
    for head in heads:
        times[head.folded] = times.get(head.folded, 0) + 1
    yield from (head for head in heads if head.size > 1 and head.folded not in taken and times[head.folded] == 1)


def _phrases(titles: Iterable[Title]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for title in titles:
        stems = [word.stem for word in title.words]
        for start in range(len(stems)):
            for end in range(start + 2, min(start + PHRASE_WORDS, len(stems)) + 1):
                found.setdefault(tuple(stems[start:end]), set()).add(title.id)
    return found


def _has_words(phrase: list[Word], text: str) -> bool:
    """Return whether the phrase has enough of a title: two words, or as many letters as such words have."""
    if len(phrase) < 2:
        return False
    return " " in text[phrase[0].start : phrase[-1].end] or len(phrase) > SOLO_LETTERS


def _likeness(title: Title, said: list[Word]) -> tuple[int, bool, int]:
    pairs = list(zip(title.words, said, strict=True))
    exact = sum(own.folded == other.folded for own, other in pairs)
    return exact, not title.is_head, -sum(_difference(own.folded, other.folded) for own, other in pairs)


def _difference(one: str, other: str) -> int:
    """Return how many letters the two words have behind what they begin with in common."""
    return len(one) + len(other) - 2 * _common(one, other)


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _is_inflected(own: Word, other: Word) -> bool:
    """Return whether two words of one stem differ in no more than an ending has."""
    # Slavic endings are longer than those of the languages that are written in plain letters.
    most = 2 if own.bare.isascii() else 4
    return _difference(own.bare, other.bare) <= most


def _has_its_capitals(title: Title, said: list[Word]) -> bool:
    """Return whether what was said has a capital wherever the title has one."""
    pairs = zip(title.words, said, strict=True)
    return all(other.raw[0].isupper() or not own.raw[0].isupper() for own, other in pairs)
