"""Which thing a shopper's words mean, among those that this conversation has shown. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from widget_api.llm.demo import heard, said
from widget_api.llm.demo.known import Choice, Item, Known


def chooses(known: Known) -> bool:
    """Whether the words only choose among what was shown, as "the second one" or "the cheaper one"."""
    return heard.place(known.text) is not None or bool(heard.by_price(known.text))


def picked(known: Known) -> list[Item]:
    """The products that the words could mean: by place, by price, by name, by colour, or what was last spoken of."""
    place, by_price = heard.place(known.text), heard.by_price(known.text)
    listed = _listed(known)
    if by_price and len({item.price.currency for item in listed}) == 1:
        ordered = sorted(listed, key=lambda item: item.price.amount)
        return [ordered[0 if by_price == "cheapest" else -1]]
    if place is not None and place < len(listed):
        return [listed[place]] if listed else []
    named = heard.stems(known.text)
    if not named:
        return _spoken_of(known)
    if "search_catalog" in known.turn:  # it has the last word on what a name means
        return _best(known.shown, named, _title_score) or list(known.shown)
    return _best(_called(known, named), named, _title_score) or _near(known, named)


def _listed(known: Known) -> list[Item]:
    """The products in the order in which they were last told: in our last words, else by the last search."""
    if known.asked.endswith((said.WHICH_ONE, said.WHICH_MEANT, said.ONE_OF_THEM)):
        places = {item.id: known.asked.find(said.plain(item.title)) for item in known.items.values()}
        told = [item for item in known.items.values() if places[item.id] >= 0]
        return sorted(told, key=lambda item: places[item.id])
    return list(known.shown)


def _spoken_of(known: Known) -> list[Item]:
    """What "it" is: the page's product for "this", else what was last spoken of, else what was last shown."""
    on_page = [item for item in known.items.values() if item.title == known.page]
    if known.page and ("this" in heard.tokens(known.text) or not known.focus):
        return on_page
    return [known.focus] if known.focus else _listed(known)


def _near(known: Known, named: list[str]) -> list[Item]:
    """What was last spoken of or shown that comes in a colour or size among `named`."""
    focus = [known.focus] if known.focus else []
    return _best(focus, named, _option_score) or _best(_listed(known), named, _option_score)


def _called(known: Known, named: list[str]) -> list[Item]:
    """The known products that have at least half of the words in their titles that name no colour or size."""
    return [
        item
        for item in known.items.values()
        if 2 * _title_score(item, named) >= len(set(named) - (_values(item) - set(heard.stems(item.title))))
    ]


def _best(items: Iterable[Item], named: list[str], score: Callable[[Item, list[str]], int]) -> list[Item]:
    scored = [(score(item, named), item) for item in items]
    best = max((points for points, _ in scored), default=0)
    return [item for points, item in scored if points == best] if best else []


def _title_score(item: Item, named: list[str]) -> int:
    return len(set(heard.stems(item.title)) & set(named))


def _option_score(item: Item, named: list[str]) -> int:
    return len(_values(item) & set(named))


def _values(item: Item) -> set[str]:
    return {stem for values in item.options().values() for value in values for stem in heard.stems(value)}


def choice(known: Known, item: Item) -> Choice | None:
    """The variant that the words name; where they name none or several, the last one or one that can be bought."""
    named = _naming(known, item)
    best = max((_fit(choice, item, named) for choice in item.choices), default=0)
    fitting = [choice for choice in item.choices if _fit(choice, item, named) == best]
    again = [choice for choice in fitting if choice.id in known.changed and choice.available]
    there = [choice for choice in fitting if choice.available]
    return next(iter([*again, *there, *fitting]), None)


def selection(known: Known, item: Item) -> list[dict[str, str]]:
    """The values that the words name among all that the shop offers of the item, as its tools take them."""
    title = set(heard.tokens(item.title))
    for named in (_all_words(known.text), _all_words(known.query)):
        found = {
            name: label
            for name, values in item.offered.items()
            for label in values
            if (tokens := set(heard.tokens(label)) - title) and tokens <= named
        }
        if found:
            return [{"name": name, "label": label} for name, label in found.items()]
    return []


def has(item: Item, selected: list[dict[str, str]]) -> bool:
    """Return whether a choice with all these values was shown."""
    wanted = {(each["name"], each["label"]) for each in selected}
    return any(wanted <= set(choice.values.items()) for choice in item.choices)


def named_choices(known: Known, item: Item) -> list[Choice]:
    """The variants that the words name, by all the values that they name; none where they name no value."""
    said = _all_words(known.text)
    best = max((_fit(choice, item, said) for choice in item.choices), default=0)
    return [choice for choice in item.choices if best and _fit(choice, item, said) == best]


def named_in_full(known: Known) -> Item | None:
    """The one product of the list that was shown last whose title stands in the words."""
    said = set(heard.stems(known.text))
    found = [item for item in known.shown if (title := set(heard.stems(item.title))) and title <= said]
    return found[0] if len(found) == 1 else None


def open_size(known: Known, item: Item) -> str:
    """The name of the option, other than a colour, of which several values can be had and the words name none."""
    said = [_all_words(known.text), _all_words(known.query)]
    for name, values in item.options().items():
        there = [value for value, available in values.items() if available]
        named = any(set(heard.tokens(value)) <= words for value in values for words in said)
        if len(there) > 1 and not named and heard.stem(name.casefold()) not in {"colour", "color"}:
            return name
    return ""


def left_open(known: Known, item: Item) -> bool:
    """Whether the words leave open which of several variants is meant."""
    there = [choice for choice in item.choices if choice.available]
    return len(there) > 1 and not any(_fit(choice, item, _naming(known, item)) for choice in there)


def only_options(known: Known) -> bool:
    """Whether the words are nothing but a colour or a size of what was last spoken of."""
    named = set(heard.stems(known.text))
    return bool(named) and known.focus is not None and named <= _values(known.focus)


def _naming(known: Known, item: Item) -> set[str]:
    """The words that may name a variant: those said last or, if they name none, those that found the product."""
    said, looked_for = _all_words(known.text), _all_words(known.query)
    return said if any(_fit(choice, item, said) for choice in item.choices) else looked_for


def _all_words(text: str) -> set[str]:
    return {*heard.tokens(text), *heard.stems(text)}


def _fit(choice: Choice, item: Item, named: set[str]) -> int:
    """How many of the variant's values are named, words of the title aside."""
    title = set(heard.tokens(item.title))
    values = [set(heard.tokens(value)) - title for value in choice.values.values()]
    return sum(value <= named for value in values if value)
