"""Requests for a change of the cart: what the newest message of a shopper asks for, by its own words.

A message asks when a clause of it has words of asking (`cart_words`) and is neither a question nor in doubt, or when
it is nothing but an answer to an offer: to a proposal, to the assistant's question whether to change the cart, or to
its question about what an earlier message has asked for. The model has no say in it, nor has any text that it was
shown.
"""

# ruff: noqa: RUF001 - marks of many scripts

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from itertools import islice
from typing import Any, Final

from widget_api.models import Message
from widget_api.text import fold
from widget_api.turns import prompt
from widget_api.turns.cart_words import (
    GREETINGS,
    LANGUAGES,
    NEGATIONS,
    OTHER_YES,
    PLEASE,
    REFUSALS,
    YES_SIGNS,
    Language,
)

# An answer to an offer is short, and an offer goes back to no more answers than these.
ANSWER_CHARACTERS: Final = 120
MOST_ANSWERS: Final = 4
MOST_NUMBERS: Final = 400
MOST_CLAUSES: Final = 60
MOST_WISHES: Final = 8

_SENTENCE = re.compile(r"[^.!?…。！？؟;；\n]+[.!?…。！？؟;；]?")
_CLAUSE = re.compile(r"[^,、，،:()\[\]]+")
# Between two wishes of one clause: "put it in and tell me what it costs".
_AND = re.compile(
    r"\b(?:and|then|und|dann|et|puis|ensuite|y|luego|después|e|poi|dopo|depois|en|dan|daarna)\b"
    "|그리고|そして|それから|然后|然後|并且",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
# Kana, Han and Hangul, which are searched for as they stand, and of these what is no grammar.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MEANING = re.compile("[\u30a0-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_GRAMMAR: Final = frozenset("いのをはがでにもとねよ는은이가을를도로으요")
# "Yes" of two languages is another's "if", but for the accent.
_ACCENTED_YES = re.compile(r"\bs[íì]\b")
_QUESTION_MARKS: Final = ("?", "？", "؟")
_QUESTION_ENDS: Final = ("か", "吗", "嗎", "까", "나요")


@dataclass(frozen=True, slots=True)
class Asked:
    """The kinds of change that words ask for."""

    adds: bool = False
    takes_out: bool = False
    sets: bool = False

    def __bool__(self) -> bool:
        return self.adds or self.takes_out or self.sets

    def __or__(self, other: Asked) -> Asked:
        return Asked(self.adds or other.adds, self.takes_out or other.takes_out, self.sets or other.sets)


class Words:
    """A text as it is compared: its tokens, folded, and the same without spaces."""

    def __init__(self, text: str) -> None:
        folded = fold(_ACCENTED_YES.sub("yes", text.lower()))
        self.tokens = tuple(_TOKEN.findall(folded))
        self.joined = f" {' '.join(self.tokens)} "
        self.compact = "".join(self.tokens)

    def has(self, phrases: Sequence[Phrase]) -> bool:
        """Return whether one of the phrases occurs."""
        return any(phrase(self) for phrase in phrases)

    @cached_property
    def content(self) -> frozenset[str]:
        """Return the tokens that may name something."""
        return frozenset(self.tokens) - FUNCTION_WORDS

    @cached_property
    def pairs(self) -> frozenset[str]:
        """Return each two signs that stand together and mean something, in scripts without spaces."""
        rest = self.compact
        for phrase in _UNSPACED_PHRASES:
            rest = rest.replace(phrase, " ")
        return pairs_of(rest)

    @cached_property
    def all_pairs(self) -> frozenset[str]:
        """Return the same of all signs."""
        return pairs_of(self.compact)


Phrase = Callable[[Words], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """What the shopper asks for: the kinds of change, the words that may name goods, the numbers, and whether more
    than one thing can be meant. `accepted` are the lines of a proposal that the message is an answer to. `must_name`:
    it asks only for goods that it names."""

    asked: Asked = Asked()
    words: Words | None = None
    numbers: frozenset[int] = frozenset()
    is_many: bool = False
    accepted: tuple[dict[str, Any], ...] = ()
    must_name: bool = False


def pairs_of(text: str) -> frozenset[str]:
    """Return each two signs that stand together in runs of kana, Han or Hangul; one that stands alone as it is."""
    runs = _MEANING.findall(text)
    return frozenset(run[at : at + 2] if len(run) > 1 else run for run in runs for at in range(max(1, len(run) - 1)))


def split(phrases: str) -> list[str]:
    """Return the phrases of a list, folded, their words separated by single blanks."""
    found = (" ".join(_TOKEN.findall(fold(part))) for part in phrases.split(","))
    return [phrase for phrase in found if phrase]


def _compile(phrases: str) -> tuple[Phrase, ...]:
    return tuple(_together(part) for part in phrases.split(",") if part.strip())


def _together(phrase: str) -> Phrase:
    parts = [_containing(each) for part in phrase.split("+") for each in split(part)]
    return parts[0] if len(parts) == 1 else lambda words: all(part(words) for part in parts)


def _containing(phrase: str) -> Phrase:
    if _UNSPACED.search(phrase):
        bare = phrase.replace(" ", "")
        return lambda words: bare in words.compact
    spaced = f" {phrase} "
    return lambda words: spaced in words.joined


class _Compiled:
    """A language's words, ready to be looked for."""

    def __init__(self, language: Language) -> None:
        self.put, self.cart = _compile(language.put), _compile(language.cart)
        self.add, self.take = _compile(language.add), _compile(language.take)
        self.take_out, self.change = _compile(language.take_out), _compile(language.change)
        self.request, self.doubt = _compile(language.request), _compile(language.doubt)
        self.else_ = _compile(language.else_)
        self._requests, self._questions = _beginnings(language.request), _beginnings(language.question)

    def asked(self, words: Words) -> Asked:
        """Return what the words ask for, leaving aside what else they say."""
        takes_out = words.has(self.take_out)
        adds = words.has(self.add) or (words.has(self.put) and words.has(self.cart))
        return Asked(adds or (words.has(self.take) and not takes_out), takes_out, words.has(self.change))

    def asks(self, clause: Words, wishes: Sequence[Words], *, is_question: bool) -> Asked:
        """Return what a clause asks for: the whole of it or, where another wish stands beside it, one of its wishes.

        In one of several, "take" alone says nothing: "look around and take my time".
        """
        if is_question and not clause.has(self.request):
            return Asked()
        clear = [wish for wish in wishes if not wish.has(self.take) or wish.has(self.cart)]
        return next(filter(None, map(self._wished, (clause, *clear))), Asked())

    def _wished(self, words: Words) -> Asked:
        in_doubt = words.has(self.doubt) or self._begins_question(words)
        return Asked() if in_doubt else self.asked(words)

    def _begins_question(self, words: Words) -> bool:
        at = _end_of_greeting(words.joined)
        if any(words.joined.startswith(phrase, at) for phrase in self._requests):
            return False
        return any(words.joined.startswith(phrase, at) for phrase in self._questions)


def _end_of_greeting(joined: str) -> int:
    at = 0
    while found := next((each for each in _GREETINGS if joined.startswith(each, at)), ""):
        at += len(found) - 1
    return at


def _beginnings(phrases: str) -> tuple[str, ...]:
    """Return the phrases as they stand at the beginning of a text's tokens."""
    return tuple(f" {phrase}" if _UNSPACED.search(phrase) else f" {phrase} " for phrase in split(phrases))


def _all(*names: str) -> Iterator[str]:
    for language in LANGUAGES:
        for name in names:
            yield from split(getattr(language, name).replace("+", ","))


def _numbers() -> dict[str, int]:
    pairs = (entry.rpartition(":") for language in LANGUAGES for entry in language.numbers.split())
    return {" ".join(split(word)): int(number) for word, _, number in pairs}


@cache
def _languages() -> tuple[_Compiled, ...]:
    """Return all languages. The first message compiles them: at the start it would be a twentieth of its time."""
    return tuple(map(_Compiled, LANGUAGES))


_GREETINGS: Final = _beginnings(GREETINGS)
_NEGATIONS: Final = _compile(NEGATIONS)
_NUMBERS: Final = _numbers()
_NUMBER_PHRASES: Final = tuple((_containing(word), number) for word, number in _NUMBERS.items())
_YES: Final = _compile(f"{','.join(language.yes for language in LANGUAGES)},{OTHER_YES}")
_REFUSALS: Final = _compile(REFUSALS)
_PLEASE: Final = _compile(PLEASE)
_MANY: Final = _compile(",".join(language.many for language in LANGUAGES))
# All that an answer to an offer may consist of, beside names.
_IN_ANSWERS: Final = frozenset(
    token for phrase in (*_all("yes", "many", "filler"), *split(OTHER_YES), *_NUMBERS) for token in phrase.split()
)
_FIELDS: Final = tuple(field.name for field in fields(Language) if field.name != "numbers")
FUNCTION_WORDS: Final = frozenset(
    token
    for phrase in (*_all(*_FIELDS), *_NUMBERS, *split(GREETINGS), *split(NEGATIONS), *split(OTHER_YES))
    for token in phrase.split()
)
_UNSPACED_PHRASES: Final = sorted(
    {phrase.replace(" ", "") for phrase in (*_all(*_FIELDS), *_NUMBERS) if _UNSPACED.search(phrase)},
    key=len,
    reverse=True,
)


def asked_by(text: str) -> Asked:
    """Return what the clauses of a message ask for."""
    whole, asked = Words(text), Asked()
    languages = [language for language in _languages() if language.asked(whole)]
    for clause, is_question in islice(_clauses(text), MOST_CLAUSES) if languages else ():
        words = Words(clause)
        wishes = [Words(wish) for wish in _AND.split(clause, maxsplit=MOST_WISHES)]
        for language in languages if not words.has(_NEGATIONS) else ():
            asked |= language.asks(words, wishes, is_question=is_question)
    return asked


def offered_by(text: str) -> Asked:
    """Return the changes that questions of an answer ask the shopper about."""
    offered = Asked()
    for sentence in filter(_is_question, _SENTENCE.findall(text)[-MOST_CLAUSES:]):
        words = Words(sentence)
        for language in _languages():
            if not words.has(language.else_):
                offered |= language.asked(words)
    return offered


def has_question(text: str) -> bool:
    """Return whether a text asks something."""
    return any(map(_is_question, _SENTENCE.findall(text)))


def numbers_in(words: Words) -> frozenset[int]:
    """Return the numbers that are named, in digits or in words."""
    digits = [int(digits) for digits in _DIGITS.findall(words.joined)[:MOST_NUMBERS] if len(digits) < 5]
    spelled = (number for phrase, number in _NUMBER_PHRASES if phrase(words))
    return frozenset((*digits, *spelled))


def _clauses(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the clauses of the text, each with whether it is a question. A mark belongs to the last one before it."""
    for sentence in _SENTENCE.findall(text):
        clauses = _CLAUSE.findall(sentence)
        for number, clause in enumerate(clauses, start=1):
            yield clause, _is_question(clause) if number < len(clauses) else _is_question(sentence)


def _is_question(text: str) -> bool:
    end = text.rstrip()
    return end.endswith(_QUESTION_MARKS) or end.rstrip("。.").endswith(_QUESTION_ENDS)


def request_of(messages: Sequence[Message], is_name: Callable[[Words], frozenset[str]]) -> Request:
    """Return what the last of the messages, a question, asks for. `is_name` returns those of a text's tokens, and of
    its pairs of signs, that name goods which were shown."""
    return _request(messages, is_name, MOST_ANSWERS)


def _request(messages: Sequence[Message], names: Callable[[Words], frozenset[str]], answers: int) -> Request:
    text = prompt.text_of(messages[-1].parts)
    words = Words(text)
    if asked := asked_by(text):
        return Request(asked, words, numbers_in(words), words.has(_MANY))
    if len(messages) > 2 and answers and _is_answer(text, words, names):
        accepted = _accepted(messages, names, answers, text)
        if accepted.asked:
            return accepted
    if _is_order(text, words):
        return Request(Asked(adds=True), words, numbers_in(words), words.has(_MANY), must_name=True)
    return Request()


def _accepted(
    messages: Sequence[Message], names: Callable[[Words], frozenset[str]], answers: int, text: str
) -> Request:
    """Return the request that an answer to the offer before it makes, or one for nothing."""
    *_, before, _ = messages
    if before.role != "assistant":
        return Request()
    own, said = Words(text), prompt.text_of(before.parts)
    if lines := _proposed(before.parts):
        kinds = Asked(any(line["by"] > 0 for line in lines), any(line["by"] < 0 for line in lines), sets=True)
        return Request(kinds, own, numbers_in(own), own.has(_MANY), lines)
    if offered := offered_by(said):
        asked = Words(" ".join([text, *filter(_is_question, _SENTENCE.findall(said))]))
        # "Yes" means what the question names or, where that is "one", what stands before it.
        named = next((words for words in (own, asked, Words(said)) if names(words)), own)
        return Request(offered, named, numbers_in(asked), own.has(_MANY))
    if not has_question(said) or _has_changed(before.parts):
        return Request()
    earlier = _request(messages[:-2], names, answers - 1)
    if not earlier.asked or earlier.words is None:
        return Request()
    words = Words(f"{text} {earlier.words.joined}")
    return Request(earlier.asked, words, numbers_in(words), words.has(_MANY))


def _is_order(text: str, words: Words) -> bool:
    """Return whether a message is one like "two beanies, please": a number, what of, and a word of politeness."""
    if len(text) > ANSWER_CHARACTERS or has_question(text) or not words.has(_PLEASE):
        return False
    first = words.tokens[0].removesuffix("x")
    if not (first in _NUMBERS or (first.isdecimal() and len(first) < 3)):
        return False
    return not (words.has(_NEGATIONS) or any(words.has(language.doubt) for language in _languages()))


def _is_answer(text: str, words: Words, is_name: Callable[[Words], frozenset[str]]) -> bool:
    """Return whether a message is nothing but an answer: yes, a number, which one."""
    if len(text) > ANSWER_CHARACTERS or has_question(text) or words.has(_REFUSALS):
        return False
    names = is_name(words)
    signs = any(sign in text for sign in YES_SIGNS)
    if not (signs or names or words.has(_YES) or words.has(_MANY) or numbers_in(words)):
        return False
    return all(_is_known(token, names) for token in words.tokens)


def _is_known(token: str, names: frozenset[str]) -> bool:
    if token in _IN_ANSWERS or token in names or token.isdecimal():
        return True
    if not _UNSPACED.search(token):
        return _DIGITS.sub("", token) in {"x", "st", "nd", "rd", "th"}
    rest = token
    for known in (*sorted(names, key=len, reverse=True), *_UNSPACED_PHRASES):
        if known in names or known in _UNSPACED_ANSWERS:
            rest = rest.replace(known, "")
    return all(sign in _GRAMMAR or sign.isdecimal() for sign in rest)


_UNSPACED_ANSWERS: Final = frozenset(
    phrase.replace(" ", "") for phrase in (*_all("yes", "many", "filler", "take"), *_NUMBERS)
)


def _proposed(parts: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the lines of the last proposal of an answer."""
    proposals = [part["data"] for part in parts if part["type"] == "data-cart-proposal"]
    return tuple(proposals[-1]["lines"]) if proposals else ()


def _has_changed(parts: Iterable[dict[str, Any]]) -> bool:
    """Return whether an answer has changed the cart."""
    changes = (part.get("output") for part in parts if part["type"] == "tool-update_cart")
    return any(isinstance(output, dict) and output.get("status") == "ok" for output in changes)
