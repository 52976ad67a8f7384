"""What a shopper's words ask for, as far as rules can tell. Pure functions of text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Wish = Literal[
    "about", "add", "cart", "checkout", "discount", "empty", "greet", "help", "more", "order", "other", "policy",
    "remove", "rules", "search", "set", "thanks", "who", "yes",
]  # fmt: skip

_WORDS = tomllib.loads(Path(__file__).with_name("heard.toml").read_text("utf-8"))

_NUMBERS = {word: number for number, word in enumerate(_WORDS["numbers"], start=1)} | {"couple": 2, "dozen": 12}
# No shopper of a demo buys more of one thing; a larger number is a size or a price.
_MOST = 20

_ORDINALS = {
    word: place
    for place, words in enumerate(
        ["first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th"]
    )
    for word in words.split()
} | {"last": -1}

_COMMON = frozenset(_WORDS["noise"].split())
_NOISE = {*_COMMON, *_NUMBERS, *_ORDINALS}


def _compiled() -> Iterator[tuple[Wish, re.Pattern[str]]]:
    number = "|".join(_NUMBERS)
    for entry in _WORDS["wishes"]:
        for pattern in entry["patterns"]:
            named = pattern.replace("{some}", _WORDS["patterns"]["some"]).replace("{number}", number)
            yield entry["wish"], re.compile(named.replace("{cart}", _WORDS["patterns"]["cart"]))


_WISHES = tuple(_compiled())
_COMPLAINT = re.compile(_WORDS["complaint"].strip())
_LEAD = re.compile(rf"(?:(?:{'|'.join(_WORDS['leads'])})\s*)+", re.IGNORECASE)

_TAIL = re.compile(r"(?:\s*(?:[€$£]|\b(?:euros?|eur|please|for|and|but|at|with)\b))+$", re.IGNORECASE)
# "the second one", but not "First Light Kettle".
_PLACE = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?= (?:one|ones|item|product|option|in|to|from|please|then)\b|$)")
_LIMIT = re.compile(
    r"\b(?P<side>under|below|less than|up to|at most|max(?:imum)?|within|over|above|more than|at least|from)\s*"
    r"(?:[€$£]|eur|usd|gbp)?\s*(?P<number>\d{1,6})(?:[.,](?P<cents>\d\d))?\b",
    re.IGNORECASE,
)
_BUDGET = re.compile(
    r"\b(?:have|spend|budget(?: of| is)?)\s*(?:about |around |only )?"
    r"(?:[€$£]\s?(?P<first>\d{1,6})|(?P<second>\d{1,6})\s?(?:[€$£]|(?:euros?|eur|dollars?|usd|pounds?|gbp)\b))",
    re.IGNORECASE,
)
# Signs that no product is called by.
_SIGNS = re.compile(r"[{}<>\[\]\"\u201c\u201d|\\]+")
_IN_FULL = re.compile(r"\b(?:made (?:of|from)|materials?|contains?|wash\w*|details?|describe|more about)\b")
_AT_LEAST = frozenset({"over", "above", "more than", "at least", "from"})


def folded(text: str) -> str:
    """`text` in one line of lower case, apostrophes straight, the final marks gone."""
    return re.sub(r"\s+", " ", text.casefold().replace("\u2019", "'")).strip(" .!?,;:")


def wish(text: str) -> Wish:
    """What `text` asks for; a search where no rule knows better."""
    line = folded(text)
    return next((wish for wish, pattern in _WISHES if pattern.search(line)), "search")


def is_complaint(text: str) -> bool:
    """Return whether whoever wrote the text is upset."""
    return bool(_COMPLAINT.search(folded(text)))


def count_english(tokens: list[str]) -> int:
    """Return how many of the tokens are common words of English."""
    return sum(token in _COMMON for token in tokens)


def tokens(text: str) -> list[str]:
    """The words and numbers of `text`, folded."""
    return re.findall(r"[^\W_][\w/+]*(?:['-][\w/+]+)*", folded(text))


def stem(word: str) -> str:
    """`word` in the singular, roughly."""
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stems(text: str) -> list[str]:
    """The words of `text` that name something."""
    return [stem(word) for word in tokens(text) if word not in _NOISE]


def query(text: str) -> str:
    """What to ask the catalogue for: `text` without the manners around it and without its price."""
    line = re.sub(r"\s+", " ", text).strip()
    asked = _LIMIT.sub("", _without_lead(_SIGNS.sub(" ", line).strip())).strip(" ?.!,;:")
    return (_TAIL.sub("", asked).strip(" ,") or line)[:100]


def _without_lead(line: str) -> str:
    lead = _LEAD.match(line)
    return line[lead.end() :] if lead else line


def thing(text: str) -> str:
    """What to ask the catalogue for when `text` names a thing among other words, as "add two tin cups"."""
    words = [word for word in tokens(text) if word not in _NOISE and not word.isdecimal()]
    return " ".join(words)[:100]


def limits(text: str) -> tuple[float, float]:
    """The lowest and the highest price that `text` names, in whole units of its currency."""
    low, high = 0.0, float("inf")
    for found in _LIMIT.finditer(text):
        amount = float(f"{found['number']}.{found['cents'] or 0}")
        if found["side"].lower() in _AT_LEAST:
            low = amount
        else:
            high = amount
    if high == float("inf") and (budget := _BUDGET.search(text)):
        high = float(budget["first"] or budget["second"])
    return low, high


def asks_in_full(text: str) -> bool:
    """Return whether `text` asks for more of a product than its first sentences."""
    return bool(_IN_FULL.search(folded(text)))


def place(text: str) -> int | None:
    """Which one of a list `text` names: 0 for "the first one", -1 for the last, None when it names none."""
    found = _PLACE.search(folded(text))
    return _ORDINALS[found[1]] if found else None


def by_price(text: str) -> Literal["cheapest", "dearest", ""]:
    """Whether `text` picks by price."""
    line = folded(text)
    if re.search(r"\bthe (?:cheaper|cheapest|less expensive|least expensive)\b", line):
        return "cheapest"
    return "dearest" if re.search(r"\bthe (?:more expensive|most expensive|dearest|priciest)\b", line) else ""


def quantity(text: str, names: frozenset[str] = frozenset()) -> int | None:
    """How many `text` asks for. Words among `names` do not count: "24" is no number of a "Pack 24 L"."""
    words = [word for word in tokens(_LIMIT.sub("", text)) if word not in names]
    numbers = [number for word in words if word != "one" and (number := _number(word)) is not None]
    if numbers:
        return numbers[0]
    return 1 if "one" in words else None  # last: in "two of the moss one" it is no number


def _number(word: str) -> int | None:
    digits = word.removesuffix("x").removeprefix("x")
    number = int(digits) if re.fullmatch(r"[0-9]{1,2}", digits) else _NUMBERS.get(word)
    return number if number is not None and number <= _MOST else None
