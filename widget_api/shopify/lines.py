"""Changes of a cart, line by line: what is to become of each line, and what did.

A line is more than its variant: the same mug engraved, plain and by subscription stands in three lines. What the
shopper asks for may name a line or a variant; a variant's number is how many of it shall be in the cart in all.

The rules for a variant's number:

- A rise goes to the one line of the variant that is plain, else to a new line: nobody asked for a second engraving.
- A fall takes from the only line, or from the last of lines that look alike.
- A fall that leaves open which of several different lines is meant is refused with the lines to choose from.
- Nought takes out all lines of the variant. What belongs to a line that is taken out goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from widget_api.shopify.cart import Cart, Line
from widget_api.shopify.schema import Invalid


@dataclass(frozen=True, slots=True)
class Change:
    """A number that shall be in the cart then: of a line, or of a variant in all its lines.

    `told` is the number of the variant's pieces that whoever asks has just been told of: where the cart holds another
    one by now, the difference is made. `only_rises`: it is a rise by older knowledge, and must not lower anything.
    """

    quantity: int
    variant_id: str = ""
    line_id: str = ""
    told: int | None = None
    only_rises: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A line as it shall be; `line` is None for a new one, `quantity` is 0 for one that is taken out."""

    line: Line | None
    variant_id: str
    quantity: int

    @property
    def changed(self) -> bool:
        """Return whether the cart has it otherwise."""
        return self.line is None or self.quantity != self.line.quantity


