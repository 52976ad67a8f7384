"""Cards: which of the found products an answer shows. Those that it names, in its order, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from widget_api.shopify.references import cards_of
from widget_api.shopify.tools import MAX_SHOWN, PRODUCTS
from widget_api.turns.mentions import Mentions, Titles
from widget_api.turns.presenting import presents_products

Card = dict[str, Any]
Part = dict[str, Any]

# A model that lists the whole catalogue does not make a longer answer of it.
MOST_CARDS: Final = 12
# Of the products of the conversation, the newest are looked for.
MOST_TITLES: Final = 300


class Cards:
    """The products that a turn may show, and those that its answer has shown so far."""

    def __init__(self) -> None:
        self._known: dict[str, Card] = {}  # by the product's id, the newest last
        self._hits: list[str] = []  # what the newest search of this turn has found
        self._shown: list[str] = []
        self._shown_before = 0  # how many of them stood there when the step began
        self._has_named = False  # whether the step has named a product
        self._mentions = Mentions(Titles({}))
        self._is_changed = False

    def know(self, parts: Iterable[Part]) -> None:
        """Take in the products of an earlier answer of the conversation."""
        for card in _cards_in(parts):
            self._add(card)

    def resume(self, parts: Iterable[Part]) -> None:
        """Take in what an earlier attempt at this turn has found and shown."""
        for part in parts:
            found = list(_cards_in([part]))
            if part["type"] == PRODUCTS:
                self._shown += [card["id"] for card in found]
            elif found:
                self.find(found)

    def find(self, cards: Iterable[Card]) -> None:
        """Take in what a tool has found in this turn."""
        found = [card for card in cards if self._add(card)]
        if found:
            self._hits = [card["id"] for card in found]

    def _add(self, card: Card) -> bool:
        product, title = card.get("id"), card.get("title")
        if not (isinstance(product, str) and isinstance(title, str)):
            return False
        self._known.pop(product, None)
        self._known[product] = card
        self._is_changed = True
        return True

    def start_step(self) -> None:
        """Begin another step."""
        self._shown_before, self._has_named = len(self._shown), False
        self._mentions.aside.clear()

    def reset_step(self) -> None:
        """Forget what the step has said and shown: it is run again."""
        del self._shown[self._shown_before :]
        self._has_named = False
        self._mentions = Mentions(self._mentions.titles)

    def read(self, text: str) -> list[Card]:
        """Return the cards that the next piece of the answer's text names."""
        if self._is_changed:
            self._mentions.titles = self._titles()
            self._is_changed = False
        return self._named(self._mentions.read(text))

    def end_text(self) -> list[Card]:
        """Return the cards that the text has named at its end."""
        return self._named(self._mentions.end())

    def end_answer(self, text: str) -> list[Card]:
        """Return the cards of an answer whose last step has named none: those that it seems to name, or else, where
        the step's `text` announces products, the first hits of the turn's newest search."""
        if self._has_named:
            return []
        if self._mentions.aside:
            return self._show(self._mentions.aside)
        return self._show(self._hits[:MAX_SHOWN]) if presents_products(text) else []

    def _titles(self) -> Titles:
        newest = list(self._known.values())[-MOST_TITLES:]
        return Titles({card["id"]: card["title"] for card in newest})

    def _named(self, products: list[str]) -> list[Card]:
        self._has_named = self._has_named or bool(products)
        return self._show(products)

    def _show(self, products: Iterable[str]) -> list[Card]:
        new = [each for each in dict.fromkeys(products) if each in self._known and each not in self._shown]
        new = new[: max(0, MOST_CARDS - len(self._shown))]
        self._shown += new
        return [self._known[each] for each in new]


def _cards_in(parts: Iterable[Part]) -> Iterator[Card]:
    """Yield the products that parts of a message tell in full: those that were found, and those that were shown."""
    for part in parts:
        yield from part["data"]["products"] if part["type"] == PRODUCTS else cards_of(part.get("output"))
