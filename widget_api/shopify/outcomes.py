"""Outcomes of a change of a cart, line by line, in words: read from the cart as it is afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from widget_api.shopify.cart import Cart, Line
from widget_api.shopify.lines import Change, Plan, Planned, is_same_variant, without_suffix
from widget_api.shopify.notices import unique

MAX_NOTES: Final = 5


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
    notes += [note for outcome in outcomes if (note := _describe_lost_extras(outcome))]
    notes += _describe_lost_codes(plan.cart, after)
    wished = tuple(change.variant_id for change in plan.changes if not change.line_id)
    notes += [_changed_elsewhere(line, line.quantity) for line in others if not _is_among(line.variant_id, wished)]
    new = [outcome.line for outcome in outcomes if outcome.line and not outcome.planned.line]
    notes += [_by_measure(line) for line in new if line.quantity_text]
    return notes[:MAX_NOTES]


def describe_unmet(cart: Cart, changes: Sequence[Change]) -> list[str]:
    """Return in words which of the changes the cart does not show."""
    notes = []
    for change in changes:
        if not change.line_id:
            if _total(cart, change) != change.quantity:
                notes.append(_wrong_total(change, cart, cart))
            continue
        line = next((line for line in cart.lines if line.id == change.line_id), None)
        if line is None and change.quantity:
            notes.append(f"The cart has no line {change.line_id} any more: what stands in it now may be the same.")
        elif (line.quantity if line else 0) != change.quantity:
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


def _describe_lost_extras(outcome: _Outcome) -> str:
    """Return in words what the shop took from a line that it kept under its id, such as an engraving, or ""."""
    before, after = outcome.planned.line, outcome.line
    if before is None or after is None or not outcome.planned.quantity:
        return ""
    lost = [f"{name}: {value}" for name, value in before.attributes if (name, value) not in after.attributes]
    lost += [before.selling_plan] if before.selling_plan not in {"", after.selling_plan} else []
    lost += ["belongs to another line"] if before.parent_id and not after.parent_id else []
    return f"The shop did not keep this of “{before.title}”: {', '.join(lost)}." if lost else ""


def _describe_lost_codes(before: Cart, after: Cart) -> list[str]:
    """Return in words which discount codes the cart had and has no more."""
    kept = {discount.code.casefold() for discount in after.discounts}
    lost = dict.fromkeys(each.code for each in before.discounts if each.code and each.code.casefold() not in kept)
    return [f"The discount code {code} is no longer in the cart." for code in lost]


def _not_as_wanted(got: int, title: str, wanted: int) -> str:
    return f"There are {got} of {title} in the cart, not {wanted}."


def _changed_elsewhere(line: Line, got: int) -> str:
    return f"Meanwhile {line.described} was changed elsewhere: now there are {got} in the cart."


def _by_measure(line: Line) -> str:
    return f"{line.described} is sold by measure: there is {line.quantity_text} of it in the cart."


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


def keep_notices(cart: Cart, earlier: Cart | None) -> Cart:
    """Return the cart with the notices of an earlier answer too: a warning that came with the change counts."""
    if earlier is None:
        return cart
    from_lines = {line.key: line.notices for line in earlier.lines}
    lines = tuple(
        replace(line, notices=unique((*line.notices, *from_lines.pop(line.key, ())))) for line in cart.lines
    )
    lost = [notice for notices in from_lines.values() for notice in notices]
    return replace(cart, lines=lines, notices=unique((*cart.notices, *earlier.notices, *lost)))
