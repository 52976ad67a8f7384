"""The demo shop's search: which products a shopper's words mean, and which answers a question has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from widget_api.demo import currency
from widget_api.demo.goods import COLLECTIONS, FAQ, POLICIES, PRODUCTS, Product, Variant
from widget_api.text import normalize

_WORDS = tomllib.loads(Path(__file__).with_name("search.toml").read_text("utf-8"))
_NOISE = frozenset(_WORDS["noise"].split())
# "How long does it take" is asked of anything, so these words count for less than what it is asked of.
_HOW_LONG = frozenset({"long", "take"})
_ALIKE = dict.fromkeys(["ship", "shipping", "deliver", "shipment"], "delivery") | {"refund": "return", "much": "cost"}

_TITLE, _TYPE, _TAG, _OPTION, _SHELF, _TEXT = 8.0, 6.0, 4.0, 3.0, 3.0, 1.0
# A synonym or the beginning of a word counts for less than the word itself.
_SYNONYM, _PREFIX = 0.8, 0.6
# Below this share of the best hit's score a product is noise.
_CUT = 0.6


def search(
    query: str,
    *,
    available: bool | None = None,
    price_min: int | None = None,
    price_max: int | None = None,
) -> list[Product]:
    """Products that fit `query`, best first; all of them when it says nothing ("something nice").

    A product passes with one variant that passes all filters. Prices are in minor units of the shop's currency, both
    ends included.
    """
    low, high = price_min or 0, price_max if price_max is not None else float("inf")
    money = currency.current()

    def passes(variant: Variant) -> bool:
        return low <= money.convert(variant.price) <= high and (available is None or variant.available is available)

    kept = [product for product in PRODUCTS if any(map(passes, product.variants))]
    words = _words(query)
    if not words:
        return [] if query.strip() and not _split(query) else kept
    return _ranked(kept, words)


def answers(query: str, *, limit: int = 3) -> list[tuple[str, str]]:
    """Questions with their answers from the FAQ and the policies, best first, `limit` of them at most."""
    words = _topics(query) - (_NOISE - {"cost"})
    entries = [*FAQ, *((policy.title, policy.body) for policy in POLICIES)]
    scored = [(_overlap(words, question, answer), question, answer) for question, answer in entries]
    best = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: -entry[0])
    return [(question, currency.localize(answer)) for _, question, answer in best[:limit]]


def _split(text: str) -> list[str]:
    folded = normalize("NFKD", text.casefold())
    return re.findall(r"[a-z]+", re.sub("[\u0300-\u036f'\u2019]", "", folded))


def _stem(word: str) -> str:
    """`word` in the singular, and "beanie" and "berry" alike: "mittens" → "mitten", "berries" → "berry"."""
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word[:-2] + "y" if len(word) > 3 and word.endswith("ie") else word


def _words(query: str) -> list[str]:
    stems = [stem for word in _split(query) if _NOISE.isdisjoint({word, stem := _stem(word)})]
    return [_spelled(stem) for stem in dict.fromkeys(stems)]


def _spelled(stem: str) -> str:
    """`stem`, or the shop's word that was probably meant: a slip of the pen rarely takes the first letter."""
    known = [word for word in _vocabulary() if word[0] == stem[0]]
    if len(stem) < 5 or any(word.startswith(stem) for word in known):
        return stem
    return next(iter(get_close_matches(stem, known, n=1, cutoff=0.8)), stem)


@cache
def _synonyms() -> Mapping[str, list[str]]:
    return {_stem(word): [_stem(other) for other in others] for word, others in _WORDS["synonyms"].items()}


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(word for product in PRODUCTS for word in _weights(product)) | frozenset(_synonyms())


def _weights(product: Product) -> Mapping[str, float]:
    """The weight of each stem in a product's words."""
    return _weights_of(PRODUCTS.index(product))


@cache
def _weights_of(index: int) -> Mapping[str, float]:
    product = PRODUCTS[index]
    shelves = [shelf.title for shelf in COLLECTIONS if shelf.handle in product.collections]
    weighted: list[tuple[float, Iterable[str]]] = [
        (_TEXT, [product.description]),
        (_SHELF, shelves),
        (_OPTION, [value for values in product.options.values() for value in values]),
        (_TAG, product.tags),
        (_TYPE, [product.type, product.kind]),
        (_TITLE, [product.title]),
    ]
    return {_stem(word): weight for weight, texts in weighted for text in texts for word in _split(text)}


def _ranked(products: Iterable[Product], words: list[str]) -> list[Product]:
    scores = [(sum(_score(_weights(product), word) for word in words), product) for product in products]
    best = max((score for score, _ in scores), default=0.0)
    hits = [(score, product) for score, product in scores if score > 0 and score >= best * _CUT]
    return [product for _, product in sorted(hits, key=lambda hit: -hit[0])]


def _score(weights: Mapping[str, float], word: str) -> float:
    synonyms = [weights.get(other, 0.0) * _SYNONYM for other in _synonyms().get(word, ())]
    begun = [weight * _PREFIX for known, weight in weights.items() if len(word) > 2 and known.startswith(word)]
    return max([weights.get(word, 0.0), *synonyms, *begun])


def _overlap(words: set[str], question: str, answer: str) -> int:
    in_question, in_answer = words & _topics(question), words & _topics(answer)
    return 3 * len(in_question - _HOW_LONG) + len(in_question & _HOW_LONG) + len(in_answer - _HOW_LONG)


def _topics(text: str) -> set[str]:
    stems = {_stem(word) for word in _split(text)}
    return {_ALIKE.get(stem, stem) for stem in stems}
