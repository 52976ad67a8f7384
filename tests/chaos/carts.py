"""Whether carts hold what shoppers were told: the shop's ledger against the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.chaos.evidence import Evidence, Fault, Stored

Change = tuple[str, int]  # a variant, and how many pieces of it the cart then has


def told_again(evidence: Evidence) -> Iterator[Fault]:
    """The shop was told each change of a cart at most once, and never a change that its call did not name."""
    owner = {
        change: (call, name)
        for name, sent in evidence.sent.items()
        for call, changes in sent.question.writes
        for change in changes.items()
    }
    told: Counter[str] = Counter()
    for write in (entry for entry in evidence.shop if entry["kind"] == "write"):
        calls = {owner.get(change, ("", "")) for change in _differences(write["held"], write["sent"])}
        call, name = max(calls, default=("", ""))
        told[call] += 1
        if not calls:
            yield Fault("doubled-write", "", f"the shop was told again what it had: {write}")
        elif len(calls) > 1 or not call:
            yield Fault("wrong-cart", name, f"lines were changed that the call did not name: {write}")
        elif told[call] > 1:
            yield Fault("doubled-write", name, f"the call {call} was written {told[call]} times: {write}")


def _differences(before: dict[str, int], after: dict[str, int]) -> set[Change]:
    changed = {variant for variant in before | after if before.get(variant, 0) != after.get(variant, 0)}
    return {(variant, after.get(variant, 0)) for variant in changed}


def unconfirmed(evidence: Evidence) -> Iterator[Fault]:
    """An answer may say that it does not know what became of a change only if it lost its worker, for good or for a
    while; and that there is nothing to take out of the cart only if an earlier one of the same shopper's did."""
    hit = {turn["question"] for turn in (*evidence.hit, *evidence.halted)}
    doubtful = {evidence.sent[name].shopper for name in hit if name in evidence.sent}
    for name, stored, changes in _written(evidence):
        takes_out = not any(changes.values()) and evidence.sent[name].shopper in doubtful
        if name not in hit and not takes_out and not _confirmed(stored, changes):
            yield Fault("wrong-cart", name, f"it did not confirm {changes}, and nothing had happened to it")


def wrong(evidence: Evidence) -> Iterator[Fault]:
    """In the end each cart holds what the answers say. Where an answer is in doubt, the cart may or may not."""
    allowed: dict[tuple[int, str], set[int]] = {}
    for name, stored, changes in _written(evidence):
        shopper, sure = evidence.sent[name].shopper, _confirmed(stored, changes)
        for variant, many in changes.items():
            key = (shopper, variant)
            allowed[key] = {many} if sure else allowed.get(key, {0}) | {many}
    for entry in evidence.of("cart"):
        cart = entry["cart"] or {"lines": ()}
        held = {line["variant_id"]: line["quantity"] for line in cart["lines"]}
        for (shopper, variant), may in allowed.items():
            if shopper == entry["shopper"] and held.get(variant, 0) not in may:
                what = f"{held.get(variant, 0)} of {variant} are in the cart; by the answers {may}"
                yield Fault("wrong-cart", f"shopper {shopper}", what)


def unwritten(evidence: Evidence) -> Iterator[Fault]:
    """What an answer says was put into the cart, the shop was told."""
    applied = {
        change
        for entry in evidence.shop
        if entry["kind"] == "applied"
        for change in _differences(entry["before"], entry["after"])
    }
    for name, stored, changes in _written(evidence):
        missing = {change for change in changes.items() if change[1] and change not in applied}
        if missing and _confirmed(stored, changes):
            yield Fault("wrong-cart", name, f"it confirms {missing}, of which the shop knows nothing")


def _written(evidence: Evidence) -> Iterator[tuple[str, Stored, dict[str, int]]]:
    """Each change that a question asked for, with its answer, in the order of the questions."""
    for name, sent in evidence.sent.items():
        for stored in evidence.answers.get(name, [])[:1]:
            for _, changes in sent.question.writes:
                yield name, stored, changes


def _confirmed(stored: Stored, changes: dict[str, int]) -> bool:
    """Whether the answer says without a doubt that the cart was so changed."""
    for part in stored.parts:
        lines = part["input"].get("lines", ()) if part["type"] == "tool-update_cart" and "input" in part else ()
        if {line["variant_id"]: line["quantity"] for line in lines} == changes:
            output = part.get("output") or {}
            return part["state"] == "output-available" and output.get("status") == "ok" and "note" not in output
    return False
