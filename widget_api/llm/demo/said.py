"""The demo's words: short, in markdown, with a question at the end. Pure functions of what is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from widget_api.llm.demo.known import NO_PRICE, Cart, CartLine, Choice, Item, Price

WHICH_ONE = "Which one shall I put in your cart?"
WHICH_MEANT = "Which one do you mean?"
ONE_OF_THEM = "Shall I tell you more about one of them, or put one in your cart?"
PROPOSED = "I have not changed your cart yet. One tap on the button here does it, if that is what you want."
SHALL_I = "Shall I put one in your cart?"
ANYTHING_ELSE = "Is there anything else you are looking for?"
READY = "Would you like to add anything else, or go to the cart and check out?"

GREETING = (
    "Hello, and welcome! I can search the catalogue with you, put things in your cart and quote the shop's "
    "policies on shipping and returns. What are you looking for today?"
)
HELP = """\
Here is what I can do for you:

- **Find things**: "Do you have a warm hat?" or "Show me mittens under 50 €"
- **Tell you more**: "What colours does the second one come in?"
- **Fill your cart**: "Put two of the moss ones in my cart", "Remove the mittens"
- **Quote the shop**: "How long does delivery take?", "Can I return it?"

What shall we start with?"""
WHO = (
    "No human, and no language model either: I am this shop's demo assistant, a handful of fixed rules. I look up "
    "products, prices, stock and policies with the shop's own tools, and I only repeat what they answer. Connect a "
    "real model and it will use these same tools with more wit. Until then, short and plain English suits me best. "
    "What would you like to find?"
)
WELCOME = "You are welcome! If something else comes to mind, just ask: I will be here."
WHAT_THEN = (
    "Gladly! What are you looking for? Tell me in a few words, for example **a warm hat** or **a gift for hikers**."
)

OTHER = (
    "That is beyond me: I know this shop and nothing else. What may I find for you here, something warm or something "
    "for the kitchen?"
)
RULES = (
    "What I was told for my work stays with the shop. I can find things for you, put them in your cart and quote the "
    "shop's policies. What would you like to know?"
)
DISCOUNT = (
    "I cannot give or promise a discount, whoever spoke of one. If you have a code, enter it at the checkout; what "
    "the shop has reduced carries its new price already. What are you looking for?"
)
ORDERS = "I cannot see orders or parcels from here, only the shop itself can."
SORRY = "I am sorry about that; I can see why it annoys you."

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_MARKS = re.compile(r"([\\`*_\[\]<>#|])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
TIMES = "\N{MULTIPLICATION SIGN}"
SHOWN = 4
# More are no advice.
RECOMMENDED = 3
_WORDS_IN_LIST = 16
_WORDS_IN_ANSWER = 80


def plain(text: str) -> str:
    """Text from the shop, so that markdown reads it as text."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def bold(text: str) -> str:
    return f"**{plain(text)}**"


def price(value: Price) -> str:
    """Return "€29.00", or "29.00 CHF" where there is no sign that all know."""
    amount = f"{value.amount:,f}"
    sign = _SIGNS.get(value.currency)
    return f"{sign}{amount}" if sign else f"{amount} {value.currency}".strip()


def prices(item: Item) -> str:
    """The price, "from" where the variants differ, and the one before it where all are reduced alike."""
    differ = len({choice.price for choice in item.choices}) > 1
    before = {choice.before for choice in item.choices}
    reduced = f" (was {price(*before)})" if len(before) == 1 and NO_PRICE not in before and not differ else ""
    return f"from {price(item.price)}" if differ else price(item.price) + reduced


def listed(names: Iterable[str], last: str = "and") -> str:
    """A, B and C."""
    *others, final = [plain(name) for name in names]
    return f"{', '.join(others)} {last} {final}" if others else final


def opening(text: str) -> str:
    """The first sentence of a description, not too much of it."""
    sentence = _SENTENCE_END.split(" ".join(text.split()), maxsplit=1)[0]
    return clipped(sentence if not sentence or sentence.endswith((".", "!", "?")) else f"{sentence}.", _WORDS_IN_LIST)


def clipped(text: str, most: int) -> str:
    """`text` of `most` words at most."""
    kept = text.split()
    if len(kept) <= most:
        return plain(text)
    cut = " ".join(kept[:most])
    clause = cut.rpartition(",")[0]
    return plain(clause if len(clause) > len(cut) / 2 else cut).rstrip(",;:.") + "…"


