"""The page "Break it": every misfortune that the chat has to survive, at the press of a button."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from widget_api.demo import currency, negotiation, view
from widget_api.demo.carts import CARTS
from widget_api.demo.faults import FAULTS

bp = Blueprint("break_it", __name__, url_prefix="/pages/break-it")

SLOW_PACE, SLOW_SHOP_SECONDS = 0.4, 4.0
# A step that broke off is run again once; the second break is for good.
BREAKS_FOR_GOOD = 2
LIMITED_CALLS = 3


@dataclass(frozen=True, slots=True)
class Chat:
    """What the page knows of the chat that it breaks."""

    own_model: bool  # whether its model is the demo's own; others are left alone
    writing: Callable[[], int]  # how many answers are being written just now


@dataclass(frozen=True, slots=True)
class Misfortune:
    """A button: what it does, and what should be seen in the chat then."""

    name: str
    title: str
    button: str
    expect: str
    act: Callable[[], object]


def _set(name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(FAULTS, name, value)


def _speak(**switches: bool) -> Callable[[], None]:
    def act() -> None:
        for name, value in switches.items():
            setattr(FAULTS, name, value)

    return act


MISFORTUNES: tuple[Misfortune, ...] = (
    Misfortune(
        "slow-model",
        "A slow model",
        "Slow it down",
        "Answers come at two or three words a second: time enough to tap a product card or to reload in the "
        "middle. The next page opens the chat again and the answer goes on, no word lost and none twice.",
        _set("pace", SLOW_PACE),
    ),
    Misfortune(
        "cut-stream",
        "A cut connection",
        "Cut all open answers",
        "Slow the model down, ask something in the chat on this page, and cut while the answer is being written. "
        "The chat says that it is reconnecting and goes on in the same sentence.",
        lambda: setattr(FAULTS, "cut_at", time.time()),
    ),
    Misfortune(
        "stumble",
        "A model that stumbles",
        "Break the next answer once",
        "The next answer breaks off after a few words and is begun again by itself. In the end it reads as if "
        "nothing had happened.",
        _set("break_next", 1),
    ),
    Misfortune(
        "kill-answer",
        "An answer that dies",
        "Kill the next answer",
        "The next answer breaks off for good. What was written stays, the chat says so in a sentence and offers "
        "another try, which works.",
        _set("break_next", BREAKS_FOR_GOOD),
    ),
    Misfortune(
        "expire-carts",
        "Expired carts",
        "Expire every cart",
        "The cart in the corner is empty. The chat notices by itself that its cart is gone and says so; what is "
        "added next goes into a new one, and the conversation goes on.",
        CARTS.expire_all,
    ),
    Misfortune(
        "legacy",
        "The old dialect",
        "Speak as in 2025",
        "The shop's new endpoint is gone and the old one answers alone. The chat notices and goes on as before.",
        _set("legacy_only", True),
    ),
    Misfortune(
        "policies-off",
        "The end of the old policies",
        "Take the old tool away",
        "As from 15 January 2027 the shop answers questions about shipping and returns only through the new tool "
        "and on its policy pages. The chat goes on answering them, or says where to read.",
        _set("policies_tool_off", True),
    ),
    Misfortune(
        "old-version",
        "A shop behind the times",
        "Speak 2026-04-08 only",
        "The shop has not heard of this year's newest protocol. The chat takes the older one and goes on as before.",
        _speak(old_versions_only=True, new_versions_only=False),
    ),
    Misfortune(
        "new-version",
        "A shop ahead of its time",
        "Speak 2026-08-25 only",
        "The shop has dropped the older protocol. The chat takes the newer one and goes on as before.",
        _speak(old_versions_only=False, new_versions_only=True),
    ),
    Misfortune(
        "all-variants",
        "A shop that tells everything",
        "Answer all variants",
        "Asked for one product, this shop answers every size and colour at once instead of those that fit what was "
        "chosen. Ask for the Fell Runner, which has 76 of them: the card still lets you choose.",
        _set("all_variants", True),
    ),
    Misfortune(
        "forint",
        "Another currency",
        "Sell in forint",
        "Everything costs forint, in the shop and in the chat: the beanie for €29 is 11 310 Ft in both. To begin "
        "with another currency, start the demo with DEMO_CURRENCY=HUF, JPY, KWD or USD.",
        _set("currency", "HUF"),
    ),
    Misfortune(
        "rate-limit",
        "A busy shop",
        "Refuse three requests",
        "The shop tells the chat to come back later. The chat tries once more, then says that it cannot look into "
        "the shop at the moment.",
        _set("rate_limit_next", LIMITED_CALLS),
    ),
    Misfortune(
        "slow-shop",
        "A slow shop",
        "Make it think",
        "Every look into the catalogue takes four seconds. The chat says what it is waiting for.",
        _set("slow_seconds", SLOW_SHOP_SECONDS),
    ),
)


@bp.get("")
def show() -> str:
    states = _states(_chat())
    return view.page(
        "page.break-it",
        page_type="page",
        title="Break it",
        misfortunes=[
            {
                "name": each.name,
                "title": each.title,
                "button": each.button,
                "expect": each.expect,
                "done": request.args.get("done") == each.name,
                "state": states[each.name],
            }
            for each in MISFORTUNES
        ],
        mended=request.args.get("done") == "mend",
        has_demo_model=_chat().own_model,
    )


@bp.post("")
def act() -> AnyResponse:
    """Press one button: the field `action` names it; "mend" takes everything back."""
    name = request.form.get("action", "")
    if name == "mend":
        FAULTS.mend()
        return redirect(url_for("break_it.show", done=name), 303)
    chosen = next((each for each in MISFORTUNES if each.name == name), None)
    if chosen is None:
        return view.not_found()
    chosen.act()
    return redirect(url_for("break_it.show", done=name) + f"#{name}", 303)


def _chat() -> Chat:
    found: Chat = current_app.extensions["chat"]
    return found


def _states(chat: Chat) -> dict[str, str]:
    """How things stand, in a few words for each button."""
    pace, breaks = (FAULTS.pace, FAULTS.break_next) if chat.own_model else (0.0, 0)
    return {
        "slow-model": f"{1 / pace:.2g} words a second" if pace else "as fast as it comes",
        "cut-stream": _count(chat.writing(), "answer is", "answers are") + " being written now",
        "stumble": "the next one" if breaks else "no break ahead",
        "kill-answer": "the next one" if breaks >= BREAKS_FOR_GOOD else "nothing ahead",
        "expire-carts": _count(len(CARTS), "cart", "carts") + " in the shop",
        "legacy": "2025 only" if FAULTS.legacy_only else "up to date",
        "policies-off": "gone" if FAULTS.policies_tool_off else "still there",
        "old-version": _spoken(),
        "new-version": _spoken(),
        "all-variants": "all of them" if FAULTS.all_variants else "those that fit",
        "forint": f"sells in {currency.current().code}",
        "rate-limit": f"refuses {FAULTS.rate_limit_next} more" if FAULTS.rate_limit_next else "answers all",
        "slow-shop": f"{FAULTS.slow_seconds:g} seconds each" if FAULTS.slow_seconds else "at once",
    }


def _spoken() -> str:
    return "speaks " + " and ".join(each for each in reversed(negotiation.versions()) if each != negotiation.DRAFT)


def _count(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"
