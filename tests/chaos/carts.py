"""Whether carts hold what shoppers were told: the shop's ledger against the answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.evidence import Evidence, Fault, Stored
from tests.chaos.ledger import Entry

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
    """Yield a fault for each cart that nobody knows in the end, and for each variant of which a cart holds another
    number than the answers say. Where an answer is in doubt, its change may have been made or not."""
    carts = {entry["shopper"]: entry for entry in evidence.of("cart")}
    for shopper, lines in _allowed(evidence).items():
        held = _held(carts.get(shopper, {"status": "unknown"}))
        if held is None:
            yield Fault("wrong-cart", f"shopper {shopper}", "nobody could say what is in the cart")
            continue
        for variant, may in lines.items():
            if held.get(variant, 0) not in may:
                what = f"{held.get(variant, 0)} of {variant} are in the cart; by the answers {may}"
                yield Fault("wrong-cart", f"shopper {shopper}", what)


def _allowed(evidence: Evidence) -> dict[int, dict[str, set[int]]]:
    """Return how many pieces of each variant may be in each shopper's cart, by the answers."""
    allowed: dict[int, dict[str, set[int]]] = defaultdict(dict)
    for name, stored, changes in _written(evidence):
        lines, sure = allowed[evidence.sent[name].shopper], _confirmed(stored, changes)
        for variant, many in changes.items():
            lines[variant] = {many} if sure else lines.get(variant, {0}) | {many}
    return allowed


def _held(entry: Entry) -> dict[str, int] | None:
    """Return the pieces of each variant in a cart, or None when the product could not say what is in it."""
    if entry["status"] == "unknown":
        return None
    return {line["variant_id"]: line["quantity"] for line in (entry["cart"] or {"lines": ()})["lines"]}


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
