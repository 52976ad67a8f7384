"""Options of products and selections of them, as UCP's lookup.md has them: "Size" and the value that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from widget_api.shopify.words import words

# Shopify takes at most 3 options and 2,048 variants a product.
MAX_OPTIONS: Final = 10
MAX_VALUES: Final = 250
NAME_CHARACTERS, LABEL_CHARACTERS = 100, 255
# Shopify's only value of the only option of a product that has none.
NO_CHOICE: Final = "Default Title"

# Pairs of an option's name and a value's label.
Selection = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value of an option. `available` and `exists` are relative to the product's selection (UCP lookup.md)."""

    label: str
    available: bool
    exists: bool

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "available": self.available, "exists": self.exists}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a product, such as its size, with all values that the shop names."""

    name: str
    values: tuple[Value, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "values": [value.to_dict() for value in self.values]}


def selection_to_list(selection: Selection) -> list[dict[str, str]]:
    """Return the selection as UCP and the widget have it: `[{"name": "Size", "label": "44"}]`."""
    return [{"name": name, "label": label} for name, label in selection]


def read_selection(raw: object, label: str = "label") -> Selection:
    """Return the named values of a list such as `[{"name": "Size", "label": "44"}]`; what is none is left out."""
    pairs = [
        (words(each.get("name"), NAME_CHARACTERS), words(each.get(label), LABEL_CHARACTERS))
        for each in (raw if isinstance(raw, list) else [])[:MAX_OPTIONS]
        if isinstance(each, dict)
    ]
    return tuple((name, value) for name, value in pairs if name and value not in {"", NO_CHOICE})


def matching_first(raws: Sequence[Any], selected: Selection, options: Callable[[Any], object]) -> list[Any]:
    """Return the variants of an answer with those of the selection first: some shops send all, in their own order."""

    def lacks(raw: Any) -> int:
        return len(set(selected) - set(_pairs(options(raw)))) if isinstance(raw, dict) else len(selected)

    return sorted(raws, key=lacks) if selected else list(raws)


def _pairs(raw: object) -> Selection:
    return read_selection(raw) or read_selection(raw, "value")


def spell_selection(selected: Selection, raw: object) -> Selection:
    """Return the selection in the shop's own spelling of its options, letter for letter, where it names them.

    Models write "size" for "Size", and our texts are cleaned: the shop compares with what it sent. Labels may differ
    in their case alone, so one that is spelled as the shop's stays.
    """
    exact: set[tuple[str, str]] = set()
    names: dict[str, str] = {}
    labels: dict[tuple[str, str], str] = {}
    for option in (raw if isinstance(raw, list) else [])[:MAX_OPTIONS]:
        if isinstance(option, dict) and isinstance(option.get("name"), str):
            name = fold_label(option["name"])
            names[name] = option["name"]
            values = option.get("values")
            for value in (values if isinstance(values, list) else [])[:MAX_VALUES]:
                label = value.get("label") if isinstance(value, dict) else value
                if isinstance(label, str):
                    labels.setdefault((name, fold_label(label)), label)
                    exact.add((name, label))

    def spell(name: str, label: str) -> tuple[str, str]:
        key = fold_label(name)
        return names.get(key, name), label if (key, label) in exact else labels.get((key, fold_label(label)), label)

    return tuple(spell(name, label) for name, label in selected)


def fold_label(text: str) -> str:
    """Return a name or a label as it is compared: in any case and spacing."""
    return words(text, LABEL_CHARACTERS).casefold()
