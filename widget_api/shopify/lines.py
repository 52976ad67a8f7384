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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from widget_api.shopify.cart import Cart, Line
from widget_api.shopify.schema import Invalid

MAX_NOTES: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """How many shall be in the cart then: of a line, or of a variant in all its lines."""

    quantity: int
    variant_id: str = ""
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A line as it shall be; `line` is None for a new one, `quantity` is 0 for one that is taken out."""

    line: Line | None
    variant_id: str
    quantity: int

    @property
    def changed(self) -> bool:
        """Whether the cart has it otherwise."""
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
        """Whether there is anything to do."""
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
    for change in changes:
        if change.line_id:
            planner.set_line(change)
        else:
            planner.set_variant(change)
    planner.take_out_children()
    kept = tuple(Planned(line, line.variant_id, planner.quantities[line.id]) for line in cart.lines)
    return Plan(cart, (*kept, *planner.new), tuple(changes), tuple(planner.notes))


@dataclass(slots=True)
class _Planner:
    cart: Cart
    quantities: dict[str, int]
    new: list[Planned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
        lines = [line for line in self.cart.lines if is_same_variant(line.variant_id, change.variant_id)]
        rise = change.quantity - sum(line.quantity for line in lines)
        if not change.quantity:
            self._take_out(lines)
        elif rise > 0:
            self._raise(lines, change.variant_id, rise)
        elif rise < 0:
            self._lower(lines, -rise)

    def take_out_children(self) -> None:
        """What belongs to a line that is taken out, such as its gift wrapping, goes with it."""
        for _ in self.cart.lines:  # children have children
            gone = {line.id for line in self.cart.lines if not self.quantities[line.id]}
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


def _listed(lines: Iterable[Line], *, ids: bool = False) -> str:
    return "; ".join(
        f"{line.quantity_text or line.quantity} of {line.described}" + (f", line_id {line.id}" if ids else "")
        for line in lines
    )


# What came of it


@dataclass(slots=True)
class _Outcome:
    planned: Planned
    got: int = 0
    line: Line | None = None


def differences(plan: Plan, after: Cart) -> list[str]:
    """Return in words what came out otherwise than planned, and what else changed in the meantime."""
    outcomes, others = _matched(plan, after)
    _settle_merged(outcomes)
    wrong = [change for change in plan.changes if not change.line_id and _total(after, change) != change.quantity]
    notes = [_wrong_total(change, plan.cart, after) for change in wrong]
    told = tuple(change.variant_id for change in wrong)
    for outcome in outcomes:
        if outcome.planned.line and outcome.got != outcome.planned.quantity:
            notes += _wrong_line(outcome, told)
    wished = tuple(change.variant_id for change in plan.changes if not change.line_id)
    notes += [_changed_elsewhere(line, line.quantity) for line in others if not _is_among(line.variant_id, wished)]
    return notes[:MAX_NOTES]


def unmet(cart: Cart, changes: Sequence[Change]) -> list[str]:
    """Return in words which of the changes the cart does not show."""
    notes = []
    for change in changes:
        if not change.line_id:
            if _total(cart, change) != change.quantity:
                notes.append(_wrong_total(change, cart, cart))
            continue
        line = next((line for line in cart.lines if line.id == change.line_id), None)
        if (line.quantity if line else 0) != change.quantity:
            title = line.described if line else f"the line {change.line_id}"
            notes.append(_not_as_wanted(line.quantity if line else 0, title, change.quantity))
    return notes[:MAX_NOTES]


def _total(cart: Cart, change: Change) -> int:
    return sum(line.quantity for line in cart.lines if is_same_variant(line.variant_id, change.variant_id))


def _is_among(variant: str, variants: Iterable[str]) -> bool:
    return any(is_same_variant(variant, each) for each in variants)


def _wrong_total(change: Change, before: Cart, after: Cart) -> str:
    lines = [line for line in (*before.lines, *after.lines) if is_same_variant(line.variant_id, change.variant_id)]
    titles = [f"“{line.title}”" for line in lines]
    return _not_as_wanted(_total(after, change), titles[-1] if titles else change.variant_id, change.quantity)


def _wrong_line(outcome: _Outcome, told: Sequence[str]) -> list[str]:
    line = outcome.planned.line
    if line is None:
        return []
    if not outcome.planned.changed:
        return [_changed_elsewhere(line, outcome.got)]
    if _is_among(line.variant_id, told):
        return []
    return [_not_as_wanted(outcome.got, line.described, outcome.planned.quantity)]


def _not_as_wanted(got: int, title: str, wanted: int) -> str:
    return f"There are {got} of {title} in the cart, not {wanted}."


def _changed_elsewhere(line: Line, got: int) -> str:
    return f"Meanwhile {line.described} was changed elsewhere: now there are {got} in the cart."


def _matched(plan: Plan, after: Cart) -> tuple[list[_Outcome], list[Line]]:
    """Find each planned line in the cart. Returns the outcomes, and the cart's lines that nobody has planned."""
    outcomes, left = [_Outcome(planned) for planned in plan.lines], list(after.lines)
    for fits in _rules(plan, after):
        for outcome in outcomes:
            line = next((line for line in left if outcome.line is None and fits(outcome.planned, line)), None)
            if line:
                outcome.line, outcome.got = line, line.quantity
                left.remove(line)
    return outcomes, left


def _rules(plan: Plan, after: Cart) -> tuple[Callable[[Planned, Line], bool], ...]:
    """By id first. A shop that has numbered its lines anew is read by what the lines hold first."""
    kept = [planned for planned in plan.lines if planned.line and planned.quantity]
    if all(any(_has_id(planned, line) for line in after.lines) for planned in kept):
        return _has_id, _is_equal, _is_alike
    return _is_equal, _has_id, _is_alike


def _has_id(planned: Planned, line: Line) -> bool:
    return planned.line is not None and planned.line.key == line.key and _is_of_variant(planned, line)


def _is_of_variant(planned: Planned, line: Line) -> bool:
    return without_suffix(planned.variant_id) == without_suffix(line.variant_id)


def _is_alike(planned: Planned, line: Line) -> bool:
    if not (planned.quantity and _is_of_variant(planned, line)):
        return False
    return line.plain if planned.line is None else planned.line.extras == line.extras


def _is_equal(planned: Planned, line: Line) -> bool:
    return planned.quantity == line.quantity and _is_alike(planned, line)


def _settle_merged(outcomes: Sequence[_Outcome]) -> None:
    """A shop may put a new line's pieces into a line that looks like it."""
    for outcome in outcomes:
        if outcome.planned.line or outcome.got:
            continue
        for other in outcomes:
            surplus = other.got - other.planned.quantity
            missing = outcome.planned.quantity - outcome.got
            if other.line and surplus > 0 and missing and _is_alike(outcome.planned, other.line):
                moved = min(surplus, missing)
                outcome.got, other.got = outcome.got + moved, other.got - moved


def renoticed(cart: Cart, earlier: Cart | None) -> Cart:
    """Return the cart with the notices of an earlier answer too: a warning that came with the change counts."""
    if earlier is None:
        return cart
    from_lines = {line.key: line.notices for line in earlier.lines}
    lines = tuple(
        replace(line, notices=tuple(dict.fromkeys((*line.notices, *from_lines.pop(line.key, ())))))
        for line in cart.lines
    )
    lost = [notice for notices in from_lines.values() for notice in notices]
    return replace(cart, lines=lines, notices=tuple(dict.fromkeys((*cart.notices, *earlier.notices, *lost))))