def stock(item: Item) -> str:
    """What can be had of the product's first option: "In Oat and Rust; Moss is sold out."."""
    if not item.available:
        return "Sold out at the moment."
    values = next(iter(item.options().values()), {})
    there = [value for value, available in values.items() if available]
    gone = [value for value, available in values.items() if not available]
    if not there:
        return ""
    return f"In {listed(there)}{_sold_out(gone)}."


def _sold_out(gone: Sequence[str]) -> str:
    return f"; {listed(gone)} {'is' if len(gone) == 1 else 'are'} sold out" if gone else ""


def entry(item: Item) -> str:
    """A product as one line of a list."""
    words = [f"{bold(item.title)}, {prices(item)}.", opening(item.description), stock(item)]
    return " ".join(word for word in words if word)


def found(items: Sequence[Item], query: str, *, more: bool = False) -> str:
    """What a search has found: one thing in some detail, several as a list."""
    if len(items) == 1:
        return f"This is what I found for “{plain(query)}”.\n\n{about(items[0])}"
    shown = items[:RECOMMENDED]
    lines = "\n".join(f"- {entry(item)}" for item in shown)
    lead = f"Here {'are' if more else 'is what I found for'}" + (" some more:" if more else f" “{plain(query)}”:")
    rest = len(items) - len(shown)
    beyond = f"There {'is one' if rest == 1 else f'are {rest}'} more, just say so. " if rest else ""
    return f"{lead}\n\n{lines}\n\n{beyond}{ONE_OF_THEM}"


def nothing(query: str) -> str:
    """An honest answer to a search without result."""
    return (
        f"I looked for “{plain(query)}” in the catalogue and found nothing that fits, so I will not pretend. "
        "Sometimes a plainer word helps: say what kind of thing it is, such as **hat**, **blanket** or **boots**. "
        "What else could I look for?"
    )


def nothing_more(query: str) -> str:
    about = f" for “{plain(query)}”" if query else ""
    return f"That was all I could find{about}. Shall I look for something else?"


def about(item: Item, choices: Sequence[Choice] = (), *, in_full: bool = False) -> str:
    """One product in some detail, with the variants that were asked for; `in_full` with all that is said of it."""
    told = _SENTENCE_END.split(" ".join(item.description.split()))
    sentences = " ".join(told if in_full else told[:2])
    if not item.available:
        return (
            f"{bold(item.title)}, {prices(item)}. {plain(sentences)}\n\nI am sorry, it is sold out at the moment. "
            "Shall I look for something like it?"
        )
    options = "\n".join(_option(name, values) for name, values in item.options().items())
    own = [notice for choice in choices for notice in choice.notices]
    notices = "\n".join(f"- {plain(notice)}" for notice in dict.fromkeys((*item.notices, *own)))
    lead = f"{bold(item.title)}, {prices(item)}. {plain(sentences)}".strip()
    chosen = _chosen(choices[0]) if len(choices) == 1 else ""
    paragraphs = [lead, chosen, notices, options, SHALL_I]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _chosen(choice: Choice) -> str:
    """Return what a variant costs, or that it is sold out."""
    if not choice.available:
        return f"I am sorry, {bold(choice.title)} is sold out at the moment."
    return f"In {bold(choice.title)} it is {price(choice.price)}."


def which_size(item: Item, name: str) -> str:
    """The question which size is meant."""
    return f"{bold(item.title)} comes in several sizes:\n\n{_option(name, item.options()[name])}\n\n{WHICH_ONE}"


def _option(name: str, values: dict[str, bool]) -> str:
    there = [value for value, available in values.items() if available]
    gone = [value for value, available in values.items() if not available]
    return f"- {plain(name)}: {listed(there) if there else 'none left'}{_sold_out(gone)}"


def name_of(item: Item, choice: Choice) -> str:
    """A variant's name, as a cart shows it."""
    return item.title if choice.title in {"", "Default Title", item.title} else f"{item.title} - {choice.title}"


def which(items: Sequence[Item], question: str) -> str:
    """The question which of several things is meant."""
    shown = enumerate(items[:SHOWN], start=1)
    lines = "\n".join(f"{number}. {bold(item.title)}, {prices(item)}" for number, item in shown)
    return f"I want to be sure that I have the right one:\n\n{lines}\n\n{question}"