@dataclass(frozen=True, slots=True)
class Plan:
    """All lines of a cart as they shall be, the new ones last. `notes` say how a number was spread over lines."""

    cart: Cart
    lines: tuple[Planned, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Return whether there is anything to do."""
        return any(planned.changed for planned in self.lines)


def changes_of(changes: Mapping[str, int] | Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes; a mapping gives numbers of variants."""
    if isinstance(changes, Mapping):
        return tuple(Change(quantity, variant) for variant, quantity in changes.items())
    return tuple(changes)


def without_suffix(id: str) -> str:
    """Return a variant's id without what a shop may append to it, as in `…/1?shop=99`."""
    return id.partition("?")[0]


def is_same_variant(one: str, other: str) -> bool:
    """Return whether two ids name one variant: carts may leave out the suffix that the catalogue has."""
    bare = without_suffix(one)
    return one == other or (bare == without_suffix(other) and bare in {one, other})


def make_plan(cart: Cart, changes: Sequence[Change]) -> Plan:
    """Return the cart's lines after the changes. Raises `Invalid` with what to ask the shopper."""
    planner = _Planner(cart, {line.id: line.quantity for line in cart.lines})
    planner.check(changes)
    # What is taken out takes its children with it, and is not counted where more of the same is asked for.
    for change in sorted(changes, key=lambda change: change.quantity > 0):
        if change.quantity:
            planner.take_out_children()
        if change.line_id:
            planner.set_line(change)
        else:
            planner.set_variant(change)
    planner.take_out_children()
    kept = tuple(Planned(line, line.variant_id, planner.quantities[line.id]) for line in cart.lines)
    made = tuple(planner.renumbered.get(change, change) for change in changes)
    return Plan(cart, (*kept, *planner.new), made, tuple(planner.notes))


@dataclass(slots=True)
class _Planner:
    cart: Cart
    quantities: dict[str, int]
    new: list[Planned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    renumbered: dict[Change, Change] = field(default_factory=dict)

    def check(self, changes: Sequence[Change]) -> None:
        """Refuse changes that contradict each other."""
        named = [self._named(change.line_id).id for change in changes if change.line_id]
        whole = [change.variant_id for change in changes if not change.line_id]
        if len(set(named)) < len(named) or len(set(whole)) < len(whole):
            raise Invalid("The field lines must name each variant once, and each line once.")
        for line in self.cart.lines:
            if line.id in named and any(is_same_variant(line.variant_id, variant) for variant in whole):
                raise Invalid(f"Name {line.described} by its line_id or by its variant_id, not by both.")

    def set_line(self, change: Change) -> None:
        line = self._named(change.line_id)
        if change.variant_id and not is_same_variant(line.variant_id, change.variant_id):
            raise Invalid(f"The line {line.id} holds another variant, {line.variant_id}.")
        self._set(line, change.quantity)

    def set_variant(self, change: Change) -> None:
        lines = [
            line
            for line in self.cart.lines
            if is_same_variant(line.variant_id, change.variant_id) and (self.quantities[line.id] or not line.quantity)
        ]
        rise = self._rise(change, lines)
        if not change.quantity or rise == -sum(line.quantity for line in lines):
            self._take_out(lines)
        elif rise > 0:
            self._raise(lines, change.variant_id, rise)
        elif rise < 0:
            self._lower(lines, -rise)

    def _rise(self, change: Change, lines: Sequence[Line]) -> int:
        """Return how many pieces of a variant are to come. Raises `Invalid` where the number is out of date."""
        held = sum(line.quantity for line in lines)
        if change.told is not None and change.told != held and change.quantity:
            by = max(change.quantity - change.told, -held)
            self.renumbered[change] = replace(change, quantity=held + by)
            self.notes.append(
                f"Meanwhile the cart had come to hold {held} of “{_title(lines, change)}”, not {change.told}: with "
                f"the change there are {held + by}."
            )
            return by
        if change.only_rises and change.quantity < held:
            raise Invalid(
                f"The cart holds {held} of “{_title(lines, change)}” already, which this conversation had not seen. "
                "Nothing was changed. If the shopper wants more, call again with the number that there shall be then."
            )
        if change.only_rises and change.quantity == held:
            self.notes.append(
                f"The cart held {held} of “{_title(lines, change)}” already, so nothing was changed. If the shopper "
                "wants more, call again with the number that there shall be then."
            )
        return change.quantity - held

    def take_out_children(self) -> None:
        """Take out what belongs to a line that is taken out, such as its gift wrapping."""
        for _ in self.cart.lines:  # children have children
            gone = {line.id for line in self.cart.lines if line.quantity and not self.quantities[line.id]}
            orphans = [line for line in self.cart.lines if line.parent_id in gone and self.quantities[line.id]]
            for line in orphans:
                self.quantities[line.id] = 0
                self.notes.append(f"{line.described} belonged to a line that was taken out, and went with it.")
            if not orphans:
                return

    def _named(self, id: str) -> Line:
        found = [line for line in self.cart.lines if line.id == id]
        found = found or [line for line in self.cart.lines if line.id.rpartition("/")[2] == id]
        if len(found) != 1:
            raise Invalid(f"The cart has no line {id}: read it with get_cart and take the line's id from there.")
        return found[0]

    def _set(self, line: Line, quantity: int) -> None:
        if line.quantity_text and quantity not in {0, line.quantity}:
            raise Invalid(
                f"{line.described} is sold by measure ({line.quantity_text}). It can be taken out here, with 0; for "
                "another amount send the shopper to its page or to the cart."
            )
        self.quantities[line.id] = quantity

    def _take_out(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._set(line, 0)
        if len(lines) > 1:
            self.notes.append(f"All {len(lines)} lines of “{lines[0].title}” were taken out: {_listed(lines)}.")

    def _raise(self, lines: Sequence[Line], variant: str, by: int) -> None:
        parents = {line.parent_id for line in self.cart.lines}
        plain = [line for line in lines if line.plain and line.id not in parents]
        if len(plain) == 1:
            self._set(plain[0], plain[0].quantity + by)
        else:
            self.new.append(Planned(None, variant, by))
        others = [line for line in lines if line not in plain or len(plain) > 1]
        if others:
            self.notes.append(
                f"{by} more of “{lines[0].title}” went to a line without extras. Unchanged: {_listed(others)}."
            )

    def _lower(self, lines: Sequence[Line], by: int) -> None:
        if len({(line.mark, bool(line.quantity_text)) for line in lines}) > 1:
            raise Invalid(
                f"“{lines[0].title}” stands in {len(lines)} lines that differ: {_listed(lines, ids=True)}. Nothing "
                "was changed. Ask the shopper which one is meant, then name it by its line_id."
            )
        left = by
        for line in reversed(lines):
            taken = min(left, line.quantity)
            left -= taken
            if taken:
                self._set(line, line.quantity - taken)
        if len(lines) > 1:
            self.notes.append(f"{by} of “{lines[0].title}” left the last of its {len(lines)} lines.")


def _title(lines: Sequence[Line], change: Change) -> str:
    return lines[0].title if lines else change.variant_id


def _listed(lines: Iterable[Line], *, ids: bool = False) -> str:
    return "; ".join(
        f"{line.quantity_text or line.quantity} of {line.described}" + (f", line_id {line.id}" if ids else "")
        for line in lines
    )
