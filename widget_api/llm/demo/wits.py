"""What the demo does next: one rule for each wish. A rule calls a tool, or finds the words when it knows enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from widget_api.llm.answer import dicts, mapping, words
from widget_api.llm.demo import foreign, heard, meant, said
from widget_api.llm.demo.heard import Wish
from widget_api.llm.demo.known import Cart, CartLine, Item, Known

# Search answers cut long lists of variants off here; all of them are `get_product`'s to tell.
VARIANTS_IN_SEARCH = 10
SEARCH_LIMIT = 3
MORE_LIMIT = 10
# Two answers to a question are told, the second only if the shop thinks it fits.
ANSWERS = 2
_POLICIES = "search_shop_policies_and_faqs"


@dataclass(frozen=True, slots=True)
class Reply:
    """Words, or a call of `tool`."""

    text: str = ""
    tool: str = ""
    input: dict[str, Any] = field(default_factory=dict)


def reply(known: Known) -> Reply:
    """What to say or do now."""
    if known.error:
        return Reply(said.trouble(known.error))
    if language := foreign.language_of(known.text):
        return Reply(language.text)
    answer = _RULES[_wish(known)](known)
    return Reply(said.sorry(answer.text)) if answer.text and heard.is_complaint(known.text) else answer


def _wish(known: Known) -> Wish:
    """What the words ask for, where they answer a question of ours: by that question."""
    wish = heard.wish(known.text)
    asked_which = known.asked.endswith(said.WHICH_ONE)
    if asked_which and wish in {"search", "about"} and meant.picked(known):
        return "add"
    if wish == "yes" and (asked_which or known.asked.endswith(said.SHALL_I)):
        return "add"
    if wish == "search" and meant.only_options(known):
        return "about" if "?" in known.text else "add"
    if wish == "search" and meant.picked(known) and (meant.chooses(known) or known.asked.endswith(said.WHICH_MEANT)):
        return "about"
    return wish


# Finding


def _search(known: Known) -> Reply:
    query = heard.query(known.text)
    if search := _look_for(known, query):
        return search
    named = meant.named_in_full(known)
    if named and meant.selection(known, named):
        return _tell(known, named)
    return Reply(_found(known, _affordable(known), query))


def _more(known: Known) -> Reply:
    query = known.query
    if not query:
        return _search(known)
    if known.can("search_catalog"):
        return Reply(tool="search_catalog", input={"query": query, "limit": MORE_LIMIT})
    fresh = [item for item in known.shown if item.id not in known.before]
    return Reply(said.found(fresh, query, more=True) if fresh else said.nothing_more(query))


def _look_for(known: Known, query: str) -> Reply | None:
    """A search for `query`, unless this turn has made one."""
    if not known.can("search_catalog"):
        return None
    low, high = heard.limits(known.text)
    asked: dict[str, Any] = {"query": query, "limit": MORE_LIMIT if low else SEARCH_LIMIT}
    if high < float("inf") and known.takes("search_catalog", "max_price"):
        asked["max_price"] = high
    return Reply(tool="search_catalog", input=asked)


def _affordable(known: Known) -> list[Item]:
    low, high = heard.limits(known.text)
    return [item for item in known.shown if low <= item.price.amount <= high]


def _found(known: Known, items: Sequence[Item], query: str) -> str:
    if "search_catalog" not in known.turn:
        return said.trouble("The catalogue cannot be searched just now.")
    return said.found(items, query) if items else said.nothing(query)


def _about(known: Known) -> Reply:
    picked = meant.picked(known)
    if len(picked) == 1:
        return _tell(known, picked[0])
    if picked and "search_catalog" not in known.turn:
        return Reply(said.which(picked, said.WHICH_MEANT))
    return _look_for_thing(known)


def _tell(known: Known, item: Item) -> Reply:
    """The product as the words ask for it: in full, or with the variant that they name."""
    if look := _look_at(known, item):
        return look
    item = known.items.get(item.id, item)
    return Reply(said.about(item, meant.named_choices(known, item), in_full=heard.asks_in_full(known.text)))


def _look_at(known: Known, item: Item) -> Reply | None:
    """The whole of `item` with the values that are named, unless this turn has asked for it."""
    selected = meant.selection(known, item) if known.takes("get_product", "selected") else []
    if "get_product" not in known.tools or selected in known.looked:
        return None
    return Reply(tool="get_product", input={"id": item.id} | ({"selected": selected} if selected else {}))


def _look_for_thing(known: Known) -> Reply:
    """A search for what the words name among others, or for what the page shows."""
    query = heard.thing(known.text) or known.page
    if not query:
        return Reply(said.WHAT_THEN)
    return _look_for(known, query) or Reply(_found(known, known.shown, query))


# The cart


def _add(known: Known) -> Reply:
    if "update_cart" in known.turn:
        return Reply(_told(known))
    picked = meant.picked(known)
    if not picked:
        return _look_for_thing(known)
    if len(picked) > 1:
        return Reply(said.which(picked, said.WHICH_ONE))
    return _add_item(known, picked[0])


def _add_item(known: Known, item: Item) -> Reply:
    selected = meant.selection(known, item)
    hidden = (item.more or len(item.choices) >= VARIANTS_IN_SEARCH) and not (selected and meant.has(item, selected))
    if hidden and (look := _look_at(known, item)):
        return look
    if item.more and selected and not meant.has(item, selected):
        return Reply(said.not_made(item, [each["label"] for each in selected]))
    choice = meant.choice(known, item)
    if choice is None or not choice.available:
        return Reply(said.sold_out(item, choice))
    if choice.id not in known.changed and (size := meant.open_size(known, item)):
        return Reply(said.which_size(item, size))
    if known.can("get_cart"):
        return Reply(tool="get_cart")
    names = frozenset(heard.tokens(f"{item.title} {' '.join(choice.values.values())}"))
    more = heard.quantity(known.text, names) or 1
    held = known.cart.quantity(choice.id) if known.cart else 0
    return _change(known, [(CartLine(choice.id, item.title, 0, choice.price), held + more)])


def _set(known: Known) -> Reply:
    number = heard.quantity(known.text)
    return _change_lines(known, 1 if number is None else number)


def _remove(known: Known) -> Reply:
    return _change_lines(known, 0)


def _empty(known: Known) -> Reply:
    return _with_cart(known, lambda cart: _change(known, [(line, 0) for line in cart.lines]))


def _change_lines(known: Known, quantity: int) -> Reply:
    def change(cart: Cart) -> Reply:
        lines = _lines(known, cart)
        if len(lines) == 1:
            return _change(known, [(lines[0], quantity)])
        return Reply(said.which_line(cart) if lines else said.no_line(cart))

    return _with_cart(known, change)


def _lines(known: Known, cart: Cart) -> list[CartLine]:
    """The lines of the cart that the words could mean."""
    if named := set(heard.stems(known.text)):
        scored = [(len(named & _stems_of(line)), line) for line in cart.lines]
        best = max((points for points, _ in scored), default=0)
        return [line for points, line in scored if points == best and best]
    return [line for line in cart.lines if line.variant_id in known.changed] or list(cart.lines)


def _stems_of(line: CartLine) -> set[str]:
    """The words that a line may be called by."""
    return set(heard.stems(line.name)) | ({"engraved", "personalised"} if line.details else {"plain"})


def _with_cart(known: Known, change: Callable[[Cart], Reply]) -> Reply:
    """`change` the cart as it is now, then tell what has become of it."""
    if "update_cart" in known.turn:
        return Reply(_told(known))
    if known.can("get_cart"):
        return Reply(tool="get_cart")
    cart = known.cart or Cart()
    if not cart.lines:
        return Reply(_gone(known) + said.in_cart(cart))
    return change(cart)


def _change(known: Known, lines: list[tuple[CartLine, int]]) -> Reply:
    if not known.can("update_cart"):
        return Reply(said.trouble("I cannot change the cart just now."))
    held = [line.variant_id for line in known.cart.lines] if known.cart else []
    changes: list[dict[str, Any]] = []
    for line, quantity in lines:
        alone = held.count(line.variant_id) < 2 and "/ProductVariant/" in line.variant_id
        named = {"variant_id": line.variant_id} | ({} if alone or not line.id else {"line_id": line.id})
        changes.append({**named, "quantity": quantity})
    return Reply(tool="update_cart", input={"lines": changes})


def _told(known: Known) -> str:
    """What has become of the change that this turn has made."""
    output = mapping(known.turn["update_cart"])
    note = words(output.get("note"))
    if output.get("status") in {"proposed", "unchanged"}:
        return said.PROPOSED
    if known.cart is None or output.get("cart") is None:
        return said.trouble(note or "The shop did not say what is in the cart now.")
    named = {line.variant_id: line for line in known.cart.lines}
    put = [named[variant] for variant, quantity in known.changed.items() if quantity and variant in named]
    chosen = bool(put) and not known.again and known.focus is not None and meant.left_open(known, known.focus)
    return _gone(known) + said.changed(known.cart, put, note, known.focus if chosen else None)


def _gone(known: Known) -> str:
    """The news that the shop has forgotten the cart, when a tool of this turn has found out."""
    gone = any(mapping(output).get("status") == "gone" for output in known.turn.values())
    return said.CART_GONE if gone else ""


def _cart(known: Known) -> Reply:
    return _with_cart(known, lambda cart: Reply(said.in_cart(cart)))


def _checkout(known: Known) -> Reply:
    return _with_cart(known, lambda cart: Reply(said.checkout(cart)))


# Everything else


def _policy(known: Known) -> Reply:
    return _ask(known) or Reply(said.answers(_answers(known)))


def _order(known: Known) -> Reply:
    return _ask(known) or Reply(said.order(_answers(known)))


def _ask(known: Known) -> Reply | None:
    """The question to the shop, unless this turn has asked it."""
    return Reply(tool=_POLICIES, input={"query": known.text[:200]}) if known.can(_POLICIES) else None


def _answers(known: Known) -> list[tuple[str, str]]:
    found = dicts(mapping(known.turn.get(_POLICIES)).get("answers"))
    return [(words(each.get("question")), words(each.get("answer"))) for each in found[:ANSWERS]]


def _say(text: str) -> Callable[[Known], Reply]:
    return lambda _: Reply(text)


_RULES: dict[Wish, Callable[[Known], Reply]] = {
    "about": _about,
    "add": _add,
    "cart": _cart,
    "checkout": _checkout,
    "discount": _say(said.DISCOUNT),
    "empty": _empty,
    "greet": _say(said.GREETING),
    "help": _say(said.HELP),
    "more": _more,
    "order": _order,
    "other": _say(said.OTHER),
    "policy": _policy,
    "remove": _remove,
    "rules": _say(said.RULES),
    "search": _search,
    "set": _set,
    "thanks": _say(said.WELCOME),
    "who": _say(said.WHO),
    "yes": _say(said.WHAT_THEN),
}
