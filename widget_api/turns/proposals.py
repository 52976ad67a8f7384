"""Proposals: a change of the cart that the shopper has not asked for is not made, but shown with a button.

What decides: (1) The newest message must ask for a change of that kind, in words of its own or as an answer to an
offer (`cart_requests`). (2) The goods and the number must be ones that it can mean: named in it or, where it names
nothing that was shown, shown before it; one piece, or a number that it names. When in doubt the change is proposed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from widget_api.models import Message
from widget_api.shopify.goods import VARIANT_ID
from widget_api.shopify.lines import Change, without_suffix
from widget_api.shopify.money import from_major
from widget_api.shopify.references import restore_parts
from widget_api.shopify.tools import Sorted
from widget_api.text import fold
from widget_api.turns import prompt
from widget_api.turns.cart_requests import Request, Words, pairs_of, request_of

# A word of a message names one of a title when they begin alike: "mittens" a mitten, "blauen" what is Blau.
STEM: Final = 4
ENDING: Final = 2
MOST_WORDS: Final = 400


@dataclass(slots=True)
class Good:
    """A variant that the conversation has shown. `is_earlier`: before the newest message."""

    variant_id: str
    title: str
    told_as: tuple[str, ...] = ()
    product: str = ""
    variant: str = ""
    price: dict[str, Any] | None = None
    is_earlier: bool = False
    stems: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()  # those of the words that tell it from its product's other variants
    pairs: frozenset[str] = frozenset()

    @property
    def number(self) -> str:
        return self.variant_id.rpartition("/")[2]


@dataclass(slots=True)
class Shown:
    """What the conversation has shown: goods by their variants, the lines of the cart, and how many pieces of each
    variant it was told of. `is_fresh`: in this turn."""

    goods: dict[str, Good] = field(default_factory=dict)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    is_fresh: bool = False

    def learn(self, values: Iterable[Any], *, is_earlier: bool) -> None:
        """Take in what tools have answered, and what cards show."""
        for value in values:
            if not isinstance(value, dict):
                continue
            listed = value.get("products") if isinstance(value.get("products"), list) else [value.get("product")]
            for product in filter(_is_object, listed or ()):
                self._learn_product(product, is_earlier=is_earlier)
            if "status" in value and "cart" in value:
                self._learn_cart(value, is_earlier=is_earlier)

    def _learn_product(self, product: dict[str, Any], *, is_earlier: bool) -> None:
        for variant in filter(_is_object, product.get("variants") or ()):
            name, title = without_suffix(str(variant.get("id", ""))), str(product.get("title", ""))
            if VARIANT_ID.fullmatch(name):
                labels = [str(variant.get("title", "")), *map(str, (variant.get("options") or {}).values())]
                self._add(name, title, labels, variant.get("price"), is_earlier=is_earlier)
                self.goods[name].product = str(product.get("id", "")).rpartition("/")[2]

    def _learn_cart(self, answer: dict[str, Any], *, is_earlier: bool) -> None:
        if answer["status"] == "unknown":
            return
        cart = answer["cart"] if isinstance(answer["cart"], dict) else {}
        self.lines, self.told, self.is_fresh = {}, {}, not is_earlier
        for line in filter(_is_object, cart.get("lines") or ()):
            name = without_suffix(str(line.get("variant_id", "")))
            self.lines[str(line.get("id", ""))] = line
            self.told[name] = self.told.get(name, 0) + int(line.get("quantity") or 0)
            self._add(name, str(line.get("title", "")), [], line.get("price"), is_earlier=is_earlier)

    def _add(self, id: str, title: str, labels: Sequence[str], price: Any, *, is_earlier: bool) -> None:
        known = self.goods.get(id)
        if known and known.told_as == (title, *labels) and (known.is_earlier or not is_earlier):
            known.price = _money(price) or known.price
            return  # as mostly: a card says the same as the answer before it
        text = fold(" ".join([title, *labels, *(known.words if known else ())]))
        words = frozenset(Words(text).tokens[:MOST_WORDS])
        self.goods[id] = Good(
            variant_id=id,
            told_as=(title, *labels),
            title=known.title if known and not labels else title,
            product=known.product if known else "",
            variant=next(iter(labels), "") or (known.variant if known else ""),
            price=_money(price) or (known.price if known else None),
            is_earlier=is_earlier or (known is not None and known.is_earlier),
            stems=frozenset(word[:STEM] for word in words),
            words=words,
            labels=(words - frozenset(Words(title).tokens)) | (known.labels if known else frozenset()),
            pairs=pairs_of(text),
        )

    def line(self, id: str) -> dict[str, Any]:
        """Return the line of the cart with that id, or an empty one."""
        ends = [line for name, line in self.lines.items() if name == id or name.rpartition("/")[2] == id]
        return ends[0] if len(ends) == 1 else {}

    def names(self, words: Words) -> frozenset[str]:
        """Return those of the words' tokens and pairs of signs that name goods."""
        return frozenset().union(*(_naming(words, good) for good in self.goods.values()))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _naming(words: Words, good: Good) -> frozenset[str]:
    tokens = frozenset(token for token in frozenset(words.tokens[:MOST_WORDS]) if _is_named(token, good))
    return tokens | (words.all_pairs & good.pairs)


