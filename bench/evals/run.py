"""Hold the conversations and have them judged."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from bench.evals.cases import Case, Turn
from bench.evals.judge import judge
from bench.evals.shopper import Shopper
from bench.evals.transcript import Answer, Exchange
from bench.evals.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one run of a case: its faults, none where it passes, and what was said."""

    faults: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


def run_case(world: World, case: Case) -> Verdict:
    """Hold the conversation and judge it. A product that cannot be reached is a fault."""
    place = world.places[case.shop]
    with world.in_currency(case.currency):
        try:
            with Shopper(world.url, place.domain) as shopper:
                exchanges = _talk(world, shopper, case.turns)
        except requests.RequestException as exc:
            return Verdict((f"turn 1: ends: the product cannot be reached: {type(exc).__name__}",), ())
    faults = judge(case, exchanges, sites=place.sites, facts=place.facts, secrets=place.secrets)
    return Verdict(tuple(faults), tuple(exchanges))


def _talk(world: World, shopper: Shopper, turns: Sequence[Turn]) -> list[Exchange]:
    tabs: dict[str, str] = {}
    exchanges: list[Exchange] = []
    for turn in turns:
        for name, value in turn.faults.items():
            setattr(world.faults, name, value)
        if turn.carts_expire:
            world.expire_carts()
        conversation = tabs.setdefault(turn.conversation, uuid.uuid4().hex)
        try:
            answer = world.with_usage(shopper.ask(conversation, turn.says, turn.page))
            exchanges.append(Exchange(turn.says, answer, shopper.cart(), turn.page))
        except requests.RequestException as exc:
            exchanges.append(Exchange(turn.says, Answer(ending="none", problem=type(exc).__name__), None, turn.page))
            break
    return exchanges