def sold_out(item: Item, choice: Choice | None) -> str:
    """That what was asked for cannot be had, and what can."""
    named = name_of(item, choice) if choice else item.title
    others = [other for other in item.choices if other.available]
    if not others:
        return f"I am sorry, {bold(named)} is sold out at the moment. Shall I look for something like it?"
    names = listed([other.title for other in others[:SHOWN]])
    return (
        f"I am sorry, {bold(named)} is sold out at the moment, so I left your cart as it is. "
        f"I could take it in {names} instead. {WHICH_ONE}"
    )


def amount(line: CartLine) -> str:
    """Return how much of a line there is: so many times, or 1.5 lb of."""
    return f"{plain(line.amount)} of" if line.amount else f"{line.quantity} {TIMES}"


def not_made(item: Item, labels: Sequence[str]) -> str:
    """Return the sentence that the shop has none with these values."""
    return (
        f"I am sorry, the shop has no {bold(item.title)} in {listed(labels)}, so I left your cart as it is.\n\n"
        + "\n".join(_option(name, values) for name, values in item.options().items())
        + f"\n\n{WHICH_ONE}"
    )


def cart(current: Cart) -> str:
    """The cart's lines and total."""
    lines = "\n".join(f"- {amount(line)} {bold(line.name)}, {price(line.total)}" for line in current.lines)
    return f"{lines}\n\nThat makes **{price(current.total)}** in all, before shipping."


def in_cart(current: Cart) -> str:
    """An answer to "what is in my cart?"."""
    if not current.lines:
        return f"Your cart is empty so far. {ANYTHING_ELSE}"
    return f"This is in your cart:\n\n{cart(current)} {READY}"


def checkout(current: Cart) -> str:
    if not current.lines:
        return f"Your cart is empty, so there is nothing to check out yet. {ANYTHING_ELSE}"
    return (
        f"This is what you would check out:\n\n{cart(current)}\n\nI cannot take payments: open the cart page and "
        "choose the checkout there, it is the shop's own. Shall I change anything before?"
    )


def which_line(current: Cart) -> str:
    """The question which line of the cart is meant."""
    return f"This is in your cart:\n\n{cart(current)}\n\nWhich of these do you mean?"


def no_line(current: Cart) -> str:
    """That the cart does not have what was named."""
    return (
        f"I cannot find that in your cart, so I left it as it is:\n\n{cart(current)}\n\nWhich of these do you mean?"
    )


def changed(current: Cart, put: Sequence[CartLine], note: str, chosen: Item | None) -> str:
    """What was done to the cart, what the shop remarks on it, and how it stands now.

    `chosen` is the product whose variant was our own choice.
    """
    named = " and ".join(f"{amount(line)} {bold(line.name)}" for line in put)
    done = f"Done: {named} in your cart." if named else "Done."
    choice = f"I chose the {listed(chosen.options()).lower()} for you: say so if you like another." if chosen else ""
    lead = " ".join(filter(None, [done, choice, plain(note)]))
    if not current.lines:
        return f"{lead} Your cart is empty now. {ANYTHING_ELSE}"
    return f"{lead} This is how it stands:\n\n{cart(current)} {READY}"


CART_GONE = "One thing first: the cart you had is gone. Carts expire after a while, and the shop no longer knows it. "


def trouble(reason: str) -> str:
    """That a tool has failed, and why."""
    return f"That did not work. {plain(reason)} Please try again in a moment, or ask me something else."


def answers(pairs: Sequence[tuple[str, str]]) -> str:
    """The shop's own words on a question."""
    if not pairs:
        return (
            "I looked through the shop's policies and its questions and answers and found nothing on that. "
            "I would rather not guess: please write to the shop itself. Can I help with anything else?"
        )
    paragraphs = [f"{bold(question)}  \n{clipped(answer, _WORDS_IN_ANSWER)}" for question, answer in pairs]
    return "\n\n".join(["This is what the shop says:", *paragraphs, "Does that answer your question?"])


def order(pairs: Sequence[tuple[str, str]]) -> str:
    """An answer to a question about an order, with what the shop says of orders in general."""
    return f"{ORDERS} {answers(pairs)}"


def sorry(text: str) -> str:
    """The answer to somebody who is upset."""
    return f"{SORRY}\n\n{text}"