def _is_named(token: str, good: Good) -> bool:
    return token in good.words or (token[:STEM] in good.stems and _is_word_of(token, good.words))


def _is_word_of(token: str, words: Iterable[str]) -> bool:
    return any(token == word or _are_alike(token, word) for word in words)


def _are_alike(one: str, other: str) -> bool:
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same >= max(STEM, len(one) - ENDING, len(other) - ENDING)


def _money(price: Any) -> dict[str, Any] | None:
    """Return a price for the wire, which a model may have been told as "29.00 EUR"."""
    if isinstance(price, dict):
        return price
    amount, _, currency = str(price).partition(" ")
    try:
        money = from_major(Decimal(amount), currency)
    except (InvalidOperation, ValueError):
        return None
    return money.to_dict() if money else None


class CartGuard:
    """Sorts a turn's changes of the cart into those that the shopper asks for and those that are proposed."""

    def __init__(self, messages: Sequence[Message], finished: Sequence[dict[str, Any]] = ()) -> None:
        """`messages` end with the question; `finished` are parts of the answer that earlier attempts have made. They
        are not read before the model changes the cart: most turns do not."""
        self._messages = messages
        self._unread: list[Any] = []
        self._finished = finished
        self._shown = Shown()
        self._page = ""
        self._request = Request()
        self._granted: dict[str, int] = {}  # by variant or line: how many the conversation knew of before
        self._unnamed: set[str] = set()
        self._named_among = (0, False)
        self._named: dict[str, str] = {}  # the first variant that was asked for, by its product

    def _read(self) -> None:
        """Catch up on the conversation."""
        messages, self._messages = self._messages, ()
        unread, self._unread = self._unread, []
        if messages:
            self._shown.learn(shown_by([part for message in messages for part in message.parts]), is_earlier=True)
            self._page = prompt.page_of(messages[-1]).get("product_id", "").rpartition("/")[2]
            self._request = request_of(messages, self._shown.names)
            for part in self._finished:
                self._resume(part)
        self._shown.learn(unread, is_earlier=False)

    def _resume(self, part: dict[str, Any]) -> None:
        if part["type"] == "tool-update_cart" and isinstance(part.get("input"), dict):
            self.sort([change for line in part["input"].get("lines") or () if (change := _change(line))])
        self._shown.learn(shown_by([part]), is_earlier=False)

    def learn(self, values: Iterable[Any]) -> None:
        """Take in what a tool has answered in this turn, and its events."""
        self._unread += values

    def sort(self, changes: Sequence[Change]) -> Sorted:
        """Sort the changes. Those that are asked for carry what the model was told of their number."""
        self._read()
        asked: list[Change] = []
        others: list[Change] = []
        for change in changes:
            (asked if self._is_asked(change) else others).append(change)
        return Sorted(tuple(map(self._informed, asked)), tuple(others))

    def proposal(self, changes: Iterable[Change]) -> dict[str, Any] | None:
        """Return what the shopper is shown of changes that were not asked for; None where they are none."""
        lines = [line for change in changes if (line := self._line(change))]
        return {"id": secrets.token_urlsafe(12), "lines": lines} if lines else None

    def _line(self, change: Change) -> dict[str, Any] | None:
        line = self._shown.line(change.line_id) if change.line_id else {}
        good = self._shown.goods.get(without_suffix(change.variant_id or str(line.get("variant_id", ""))))
        by = change.quantity - self._told(change)
        if good is None or (not by and not change.quantity) or not by:
            return None
        named = {"line_id": change.line_id} if change.line_id else {}
        return {
            "variant_id": change.variant_id or good.variant_id,
            **named,
            "title": str(line.get("title") or good.title),
            "variant": "" if line else good.variant,
            "quantity": change.quantity,
            "by": by,
            "price": good.price,
        }

    def _told(self, change: Change) -> int:
        """Return how many there are, as far as the conversation was told."""
        if change.line_id:
            return int(self._shown.line(change.line_id).get("quantity") or 0)
        return self._shown.told.get(without_suffix(change.variant_id), 0)

    def _informed(self, change: Change) -> Change:
        if change.line_id or self._is_absolute(change):
            return change
        told = self._told(change)
        is_fresh = self._shown.is_fresh
        return Change(
            change.quantity,
            change.variant_id,
            told=told if is_fresh else None,
            only_rises=not is_fresh and change.quantity > told,
        )

    def _is_absolute(self, change: Change) -> bool:
        return not change.quantity or (self._request.asked.sets and change.quantity in self._request.numbers)

    def _is_asked(self, change: Change) -> bool:
        key = change.line_id or without_suffix(change.variant_id)
        before = self._granted.get(key, self._told(change))
        can = self._can_want(change.quantity, before) and self._can_mean(change, key)
        if not (can or self._is_accepted(change)):
            return False
        self._granted[key] = before
        return True

    def _is_accepted(self, change: Change) -> bool:
        """Return whether the change is one that was proposed, as the message before had it."""
        return any(
            line["quantity"] == change.quantity
            and line.get("line_id", "") == change.line_id
            and (change.line_id or without_suffix(line["variant_id"]) == without_suffix(change.variant_id))
            for line in self._request.accepted
        )

    def _can_want(self, quantity: int, before: int) -> bool:
        """Return whether the message asks for a change in that direction, and by a number that it can mean."""
        asked, numbers, by = self._request.asked, self._request.numbers, quantity - before
        kind = asked.adds if by > 0 else asked.takes_out
        if not (asked.sets or kind):
            return False
        return abs(by) <= 1 or quantity == 0 or quantity in numbers or abs(by) in numbers

    def _can_mean(self, change: Change, key: str) -> bool:
        """Return whether the message can mean these goods."""
        words = self._request.words
        line = self._shown.line(change.line_id) if change.line_id else {}
        good = self._shown.goods.get(without_suffix(change.variant_id or str(line.get("variant_id", ""))))
        if words is None or good is None or not self._is_offered(good):
            return False
        if self._names(words, good):
            return change.quantity <= self._told(change) or self._is_one_of_its_product(words, good)
        if self._request.must_name or self._names_anything(words):
            return False
        is_known = (
            good.is_earlier
            or (self._page and good.product == self._page)
            or key in {change.line_id, *self._in_cart(change)}
        )
        return self._can_mean_unnamed(words, key, is_known=bool(is_known))

    def _is_one_of_its_product(self, words: Words, good: Good) -> bool:
        """Return whether it is the first variant of its product that was asked for, or one of several."""
        first = self._named.setdefault(good.product, good.variant_id)
        if not good.product or first == good.variant_id or self._can_be_several:
            return True
        return any(_is_word_of(token, good.labels) for token in words.content)

    @property
    def _can_be_several(self) -> bool:
        return self._request.is_many or bool(self._request.numbers - {1})

    def _is_offered(self, good: Good) -> bool:
        """Return whether the goods are among those of the proposal, where the message is an answer to one."""
        offered = {without_suffix(line["variant_id"]) for line in self._request.accepted}
        return not offered or good.variant_id in offered

    def _in_cart(self, change: Change) -> set[str]:
        """Return the variants that the change takes some of out of the cart."""
        return set(self._shown.told) if change.quantity < self._told(change) else set()

    def _can_mean_unnamed(self, words: Words, key: str, *, is_known: bool) -> bool:
        """Return whether "it" or "the second one" can be these goods: they were known before the message was written,
        and they are the only ones unless it speaks of several. Words that name nothing that was shown, as in another
        language than the catalogue's, can also mean what has been found since."""
        is_first = not any(good.is_earlier for good in self._shown.goods.values())
        if not (is_known or is_first or words.content or words.pairs):
            return False
        if self._unnamed - {key} and not self._can_be_several:
            return False
        self._unnamed.add(key)
        return True

    def _names_anything(self, words: Words) -> bool:
        """Return whether the message names any goods; it is the same as long as no others are shown."""
        known, found = self._named_among
        if known != len(self._shown.goods):
            found = any(self._names(words, good) for good in self._shown.goods.values())
            self._named_among = len(self._shown.goods), found
        return found

    def _names(self, words: Words, good: Good) -> bool:
        if f" productvariant {good.number} " in words.joined:
            return True
        if words.pairs & good.pairs:
            return True
        return any(_is_named(token, good) for token in words.content)


def _change(line: Any) -> Change | None:
    if not isinstance(line, dict) or not isinstance(line.get("quantity"), int):
        return None
    return Change(line["quantity"], str(line.get("variant_id", "")), str(line.get("line_id", "")))


def shown_by(parts: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what parts of messages have shown: the answers of tools and the products of cards, in their order."""
    restored = restore_parts([dict(part) for part in parts])
    return [
        part["output"] if "output" in part else part["data"]
        for part in restored
        if "output" in part or part["type"] == "data-products"
    ]
